"""Messages to frames and back, in MessagePack, with packed frames for blocks and results."""
from __future__ import annotations

from typing import Any, Mapping

import msgpack

from .errors import EddyError
from .numeric import Bytes, from_bytes
from .packed import MARK, pack_steps, unpack

#: Fields of a server's messages that are runs of numbers, and what they are when `hello` said `float64`.
_RUNS = {"h": "f", "y": "f", "range": "f", "w": "f", "b": "f", "wy": "f", "by": "f", "saliency": "f", "x": "d", "t": "d"}
_STEP_FIELDS = {"h", "y", "range", "x"}


def encode(message: Mapping[str, Any]) -> bytes:
    """Gives the frame of a message. `x`, `t` and `targets` of it are little-endian float64 as bytes."""
    if message["type"] == "steps":
        m = message
        return pack_steps(m["channel"], m["seq"], m["count"], m["x"], m.get("t"), m.get("targets"))
    return bytes(msgpack.packb(message))


def decode(frame: Bytes) -> dict[str, Any]:
    """Reads a server's frame. Runs of numbers are arrays, [T, numbers of a step] where a step has more than one."""
    if not isinstance(frame, (bytes, bytearray, memoryview)):
        raise EddyError("frame-encoding", "a text frame on a MessagePack socket")
    if len(frame) > 0 and frame[0] == MARK:
        return unpack(frame)
    try:
        message = msgpack.unpackb(frame)
    except Exception as error:  # msgpack has no common ancestor of its errors
        raise EddyError("frame-malformed", f"the frame is not one MessagePack value: {error}") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise EddyError("frame-malformed", 'a message must be a map with a field "type"')
    count = message.get("count")
    for field, kind in _RUNS.items():
        value = message.get(field)
        if not isinstance(value, bytes) or (field == "x" and message["type"] != "inputs"):
            continue
        if len(value) % (4 if kind == "f" else 8):
            raise EddyError("message-invalid", f"{field}: {len(value)} bytes are no whole numbers")
        numbers = len(value) // (4 if kind == "f" else 8)
        shape: tuple[int, int] | None = None
        if field in _STEP_FIELDS and isinstance(count, int) and count > 0 and numbers and numbers % count == 0:
            shape = (count, numbers // count)
        message[field] = from_bytes(value, kind, shape)
    return message


class Parts:
    """Puts together what a server sent in messages `part` because it exceeds 1 MiB."""

    def __init__(self) -> None:
        self._data: list[bytes] = []

    def take(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Gives a whole message; None while parts are missing."""
        if message["type"] != "part":
            self._data = []
            return message
        part, parts, data = message.get("part"), message.get("parts"), message.get("data")
        if part == 0:
            self._data = []
        if part != len(self._data) or not isinstance(parts, int) or not isinstance(data, bytes):
            self._data = []
            raise EddyError("message-invalid", f"part {part} does not follow the one before")
        self._data.append(data)
        if len(self._data) < parts:
            return None
        whole, self._data = b"".join(self._data), []
        return decode(whole)
