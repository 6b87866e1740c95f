"""What is sent again until it is answered: appends, which have keys, and late targets. Each counts once, however often it is
sent."""
from __future__ import annotations

import asyncio
import secrets
from typing import Any, Callable

from .errors import EddyError
from .requests import Message, Requests, fail, settle


class Waiting:
    """A request without its channel."""

    def __init__(self, body: Message, after: int = 0) -> None:
        self.body = body
        #: How many steps are sent before it, so that it does not come later the next time.
        self.after = after
        self.is_sent = False
        self.times = 0
        self.answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()


class Resent:
    """The requests of one kind, oldest first."""

    def __init__(
        self,
        requests: Requests,
        per_second: Callable[[], float],
        on_delayed: Callable[[EddyError], None],
        on_settled: Callable[[], None],
    ) -> None:
        self._requests = requests
        self._per_second = per_second
        self._on_delayed, self._on_settled = on_delayed, on_settled
        self._waiting: dict[int, Waiting] = {}
        self._count = 0
        self._first_unsent = 0
        self._timer: asyncio.TimerHandle | None = None
        self._allowance, self._at = 1.0, 0.0

    @property
    def size(self) -> int:
        return len(self._waiting)

    def add(self, one: Waiting) -> None:
        self._waiting[self._count] = one
        self._count += 1

    @property
    def next_after(self) -> int | None:
        """After how many steps the next one is to be sent; None where nothing waits."""
        one = self._next()
        return None if one is None else one.after

    def send(self, address: Message, sent: int, again: Callable[[], None]) -> None:
        """Sends those whose turn it is after `sent` steps, as many as the server takes in a second; `again` sends more."""
        while (one := self._next()) is not None and one.after <= sent:
            wait = self._wait()
            if wait > 0:
                if self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(wait, self._later, again)
                return
            one.is_sent = True
            one.times += 1
            self._ask(one, address)

    def interrupt(self) -> None:
        """The socket broke, or the server cannot take them: all that wait are sent again."""
        for one in self._waiting.values():
            one.is_sent = False
        self._first_unsent = next(iter(self._waiting), self._count)

    def stop(self, error: EddyError) -> None:
        waiting, self._waiting = self._waiting, {}
        if self._timer is not None:
            self._timer.cancel()
        for one in waiting.values():
            fail(one.answer, error)

    def _next(self) -> Waiting | None:
        while self._first_unsent < self._count:
            one = self._waiting.get(self._first_unsent)
            if one is not None and not one.is_sent:
                return one
            self._first_unsent += 1
        return None

    def _ask(self, one: Waiting, address: Message) -> None:
        number, times = self._first_unsent, one.times

        def settled() -> bool:
            return self._waiting.pop(number, None) is not None

        def answered(message: Message) -> None:
            if settled():
                settle(one.answer, message)
                self._on_settled()

        def failed(error: EddyError) -> None:
            if error.code == "connection-lost" or one.times != times or not one.is_sent:
                return  # it is sent again, or was
            if error.is_passing or error.code == "credit-exceeded":
                self._on_delayed(error)
            elif settled():
                fail(one.answer, error)
                self._on_settled()

        self._requests.ask({**one.body, **address}, answered, failed)

    def _wait(self) -> float:
        """Gives how long the next one has to wait, in seconds, so that the server's rate is kept."""
        rate = self._per_second()
        now = asyncio.get_running_loop().time()
        self._allowance = min(rate / 10, self._allowance + (now - self._at) * rate)
        self._at = now
        if self._allowance < 1:
            return (1 - self._allowance) / rate
        self._allowance -= 1
        return 0

    def _later(self, again: Callable[[], None]) -> None:
        self._timer = None
        again()


class Keys:
    """Keys of appends that no other client has."""

    def __init__(self) -> None:
        self._prefix = secrets.token_urlsafe(12)
        self._count = 0

    def next(self) -> str:
        self._count += 1
        return f"{self._prefix}-{self._count}"


def append_body(values: Any, t: float, targets: bytes | None, key: str, is_named: bool) -> Message:
    """Gives an append without its address."""
    body: Message = {"type": "append", "values" if is_named else "x": values, "key": key}
    if t == t:
        body["t"] = t
    if targets is not None:
        body["targets"] = targets
    return body
