"""The one exception of the client: an error by its code, as docs/protocol.md lists them."""
from __future__ import annotations

from typing import Any, Mapping

#: Codes that come with a close code: the server's farewells.
CLOSE_CODES: dict[int, str] = {
    3000: "server-shutdown",
    3001: "socket-slow",
    3010: "access-changed",
    3011: "attempts-limit",
    3500: "hello-timeout",
    3501: "error-limit",
    3502: "unauthorized",
    3503: "token-expired",
}
#: Codes that say how the server is, and not what is wrong with the message: it is sent again.
PASSING = frozenset({"store-unavailable", "overloaded", "rate-limit"})
#: What the client itself says may be tried again.
_TEMPORARY = frozenset({"connection-lost", "outbox-full", *PASSING})

_OF_BLOCKS = frozenset({"block-too-long", "credit-exceeded", "channel-unknown", "sequence-failed"})
_OF_TARGETS = frozenset({"target-unexpected", "target-shape", "target-non-finite", "target-distribution"})


class EddyError(Exception):
    """Something was refused, or failed. `code` is stable: match on it; the text is for people."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        temporary: bool | None = None,
        seq: int | None = None,
        retry_ms: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        #: May the same succeed later, unchanged?
        self.temporary = code in _TEMPORARY if temporary is None else temporary
        #: The step that it is about, if it is about one.
        self.seq = seq
        #: When the server asks to come back, in milliseconds.
        self.retry_ms = retry_ms

    def __repr__(self) -> str:
        return f"EddyError({self.code!r}, {self.message!r}, temporary={self.temporary})"

    @property
    def is_farewell(self) -> bool:
        """Does the close of the socket follow it?"""
        return self.code in CLOSE_CODES.values() or self.code == "authorize-failed"

    @property
    def is_passing(self) -> bool:
        return self.code in PASSING


def told(message: Mapping[str, Any]) -> EddyError:
    """Gives the error of a message `error`."""
    return EddyError(
        str(message.get("code")),
        str(message.get("message")),
        temporary=bool(message.get("temporary")),
        seq=message.get("seq"),
        retry_ms=message.get("retryMs"),
    )


def is_final(close: int | None) -> bool:
    """Does a close code say not to come back?"""
    return close is not None and 3500 <= close <= 3999


def closed(close: int | None, why: str) -> EddyError:
    """Gives the error of a socket that closed without saying more."""
    text = f"the connection broke: close code {close}" + (f", {why}" if why else "")
    code = CLOSE_CODES.get(close or 0)
    if code is not None:
        return EddyError(code, text, temporary=not is_final(close))
    return EddyError("connection-refused" if is_final(close) else "connection-lost", text)


def refuses_steps(code: str, has_targets: bool) -> bool:
    """Does an error without an id mean that a block was refused? `has_targets`: targets travelled in that block."""
    return code.startswith("step-") or code in _OF_BLOCKS or (code in _OF_TARGETS and has_targets)
