"""Watching a view of a sequence: on a connection of its own, so that whoever reads slowly holds up nobody else, and over
broken connections without a hole."""
from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator, Awaitable, Generic, TypeVar, cast

from .connection import Connection, Options
from .errors import EddyError, told
from .numeric import milliseconds
from .requests import Message, Requests
from .results import STEP_VIEWS, Results, frame_of, results_of
from .retry import Retry

T = TypeVar("T")
#: Messages that wait for whoever reads; above it the socket is read no further, and the server tells what it skips.
QUEUE = 16


class Watch(Generic[T]):
    """An async iterator over results. `async with client.watch(...)` begins when the server has taken it."""

    def __init__(
        self, options: Options, sequence: str, view: str, *, every: int, delivery: str, ranges: bool,
        last: int | None, from_: Any, to: Any, ends: bool = False,
    ) -> None:  # fmt: skip
        self.sequence, self.view = sequence, view
        #: What the server told as it took the watch: fields, spec, epoch, seq.
        self.subscribed: Message = {}
        self._body: Message = {
            "type": "subscribe", "sequence": sequence, "view": view, "every": every, "delivery": delivery,
        }  # fmt: skip
        if ranges and view == "predictions":
            self._body["ranges"] = True
        self._past: Message = {}
        if last is not None:
            self._past["last"] = last
        if from_ is not None:
            self._past["from"] = milliseconds(from_)
        self._to = None if to is None else milliseconds(to)
        #: Does it end with the last step of the past? And which is that?
        self._ends, self._end_seq = ends, -1
        self._place: Message | None = None
        self._last_seq: int | None = None
        self._last_update = -1
        self._queue: asyncio.Queue[list[Any] | None] = asyncio.Queue(QUEUE)
        self._ready: list[Any] = []
        self._begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failure: EddyError | None = None
        self._is_over = False
        #: Has the last result come, and is yet to be handed on?
        self._is_ending = False
        self._channel: int | None = None
        self._retry = Retry(*options.back_off)
        self._timer: asyncio.TimerHandle | None = None
        self._connection = Connection(options, self._subscribe, self._receive, self._lost)
        self._requests = Requests(self._connection.send)

    async def ready(self) -> "Watch[T]":
        """Waits until the server has taken it: results of all later steps come."""
        await asyncio.shield(self._begun)
        return self

    @property
    def is_closed(self) -> bool:
        return self._connection.end is not None

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._is_over = True
        await self._connection.close()

    async def __aenter__(self) -> "Watch[T]":
        return await self.ready()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            if self._is_over and self._queue.empty():
                await self.close()
                if self._failure is not None and self._failure.code != "client-closed":
                    raise self._failure
                raise StopAsyncIteration
            items = await self._queue.get()
            self._ready = items or []
        return cast(T, self._ready.pop(0))

    async def collect(self, steps: int | None = None) -> list[T]:
        """Gives what comes, until there are so many steps (or results, of other views), or until the watch ends."""
        all_results: list[T] = []
        seen = 0
        while steps is None or seen < steps:
            try:
                one = await self.__anext__()
            except StopAsyncIteration:
                break
            if isinstance(one, Results) and steps is not None and seen + one.count > steps:
                first = one.part(0, steps - seen)
                self._ready.insert(0, one.part(steps - seen, one.count))
                one = cast(T, first)
            seen += one.count if isinstance(one, Results) else 1
            all_results.append(one)
        return all_results

    async def frame(self, steps: int | None = None) -> Any:
        """Gives what comes as one pandas DataFrame: see `collect`."""
        collected = await self.collect(steps)
        if self.view in STEP_VIEWS:
            return frame_of(cast("list[Results]", collected))
        import pandas as pd

        return pd.DataFrame(collected)

    # -- what comes

    def _subscribe(self) -> None:
        body = dict(self._body)
        if self._place is not None:
            body["after"] = self._place
        else:
            body.update(self._past)
        self._requests.ask(body, self._begin, self._refused)

    def _begin(self, subscribed: Message) -> None:
        self._retry.succeed()
        self.subscribed, self._channel = subscribed, subscribed["channel"]
        seq, begins = subscribed["seq"], subscribed.get("begins")
        if self._place is None or not subscribed.get("recovered"):
            if self._place is None and self._past:
                seq = (seq + 1 if begins is None else begins) - 1
            if self._last_seq is not None and self._last_seq > seq:
                self._last_seq = seq
            self._place = {"epoch": subscribed["epoch"], "seq": seq}
            if "event" in subscribed and not self._past:
                self._place["event"] = subscribed["event"]
            if not self._past or "last" in self._past:
                self._last_seq = seq if self._last_seq is None else self._last_seq
            self._last_update = -1
        if not self._begun.done():
            self._begun.set_result(None)
            if self._ends:
                self._end_seq = subscribed["seq"]
                if self._end_seq < (subscribed["seq"] + 1 if begins is None else begins):
                    self._finish(None)

    def _refused(self, error: EddyError) -> None:
        if error.code == "connection-lost":
            return
        # the past of a sequence that nobody knows is not waited for
        if not error.temporary or (self._ends and error.code == "sequence-unknown"):
            return self._finish(error)
        self._connection.options.on_error(error)
        self._timer = asyncio.get_running_loop().call_later(self._retry.next(), self._again)

    def _again(self) -> None:
        if self._connection.is_open and not self._is_over:
            self._subscribe()

    def _lost(self, error: EddyError) -> None:
        self._channel = None
        if self._timer is not None:
            self._timer.cancel()
        self._requests.fail_all(EddyError("connection-lost", "the connection broke before the answer came"))
        if self._connection.end is not None:
            self._finish(error)
        else:
            self._connection.options.on_error(error)

    def _receive(self, message: Message) -> "Awaitable[None] | None":
        if self._requests.settle(message) or self._is_over or self._is_ending:
            return None
        if message["type"] == "error":
            self._connection.options.on_error(told(message))
            return None
        if message["type"] != self.view or message.get("channel") != self._channel:
            return None
        items = self._steps(message) if self.view in STEP_VIEWS else self._others(message)
        if items and self._queue.full():
            return self._put(items)
        if items:
            self._queue.put_nowait(items)
        if self._is_ending:
            self._finish(None)
        return None

    async def _put(self, items: list[Any]) -> None:
        await self._queue.put(items)
        # not before: whoever reads ends where nothing waits any more
        if self._is_ending:
            self._finish(None)

    def _steps(self, message: Message) -> list[Any]:
        assert self._place is not None
        first, count = message["seq"], message["count"]
        seen = self._last_seq
        missed = 0 if seen is None else first - seen - 1
        results = results_of(message, self.subscribed, max(0, missed))
        if missed < 0 and seen is not None:
            results = results.part(min(-missed, count), count)
        if self._to is not None and results.t is not None:
            inside = sum(1 for time in results.t.tolist() if not time > self._to)
            if inside < results.count:
                results = results.part(0, inside)
                self._is_ending = True
        self._last_seq = first + count - 1
        self._place["seq"] = self._last_seq
        if self._ends and first + count > self._end_seq:
            results = results.part(0, max(0, self._end_seq - results.seq + 1))
            self._is_ending = True
        return [results] if results.count else []

    def _others(self, message: Message) -> list[Any]:
        assert self._place is not None
        items = message.get(self.view)
        told_items = items if isinstance(items, list) else [message]
        new: list[Any] = []
        for item in told_items:
            if self._to is not None and isinstance(item.get("t"), (int, float)) and item["t"] > self._to:
                self._is_ending = True
                break
            if self._is_new(item):
                new.append({key: value for key, value in item.items() if key not in ("type", "channel")})
        if "seq" in message:
            self._place["seq"] = max(self._place["seq"], message["seq"])
        return new

    def _is_new(self, item: Message) -> bool:
        assert self._place is not None
        if "update" in item:
            if item["update"] <= self._last_update:
                return False
            self._last_update = item["update"]
        number = item.get("number")
        if number is not None:
            if number <= self._place.get("event", -1):
                return False
            self._place["event"] = number
        if "event" in item:
            self._place["seq"] = max(self._place["seq"], item.get("seq", -1))
            self._place["epoch"] = item.get("epoch", self._place["epoch"])
        return True

    def _finish(self, error: EddyError | None) -> None:
        self._failure = self._failure or error
        self._is_over = True
        if not self._begun.done():
            self._begun.set_exception(error or EddyError("client-closed", "the watch was closed"))
            self._begun.exception()
        if not self._queue.full():
            self._queue.put_nowait(None)
