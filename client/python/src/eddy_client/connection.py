"""One connection over many sockets: it says hello, and when a socket breaks it waits and opens the next, until it is
closed or the server refuses it for good (close codes 3500 to 3999)."""
from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, Union

from .codec import Parts, decode, encode
from .errors import EddyError, closed, is_final, told
from .retry import Retry
from .transport import ConnectionClosed, dial, stream_url

TokenSource = Union[str, Callable[[], Union[str, Awaitable[str]]], None]
Message = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """How to connect. Times are in seconds."""

    url: str
    #: The token to be let in with, or what gives one: it is asked for every connection, so that it can renew the token.
    token: TokenSource = None
    #: Who connects, as the server's log shows it.
    agent: str | None = "eddy-client (Python)"
    ssl: Any = None
    #: The shortest and the longest wait before another try.
    back_off: tuple[float, float] = (0.1, 10.0)
    #: How long `welcome` may take.
    welcome: float = 10.0
    on_error: Callable[[EddyError], None] = field(default=lambda error: None)


class Connection:
    def __init__(
        self,
        options: Options,
        on_open: Callable[[], None],
        on_message: Callable[[Message], "Awaitable[None] | None"],
        on_lost: Callable[[EddyError], None],
    ) -> None:
        self.options = options
        self.url = stream_url(options.url)
        self.limits: dict[str, int] = {}
        self.server = ""
        self.is_open = False
        #: Why it is closed for good, once it is.
        self.end: EddyError | None = None
        #: Why the last socket was lost.
        self.last: EddyError | None = None
        self._callbacks = (on_open, on_message, on_lost)
        self._outgoing: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._socket: Any = None
        self._task = asyncio.ensure_future(self._run())

    async def opened(self) -> None:
        """Waits until it is open. Raises why it never will be."""
        while not self.is_open:
            if self.end:
                raise self.end
            await self._changed.wait()

    def send(self, message: Message) -> None:
        """Sends a message; only while it is open."""
        self._outgoing.append(encode(message))
        self._wake.set()

    async def close(self, reason: EddyError | None = None) -> None:
        self._finish(reason or EddyError("client-closed", "the client was closed"))
        if self._task is not asyncio.current_task():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        least, most = self.options.back_off
        retry = Retry(least, most)
        while self.end is None:
            began = time.monotonic()
            try:
                error, final = await self._session()
            except EddyError as failed:
                error, final = failed, not failed.temporary
            if self.end is not None:
                return
            if time.monotonic() - began >= most and self.last is None:
                retry.succeed()
            if error.code == "token-expired" and callable(self.options.token):
                final = False
            if final:
                return self._finish(error)
            self._lose(error)
            asked = error.retry_ms
            await asyncio.sleep(retry.next() if asked is None else asked / 1000)

    async def _session(self) -> tuple[EddyError, bool]:
        """Serves one socket from dialling to its end: gives why it ended, and whether for good."""
        options = self.options
        token = await self._token()
        socket = await dial(self.url, token, options.ssl, options.welcome)
        self._socket, farewell = socket, None
        writer: asyncio.Future[None] | None = None
        parts = Parts()
        watchdog = asyncio.get_running_loop().call_later(options.welcome, self._too_late, socket)
        try:
            hello: Message = {"type": "hello", "version": 1, "packed": True, "float64": True}
            if options.agent is not None:
                hello["agent"] = options.agent
            await socket.send(encode(hello))
            async for frame in socket:
                try:
                    message = parts.take(decode(frame))
                except EddyError as fault:
                    options.on_error(fault)
                    continue
                if message is None:
                    continue
                if message["type"] == "error" and "re" not in message:
                    error = told(message)
                    if error.is_farewell:
                        farewell = error
                        continue
                    if not self.is_open and not error.temporary:
                        return error, True
                if message["type"] == "welcome" and not self.is_open:
                    watchdog.cancel()
                    self._welcome(message)
                    writer = asyncio.ensure_future(self._write(socket))
                    continue
                waits = self._callbacks[1](message)
                if waits is not None:
                    await waits
        except (ConnectionClosed, OSError, EOFError):
            pass
        finally:
            watchdog.cancel()
            if writer is not None:
                writer.cancel()
            self._socket = None
            await asyncio.shield(asyncio.ensure_future(_close(socket)))
        code, why = socket.close_code, socket.close_reason or ""
        return farewell or closed(code, why), is_final(code)

    async def _token(self) -> str | None:
        token = self.options.token
        if not callable(token):
            return token
        try:
            given = token()
            return given if isinstance(given, str) else await given
        except Exception as error:
            raise EddyError("connection-lost", f"no token: {error}") from error

    def _too_late(self, socket: Any) -> None:
        asyncio.ensure_future(_close(socket))

    def _welcome(self, message: Message) -> None:
        self.limits = dict(message["limits"])
        self.server = str(message["server"])
        self._outgoing.clear()
        self._wake.clear()
        self.is_open, self.last = True, None
        self._callbacks[0]()
        self._tell()

    async def _write(self, socket: Any) -> None:
        try:
            while True:
                while self._outgoing:
                    await socket.send(self._outgoing.popleft())
                self._wake.clear()
                await self._wake.wait()
        except (ConnectionClosed, OSError):
            return

    def _lose(self, error: EddyError) -> None:
        self.is_open, self.last = False, error
        self._callbacks[2](error)
        self._tell()

    def _finish(self, error: EddyError) -> None:
        if self.end is not None:
            return
        self.end = error
        self._lose(error)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _close(socket: Any) -> None:
    try:
        await asyncio.wait_for(socket.close(), 3)
    except Exception:  # it is gone already
        pass
