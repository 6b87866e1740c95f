"""A sequence that is open: steps go in, and what was pushed comes to be durable."""
from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Mapping, Sequence as List

from .errors import EddyError, told
from .numeric import milliseconds
from .producer import Producer
from .requests import Message
from .resent import Keys, append_body
from .retry import Retry
from .rows import Shape, block_of, by_name, target_bytes

if TYPE_CHECKING:
    from .client import Client

Fields = List["str | Mapping[str, Any]"]


class Sequence:
    """A sequence by its name, open for pushing. Over broken connections and restarts each step counts once.

    `await client.open(...)` gives one; as `async with client.open(...)` it is closed when all that was pushed is durable.
    """

    def __init__(self, client: "Client", name: str, asked: Message, mode: str, outbox: int) -> None:
        self.name = name
        #: What the server told when it was opened last: spec, fields, epoch, learning, …
        self.opened: Message = {}
        self._client = client
        self._asked, self._mode = asked, mode
        self._channel: int | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended: EddyError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._retry = Retry(*client.options.back_off)
        self._keys = Keys()
        self._shape: Shape | None = None
        self._producer = Producer(
            client.requests, client.send, lambda: client.limits, self._pause, outbox
        )

    # -- what it is

    @property
    def fields(self) -> list[str]:
        """The names of the fields, in the order of the sequence."""
        return [str(field["name"]) for field in self.opened["fields"]]

    @property
    def spec(self) -> dict[str, Any]:
        """The model spec, with every default filled in."""
        return dict(self.opened["spec"])

    @property
    def epoch(self) -> str:
        return str(self.opened["epoch"])

    @property
    def acked(self) -> int:
        """The number of the last step that is known to be durable; -1 before the first."""
        return self._producer.acked

    @property
    def unacked(self) -> int:
        """Steps that were pushed and are not known to be durable."""
        return self._producer.outbox.size

    # -- steps

    async def push(self, rows: Any, *, t: Any = None, targets: Any = None) -> int:
        """Pushes rows, oldest first; returns how many, when all are in the outbox. `durable()` waits for the rest.

        `rows`: one row or many, as numbers in the order of the fields, as dicts by name, as a numpy array, or as a
        pandas DataFrame whose columns are the fields. None and NaN are gaps.
        `t`: their times (datetimes, numpy times, milliseconds since 1970); of a DataFrame the name of a column, and its
        DatetimeIndex where left out. Without times the server stamps the arrival.
        `targets`: what a supervised model learns from, one for each row.
        """
        self._check()
        block = block_of(rows, self._known, t, targets)
        if block.count:
            await self._producer.push(block)
        return block.count

    async def append(self, values: Any, *, t: Any = None, targets: Any = None, key: str | None = None) -> int:
        """Appends one step that the server numbers: returns its number when it is durable. With the `key` of an earlier
        append it has no effect, and gets that number: two gateways may append the same readings."""
        self._check()
        shape = self._known
        values = by_name(values, shape.names) if isinstance(values, Mapping) else values
        block = block_of([list(values)], shape)
        targets = None if targets is None else target_bytes([list(targets)], shape)
        body = append_body(bytes(block.x), milliseconds(t), targets, key or self._keys.next(), False)
        return await self._producer.append(body)

    async def learn(self, seq: int, targets: Any) -> int:
        """Hands over the targets of steps from `seq` on, when they come to be known; returns how many were taken, when
        they are durable. Why others were not is told to `on_error`; if none was, it is raised."""
        self._check()
        shape = self._known
        return await self._producer.learn(seq, target_bytes(targets, shape), 8 * max(1, shape.target))

    async def durable(self) -> int:
        """Waits until all that was pushed is durable: returns the number of the last durable step."""
        if self._ended:
            raise self._ended
        return await self._producer.durable()

    async def flush(self) -> None:
        """Closes the bins of a resampled sequence that are open."""
        await self._request({"type": "flush"})

    # -- settings

    async def configure(self, *, learning: bool | None = None, learning_rate: float | None = None) -> None:
        """Turns learning on or off, and sets the learning rate, after the steps pushed so far."""
        body: Message = {"type": "configure"}
        if learning is not None:
            body["learning"] = learning
        if learning_rate is not None:
            body["learningRate"] = learning_rate
        await self._request(body)

    async def reset(self, what: str = "state") -> None:
        """Sets the hidden state to 0 (`state`), or draws new weights too (`weights`)."""
        await self._request({"type": "reset", "what": what})

    async def checkpoint(self) -> None:
        """Returns when a checkpoint is durable."""
        await self._request({"type": "checkpoint"})

    async def close(self) -> None:
        """Waits until all that was pushed is durable, and gives the channel back. The sequence lives on."""
        if self._ended:
            return
        try:
            if self._producer.failure is None:
                await self._producer.durable()
            if self._channel is not None:
                await self._client.requests.request({"type": "close", "channel": self._channel})
        except EddyError as error:
            if error.code != "connection-lost":
                raise
        finally:
            self.end(EddyError("client-closed", f"{self.name} was closed"))

    # -- what the client tells it

    def connect(self) -> None:
        """There is a socket: asks for the channel."""
        mode = "resume" if self._ready.done() else self._mode
        self._ask(mode)
        if self._mode == "create":
            self._mode = "either"  # the first create may have been heard, though its answer was not

    def ack(self, seq: int) -> None:
        self._producer.ack(seq)

    def refuse(self, message: Message) -> None:
        """Takes an error of the channel that answers no request."""
        if self._channel is None:
            return
        error = told(message)
        if error.is_passing:
            return self._pause(error)
        self._producer.refuse(error)
        self._client.report(error)

    def interrupt(self) -> None:
        self._channel = None
        if self._timer is not None:
            self._timer.cancel()
        self._producer.interrupt()

    def end(self, error: EddyError) -> None:
        if self._ended:
            return
        self._ended = error
        self.interrupt()
        self._producer.stop(error)
        self._producer.appends.stop(error)
        if not self._ready.done():
            self._ready.set_exception(error)
        self._client.forget(self)

    async def ready(self) -> "Sequence":
        await asyncio.shield(self._ready)
        return self

    # -- its own

    @property
    def _known(self) -> Shape:
        if self._shape is None:
            raise EddyError("channel-unknown", f"{self.name} is not open yet: wait for client.open(...)")
        return self._shape

    def _ask(self, mode: str) -> None:
        body = {"type": "open", "sequence": self.name, "mode": mode, **self._asked}
        self._client.requests.ask(body, self._opened, lambda error: self._not_opened(error, mode))

    def _opened(self, opened: Message) -> None:
        if self._ended:
            return
        self._retry.succeed()
        self.opened, self._channel = opened, int(opened["channel"])
        # fields stay in the order that the user gave them: x on this channel is in that order
        fields = self._asked.get("fields") or opened["fields"]
        named = [{"name": field} if isinstance(field, str) else field for field in fields]
        self._shape = Shape(named, opened.get("targets") or [], opened["spec"])
        self._asked = {
            "fields": fields,
            "spec": opened["spec"],
            **{name: opened[name] for name in ("targets", "resample") if opened.get(name)},
        }
        self._client.channels[self._channel] = self
        renumbered = self._producer.begin(
            self._channel, opened["seq"], opened["durable"], opened["blockSteps"]
        )
        if renumbered is not None:
            text = f"the server has steps only up to {opened['seq']}; {renumbered} un-acked steps go on from there"
            error = EddyError("history-lost", text)
            self._producer.targets.stop(error)
            self._client.report(error)
        if not self._ready.done():
            self._ready.set_result(None)

    def _not_opened(self, error: EddyError, mode: str) -> None:
        if self._ended or error.code == "connection-lost":
            return
        if not (error.temporary if self._ready.done() else error.is_passing):
            return self.end(error)
        if error.code == "sequence-unknown" and mode == "resume" and self._mode != "resume":
            return self._ask("either")
        self._client.report(error)
        self._later()

    def _pause(self, error: EddyError) -> None:
        """Sends nothing until the sequence was opened again, which tells where to go on."""
        if self._channel is None:
            return
        self._channel = None
        self._producer.interrupt()
        self._client.report(error)
        self._later()

    def _later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._retry.next(), self.connect)

    async def _request(self, body: Message) -> None:
        if self._ended:
            raise self._ended
        await self._producer.request(body)

    def _check(self) -> None:
        if self._ended:
            raise self._ended
        if self._producer.failure:
            raise self._producer.failure


def named_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Gives readings by name as plain numbers."""
    return {
        str(name): value if value is None or isinstance(value, bool) else float(value)
        for name, value in values.items()
    }


__all__ = ["Fields", "Sequence", "named_values"]
