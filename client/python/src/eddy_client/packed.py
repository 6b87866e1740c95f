"""Packed frames: `steps` is written, `states`, `predictions`, `inputs` and `ack` are read (docs/protocol.md, section 5)."""
from __future__ import annotations

import struct
from typing import Any

from .errors import EddyError
from .numeric import Bytes, from_bytes

MARK = 0xC1
STEPS, STATES, PREDICTIONS, ACK, INPUTS = 1, 2, 3, 4, 5
TIMES, FLOAT64, INTERVAL, RANGES = 1, 2, 4, 8
_FLAGS = {STATES: TIMES, PREDICTIONS: TIMES | INTERVAL | RANGES, ACK: 0, INPUTS: TIMES | FLOAT64}

_START = struct.Struct("<BBHIQ")
_STEPS = struct.Struct("<BBHIQIIII")
_SHAPE = struct.Struct("<IIQ")
_DOUBLE = struct.Struct("<d")
_MOST = 2**53 - 1


def pack_steps(
    channel: int, seq: int, count: int, x: Bytes, t: Bytes | None = None, targets: Bytes | None = None
) -> bytes:
    """Gives the frame of a block of steps, whose numbers are float64."""
    flags = FLOAT64 | (TIMES if t is not None else 0)
    size = len(x) // 8 // count
    target_size = 0 if targets is None else len(targets) // 8 // count
    head = _STEPS.pack(MARK, STEPS, flags, channel, seq, count, size, target_size, 0)
    return b"".join((head, t or b"", x, targets or b""))


def unpack(frame: Bytes) -> dict[str, Any]:
    """Reads a packed frame of a server. Its numbers are views of the frame."""
    if len(frame) < 16:
        raise EddyError("frame-malformed", f"a packed frame of {len(frame)} bytes; it needs at least 16")
    _, kind, flags, channel, seq = _START.unpack_from(frame)
    if kind not in _FLAGS:
        raise EddyError("message-unknown", f"servers do not pack messages of type {kind}")
    if channel == 0 or seq > _MOST or flags & ~_FLAGS[kind]:
        raise EddyError("message-invalid", f"channel {channel}, seq {seq}, flags {flags} of a packed frame")
    if kind == ACK:
        _check(frame, 16)
        return {"type": "ack", "channel": channel, "seq": seq}
    if len(frame) < 32:
        raise EddyError("frame-malformed", f"a packed frame of {len(frame)} bytes; it needs at least 32")
    count, size, skipped = _SHAPE.unpack_from(frame, 16)
    if count == 0 or size == 0 or skipped > _MOST:
        raise EddyError("message-invalid", f"count {count}, shape {size}, skipped {skipped} of a packed frame")
    wide = bool(flags & FLOAT64)
    at = 32 + (8 * count if flags & TIMES else 0)
    ranges_at = at + (8 if wide else 4) * count * size
    end = ranges_at + (4 * count * size if flags & RANGES else 0)
    _check(frame, end + (8 if flags & INTERVAL else 0))
    view = memoryview(frame)
    t = from_bytes(view[32:at], "d") if flags & TIMES else None
    values = from_bytes(view[at:ranges_at], "d" if wide else "f", (count, size))
    head = {"channel": channel, "seq": seq, "count": count, "skipped": skipped, "t": t}
    if kind == STATES:
        return {"type": "states", **head, "h": values}
    if kind == INPUTS:
        return {"type": "inputs", **head, "x": values}
    message = {"type": "predictions", **head, "y": values, "interval": None}
    if flags & RANGES:
        message["range"] = from_bytes(view[ranges_at:end], "f", (count, size))
    if flags & INTERVAL:
        message["interval"] = _DOUBLE.unpack_from(frame, end)[0]
    return message


def _check(frame: Bytes, expected: int) -> None:
    if len(frame) != expected:
        raise EddyError("frame-malformed", f"the frame has {len(frame)} bytes; its fields announce {expected}")
