"""Signing in by a token of the server's in one round trip (XEP-0484, SASL mechanisms HT-*)."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from ..core.account import Token
from . import gate
from .failure import Violation

UNBOUND = "HT-SHA-256-NONE"
END_POINT = "HT-SHA-256-ENDP"

_PREFERRED = (END_POINT, UNBOUND)
_LONGEST = 4096


class HashedToken:
    """One exchange of draft-schmaus-kitten-sasl-ht §3; *end_point* is the data of tls-server-end-point."""

    def __init__(self, token: Token, user: str, end_point: bytes | None) -> None:
        self.name = token.mechanism
        self.verified = False
        self._secret = token.secret.encode()
        self._user = user
        self._binding = end_point or b"" if token.mechanism == END_POINT else b""

    def first(self) -> bytes:
        """Return the only message of ours."""
        return self._user.encode() + b"\0" + self._hashed(b"Initiator")

    async def respond(self, challenge: bytes) -> bytes:
        """Never: the exchange has one step."""
        raise Violation("The server's answer while signing in makes no sense. The link was cut.")

    def verify(self, final: bytes | None) -> None:
        """Check the server's proof; raises Violation unless it showed that it knows the token."""
        if final is None or not hmac.compare_digest(final, self._hashed(b"Responder")):
            raise Violation("The server could not prove that it knows your account. The link was cut.")
        self.verified = True

    def _hashed(self, role: bytes) -> bytes:
        return hmac.digest(self._secret, role + self._binding, "sha256")


def wanted(offered: Collection[str], *, can_bind: bool) -> str:
    """Return the mechanism to ask a token for; empty: none that is offered can be computed here.

    XEP-0484 §6: channel binding "MUST be preferred by the client"; of its kinds, only that of the certificate
    is within reach.
    """
    usable = (name for name in _PREFERRED if name in offered and (can_bind or name != END_POINT))
    return next(usable, "")


def usable(token: Token, offered: Collection[str], *, can_bind: bool) -> bool:
    """Whether *token* can be used where *offered* are the mechanisms for tokens."""
    return token.mechanism in offered and token.mechanism == wanted((token.mechanism,), can_bind=can_bind)


def request(mechanism: str) -> str:
    """Return the element that asks for a token (XEP-0484 §3.2)."""
    return f"<request-token xmlns='{gate.FAST}' mechanism='{mechanism}'/>"


def presented(*, invalidate: bool = False) -> str:
    """Return the element that says that a token signs in; with *invalidate* for the last time (§3.6)."""
    return f"<fast xmlns='{gate.FAST}'{' invalidate=' + repr('true') if invalidate else ''}/>"


def granted(success: ET.Element, mechanism: str) -> Token | None:
    """Return the token in a `<success/>`, for *mechanism*; None: there is none (§3.3, §3.5)."""
    given = success.find(f"{{{gate.FAST}}}token")
    secret = "" if given is None else given.get("token", "")
    if given is None or not mechanism or not 0 < len(secret) <= _LONGEST:
        return None
    return Token(mechanism, secret, _expiry(given.get("expiry", "")))


def _expiry(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
