"""A client of one server: `connect` gives it."""
from __future__ import annotations

import asyncio
import secrets
from typing import Any, Callable, Literal, Mapping, overload

from .connection import Connection, Options, TokenSource
from .errors import EddyError, told
from .numeric import milliseconds
from .opening import Opening
from .producer import OUTBOX
from .requests import Message, Requests
from .resent import append_body
from .results import STEP_VIEWS, Results, frame_of
from .sequence import Fields, Sequence, named_values
from .watch import Watch

StepView = Literal["states", "predictions", "inputs"]
OtherView = Literal["updates", "metrics", "weights", "events"]


def connect(
    url: str,
    *,
    token: TokenSource = None,
    agent: str | None = "eddy-client (Python)",
    ssl: Any = None,
    wait: float = 10.0,
    back_off: tuple[float, float] = (0.1, 10.0),
    on_error: Callable[[EddyError], None] | None = None,
) -> Opening["Client"]:
    """Connects to a server: `async with connect(url) as client`, or `client = await connect(url)`.

    Raises EddyError if it cannot be reached within `wait` seconds. Later it reconnects as often as it takes, after waits
    between `back_off[0]` and `back_off[1]` seconds, and sends again what is not acknowledged.

    `token`: to be let in with, or a function (or coroutine function) that gives one for each connection.
    `on_error`: told what goes wrong and answers no call of yours: lost connections, refused steps, lost history.
    """
    options = Options(url, token, agent, ssl, back_off, on_error=on_error or (lambda error: None))

    async def begin() -> Client:
        client = Client(options)
        try:
            await asyncio.wait_for(client.connection.opened(), wait)
        except asyncio.TimeoutError:
            why = client.connection.last
            await client.close()
            raise why or EddyError("connection-lost", f"{url} did not answer within {wait:g} s") from None
        except BaseException:
            await client.close()
            raise
        return client

    return Opening(begin)


