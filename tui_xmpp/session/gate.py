"""The stream gate: which top-level elements may pass, by how far the stream has come."""

from __future__ import annotations

import re
from enum import Enum
from xml.etree import ElementTree as ET

from ..core.address import Address, AddressError
from .failure import Violation

STREAM = "http://etherx.jabber.org/streams"
STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
CHANNEL_BINDINGS = "urn:xmpp:sasl-cb:0"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
SESSION = "urn:ietf:params:xml:ns:xmpp-session"
CLIENT = "jabber:client"
RESUMPTION = "urn:xmpp:sm:3"

HEADER = f"{{{STREAM}}}stream"
FEATURES = f"{{{STREAM}}}features"
ERROR = f"{{{STREAM}}}error"
STARTTLS = f"{{{TLS}}}starttls"
PROCEED = f"{{{TLS}}}proceed"
TLS_FAILURE = f"{{{TLS}}}failure"
MECHANISMS = f"{{{SASL}}}mechanisms"
BINDING_TYPES = f"{{{CHANNEL_BINDINGS}}}sasl-channel-binding"
CHALLENGE = f"{{{SASL}}}challenge"
SUCCESS = f"{{{SASL}}}success"
SASL_FAILURE = f"{{{SASL}}}failure"
IQ = f"{{{CLIENT}}}iq"
MESSAGE = f"{{{CLIENT}}}message"
PRESENCE = f"{{{CLIENT}}}presence"

_VERSION = re.compile(r"[1-9][0-9]{0,3}\.[0-9]{1,4}", re.ASCII)

BOUNDARIES = frozenset({PROCEED, SUCCESS})
"""Behind these the stream begins anew (RFC 6120 §5.4.3.3, §6.4.6)."""


class Phase(Enum):
    """How far a stream has come."""

    CLEAR = "clear"
    SECURED = "secured"
    """TLS to the account's own domain is verified."""
    AUTHENTICATED = "authenticated"
    BOUND = "bound"


_ALLOWED = {
    Phase.CLEAR: frozenset({FEATURES, PROCEED, TLS_FAILURE, ERROR}),
    Phase.SECURED: frozenset({FEATURES, CHALLENGE, SUCCESS, SASL_FAILURE, ERROR}),
    Phase.AUTHENTICATED: frozenset(
        {FEATURES, ERROR, IQ, *(f"{{{RESUMPTION}}}{name}" for name in ("resumed", "failed", "enabled"))}
    ),
    Phase.BOUND: frozenset(
        {ERROR, IQ, MESSAGE, PRESENCE}
        | {f"{{{RESUMPTION}}}{name}" for name in ("resumed", "failed", "enabled", "r", "a")}
    ),
}
_KEPT_FEATURES = {
    Phase.CLEAR: frozenset({STARTTLS}),
    Phase.SECURED: frozenset({MECHANISMS, BINDING_TYPES}),
}


class Gate:
    """Decides for every top-level element; one object for the life of one stream."""

    def __init__(self, own: Address) -> None:
        self.phase = Phase.CLEAR
        self._own = own.bare

    def open(self, header: ET.Element) -> None:
        """Check the peer's stream header; raises Violation."""
        if header.tag != HEADER:
            raise Violation("This is not a chat server.")
        # RFC 6120 §4.7.5: without a version it is 0.9, which knows neither TLS nor SASL.
        if not _VERSION.fullmatch(header.get("version", "0.9")):
            raise Violation("The server does not speak XMPP 1.0, so the link cannot be made secure.")

    def admit(self, element: ET.Element) -> bool:
        """Say whether *element* may go on, after taking from it what may not; raises Violation."""
        if element.tag == ERROR and element.find(f"{{{STREAM_ERRORS}}}see-other-host") is not None:
            # RFC 6120 §4.9.3.19 would have us go to a host whose name nobody vouches for.
            raise Violation("The server tried to send you to another host. It was not followed.")
        if element.tag not in _ALLOWED[self.phase]:
            if self.phase is Phase.BOUND:
                return False
            raise Violation(_TOO_EARLY[self.phase])
        if element.tag == FEATURES:
            self._strip(element)
        elif element.tag == IQ and self.phase is Phase.AUTHENTICATED:
            self._check_binding(element)
        return True

    def _strip(self, features: ET.Element) -> None:
        if self.phase is Phase.CLEAR and features.find(STARTTLS) is None:
            raise Violation(
                "The server offers no encryption. Nothing was sent. "
                "If this network is not yours, use another; else tell the server's operator."
            )
        kept = _KEPT_FEATURES.get(self.phase)
        for child in list(features):
            allowed = child.tag in kept if kept is not None else child.tag not in (STARTTLS, MECHANISMS)
            if not allowed:
                features.remove(child)

    def _check_binding(self, iq: ET.Element) -> None:
        if iq.get("type") not in ("result", "error"):
            raise Violation(_TOO_EARLY[Phase.AUTHENTICATED])
        bind = iq.find(f"{{{BIND}}}bind")
        if iq.get("type") == "error" or bind is None:
            return
        try:
            bound = Address.parse(bind.findtext(f"{{{BIND}}}jid", ""))
        except AddressError:
            raise Violation("The server gave you an address that is none.") from None
        # RFC 6120 §7.7.2.2: the server returns the full address of the client that asked.
        if bound.bare != self._own or bound.is_bare:
            raise Violation("The server signed you in under an address that is not yours. The link was cut.")
        self.phase = Phase.BOUND


_TOO_EARLY = {
    Phase.CLEAR: "Something was slipped in before the link was secure. The link was cut.",
    Phase.SECURED: "Something was slipped in before the server had proved itself. The link was cut.",
    Phase.AUTHENTICATED: "Something was slipped in before you were signed in. The link was cut.",
}
