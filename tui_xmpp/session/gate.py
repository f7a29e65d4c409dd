"""The stream gate: which top-level elements may pass, by how far the stream has come.

Guard G1, for promise 1: nothing that a network puts before TLS, behind `<proceed/>` or before
authentication is acted on (CVE-2011-0411 and its kind: STARTTLS stripped, answers injected before TLS;
CWE-319, CWE-349). The caps on size, depth and number are in `reader.py` (CWE-400, CWE-776).
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
SASL2 = "urn:xmpp:sasl:2"
BIND2 = "urn:xmpp:bind:0"
FAST = "urn:xmpp:fast:0"
COMPRESS = "http://jabber.org/protocol/compress"

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
AUTHENTICATION = f"{{{SASL2}}}authentication"
SASL2_SUCCESS = f"{{{SASL2}}}success"
SASL2_FAILURE = f"{{{SASL2}}}failure"
RESUMED = f"{{{RESUMPTION}}}resumed"
BOUND = f"{{{BIND2}}}bound"
ENABLED = f"{{{RESUMPTION}}}enabled"
RESUMPTION_FAILED = f"{{{RESUMPTION}}}failed"
COMPRESSED = f"{{{COMPRESS}}}compressed"
COMPRESSION_FAILED = f"{{{COMPRESS}}}failure"
IQ = f"{{{CLIENT}}}iq"
MESSAGE = f"{{{CLIENT}}}message"
PRESENCE = f"{{{CLIENT}}}presence"

_VERSION = re.compile(r"[1-9][0-9]{0,3}\.[0-9]{1,4}", re.ASCII)

LAST_STEPS = frozenset({SASL2_SUCCESS, RESUMED})
"""These begin a session, and still belong to the sign-in."""
BOUNDARIES = frozenset({PROCEED, SUCCESS, COMPRESSED})
"""Behind these the stream begins anew (RFC 6120 §5.4.3.3, §6.4.6; XEP-0138 §2)."""


class Phase(Enum):
    """How far a stream has come."""

    CLEAR = "clear"
    SECURED = "secured"
    """TLS to the account's own domain is verified."""
    AUTHENTICATED = "authenticated"
    BOUND = "bound"


_ALLOWED = {
    Phase.CLEAR: frozenset({FEATURES, PROCEED, TLS_FAILURE, ERROR}),
    Phase.SECURED: frozenset({FEATURES, ERROR}),
    Phase.AUTHENTICATED: frozenset({FEATURES, ERROR, IQ}),
    Phase.BOUND: frozenset(
        {ERROR, IQ, MESSAGE, PRESENCE}
        | {f"{{{RESUMPTION}}}{name}" for name in ("failed", "enabled", "r", "a")}
    ),
}
_EXCHANGED = {
    SASL: frozenset({CHALLENGE, SUCCESS, SASL_FAILURE}),
    SASL2: frozenset(f"{{{SASL2}}}{name}" for name in ("challenge", "success", "failure", "continue")),
}
_KEPT_FEATURES = {
    Phase.CLEAR: frozenset({STARTTLS}),
    Phase.SECURED: frozenset({MECHANISMS, BINDING_TYPES, AUTHENTICATION}),
}


class Gate:
    """Decides for every top-level element; one object for the life of one stream."""

    def __init__(self, own: Address) -> None:
        self.phase = Phase.CLEAR
        self.exchange = ""
        """`SASL` or `SASL2`, once we have begun to prove ourselves; before, the server has nothing to say."""
        self.judge: Callable[[ET.Element], Phase] | None = None
        """Checks the server's proof in a `<success/>` of SASL2 and says how far it leads; raises Violation.

        No stream begins anew behind that one, so that it must be judged before what follows it is looked at.
        """
        self.resuming = ""
        """The session we asked to resume, until there is an answer."""
        self.compressing = False
        """We asked for compression, and there is no answer yet."""
        self.binding_id = ""
        """Id of our request to bind."""
        self._features_due = False
        self._refused = False
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
        if self._refused:
            return element.tag == ERROR
        if not self._in_order(element):
            if self.phase is Phase.BOUND:
                return False
            raise Violation(_TOO_EARLY[self.phase])
        if element.tag == FEATURES:
            self._strip(element)
        elif element.tag == SASL2_SUCCESS:
            self._judge(element)
        elif element.tag in (SASL_FAILURE, SASL2_FAILURE):
            # What was asked for behind our proof is refused as well, in whatever words.
            self._refused = True
        elif self.phase is Phase.AUTHENTICATED and element.tag in (IQ, RESUMED, RESUMPTION_FAILED):
            return self._check_session(element)
        return True

    def _in_order(self, element: ET.Element) -> bool:
        if element.tag in _ALLOWED[self.phase]:
            return True
        if self.phase is Phase.SECURED:
            return element.tag in _EXCHANGED.get(self.exchange, ())
        if self.phase is Phase.AUTHENTICATED:
            if element.tag in (COMPRESSED, COMPRESSION_FAILED):
                asked, self.compressing = self.compressing, False
                return asked
            return bool(self.resuming) and element.tag in (RESUMED, RESUMPTION_FAILED)
        due, self._features_due = self._features_due, False
        return due and self.phase is Phase.BOUND and element.tag == FEATURES

    def _judge(self, success: ET.Element) -> None:
        if self.judge is None:
            raise Violation(_TOO_EARLY[Phase.SECURED])
        judge, self.judge = self.judge, None
        self.phase = judge(success)
        # XEP-0388 §2.6.1: the features of the authenticated stream follow at once.
        self._features_due = self.phase is Phase.BOUND

    def _check_session(self, element: ET.Element) -> bool:
        if element.tag == IQ:
            return self._check_binding(element)
        asked, self.resuming = self.resuming, ""
        if element.tag == RESUMED:
            # XEP-0198 §5: "The <resumed/> element MUST include a 'previd' attribute", that of <resume/>.
            if element.get("previd") != asked:
                raise Violation("The server went on with a session that is not yours. The link was cut.")
            self.phase = Phase.BOUND
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

    def _check_binding(self, iq: ET.Element) -> bool:
        if iq.get("type") not in ("result", "error"):
            raise Violation(_TOO_EARLY[Phase.AUTHENTICATED])
        if iq.get("id") != self.binding_id:
            return False
        self._refused = iq.get("type") == "error"
        bind = iq.find(f"{{{BIND}}}bind")
        if self._refused or bind is None:
            return True
        self.own(bind.findtext(f"{{{BIND}}}jid", ""), bound=True)
        self.phase = Phase.BOUND
        return True

    def own(self, text: str, *, bound: bool) -> Address:
        """Return the address the server says is ours; raises Violation unless it is.

        RFC 6120 §7.7.2.2: when *bound* it is the full address of the client that asked.
        """
        try:
            address = Address.parse(text)
        except AddressError:
            raise Violation("The server gave you an address that is none.") from None
        if address.bare != self._own or (bound and address.is_bare):
            raise Violation("The server signed you in under an address that is not yours. The link was cut.")
        return address


_TOO_EARLY = {
    Phase.CLEAR: "Something was slipped in before the link was secure. The link was cut.",
    Phase.SECURED: "Something was slipped in before the server had proved itself. The link was cut.",
    Phase.AUTHENTICATED: "Something was slipped in before you were signed in. The link was cut.",
}
