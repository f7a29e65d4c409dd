"""Bytes into top-level elements, within limits that are counted as the bytes arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat

from tui_xmpp.core.value import value

from .failure import Failure, Violation

_SLICE = 16 * 1024
_ENCODING_SHOWS = 4
"""Bytes in which an XML document shows how it is encoded (XML 1.0 appendix F)."""
_UNDEFINED_ENTITY = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]


@value
class Limits:
    """How much of one stanza a peer may send."""

    stanza_bytes: int = 2 * 1024 * 1024
    """Of one top-level element; more ends the stream. A roster of 10,000 contacts comes in one stanza."""
    tag_bytes: int = 64 * 1024
    """Of one tag with its attributes; an unfinished one is read again with every byte that arrives."""
    depth: int = 64
    """Of elements in one another; a deeper stanza is left out, because a contact may have written it."""
    elements: int = 60_000
    """In one stanza; one with more is left out."""
    attributes: int = 256
    """On one element; a stanza with more is left out."""
    names: int = 100_000
    """Different names in one stream; the parser never forgets one."""
    name_chars: int = 1024
    """Of one name with its namespace, which is written once and told with each name; a stanza with a longer
    one is left out."""
    names_chars: int = 16 * 1024 * 1024
    """Of all different names in one stream."""
    told_chars: int = 256 * 1024 * 1024
    """Of the names in one stanza, each time that one is told; more ends the stream, for it takes too long."""


@value
class Header:
    """The peer opened its stream."""

    element: ET.Element


@value
class Dropped:
    """A stanza was left out, because it went past a limit."""

    reason: str


@value
class Closed:
    """The peer closed its stream (RFC 6120 §4.4)."""


Item = Header | ET.Element | Dropped | Closed


class _BoundaryReached(Exception):
    """The element that ended before `index` ends this reader's share of the stream."""

    def __init__(self, index: int) -> None:
        self.index = index


