"""The producing side of a sequence: what it has to send on its channel, in order, and what is durable of it."""
from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable

from .errors import EddyError, refuses_steps
from .outbox import Block, Outbox
from .requests import Message, Requests
from .resent import Resent, Waiting

#: Steps that may wait in the outbox, unless the user says otherwise.
OUTBOX = 16_384
#: Appends, and late targets, that may wait for their answer.
MOST_WAITING = 4_096


class Producer:
    def __init__(
        self,
        requests: Requests,
        send: Callable[[Message], None],
        limits: Callable[[], dict[str, int]],
        on_delayed: Callable[[EddyError], None],
        capacity: int,
    ) -> None:
        self.outbox = Outbox()
        self.capacity = capacity
        #: Why nothing more can be pushed.
        self.failure: EddyError | None = None
        self.acked = -1
        self._send, self._limits, self._requests = send, limits, requests
        self._block_steps = 0
        self._channel: int | None = None
        self._controls: deque[tuple[int, Message, asyncio.Future[Message]]] = deque()
        self._changed = asyncio.Event()
        self._is_scheduled = False
        rate = lambda: 0.8 * limits().get("requestsPerSecond", 1000)  # noqa: E731
        self.appends = Resent(requests, rate, on_delayed, self.schedule)
        # targets do not count as requests
        self.targets = Resent(requests, lambda: 1e6, on_delayed, self.schedule)

    async def push(self, block: Block) -> None:
        """Takes a block, as fast as there is room for it."""
        while True:
            await self._until(lambda: self.outbox.size < self.capacity)
            room = self.capacity - self.outbox.size
            if block.count <= room:
                break
            first, block = block.cut(room)
            self.outbox.add(first)
            self.schedule()
        self.outbox.add(block)
        self.schedule()

    async def append(self, body: Message) -> int:
        answer = await self._resent(self.appends, Waiting(body))
        self.acked = max(self.acked, int(answer["seq"]))
        return int(answer["seq"])

    async def learn(self, seq: int, targets: bytes, width: int) -> int:
        """Hands over targets of `width` bytes each; gives how many were taken."""
        outbox, count = self.outbox, len(targets) // width
        most = min(self._block_steps, self._limits()["frameBytes"] // 2 // width) or 1
        answers = []
        for at in range(0, count, most):
            part = targets[at * width : (at + most) * width]
            last = seq + at + len(part) // width - 1
            ahead = max(0, last - outbox.next + 1) if outbox.next is not None else 0
            body: Message = {"type": "targets", "seq": seq + at, "targets": part}
            answers.append(self._resent(self.targets, Waiting(body, min(outbox.ever_sent + ahead, outbox.pushed))))
        return count - sum(int(answer.get("refused", 0)) for answer in await asyncio.gather(*answers))

    async def request(self, body: Message) -> Message:
        """Sends a request after the steps pushed so far."""
        if len(self._controls) >= MOST_WAITING:
            raise EddyError("outbox-full", f"{MOST_WAITING} requests are already waiting for the server")
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._controls.append((0 if self.failure else self.outbox.pushed, body, answer))
        self.schedule()
        return await answer

    async def durable(self) -> int:
        """Waits until all that was handed over is durable: gives the number of the last step that was pushed and is."""
        await self._until(lambda: self.outbox.size + self.targets.size + self.appends.size == 0)
        return self.acked

    def begin(self, channel: int, seq: int, durable: int, block_steps: int) -> int | None:
        """The channel is open on this socket. Gives how many steps got another number because the server lost history."""
        self._channel, self._block_steps = channel, block_steps
        renumbered = self.outbox.resume(seq)
        self.acked = durable if renumbered is not None else max(self.acked, durable)
        self.schedule()
        return renumbered

    def ack(self, seq: int) -> None:
        self.acked = max(self.acked, seq)
        self.outbox.ack(seq)
        # at once, so that the next block is under way before anything else is done
        self._pump()
        self._tell()

    def refuse(self, error: EddyError) -> None:
        """Takes an error of the channel. A refused step stops it: those after it must not be taken for it."""
        if refuses_steps(error.code, self.outbox.has_targets(error.seq)):
            self.stop(error)

    def interrupt(self) -> None:
        self._channel = None
        self.outbox.interrupt()
        self.targets.interrupt()
        self.appends.interrupt()

    def stop(self, error: EddyError) -> None:
        """Takes and sends no step any more."""
        self.failure = self.failure or error
        self.targets.stop(error)
        controls, self._controls = self._controls, deque()
        for _, _, answer in controls:
            if not answer.done():
                answer.set_exception(error)
        self._tell()

    def schedule(self) -> None:
        """Sends what can be sent, once per turn of the loop."""
        if self._is_scheduled:
            return
        self._is_scheduled = True
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._is_scheduled = False
        self._pump()
        self._tell()

    def _pump(self) -> None:
        if self._channel is None:
            return
        address: Message = {"channel": self._channel}
        outbox = self.outbox
        while self._channel is not None:
            self.targets.send(address, outbox.sent, self.schedule)
            if self._controls and self._controls[0][0] <= outbox.sent:
                self._control(*self._controls.popleft()[1:])
                continue
            block = None if self.failure else self._take()
            if block is None:
                break
            self._send(_steps(self._channel, block))
        self.appends.send(address, outbox.sent, self.schedule)

    def _take(self) -> Block | None:
        limits, outbox = self._limits(), self.outbox
        most = min(self._block_steps, limits["blockSteps"])
        # steps are not sent past the place of a request or of a target
        if self._controls:
            most = min(most, self._controls[0][0] - outbox.sent)
        after = self.targets.next_after
        if after is not None and after > outbox.sent:
            most = min(most, after - outbox.sent)
        return outbox.take(most, limits["frameBytes"] // 2 // 8, limits["unackedSteps"])

    def _control(self, body: Message, answer: "asyncio.Future[Message]") -> None:
        def answered(message: Message) -> None:
            if not answer.done():
                answer.set_result(message)

        def failed(error: EddyError) -> None:
            if not answer.done():
                answer.set_exception(error)

        self._requests.ask({**body, "channel": self._channel}, answered, failed)

    async def _resent(self, queue: Resent, one: Waiting) -> Message:
        await self._until(lambda: queue.size < MOST_WAITING)
        queue.add(one)
        self.schedule()
        # shielded: whoever stops waiting does not take back what is under way
        return await asyncio.shield(one.answer)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while True:
            if self.failure:
                raise self.failure
            if holds():
                return
            await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _steps(channel: int, block: Block) -> Message:
    message: dict[str, Any] = {"type": "steps", "channel": channel, "seq": block.seq, "count": block.count, "x": block.x}
    if block.t is not None:
        message["t"] = block.t
    if block.targets is not None:
        message["targets"] = block.targets
    return message
