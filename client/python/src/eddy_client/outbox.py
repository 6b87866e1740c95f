"""The steps that are not acknowledged, oldest first:

    in flight: sent on this socket | sent on an earlier socket | waiting: never sent, without a number
    <------------------ numbered, one after the other ------->

A block gets its number when it is first sent, and its steps keep theirs: a server that accepted them before recognizes
the numbers, and only acknowledges them. So every step has its effect exactly once, whatever is sent again.
"""
from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Iterable

from .numeric import Bytes


@dataclass
class Block:
    """Steps in a row, all with times or none, all with targets or none."""

    count: int
    x: Bytes
    t: Bytes | None = None
    targets: Bytes | None = None
    seq: int = -1

    def cut(self, at: int) -> tuple["Block", "Block"]:
        """Gives the first `at` steps and the others, as views of the same bytes."""
        (x0, x1), (t0, t1) = _cut(self.x, at, self.count), _cut(self.t, at, self.count)
        y0, y1 = _cut(self.targets, at, self.count)
        assert x0 is not None and x1 is not None
        later = -1 if self.seq < 0 else self.seq + at
        return Block(at, x0, t0, y0, self.seq), Block(self.count - at, x1, t1, y1, later)

    @property
    def reals(self) -> int:
        """Numbers in one step, with its target and its time."""
        return (len(self.x) + len(self.targets or b"")) // 8 // self.count + 1

    def is_like(self, other: "Block") -> bool:
        return (self.t is None) == (other.t is None) and (self.targets is None) == (other.targets is None)


def _cut(data: Bytes | None, at: int, count: int) -> tuple[Bytes | None, Bytes | None]:
    if data is None:
        return None, None
    view = memoryview(data)
    place = len(view) // count * at
    return view[:place], view[place:]


def _join(parts: Iterable[Bytes | None]) -> bytes | None:
    all_parts = list(parts)
    return None if all_parts[0] is None else b"".join(part for part in all_parts if part is not None)


class Outbox:
    def __init__(self) -> None:
        self._waiting: deque[Block] = deque()
        self._numbered: list[Block] = []
        #: How many blocks, and steps, of the numbered ones were sent on this socket.
        self._flying = 0
        self.in_flight = 0
        #: Steps that are not acknowledged.
        self.size = 0
        #: Steps that were acknowledged, or sent on this socket; and that were ever pushed.
        self.sent = 0
        self.pushed = 0
        #: The next number to give; None until the server has told its position.
        self.next: int | None = None

    @property
    def ever_sent(self) -> int:
        """How many steps have ever been sent."""
        return self.pushed - sum(block.count for block in self._waiting)

    def add(self, block: Block) -> None:
        self._waiting.append(block)
        self.size += block.count
        self.pushed += block.count

    def take(self, most: int, reals: int, credit: int) -> Block | None:
        """Takes the next block to send, or None: of at most `most` steps and `reals` numbers, within the credit."""
        room = min(most, credit - self.in_flight)
        if room <= 0:
            return None
        block = self._again(room, reals) if self._flying < len(self._numbered) else self._new(room, reals)
        if block is not None:
            self._flying += 1
            self.in_flight += block.count
            self.sent += block.count
        return block

    def _again(self, room: int, reals: int) -> Block:
        block = self._numbered[self._flying]
        fits = max(1, min(room, reals // block.reals))
        if block.count <= fits:
            return block
        first, others = block.cut(fits)
        self._numbered[self._flying : self._flying + 1] = [first, others]
        return first

    def _new(self, room: int, reals: int) -> Block | None:
        if not self._waiting or self.next is None:
            return None
        fits = max(1, min(room, reals // self._waiting[0].reals))
        parts: list[Block] = []
        while self._waiting and fits > 0 and (not parts or parts[0].is_like(self._waiting[0])):
            block = self._waiting.popleft()
            if block.count > fits:
                block, others = block.cut(fits)
                self._waiting.appendleft(others)
            parts.append(block)
            fits -= block.count
        joined = parts[0] if len(parts) == 1 else _joined(parts)
        joined.seq = self.next
        self.next += joined.count
        self._numbered.append(joined)
        return joined

    def ack(self, seq: int) -> int:
        """Everything up to `seq` is durable: gives how many steps that acknowledges."""
        whole = acked = 0
        for block in self._numbered[: self._flying]:
            if block.seq + block.count - 1 <= seq:
                whole += 1
                acked += block.count
                continue
            if block.seq <= seq:
                part = seq - block.seq + 1
                self._numbered[whole] = block.cut(part)[1]
                acked += part
            break
        del self._numbered[:whole]
        self._flying -= whole
        self.in_flight -= acked
        self.size -= acked
        return acked

    def has_targets(self, seq: int | None) -> bool:
        """Did targets travel with the step of this number?"""
        return any(
            block.targets is not None and block.seq <= seq < block.seq + block.count
            for block in self._numbered
            if seq is not None
        )

    def interrupt(self) -> None:
        """The socket broke: all that is not acknowledged must be sent again."""
        self.sent -= self.in_flight
        self._flying = self.in_flight = 0

    def resume(self, seq: int) -> int | None:
        """The server has steps up to `seq`. Gives how many got another number because it lost history; None if it did not."""
        first = self._numbered[0].seq if self._numbered else self.next
        if self.next is None or first is None or seq >= first - 1:
            self.next = max(self.next or 0, seq + 1)
            return None
        self.next = seq + 1
        for block in self._numbered:
            block.seq = self.next
            self.next += block.count
        return self.next - seq - 1


def _joined(parts: list[Block]) -> Block:
    x = _join(part.x for part in parts)
    assert x is not None
    count = sum(part.count for part in parts)
    return Block(count, x, _join(part.t for part in parts), _join(part.targets for part in parts))