class Client:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.sequences: dict[str, Sequence] = {}
        self.channels: dict[int, Sequence] = {}
        self._watches: list[Watch[Any]] = []
        self.connection = Connection(options, self._connected, self._receive, self._lost)
        self.requests = Requests(self.connection.send)

    @property
    def server(self) -> str:
        """Name and version of the server."""
        return self.connection.server

    @property
    def limits(self) -> dict[str, int]:
        """The limits in force, by the names of docs/protocol.md."""
        return self.connection.limits

    def open(
        self, name: str, spec: Mapping[str, Any] | None = None, *, fields: Fields | None = None,
        targets: Fields | None = None, resample: Mapping[str, Any] | None = None, mode: str = "either",
        outbox: int = OUTBOX,
    ) -> Opening[Sequence]:  # fmt: skip
        """Opens a sequence: `async with client.open(...) as pump`, or `pump = await client.open(...)`.

        `spec`: what the model is to be, if the sequence does not exist. `fields`: what the numbers of a step are called,
        each by its name, or as `{"name", "unit"}`. `mode`: `create`, `resume` or `either`. `outbox`: steps that may wait.
        """
        asked: Message = {}
        if spec is not None or fields is not None:
            asked["spec"] = dict(spec or {})
        if spec is None and mode == "resume":
            asked.pop("spec", None)
        for key, value in (("fields", fields), ("targets", targets)):
            if value is not None:
                asked[key] = [one if isinstance(one, str) else dict(one) for one in value]
        if resample is not None:
            asked["resample"] = dict(resample)

        async def begin() -> Sequence:
            if name in self.sequences:
                raise EddyError("sequence-exists", f"this client has {name} open already: use that one")
            if self.connection.end:
                raise self.connection.end
            sequence = Sequence(self, name, asked, mode, outbox)
            self.sequences[name] = sequence
            if self.connection.is_open:
                sequence.connect()
            try:
                return await sequence.ready()
            except asyncio.CancelledError:
                sequence.end(EddyError("client-closed", f"{name} was given up"))
                raise

        return Opening(begin)

    async def append(self, name: str, values: Mapping[str, Any], *, t: Any = None, key: str | None = None) -> int:
        """Appends one step, by the names of its fields, to a sequence that need not be open here: returns its number when
        it is durable. After a broken connection it is sent again, and counts once."""
        body = append_body(named_values(values), milliseconds(t), None, key or secrets.token_urlsafe(16), True)
        return int((await self._again({**body, "sequence": name}))["seq"])

    @overload
    def watch(
        self, name: str, view: StepView = "predictions", *, every: int = 0, delivery: str = "every", ranges: bool = True,
        last: int | None = None, from_: Any = None, to: Any = None,
    ) -> Watch[Results]: ...  # fmt: skip

    @overload
    def watch(
        self, name: str, view: OtherView, *, every: int = 0, delivery: str = "every", ranges: bool = True,
        last: int | None = None, from_: Any = None, to: Any = None,
    ) -> Watch[dict[str, Any]]: ...  # fmt: skip

    def watch(
        self, name: str, view: str = "predictions", *, every: int = 0, delivery: str = "every", ranges: bool = True,
        last: int | None = None, from_: Any = None, to: Any = None,
    ) -> Any:  # fmt: skip
        """Watches a view of a sequence, which may not exist yet: `async for results in client.watch(...)`.

        `states`, `predictions` and `inputs` give `Results` of consecutive steps, each step once; `updates`, `metrics`,
        `weights` and `events` give dicts. `every`: milliseconds between two messages; `delivery="latest"`: only the newest
        result of each. `last=n` begins n steps back, `from_` at a time, and `to` ends at one.
        """
        return self._watch(
            name, view, every=every, delivery=delivery, ranges=ranges, last=last, from_=from_, to=to
        )

    async def history(
        self, name: str, view: StepView = "predictions", *, last: int | None = None, from_: Any = None, to: Any = None,
    ) -> "History":  # fmt: skip
        """Gives what was: the last steps, or those of a time, up to the newest one as the server takes the question."""
        if view not in STEP_VIEWS:
            raise EddyError("setting-invalid", f"{view} has no end: use watch with last or from_")
        if last is None and from_ is None:
            from_ = 0
        async with self._watch(
            name, view, every=0, delivery="every", ranges=True, last=last, from_=from_, to=to, ends=True
        ) as watch:
            return History(await watch.collect())

    async def list(self, *, after: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Lists sequences by name, with their last step, fields, scores and health; at most `limit` (1,000) after a name."""
        body: Message = {"type": "list", "limit": limit}
        if after is not None:
            body["after"] = after
        return list((await self._again(body))["sequences"])

    async def remove(self, name: str) -> None:
        """Deletes a sequence with everything stored for it."""
        await self.connection.opened()
        await self.requests.request({"type": "remove", "sequence": name})

    async def close(self) -> None:
        """Closes the connection. What is not acknowledged is given up: `durable()` of the sequences waits for it."""
        await asyncio.gather(*(watch.close() for watch in self._watches))
        self._watches.clear()
        await self.connection.close()

    # -- what the connection and the sequences tell it

    def send(self, message: Message) -> None:
        self.connection.send(message)

    def report(self, error: EddyError) -> None:
        self.options.on_error(error)

    def forget(self, sequence: Sequence) -> None:
        if self.sequences.get(sequence.name) is sequence:
            del self.sequences[sequence.name]

    def _watch(self, name: str, view: str, **options: Any) -> Watch[Any]:
        if self.connection.end:
            raise self.connection.end
        watch: Watch[Any] = Watch(self.options, name, view, **options)
        self._watches = [one for one in self._watches if not one.is_closed]
        self._watches.append(watch)
        return watch

    async def _again(self, body: Message) -> Message:
        """Asks, and asks again after a broken connection, which changes nothing."""
        while True:
            await self.connection.opened()
            try:
                return await self.requests.request(body)
            except EddyError as error:
                if error.code != "connection-lost" and not error.is_passing:
                    raise
                if error.is_passing:
                    await asyncio.sleep(self.options.back_off[0])

    def _connected(self) -> None:
        for sequence in list(self.sequences.values()):
            sequence.connect()

    def _receive(self, message: Message) -> None:
        if message["type"] == "ack":
            known = self.channels.get(message["channel"])
            if known is not None:
                known.ack(message["seq"])
        elif not self.requests.settle(message) and message["type"] == "error":
            known = self.channels.get(message.get("channel", 0))
            if known is not None:
                known.refuse(message)
            else:
                self.report(told(message))

    def _lost(self, error: EddyError) -> None:
        self.channels.clear()
        for sequence in list(self.sequences.values()):
            sequence.interrupt()
        self.requests.fail_all(EddyError("connection-lost", "the connection broke before the answer came"))
        if self.connection.end is not None:
            for sequence in list(self.sequences.values()):
                sequence.end(error)
        if error.code != "client-closed":
            self.report(error)


class History(list[Results]):
    """Results of the past, in order."""

    @property
    def steps(self) -> int:
        return sum(one.count for one in self)

    def frame(self) -> Any:
        """Gives all of them as one pandas DataFrame."""
        return frame_of(self)


__all__ = ["Client", "History", "connect"]
