"""Takes all stanzas from slixmpp's own handlers: what it would do with them by itself, our features do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

if TYPE_CHECKING:
    from slixmpp.xmlstream.stanzabase import StanzaBase

    from .stream import Stream

_SLIXMPP_HANDLERS = ("IM", "IMError", "Presence", "Roster Update")


def take_over(stream: Stream, taken: Mapping[str, Callable[[ET.Element], None]]) -> None:
    """Give every element of these tags, `{namespace}name`, to its taker as soon as it has been read."""
    for name in _SLIXMPP_HANDLERS:
        stream.remove_handler(name)
    for tag, take in taken.items():
        stream.register_handler(Callback(f"session {tag}", MatchXPath(tag), _pass_on(take), instream=True))


def _pass_on(take: Callable[[ET.Element], None]) -> Callable[[StanzaBase], None]:
    return lambda stanza: take(stanza.xml)
