"""When to try again: exponential back-off with full jitter."""
from __future__ import annotations

import random
from typing import Callable


class Retry:
    """The n-th wait, from n = 1, is drawn evenly from [least, least * 2^n], at most `most`; all in seconds."""

    def __init__(self, least: float = 0.1, most: float = 10.0, draw: Callable[[], float] = random.random) -> None:
        self.least, self.most, self._draw = least, most, draw
        self._failures = 0

    def next(self) -> float:
        self._failures = min(self._failures + 1, 32)
        longest = min(self.most, self.least * 2.0**self._failures)
        return self.least + self._draw() * max(0.0, longest - self.least)

    def succeed(self) -> None:
        """Starts again from the shortest wait."""
        self._failures = 0
