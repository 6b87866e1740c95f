"""Results of views that have one for each step, as numbers and as a DataFrame."""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Iterable, Mapping

from .errors import EddyError
from .numeric import Numbers, np

#: Views with one result for each step, and the field of their numbers.
STEP_VIEWS = {"states": "h", "predictions": "y", "inputs": "x"}


@dataclass(frozen=True)
class Results:
    """Results of consecutive steps. `values[i]` belongs to step `seq + i` at the time `t[i]`.

    Numbers are numpy arrays where numpy is installed, else memoryviews; both have `tolist()`.
    """

    view: str
    #: The number of the first step.
    seq: int
    #: How many steps.
    count: int
    #: Results between those before and these that the server left out, or that were missed.
    skipped: int
    #: [count] milliseconds since 1970; None where the server does not tell them.
    t: Numbers
    #: [count, numbers of a step]
    values: Numbers
    #: What each number of a step is called.
    names: tuple[str, ...]
    #: What comes lies in `values - ranges` to `values + ranges`, with the probability that the spec calls `interval`.
    ranges: Numbers = None
    #: Milliseconds between two steps, where they are regular: a forecast h steps ahead is for t + h * interval.
    interval: float | None = None
    #: How many steps ahead each forecast is.
    horizons: tuple[int, ...] = field(default=())

    def part(self, start: int, end: int) -> "Results":
        """Gives those of some of the steps, counted from 0."""
        if start == 0 and end >= self.count:
            return self
        cut = [None if run is None else run[start:end] for run in (self.t, self.values, self.ranges)]
        return replace(
            self, seq=self.seq + start, count=min(end, self.count) - start, t=cut[0], values=cut[1], ranges=cut[2],
            skipped=self.skipped if start == 0 else 0,
        )  # fmt: skip

    def rows(self) -> list[dict[str, float]]:
        """Gives each step as its numbers by name."""
        return [dict(zip(self.names, row)) for row in self.values.tolist()]

    def frame(self) -> Any:
        """Gives a pandas DataFrame: a row for each step, at its time, with its `seq` and its numbers by name; forecasts
        with `NAME low` and `NAME high` where ranges came."""
        return frame_of([self])


def frame_of(all_results: Iterable[Results]) -> Any:
    """Gives results of one view, one after the other, as one pandas DataFrame."""
    try:
        import pandas as pd
    except ImportError as error:
        raise EddyError("input-invalid", "a DataFrame needs pandas: pip install eddy-client[pandas]") from error
    results = [one for one in all_results if one.count]
    if not results:
        return pd.DataFrame({"seq": []})
    first = results[0]
    values = np.concatenate([one.values for one in results])
    columns = {"seq": np.concatenate([np.arange(one.seq, one.seq + one.count) for one in results])}
    has_ranges = all(one.ranges is not None for one in results)
    ranges = np.concatenate([one.ranges for one in results]) if has_ranges else None
    for i, name in enumerate(first.names):
        columns[name] = values[:, i]
        if ranges is not None:
            columns[f"{name} low"] = values[:, i] - ranges[:, i]
            columns[f"{name} high"] = values[:, i] + ranges[:, i]
    frame = pd.DataFrame(columns)
    if all(one.t is not None for one in results):
        times = np.concatenate([one.t for one in results])
        frame.index = pd.to_datetime(np.round(times * 1000), unit="us", utc=True)
        frame.index.name = "time"
    return frame


def results_of(message: Mapping[str, Any], told: Mapping[str, Any], missed: int) -> Results:
    """Gives the results in a message. `told`: what the server said of the sequence; `missed`: steps without a result."""
    view = str(message["type"])
    values = message[STEP_VIEWS[view]]
    names, horizons = _names(view, told, values.shape[1])
    return Results(
        view=view,
        seq=message["seq"],
        count=message["count"],
        skipped=max(int(message.get("skipped", 0)), missed),
        t=message.get("t"),
        values=values,
        names=names,
        ranges=message.get("range"),
        interval=message.get("interval"),
        horizons=horizons,
    )


def _names(view: str, told: Mapping[str, Any], numbers: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    spec = told["spec"]
    batch = int(spec.get("batch", 1))
    fields = [str(one["name"]) for one in told["fields"]]
    horizons: tuple[int, ...] = ()
    task = spec.get("task") or {}
    if view == "inputs":
        names = fields
    elif view == "states":
        names = [f"h{i}" for i in range(numbers // batch)]
    elif task.get("kind") == "forecast":
        asked = task.get("targets") or range(len(fields))
        wanted = [fields[target] if isinstance(target, int) else str(target) for target in asked]
        ahead = [int(horizon) for horizon in task["horizon"]]
        # all features of the first horizon, then all of the second
        names = [name if len(ahead) == 1 else f"{name} +{h}" for h in ahead for name in wanted]
        horizons = tuple(h for h in ahead for _ in wanted) * batch
    else:
        names = [str(one["name"]) for one in told.get("targets") or []]
    if len(names) * batch != numbers:
        names = [f"{STEP_VIEWS[view]}{i}" for i in range(numbers // batch)]
    if batch > 1:
        names = [f"{row}: {name}" for row in range(batch) for name in names]
    return tuple(names), horizons
