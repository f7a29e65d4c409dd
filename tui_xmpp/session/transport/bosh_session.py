"""The words of a BOSH session: its request bodies, and what its end means (XEP-0124, XEP-0206)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from tui_xmpp.core.value import value

from ..failure import Failure, Refused, Violation
from . import envelope
from .envelope import Envelope
from .wire import Closing, Item, Opening

BINDING = "http://jabber.org/protocol/httpbind"
XBOSH = "urn:xmpp:xbosh"
WAIT = 60
"""Seconds the server may hold a request without an answer (XEP-0124 §7.1)."""
HOLD = 1
_VERSION = "1.6"
_CONDITIONS = {
    "host-gone": "The server no longer serves this address. Ask its operator.",
    "host-unknown": "The server does not know this address. Check the part of your address after the @.",
    "improper-addressing": "The server did not understand for whom the link was. Ask its operator.",
}
_PASSING = {
    "internal-server-error": "The server had a fault.",
    "item-not-found": "The server has forgotten the session.",
    "policy-violation": "The server's rules do not allow what was done.",
    "remote-connection-failed": "The server could not reach the chat service behind it.",
    "system-shutdown": "The server is shutting down.",
}


@value
class Created:
    """What the server answered to the session creation request (XEP-0124 §7.2)."""

    sid: str
    wait: float
    inactivity: float
    """Seconds the server keeps a session nobody asks for; 0: it did not say."""
    requests: int
    """How many may be under way."""


def creation(rid: int, opening: Opening) -> str:
    """Return the request that begins a session (XEP-0124 §7.1, XEP-0206 §3)."""
    from_ = f" from={quoteattr(opening.from_)}" if opening.from_ else ""
    return (
        f"<body xmlns='{BINDING}' xmlns:xmpp='{XBOSH}' rid='{rid}' to={quoteattr(opening.to)}{from_} "
        f"ver='{_VERSION}' wait='{WAIT}' hold='{HOLD}' xmpp:version='1.0'/>"
    )


def restart(rid: int, sid: str, opening: Opening) -> str:
    """Return the request that begins the stream anew (XEP-0206 §5)."""
    return (
        f"<body xmlns='{BINDING}' xmlns:xmpp='{XBOSH}' rid='{rid}' sid={quoteattr(sid)} "
        f"to={quoteattr(opening.to)} xmpp:restart='true'/>"
    )


def request(rid: int, sid: str, items: Sequence[Item]) -> str:
    """Return the request that carries *items*; a closing among them ends the session (XEP-0124 §13)."""
    ends = " type='terminate'" if any(isinstance(one, Closing) for one in items) else ""
    inner = "".join(envelope.with_namespace(one) for one in items if isinstance(one, str))
    content = f">{inner}</body>" if inner else "/>"
    return f"<body xmlns='{BINDING}' rid='{rid}' sid={quoteattr(sid)}{ends}{content}"


def read(answer: bytes) -> Envelope:
    """Return the `<body/>` of an answer; raises Failure."""
    body = envelope.read(answer)
    if body.tag != f"{{{BINDING}}}body":
        raise Failure("The server does not speak XMPP over BOSH at this address.", "no-bosh")
    return body


def created(body: Envelope) -> Created:
    """Return what *body* says of the new session; raises Failure when it is none."""
    sid = body.attributes.get("sid", "")
    if not sid:
        raise Failure("The server does not speak XMPP over BOSH at this address.", "no-bosh")
    return Created(
        sid,
        wait=_number(body, "wait") or WAIT,
        inactivity=_number(body, "inactivity"),
        requests=max(1, int(_number(body, "requests")) or HOLD + 1),
    )


def end_of(body: Envelope) -> Failure | None:
    """Return why the session ends with *body* (XEP-0124 §17.2); None: it goes on, or ends as asked."""
    if body.attributes.get("type") != "terminate":
        return None
    condition = body.attributes.get("condition", "")
    # XEP-0124 §17.2 would have us go where "see-other-uri" says.
    if condition == "see-other-uri":
        return Violation("The server tried to send you to another address. It was not followed.")
    if condition in _CONDITIONS:
        return Refused(_CONDITIONS[condition], condition)
    return Failure(_PASSING.get(condition, "The server ended the link."), condition) if condition else None


def _number(body: Envelope, name: str) -> float:
    text = body.attributes.get(name, "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0.0
