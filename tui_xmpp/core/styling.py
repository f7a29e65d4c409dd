"""Finds what to style in a message body: Message Styling (XEP-0393), links and mentions.

Every place is a pair of offsets into the unchanged body, *end* excluded.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass

from .value import value


class Style(enum.Enum):
    """How a range of the body is shown."""

    EMPHASIS = enum.auto()
    STRONG = enum.auto()
    STRIKE = enum.auto()
    MONO = enum.auto()
    PREFORMATTED_BLOCK = enum.auto()
    QUOTE = enum.auto()
    DIRECTIVE = enum.auto()


@value
class Span:
    """A range with one style; *depth* counts the quotation signs of a QUOTE line and is 0 elsewhere."""

    start: int
    end: int
    style: Style
    depth: int = 0


@value
class Link:
    """A range that holds the address *url*, as it was written."""

    start: int
    end: int
    url: str


_INLINE = {"_": Style.EMPHASIS, "*": Style.STRONG, "~": Style.STRIKE, "`": Style.MONO}
# XEP-0393 §6.2: "The opening styling directive MUST NOT be followed by a whitespace character" and spans
# "MUST contain some text", so that "**" opens nothing.
_OPENING = re.compile(r"([*_~`])(?=\S)(?!\1)")
_FENCE = "```"

# The looks ahead are bounded, so that a flood of "xmpp:" takes linear time.
_LINK = re.compile(
    r"(?<!\w)(?:https?://(?=[\w\[])|xmpp:(?=[^\s@.]{0,255}[@.]\w)|mailto:(?=[^\s@]{1,255}@\w)|geo:(?=-?\d))"
    '[^\\s<>"`{}|\\\\^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffc\ufffd]+',
    re.IGNORECASE,
)
_TRAILING = frozenset(".,;:!?'*_~…。，、！？：；’”»")
_BRACKETS = {")": "(", "]": "[", "）": "（", "」": "「", "】": "【"}


def spans(body: str) -> tuple[Span, ...]:
    """Return what XEP-0393 styles in *body*, by place; ranges of one style never overlap.

    A QUOTE covers one line. A PREFORMATTED_BLOCK covers its fences and, outside of quotations, all its lines.
    Inline ranges include their directives, which are marked as DIRECTIVE besides.
    """
    found: list[Span] = []
    block: _Block | None = None
    start = 0
    while start <= len(body):
        end = body.find("\n", start)
        end = len(body) if end < 0 else end
        content, depth = _quotation(body, start, end, block.depth if block else None)
        if depth:
            found.append(Span(start, end, Style.QUOTE, depth))
            found.append(Span(start, content, Style.DIRECTIVE))
        # "ended by a line containing only three grave accents or the end of the parent block"
        if block and depth < block.depth:
            block = None
            content, depth = _quotation(body, start, end, None)
        if block:
            _add_block_line(body, found, block, content, end)
            if body[content:end] == _FENCE:
                found.append(Span(content, end, Style.DIRECTIVE))
                block = None
        elif body.startswith(_FENCE, content, end):
            block = _Block(depth)
            _add_block_line(body, found, block, content, end)
            found.append(Span(content, end, Style.DIRECTIVE))
        else:
            _inline(body, content, end, found, frozenset())
        start = end + 1
    return tuple(sorted(found, key=lambda span: (span.start, -span.end)))


def links(body: str) -> tuple[Link, ...]:
    """Return the https, http, xmpp, mailto and geo links of *body*, without punctuation that follows them."""
    found = []
    for match in _LINK.finditer(body):
        end = _link_end(body, match.start(), match.end())
        found.append(Link(match.start(), end, body[match.start() : end]))
    return tuple(found)


def mentions(body: str, nick: str) -> tuple[tuple[int, int], ...]:
    """Return where *nick* stands in *body* as a whole word, in capitals or not."""
    wanted = nick.casefold()
    if not wanted.strip():
        return ()
    folded = body.casefold()
    # Some letters fold to several, so that offsets have to be translated back.
    offsets = None if len(folded) == len(body) else _fold_offsets(body)
    found: list[tuple[int, int]] = []
    place = folded.find(wanted)
    while place >= 0:
        after = place + len(wanted)
        start, end = (offsets[place], offsets[after]) if offsets else (place, after)
        if start >= 0 and end >= 0 and not _is_word(body, start - 1) and not _is_word(body, end):
            found.append((start, end))
            place = folded.find(wanted, after)
        else:
            place = folded.find(wanted, place + 1)
    return tuple(found)


@dataclass(slots=True)
class _Block:
    depth: int
    index: int | None = None


def _quotation(body: str, start: int, end: int, limit: int | None) -> tuple[int, int]:
    """Return where the content of a line begins behind at most *limit* quotation signs, and their number."""
    depth = 0
    while start < end and body[start] == ">" and depth != limit:
        depth += 1
        start += 1
        # "Lines inside the block quote MUST have the first leading whitespace character trimmed"
        if start < end and body[start].isspace():
            start += 1
    return start, depth


def _add_block_line(body: str, found: list[Span], block: _Block, start: int, end: int) -> None:
    if block.index is not None and not block.depth:
        found[block.index] = Span(found[block.index].start, end, Style.PREFORMATTED_BLOCK)
    elif end > start:
        block.index = len(found)
        found.append(Span(start, end, Style.PREFORMATTED_BLOCK))


def _inline(body: str, start: int, end: int, found: list[Span], hopeless: frozenset[str]) -> None:
    """Add the spans of one line or one span; *hopeless* directives are known to have no end in it."""
    place = start
    while match := _OPENING.search(body, place, end):
        place = match.start()
        mark = body[place]
        close = -1
        # "MUST be located at the beginning of the line, or after a whitespace character"
        if mark not in hopeless and (place == start or body[place - 1].isspace()):
            close = _closing(body, mark, place + 2, end)
            if close < 0:
                # Without this memory, a line of openings alone would take quadratic time.
                hopeless = hopeless | {mark}
        if close < 0:
            place += 1
            continue
        found.append(Span(place, close + 1, _INLINE[mark]))
        found.append(Span(place, place + 1, Style.DIRECTIVE))
        found.append(Span(close, close + 1, Style.DIRECTIVE))
        # "Inline formatting directives inside the preformatted span are not rendered."
        if mark != "`":
            _inline(body, place + 1, close, found, hopeless | {mark})
        place = close + 1


def _closing(body: str, mark: str, place: int, end: int) -> int:
    place = body.find(mark, place, end)
    # "the closing styling directive MUST NOT be preceeded by a whitespace character"
    while place >= 0 and body[place - 1].isspace():
        place = body.find(mark, place + 1, end)
    return place


def _link_end(body: str, start: int, end: int) -> int:
    balance = {
        close: body.count(close, start, end) - body.count(opened, start, end)
        for close, opened in _BRACKETS.items()
    }
    while end > start:
        last = body[end - 1]
        if balance.get(last, 0) > 0:
            balance[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return end


def _fold_offsets(body: str) -> list[int]:
    """Map each place of the folded body to its place in *body*, -1 inside of a letter that folds to more."""
    offsets: list[int] = []
    for place, char in enumerate(body):
        offsets.append(place)
        offsets.extend([-1] * (len(char.casefold()) - 1))
    offsets.append(len(body))
    return offsets


def _is_word(body: str, place: int) -> bool:
    if not 0 <= place < len(body):
        return False
    char = body[place]
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"
