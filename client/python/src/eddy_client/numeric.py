"""Runs of numbers as they travel: little-endian bytes. numpy is used where it is installed."""
from __future__ import annotations

import math
import sys
from array import array
from datetime import datetime, timezone
from typing import Any, Iterable, Sequence, Union

from .errors import EddyError

try:
    import numpy
except ImportError:  # pragma: no cover - the tests run without numpy in a process of their own
    numpy = None  # type: ignore[assignment]

np: Any = numpy
Bytes = Union[bytes, memoryview]
#: Numbers that came: a numpy array where numpy is installed, else a memoryview; both have the shape and `tolist()`.
Numbers = Any

BIG_ENDIAN = sys.byteorder == "big"
#: From here on a number is an infinity as float32.
BEYOND_FLOAT32 = 3.4028235677973366e38


def to_doubles(values: Iterable[Any]) -> bytes:
    """Gives numbers as float64; None is a gap, NaN."""
    run = array("d", [math.nan if value is None else value for value in values])
    if BIG_ENDIAN:
        run.byteswap()
    return run.tobytes()


def doubles_of(data: Any) -> bytes:
    """Gives a numpy array as float64, row by row."""
    try:
        return bytes(np.ascontiguousarray(data, dtype="<f8").tobytes())
    except (TypeError, ValueError) as error:
        raise EddyError("step-shape", f"the rows are no numbers: {error}") from error


def from_bytes(data: Bytes, kind: str, shape: Sequence[int] | None = None) -> Numbers:
    """Gives the numbers in bytes: `kind` is f (float32) or d (float64), `shape` one or two lengths."""
    if np is not None:
        numbers = np.frombuffer(data, dtype="<f4" if kind == "f" else "<f8")
        return numbers if shape is None else numbers.reshape(shape)
    if BIG_ENDIAN:
        run = array(kind, bytes(data))
        run.byteswap()
        data = run.tobytes()
    view = memoryview(data).cast("B")
    return view.cast(kind) if shape is None else view.cast("B").cast(kind, list(shape))


def check_finite(x: Bytes, code: str, gaps: bool) -> None:
    """Refuses infinities, what float32 cannot hold, and NaN unless it is a gap."""
    numbers = from_bytes(x, "d")
    if np is not None:
        bad = np.abs(numbers) >= BEYOND_FLOAT32
        if not gaps:
            bad |= np.isnan(numbers)
        at = int(bad.argmax()) if bad.any() else None
    else:
        at = next((i for i, v in enumerate(numbers) if abs(v) >= BEYOND_FLOAT32 or (not gaps and v != v)), None)
    if at is not None:
        raise EddyError(code, f"number {at} of the rows is {float(numbers[at])}, which no model can take")


def milliseconds(time: Any) -> float:
    """Gives a time in milliseconds since 1970: of a number, a datetime, or a time of pandas or numpy; UTC without a zone."""
    if time is None:
        return math.nan
    if isinstance(time, datetime):  # a pandas Timestamp is one; NaT is not equal to itself
        if time.tzinfo is None:
            time = time.replace(tzinfo=timezone.utc)
        return float(time.timestamp()) * 1000 if time == time else math.nan
    if np is not None and isinstance(time, np.datetime64):
        return float(times_of(np.array([time]))[0])
    return float(time)


def times_of(times: Any) -> Any:
    """Gives an array of numpy times, or of numbers, as float64 milliseconds since 1970."""
    if times.dtype.kind != "M":
        return times.astype("<f8")
    # of microseconds, so that fractions of a millisecond stay
    exact = times.astype("datetime64[us]").astype("i8") / 1000.0
    exact[np.isnat(times)] = math.nan
    return exact
