"""Stanza content encryption (XEP-0420): the envelope that is sealed, with who wrote it and for whom."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from datetime import datetime
from xml.etree import ElementTree as ET

from ...core.address import Address
from .. import convert
from ..guard import MAX_ENVELOPE
from .cipher import Unreadable

SCE = "urn:xmpp:sce:1"
_LETTERS = string.ascii_letters + string.digits
_MOST_PADDING = 40
"""Characters: it hides the length of short answers, and costs 27 bytes a message on average (XEP-0420 §3)."""


def written(content: Iterable[ET.Element], sender: Address, to: Address | None, at: datetime) -> bytes:
    """An envelope; *to*: the room, which has to be named (XEP-0384 §5.5.1)."""
    envelope = convert.element(SCE, "envelope")
    inside = convert.add(envelope, SCE, "content")
    inside.extend(content)
    padding = "".join(secrets.choice(_LETTERS) for _ in range(secrets.randbelow(_MOST_PADDING)))
    convert.add(envelope, SCE, "rpad", padding)
    convert.add(envelope, SCE, "from", jid=str(sender))
    if to is not None:
        convert.add(envelope, SCE, "to", jid=str(to))
    convert.add(envelope, SCE, "time", stamp=convert.written(at))
    text: bytes = ET.tostring(convert.make_safe(envelope), encoding="utf-8")
    return text


def read(text: bytes, sender: Address, to: Address | None) -> tuple[ET.Element, ...]:
    """The content of an envelope that *sender* wrote, for the room *to* where it is given.

    Raises `Unreadable`: an envelope of somebody else, or for another room, was put in here by who sent it.
    """
    # Entities and declarations have no place in it; the parser would follow them.
    if len(text) > MAX_ENVELOPE or b"<!" in text or b"<?" in text:
        raise Unreadable("What is under the seal is not a message.")
    try:
        envelope = ET.fromstring(text)
    except ET.ParseError:
        raise Unreadable("What is under the seal is not a message.") from None
    content = convert.child(envelope, SCE, "content")
    if envelope.tag != f"{{{SCE}}}envelope" or content is None:
        raise Unreadable("What is under the seal is not a message.")
    if _named(envelope, "from") != sender.bare:
        raise Unreadable("The sealed message says that somebody else wrote it.")
    named = _named(envelope, "to")
    if to is not None and named != to.bare:
        raise Unreadable("The sealed message was written for another chat.")
    return tuple(content)


def _named(envelope: ET.Element, name: str) -> Address | None:
    found = convert.child(envelope, SCE, name)
    address = None if found is None else convert.address_in(found, "jid")
    return None if address is None else address.bare
