"""What may stand beside a seal, in clear and unauthenticated: nothing a server could put words with.

Everything else of an outgoing stanza is content, which is sealed or not sent; everything else of an incoming
one is dropped (case E-09).
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from .. import convert

_SID = "urn:xmpp:sid:0"
EME = "urn:xmpp:eme:0"
_ROUTING = frozenset(
    {
        f"{{{_SID}}}origin-id",
        f"{{{_SID}}}stanza-id",
        f"{{{convert.DELAY}}}delay",
        f"{{{convert.CLIENT}}}error",
        "{urn:xmpp:occupant-id:0}occupant-id",
        "{http://jabber.org/protocol/muc#user}x",
    }
)
_MARKS = frozenset(
    {
        "{urn:xmpp:receipts}request",
        "{urn:xmpp:receipts}received",
        "{urn:xmpp:chat-markers:0}markable",
        "{urn:xmpp:chat-markers:0}received",
        "{urn:xmpp:chat-markers:0}displayed",
        "{urn:xmpp:message-retract:1}retract",
        f"{{{EME}}}encryption",
    }
)
_REFERENCES = frozenset(
    {"{urn:xmpp:message-correct:0}replace", "{urn:xmpp:reply:0}reply", f"{{{convert.FALLBACK}}}fallback"}
)
"""Ids of other messages: the older version can seal nothing but the body."""
_SPACES = (f"{{{convert.HINTS}}}", "{http://jabber.org/protocol/chatstates}")


def is_routing(element: ET.Element) -> bool:
    """Whether an element says only where a message belongs, and when it came."""
    return element.tag in _ROUTING


def is_outside(element: ET.Element, *, references: bool) -> bool:
    """Whether an outgoing element may go in clear beside a seal; *references*: also ids of other messages."""
    return (
        element.tag in _ROUTING
        or element.tag in _MARKS
        or element.tag.startswith(_SPACES)
        or (references and element.tag in _REFERENCES)
    )


def may_stand(element: ET.Element, *, references: bool) -> bool:
    """Whether an incoming element beside a seal is looked at.

    A message that is sealed takes back nothing: who retracts says so alone.
    """
    return is_outside(element, references=references) and element.tag != "{urn:xmpp:message-retract:1}retract"