class Reader:
    """Reads one XML stream; a restarted stream (RFC 6120 §4.3.3) needs a new reader.

    After an element whose tag is in *boundaries* it reads no further: `rest` has the bytes behind it.
    """

    def __init__(self, limits: Limits, boundaries: frozenset[str] = frozenset()) -> None:
        self.rest: bytes | None = None
        self.size = 0
        """Bytes of the item yielded last, with the whitespace before it."""
        self._limits = limits
        self._boundaries = boundaries
        self._names: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        """What each name is in an element: one text, however often it comes."""
        self._counted_names = 0
        self._names_chars = 0
        self._told_chars = 0
        self._items: list[tuple[Item, int]] = []
        self._depth = 0
        self._elements = 0
        self._skipped = ""
        self._builder = ET.TreeBuilder()
        self._held = b""
        """A tag that has not ended yet."""
        self._fed = 0
        self._piece = b""
        """What is being parsed; it ends where `_fed` says."""
        self._taken = 0
        """Bytes of the items so far."""
        self._is_empty = False
        """Nothing has come inside the top-level element, or the stream, that is being read."""
        self._stanza_start = 0
        self._idle_bytes = 0
        parser = expat.ParserCreate("UTF-8", "}", intern=self._names)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        # RFC 6120 §11.1: no comments, processing instructions, DTD subsets or entity references.
        parser.StartDoctypeDeclHandler = self._forbidden
        parser.EntityDeclHandler = self._forbidden
        parser.CommentHandler = self._forbidden
        parser.ProcessingInstructionHandler = self._forbidden
        self._parser = parser

    def feed(self, data: bytes) -> Iterator[Item]:
        """Yield what *data* completes; raises Violation past a limit, Failure when it is not XML."""
        # An expat with "reparse deferral" does not look again at a tag that came in two pieces until as much
        # again has arrived: the stanza would wait for the next one. So a tag is handed over whole.
        data = self._held + data
        opened = data.rfind(b"<")
        whole = opened if opened > data.rfind(b">") else len(data)
        self._held = data[whole:]
        if len(self._held) > self._limits.tag_bytes:
            self._endless()
        for start in range(0, whole, _SLICE):
            piece = data[start : min(start + _SLICE, whole)]
            self._read(piece, data[start + len(piece) :])
            while self._items:
                item, self.size = self._items.pop(0)
                yield item
            if self.rest is not None:
                return

    def _read(self, piece: bytes, behind: bytes) -> None:
        if b"\0" in piece[: max(0, _ENCODING_SHOWS - self._fed)]:
            # No UTF-8 document has it; the parser would take the stream for UTF-16.
            self._not_xml()
        self._piece = piece
        self._fed += len(piece)
        self._idle_bytes += len(piece)
        try:
            self._parser.Parse(piece, False)
        except _BoundaryReached as reached:
            self.rest = piece[len(piece) - (self._fed - reached.index) :] + behind
            return
        except expat.ExpatError as error:
            if error.code == _UNDEFINED_ENTITY:
                self._forbidden()
            self._not_xml()
        if self._fed - self._stanza_start > self._limits.stanza_bytes:
            raise Violation(
                "The server sent more in one piece than any honest server does; the link was cut."
            )
        if self._idle_bytes > self._limits.tag_bytes:
            self._endless()
        if len(self._names) > self._limits.names:
            self._used_up()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._idle_bytes = 0
        self._depth += 1
        longest = self._count_names(name, attributes)
        if self._depth == 1:
            self._put(Header(ET.Element(self._clark(name), self._clark_keys(attributes))))
            self._stanza_start = self._parser.CurrentByteIndex
            self._is_empty = True
            return
        self._is_empty = self._depth == 2
        if self._skipped:
            return
        self._elements += 1
        if self._depth - 1 > self._limits.depth:
            self._skip("nested too deeply")
        elif self._elements > self._limits.elements:
            self._skip("too many elements")
        elif len(attributes) > self._limits.attributes:
            self._skip("too many attributes")
        elif longest > self._limits.name_chars:
            self._skip("too long a name")
        else:
            self._builder.start(self._clark(name), self._clark_keys(attributes))

    def _count_names(self, name: str, attributes: dict[str, str]) -> int:
        """Count the names of one tag and return the longest one's characters; raises Failure past a limit."""
        longest = len(name)
        told = longest
        for key in attributes:
            told += len(key)
            longest = max(longest, len(key))
        self._told_chars += told
        if self._told_chars > self._limits.told_chars:
            raise Failure("The server sent names that take too long to read; the link was cut.")
        if len(self._names) > self._counted_names:
            self._counted_names = len(self._names)
            self._names_chars += told
            if self._names_chars > self._limits.names_chars:
                self._used_up()
        return longest

    def _end(self, name: str) -> None:
        self._idle_bytes = 0
        self._depth -= 1
        if self._depth == 0:
            self._put(Closed())
            return
        if not self._skipped:
            self._builder.end(self._clark(name))
        if self._depth > 1:
            return
        self._stanza_start = self._parser.CurrentByteIndex
        finished: Item = Dropped(self._skipped) if self._skipped else self._builder.close()
        self._put(finished)
        self._skipped = ""
        self._elements = 0
        self._told_chars = 0
        self._builder = ET.TreeBuilder()
        if self._clark(name) in self._boundaries:
            raise _BoundaryReached(self._taken)

    def _put(self, item: Item) -> None:
        """Note an item and how long it was: up to the end of the tag that is being read."""
        before = self._fed - len(self._piece)
        end = self._parser.CurrentByteIndex - before
        # The index is that of the tag, or, of an empty element, already behind it.
        if not (self._is_empty and (end == 1 or self._piece[max(0, end - 2) : max(0, end)] == b"/>")):
            end = self._piece.find(b">", max(0, end)) + 1
        size, self._taken = before + end - self._taken, before + end
        self._is_empty = False
        self._items.append((item, size))

    def _text(self, text: str) -> None:
        self._idle_bytes = 0
        self._is_empty = False
        if self._depth > 1:
            if not self._skipped:
                self._builder.data(text)
            return
        # RFC 6120 §4.6.1: whitespace between stanzas keeps the stream alive; other text has no place there.
        if text.strip():
            raise Violation("The server sent text where only stanzas may be.")
        self._stanza_start = self._parser.CurrentByteIndex

    def _skip(self, reason: str) -> None:
        self._skipped = reason
        self._builder = ET.TreeBuilder()

    def _endless(self) -> NoReturn:
        raise Violation("The server sent a piece of XML without an end; the link was cut.")

    def _not_xml(self) -> NoReturn:
        raise Failure("The server sent something that is not XML.", "not-well-formed") from None

    def _used_up(self) -> NoReturn:
        raise Failure("The server used up the memory kept for names; a new stream is needed.")

    def _forbidden(self, *_: object) -> NoReturn:
        raise Violation("The server sent a kind of XML that is forbidden in chat streams; the link was cut.")

    def _clark(self, name: str) -> str:
        known = self._tags.get(name)
        if known is None:
            known = self._tags[name] = "{" + name if "}" in name else name
        return known

    def _clark_keys(self, attributes: dict[str, str]) -> dict[str, str]:
        return {self._clark(name): value for name, value in attributes.items()}
