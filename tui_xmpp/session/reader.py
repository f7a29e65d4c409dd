"""Bytes into top-level elements, within limits that are counted as the bytes arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat

from tui_xmpp.core.value import value

from .failure import Failure, Violation
from .namespaces import Namespaces, NoName, TooLong

_SLICE = 16 * 1024
_ENCODING_SHOWS = 4
"""Bytes in which an XML document shows how it is encoded (XML 1.0 appendix F)."""
_UNDEFINED_ENTITY = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]


@value
class Limits:
    """How much of one stanza a peer may send."""

    stanza_bytes: int = 2 * 1024 * 1024
    """Of one top-level element; a longer one is left out. A roster of 10,000 contacts comes in one stanza."""
    whole_bytes: int = 16 * 1024 * 1024
    """Of one that is left out; more ends the stream. Servers repeat a namespace with each name, and what a
    contact has sent in 60 kB may come in many times as much."""
    whole_elements: int = 500_000
    """In one that is left out; more ends the stream. No server passes on as many in one stanza."""
    tag_bytes: int = 4 * 1024 * 1024
    """Of one tag with its attributes; a server writes `&quot;` for each quotation mark of half a megabyte."""
    idle_bytes: int = 64 * 1024
    """That the parser may hold and have nothing to say of; it looks at them again with each piece."""
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
    """Of all different names in one stream, as they were written; and of those in one stanza, each with its
    namespace, past which that one is left out."""


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
        """Every name as it was written, which the parser keeps."""
        self._counted_names = 0
        self._names_chars = 0
        self._namespaces = Namespaces(limits.name_chars, limits.names_chars)
        self._top = ""
        """The name of the top-level element that is being read."""
        self._items: list[tuple[Item, int]] = []
        self._depth = 0
        self._elements = 0
        self._skipped = ""
        self._builder = ET.TreeBuilder()
        self._open: list[str] = []
        """The names of the elements that it has begun."""
        self._held = bytearray()
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
        # With namespaces the parser would write each name out with its own, which may be 60 kB long.
        parser = expat.ParserCreate("UTF-8", intern=self._names)
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
        if self._held and b">" not in data and b"<" not in data:
            self._hold(data)
            return
        data = bytes(self._held) + data
        opened = data.rfind(b"<")
        whole = opened if opened > data.rfind(b">") else len(data)
        self._held.clear()
        self._hold(data[whole:])
        start = 0
        while start < whole:
            # A piece ends with a tag, for what is cut in two is read again with the next one.
            end = min(whole, (data.find(b">", start + _SLICE - 1) + 1) or whole)
            self._read(data[start:end], data[end:])
            start = end
            while self._items:
                item, self.size = self._items.pop(0)
                yield item
            if self.rest is not None:
                return

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > self._limits.tag_bytes:
            self._endless()

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
        self._limit_bytes(self._fed - self._stanza_start)
        if self._idle_bytes > self._limits.idle_bytes:
            self._endless()
        if len(self._names) > self._limits.names:
            self._used_up()

    def _limit_bytes(self, size: int) -> None:
        """Leave out what has become too long, before it has ended; raises Violation where it has no end."""
        if size > self._limits.whole_bytes or (size > self._limits.stanza_bytes and self._depth < 2):
            self._too_much()
        if size > self._limits.stanza_bytes and not self._skipped:
            self._skip("too long")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._idle_bytes = 0
        self._depth += 1
        self._count_names(name, attributes)
        if self._depth == 1:
            try:
                tag, told = self._resolved(name, attributes)
            except TooLong:
                self._not_xml()
            self._put(Header(ET.Element(tag, told)))
            self._stanza_start = self._parser.CurrentByteIndex
            self._is_empty = True
            return
        self._is_empty = self._depth == 2
        self._elements += 1
        if self._skipped:
            if self._elements > self._limits.whole_elements:
                self._too_much()
            return
        if self._depth - 1 > self._limits.depth:
            self._skip("nested too deeply")
        elif self._elements > self._limits.elements:
            self._skip("too many elements")
        elif len(attributes) > self._limits.attributes:
            self._skip("too many attributes")
        else:
            try:
                tag, told = self._resolved(name, attributes)
            except TooLong:
                self._skip("too long a name")
                return
            if self._depth == 2:
                self._top = tag
            self._open.append(tag)
            self._builder.start(tag, told)

    def _resolved(self, name: str, attributes: dict[str, str]) -> tuple[str, dict[str, str]]:
        """A tag and its attributes by their full names; raises `TooLong`, and Failure where they are none."""
        try:
            return self._namespaces.open(name, attributes)
        except NoName:
            self._not_xml()

    def _count_names(self, name: str, attributes: dict[str, str]) -> None:
        """Count the names of one tag as they were written; raises Failure past the limit."""
        if len(self._names) > self._counted_names:
            self._counted_names = len(self._names)
            self._names_chars += len(name) + sum(map(len, attributes))
            if self._names_chars > self._limits.names_chars:
                self._used_up()

    def _end(self, name: str) -> None:
        self._idle_bytes = 0
        self._depth -= 1
        if self._depth == 0:
            self._put(Closed())
            return
        self._namespaces.close(self._depth)
        if not self._skipped:
            self._builder.end(self._open.pop())
        if self._depth > 1:
            return
        self._stanza_start = self._parser.CurrentByteIndex
        finished: Item = Dropped(self._skipped) if self._skipped else self._builder.close()
        self._put(finished)
        self._skipped = ""
        self._elements = 0
        self._namespaces.next()
        self._builder = ET.TreeBuilder()
        top, self._top = self._top, ""
        if top in self._boundaries:
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
        self._open.clear()

    def _too_much(self) -> NoReturn:
        raise Violation("The server sent more in one piece than any honest server does; the link was cut.")

    def _endless(self) -> NoReturn:
        raise Violation("The server sent a piece of XML without an end; the link was cut.")

    def _not_xml(self) -> NoReturn:
        raise Failure("The server sent something that is not XML.", "not-well-formed") from None

    def _used_up(self) -> NoReturn:
        raise Failure("The server used up the memory kept for names; a new stream is needed.")

    def _forbidden(self, *_: object) -> NoReturn:
        raise Violation("The server sent a kind of XML that is forbidden in chat streams; the link was cut.")
