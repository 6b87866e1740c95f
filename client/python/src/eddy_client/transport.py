"""One WebSocket, over the versions of `websockets` from 10.4 on. What goes wrong is an EddyError."""
from __future__ import annotations

import asyncio
import inspect
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import websockets
from websockets.exceptions import InvalidHandshake, InvalidURI

from .errors import EddyError

try:
    from websockets.asyncio.client import connect as _connect  # from 13 on
except ImportError:
    from websockets.client import connect as _connect  # Debian 12 has 10.4

_HEADERS = "additional_headers" if "additional_headers" in inspect.signature(_connect.__init__).parameters else "extra_headers"
#: No message of a server exceeds 1 MiB; a part of one has a little around it.
_MOST_BYTES = 2 * 2**20

ConnectionClosed = websockets.exceptions.ConnectionClosed


def stream_url(url: str) -> str:
    """Gives the address of the WebSocket: of `http://host:4000`, `ws://host:4000/stream`, `host:4000` alike."""
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if parts.scheme not in schemes or not parts.hostname:
        raise EddyError("config-invalid", f"{url!r} is no address of a server, such as ws://127.0.0.1:4000")
    path = parts.path.rstrip("/")
    path = path if path.endswith("/stream") else f"{path}/stream"
    return urlunsplit((schemes[parts.scheme], parts.netloc, path, "", ""))


async def dial(url: str, token: str | None, ssl: Any, seconds: float) -> Any:
    """Opens a WebSocket: `send(bytes)`, `async for`, `close(code)`, `close_code`, `close_reason`."""
    options: dict[str, Any] = {
        "subprotocols": ["eddy.v1.msgpack"],
        "compression": None,
        "max_size": _MOST_BYTES,
        "ping_interval": None,  # the server pings
        "close_timeout": 2,
    }
    if token is not None:
        options[_HEADERS] = {"Authorization": f"Bearer {token}"}
    if ssl is not None:
        options["ssl"] = ssl
    try:
        return await asyncio.wait_for(_connect(url, open_timeout=None, **options), seconds)
    except InvalidHandshake as error:
        raise _refused(url, error) from error
    except InvalidURI as error:
        raise EddyError("config-invalid", str(error)) from error
    except asyncio.TimeoutError as error:
        raise EddyError("connection-lost", f"{url} did not answer within {seconds:g} s") from error
    except (OSError, EOFError, ConnectionClosed) as error:
        raise EddyError("connection-lost", f"{url} cannot be reached: {error}") from error


def _refused(url: str, error: Exception) -> EddyError:
    """Gives the error of an upgrade that was answered otherwise."""
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    text = f"{url} answered HTTP {status}" if status else f"{url} is no Eddy server: {error}"
    if status == 401:
        return EddyError("unauthorized", f"{text}: the token is missing or not valid")
    if status == 429:
        return EddyError("attempts-limit", text, temporary=True)
    if status is not None and status < 500:
        return EddyError("connection-refused", text)
    return EddyError("connection-lost", text)
