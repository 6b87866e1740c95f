"""Requests and their answers. Answers come by callback, because what follows an answer must find it handled."""
from __future__ import annotations

import asyncio
from typing import Any, Callable

from .errors import EddyError, told

Message = dict[str, Any]


class Requests:
    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._pending: dict[int, tuple[Callable[[Message], None], Callable[[EddyError], None]]] = {}
        self._last = 0

    def ask(
        self, body: Message, answered: Callable[[Message], None], failed: Callable[[EddyError], None]
    ) -> None:
        self._last = (self._last + 1) & 0xFFFF_FFFF
        self._pending[self._last] = (answered, failed)
        self._send({**body, "id": self._last})

    def request(self, body: Message) -> "asyncio.Future[Message]":
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.ask(body, lambda message: settle(answer, message), lambda error: fail(answer, error))
        return answer

    def settle(self, message: Message) -> bool:
        """Hands an answer to its request; False if no request waits for it."""
        answered, failed = self._pending.pop(message.get("re", -1), (None, None))
        if answered is None or failed is None:
            return False
        if message["type"] == "error":
            failed(told(message))
        else:
            answered(message)
        return True

    def fail_all(self, error: EddyError) -> None:
        pending, self._pending = self._pending, {}
        for _, failed in pending.values():
            failed(error)


def settle(future: "asyncio.Future[Any]", value: Any) -> None:
    if not future.done():
        future.set_result(value)


def fail(future: "asyncio.Future[Any]", error: EddyError) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # who does not wait for it is not warned
