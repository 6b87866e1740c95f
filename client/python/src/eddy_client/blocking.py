"""The client without asyncio, for notebooks and scripts: each call returns when it is done."""
from __future__ import annotations

import asyncio
import threading
from typing import Any, Coroutine, Iterator, Mapping, TypeVar

from .client import Client, History, connect
from .sequence import Sequence
from .watch import Watch

T = TypeVar("T")


class _Loop:
    """An event loop in a thread of its own, which ends with the program."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="eddy-client", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        self.loop.run_forever()
        self.loop.close()


def connect_blocking(url: str, **options: Any) -> "BlockingClient":
    """Connects to a server, with the options of `connect`: `with connect_blocking(url) as client`."""
    loop = _Loop()

    async def begin() -> Client:
        return await connect(url, **options)

    try:
        return BlockingClient(loop, loop.run(begin()))
    except BaseException:
        loop.stop()
        raise


class BlockingClient:
    def __init__(self, loop: _Loop, client: Client) -> None:
        self._loop, self._client = loop, client

    @property
    def server(self) -> str:
        """Name and version of the server."""
        return self._client.server

    def open(self, name: str, spec: Mapping[str, Any] | None = None, **options: Any) -> "BlockingSequence":
        """See `Client.open`."""

        async def begin() -> Sequence:
            return await self._client.open(name, spec, **options)

        return BlockingSequence(self._loop, self._loop.run(begin()))

    def append(self, name: str, values: Mapping[str, Any], *, t: Any = None, key: str | None = None) -> int:
        """See `Client.append`."""
        return self._loop.run(self._client.append(name, values, t=t, key=key))

    def history(self, name: str, view: Any = "predictions", **past: Any) -> History:
        """See `Client.history`."""
        return self._loop.run(self._client.history(name, view, **past))

    def watch(self, name: str, view: Any = "predictions", **options: Any) -> Iterator[Any]:
        """Iterates over results as they come: see `Client.watch`. It has begun when this returns."""

        async def begin() -> Watch[Any]:
            watch: Watch[Any] = self._client.watch(name, view, **options)
            return await watch.ready()

        return self._iterate(self._loop.run(begin()))

    def list(self, *, after: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """See `Client.list`."""
        return self._loop.run(self._client.list(after=after, limit=limit))

    def remove(self, name: str) -> None:
        """See `Client.remove`."""
        self._loop.run(self._client.remove(name))

    def close(self) -> None:
        self._loop.run(self._client.close())
        self._loop.stop()

    def __enter__(self) -> "BlockingClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _iterate(self, watch: Watch[Any]) -> Iterator[Any]:
        async def following() -> Any:
            return await anext(watch, None)

        try:
            while (one := self._loop.run(following())) is not None:
                yield one
        finally:
            if self._loop.loop.is_running():
                self._loop.run(watch.close())


class BlockingSequence:
    def __init__(self, loop: _Loop, sequence: Sequence) -> None:
        self._loop = loop
        #: The same sequence for asyncio; its properties may be read.
        self.sequence = sequence

    def push(self, rows: Any, *, t: Any = None, targets: Any = None) -> int:
        """Pushes rows, and returns how many when they are durable: see `Sequence.push`."""

        async def push() -> int:
            count = await self.sequence.push(rows, t=t, targets=targets)
            await self.sequence.durable()
            return count

        return self._loop.run(push())

    def append(self, values: Any, *, t: Any = None, targets: Any = None, key: str | None = None) -> int:
        """See `Sequence.append`."""
        return self._loop.run(self.sequence.append(values, t=t, targets=targets, key=key))

    def learn(self, seq: int, targets: Any) -> int:
        """See `Sequence.learn`."""
        return self._loop.run(self.sequence.learn(seq, targets))

    def configure(self, *, learning: bool | None = None, learning_rate: float | None = None) -> None:
        """See `Sequence.configure`."""
        self._loop.run(self.sequence.configure(learning=learning, learning_rate=learning_rate))

    def reset(self, what: str = "state") -> None:
        """See `Sequence.reset`."""
        self._loop.run(self.sequence.reset(what))

    def checkpoint(self) -> None:
        """See `Sequence.checkpoint`."""
        self._loop.run(self.sequence.checkpoint())

    def flush(self) -> None:
        """See `Sequence.flush`."""
        self._loop.run(self.sequence.flush())

    def close(self) -> None:
        """See `Sequence.close`."""
        self._loop.run(self.sequence.close())

    def __enter__(self) -> "BlockingSequence":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
