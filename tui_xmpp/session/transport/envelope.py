"""What WebSocket and BOSH wrap a stream in: one whole XML document, read as strictly as the stream itself."""

from __future__ import annotations

import re
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from tui_xmpp.core.value import value

from ..failure import Failure, Violation
from ..namespaces import Namespaces, NoName, TooLong
from ..reader import Limits

FOOTER = b"</stream:stream>"
CLIENT = "jabber:client"
STREAMS = "http://etherx.jabber.org/streams"
XML = "http://www.w3.org/XML/1998/namespace"

_NOT_XML = "The server sent something that is not XML."
_START_TAG = re.compile(r"<(?:message|presence|iq)((?:\s+[^\s=/>]+\s*=\s*(?:'[^']*'|\"[^\"]*\"))*)\s*/?>")
_NAMESPACE = re.compile(r"\sxmlns\s*=")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@value
class Envelope:
    """The outermost element of a document and what is in it."""

    tag: str
    """With its namespace: `{namespace}name`."""
    attributes: dict[str, str]
    """By name; a name with a namespace is `{namespace}name`."""
    inner: bytes
    """What stands between its start tag and its end tag, as it came."""


def read(document: bytes) -> Envelope:
    """Return the envelope *document* is; raises Failure when it is not XML, Violation for forbidden XML."""
    return _Reading(document).envelope


def header(attributes: dict[str, str], version: str) -> bytes:
    """Return the header a TCP stream would have begun with, with the id, from and lang of *attributes*."""
    told = {name: attributes.get(name) for name in ("id", "from")}
    told |= {"version": version or None, "xml:lang": attributes.get(f"{{{XML}}}lang")}
    given = "".join(f" {name}={quoteattr(text)}" for name, text in told.items() if text)
    return f"<stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAMS}'{given}>".encode()


def with_namespace(element: str) -> str:
    """Return *element* as it must be outside a stream: a stanza gets its namespace if it has none."""
    found = _START_TAG.match(element)
    if found is None or _NAMESPACE.search(_QUOTED.sub("", found[1])):
        return element
    at = found.start(1)
    return f"{element[:at]} xmlns='{CLIENT}'{element[at:]}"


class _Reading:
    def __init__(self, document: bytes) -> None:
        self._depth = 0
        self._tag = ""
        self._attributes: dict[str, str] = {}
        self._begins: int | None = None
        self._ends = 0
        # With namespaces the parser would write out each name that is in it, however long.
        parser = self._parser = expat.ParserCreate("UTF-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        # RFC 6120 §11.1: no comments, processing instructions, DTD subsets or entity references.
        parser.StartDoctypeDeclHandler = self._forbidden
        parser.EntityDeclHandler = self._forbidden
        parser.CommentHandler = self._forbidden
        parser.ProcessingInstructionHandler = self._forbidden
        try:
            parser.Parse(document, True)
        except expat.ExpatError:
            raise Failure(_NOT_XML, "not-well-formed") from None
        inner = b"" if self._begins is None else document[self._begins : self._ends]
        self.envelope = Envelope(self._tag, self._attributes, inner)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            limits = Limits()
            try:
                names = Namespaces(limits.name_chars, limits.names_chars)
                self._tag, self._attributes = names.open(name, attributes)
            except (NoName, TooLong):
                raise Failure(_NOT_XML, "not-well-formed") from None
        elif self._begins is None:
            self._begins = self._parser.CurrentByteIndex

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._ends = self._parser.CurrentByteIndex

    def _text(self, text: str) -> None:
        # RFC 6120 §4.6.1: only whitespace may stand between elements.
        if self._depth == 1 and text.strip():
            raise Violation("The server sent text where only stanzas may be.")

    def _forbidden(self, *_: object) -> NoReturn:
        raise Violation("The server sent a kind of XML that is forbidden in chat streams; the link was cut.")
