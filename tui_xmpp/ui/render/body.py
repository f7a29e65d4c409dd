"""A message's text: what of it is shown, and how each piece of it looks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from rich.style import Style

from tui_xmpp.core import otr, styling
from tui_xmpp.core.attachment import without_keys
from tui_xmpp.core.message import Message, MessageType
from tui_xmpp.core.security import Protection
from tui_xmpp.core.text import CUT_MARK, MAX_CHARS, MAX_LINES, clean, cleaned
from tui_xmpp.core.value import value
from tui_xmpp.ui.render.files import file_line, file_of, text_beside
from tui_xmpp.ui.render.look import Look

FOLDED_CHARS = 3000
FOLDED_LINES = 40
ACTION = "/me "
EDITED = " edited"

Run = tuple[int, int, Style]
"""Start and end offsets in the shown text, and how it looks; runs follow each other without holes."""

_BOLD = Style(bold=True)
_FORMATS = {
    styling.Style.EMPHASIS: Style(italic=True),
    styling.Style.STRONG: _BOLD,
    styling.Style.STRIKE: Style(strike=True),
}


@value
class Shown:
    """The text to show for a message."""

    text: str
    own: int
    """From here on the text is ours, not the sender's."""
    cut: bool
    """There is more of it."""
    action: bool = False
    """XEP-0245."""
    file: int = 0
    """So many characters from `own` on are about a file."""


def shown(message: Message, *, unfolded: bool = False, look: Look | None = None) -> Shown:
    """Return the cleaned text of a message; a long one is cut unless *unfolded*.

    *look* says how a file is shown; None: in plain words.
    """
    if message.retracted:
        return Shown(f"retracted by {clean(message.retracted, multiline=False, max_chars=60)}", 0, False)
    words = otr.explained(message)
    if words:
        return Shown(words + doubt(message), 0, False)
    body = without_keys(otr.without_tag(text_beside(message)))
    # XEP-0245 §3: "/me " is only an action at the very beginning.
    action = body.startswith(ACTION)
    if action:
        body = body[len(ACTION) :]
    caps = (MAX_CHARS, MAX_LINES) if unfolded else (FOLDED_CHARS, FOLDED_LINES)
    result = cleaned(body, max_chars=caps[0], max_lines=caps[1])
    text = result.text.removesuffix(CUT_MARK).rstrip("\n") if result.cut else result.text
    text = text.rstrip("\n")
    end = len(text)
    file = file_of(message)
    about = "" if file is None else ("\n" if text else "") + file_line(file, look)
    text += about
    if message.edited:
        text += EDITED
    return Shown(text + doubt(message), end, result.cut, action, len(about))


def doubt(message: Message) -> str:
    """Return what is doubtful about how a message was protected, as it stands behind the text; or nothing."""
    if not message.protection.is_doubtful or message.retracted:
        return ""
    if message.protection is Protection.SIGNED:
        return " (signed, not encrypted)"
    if message.protection is Protection.UNPROVEN:
        return " (encrypted, sender not proven)"
    if message.unopened:
        return " (could not be opened)"
    if message.outgoing:
        return " (not encrypted, or by a device that you have not accepted: /devices)"
    return " (not encrypted)"


def runs(
    look: Look, message: Message, shown: Shown, own_nick: str = "", marks: Sequence[tuple[int, int]] = ()
) -> list[Run]:
    """Return how the shown text looks, piece by piece; *marks* are places in the body that were found."""
    base, dim = look.style("text"), look.style("dim")
    if not shown.own and not shown.file and not shown.text.strip():
        return []
    if message.retracted:
        return [(0, len(shown.text), dim)]
    if message.type is MessageType.ERROR:
        base = look.style("error")
    theirs = shown.text[: shown.own]
    layers: list[Run] = []
    if message.type is not MessageType.ERROR:
        layers += _formats(look, theirs)
    if shown.action:
        layers.append((0, shown.own, Style(italic=True)))
    layers += [(link.start, link.end, _link(link.url)) for link in styling.links(theirs)]
    if message.mention and own_nick:
        layers += [(*place, look.style("mention") + _BOLD) for place in styling.mentions(theirs, own_nick)]
    layers += [(*place, look.style("selection") + _FOUND) for place in _found(message.body, theirs, marks)]
    layers.append((shown.own, shown.own + shown.file, look.style("accent")))
    layers.append((shown.own + shown.file, len(shown.text), dim))
    if doubtful := doubt(message):
        layers.append((len(shown.text) - len(doubtful), len(shown.text), look.style("warn")))
    return _flat(layers, len(shown.text), base)


_FOUND = Style(bold=True, underline=True)


def _formats(look: Look, text: str) -> list[Run]:
    looks = {
        styling.Style.MONO: look.style("accent"),
        styling.Style.PREFORMATTED_BLOCK: look.style("accent"),
        styling.Style.QUOTE: look.style("dim"),
        styling.Style.DIRECTIVE: look.style("dim"),
        **_FORMATS,
    }
    return [(span.start, span.end, looks[span.style]) for span in styling.spans(text)]


@lru_cache(512)
def _link(url: str) -> Style:
    # Each Style with a link gets an id of its own: one for each address keeps its rows together.
    return Style(underline=True, link=url)


def _found(body: str, text: str, marks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return where the marked words of the body stand in the shown text."""
    places: list[tuple[int, int]] = []
    shift = len(ACTION) if body.startswith(ACTION) else 0
    for start, end in marks:
        word = body[start:end]
        begin = start - shift
        if not word or text[max(0, begin) : end - shift] != word:
            begin = text.find(clean(word, multiline=False))
        if begin >= 0 and word:
            places.append((begin, begin + len(word)))
    return places


def _flat(layers: Sequence[Run], length: int, base: Style) -> list[Run]:
    """Put layers that overlap into runs that do not; later layers win."""
    changes: dict[int, list[int]] = {0: [], length: []}
    for number, (start, end, _) in enumerate(layers):
        if start < end:
            changes.setdefault(start, []).append(number)
            changes.setdefault(min(end, length), []).append(~number)
    active: set[int] = set()
    combined: dict[tuple[int, ...], Style] = {}
    flat: list[Run] = []
    places = sorted(changes)
    for start, end in pairwise(places):
        for change in changes[start]:
            if change >= 0:
                active.add(change)
            else:
                active.discard(~change)
        key = tuple(sorted(active))
        style = combined.get(key)
        if style is None:
            style = combined[key] = sum((layers[number][2] for number in key), base)
        flat.append((start, end, style))
    return flat
