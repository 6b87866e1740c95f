"""What a user pushes, as blocks: rows as numbers or by name, a numpy array, a DataFrame."""
from __future__ import annotations

import math
from typing import Any, Iterable, Mapping, Sequence

from .errors import EddyError
from .numeric import check_finite, doubles_of, milliseconds, np, times_of, to_doubles
from .outbox import Block


class Shape:
    """What a step of a sequence has to look like."""

    def __init__(self, fields: Sequence[Mapping[str, Any]], targets: Sequence[Mapping[str, Any]], spec: Mapping[str, Any]):
        self.names = [str(field["name"]) for field in fields]
        self.target_names = [str(field["name"]) for field in targets]
        self.batch = int(spec.get("batch", 1))
        self.step = int(spec["features"]) * self.batch
        task = spec.get("task") or {}
        self.target = int(task.get("outputs", 0)) * self.batch if task.get("kind") == "supervised" else 0
        self.gaps = (spec.get("inputs") or {}).get("missing") != "refuse"


def block_of(data: Any, shape: Shape, t: Any = None, targets: Any = None) -> Block:
    """Gives rows as one block. Nothing of it is taken where a row is wrong."""
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):
        data, t, targets = _of_frame(data, shape, t, targets)
    x = _numbers(data, shape.step, shape.names, "step-shape")
    check_finite(x, "step-non-finite", shape.gaps)
    count = len(x) // 8 // shape.step
    times = None if t is None else _times(t, count)
    y = None
    if targets is not None:
        if shape.target == 0:
            raise EddyError("target-unexpected", "the model makes its own targets, or learns from none")
        y = target_bytes(targets, shape)
        if len(y) != 8 * count * shape.target:
            raise EddyError("target-shape", f"{len(y) // 8 // shape.target} targets for {count} steps")
    return Block(count, x, times, y)


def target_bytes(targets: Any, shape: Shape) -> bytes:
    """Gives targets [T, M] as float64."""
    y = _numbers(targets, shape.target or 1, shape.target_names, "target-shape")
    check_finite(y, "target-non-finite", False)
    return y


def _numbers(data: Any, size: int, names: Sequence[str], code: str) -> bytes:
    if np is not None and isinstance(data, np.ndarray):
        x = doubles_of(data)
        if data.size % size or (data.ndim > 1 and data.size != len(data) * size):
            raise EddyError(code, f"the array has the shape {data.shape}; a step has {size} numbers")
        return x
    if isinstance(data, Mapping):
        data = [data]
    elif not isinstance(data, (list, tuple)):
        data = list(data)
    if data and not any(isinstance(row, (Mapping, list, tuple)) or hasattr(row, "__len__") for row in data):
        flat = data
        if len(flat) % size:
            raise EddyError(code, f"{len(flat)} numbers; a step has {size}")
    else:
        flat = []
        for i, row in enumerate(data):
            numbers = by_name(row, names) if isinstance(row, Mapping) else list(row)
            if len(numbers) != size:
                raise EddyError(code, f"row {i} has {len(numbers)} numbers; a step has {size}")
            flat.extend(numbers)
    try:
        return to_doubles(flat)
    except TypeError as error:
        raise EddyError(code, f"the rows are no numbers: {error}") from error


def by_name(values: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    """Gives readings by name in the order of the fields; one that is absent is a gap."""
    unknown = [name for name in values if name not in names]
    if unknown:
        raise EddyError("field-unknown", f"no field is called {unknown[0]!r}; there are {', '.join(names)}")
    return [values.get(name) for name in names]


def _of_frame(frame: Any, shape: Shape, t: Any, targets: Any) -> tuple[Any, Any, Any]:
    """Takes a DataFrame apart: its columns by name, its times from a column or from its index."""
    if isinstance(t, str):
        t, frame = frame[t].to_numpy(), frame.drop(columns=[t])
    elif t is None and hasattr(frame.index, "asi8") and hasattr(frame.index, "tz"):
        index = frame.index
        t = (index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index).to_numpy()
    if targets is None and shape.target and all(name in frame.columns for name in shape.target_names):
        targets = frame[shape.target_names].to_numpy(dtype="f8")
        frame = frame.drop(columns=[name for name in shape.target_names if name not in shape.names])
    columns = [str(column) for column in frame.columns]
    unknown = [name for name in columns if name not in shape.names]
    missing = [name for name in shape.names if name not in columns]
    if unknown or missing:
        code = "field-unknown" if unknown else "fields-invalid"
        raise EddyError(code, f"the columns are {', '.join(columns)}; the fields are {', '.join(shape.names)}")
    try:
        return frame[shape.names].to_numpy(dtype="f8", na_value=math.nan), t, targets
    except (TypeError, ValueError) as error:
        raise EddyError("step-shape", f"a column is no numbers: {error}") from error


def _times(t: Any, count: int) -> bytes:
    if hasattr(t, "to_numpy"):
        t = t.to_numpy()
    if np is not None and isinstance(t, np.ndarray) and t.dtype.kind in "Miuf":
        times, length = times_of(t.ravel()).astype("<f8").tobytes(), t.size
    else:
        listed: Iterable[Any] = t if hasattr(t, "__iter__") and not isinstance(t, str) else [t]
        run = [milliseconds(time) for time in listed]
        times, length = to_doubles(run), len(run)
    if length != count:
        raise EddyError("step-time", f"{length} times for {count} steps")
    return bytes(times)
