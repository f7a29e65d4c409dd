"""Everything as plain lines, for speech and braille: said from left to right, without columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from rich.text import Text

from tui_xmpp.core.message import Delivery, Gap, Message
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.render import body, rules
from tui_xmpp.ui.render import message as messages
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.message import Scene
from tui_xmpp.ui.render.wrap import cut, wrap

HANGING = "  "
"""What a further row begins with: nothing of anybody's text ever begins where our own lines do."""
SHORT = 40
"""Cells of a message that is only recalled."""
_BLANKS = re.compile(r"\s{2,}")


def message_line(scene: Scene, message: Message, *, unfolded: bool = False) -> str:
    """Return a message as it is said: `09:47 ava: text`, with line feeds where the sender has them."""
    name = messages.name_of(message, scene.peer)
    shown = body.shown(message, unfolded=unfolded, look=scene.look)
    clock = scene.look.clock(message.at)
    if message.protection.is_doubtful:
        clock += " look out:"
    if message.retracted:
        return f"{clock} {name}: {shown.text}"
    who = f"* {name}" if shown.action else f"{name}{_to_whom(scene, message)}:"
    tag = messages.tag(message)
    parts = [clock, who, f"{tag}:" if tag and shown.text else tag, shown.text]
    if shown.cut:
        parts.append(messages.MORE_COPY if unfolded else messages.MORE)
    counts = messages.reaction_counts(message)
    reactions = ", ".join(one.replace("*", " with yours") for one in counts)
    parts.append(f"({reactions})" if reactions else "")
    if message.delivery is Delivery.FAILED:
        parts.append(f"(not sent: {failure(scene.look, message)})")
    return " ".join(part for part in parts if part)


def failure(look: Look, message: Message) -> str:
    """Return why a message was not sent, and the keys that send it again."""
    reason = clean_line(message.failure or "It was not sent.")
    return f"{reason} {look.retry_keys}: send again"


def recalled(message: Message) -> str:
    """Return the beginning of a message's text, to say which one is meant."""
    return cut(clean_line(body.shown(message).text.replace("\n", " "), 200), SHORT)


def day_line(look: Look, day: date) -> str:
    """Return the line above the first message of a day."""
    return _between(rules.day_words(look, day))


def unread_line(count: int) -> str:
    """Return the line above the first unread message; *count* 0: nobody knows how many."""
    return _between(rules.unread_words(count))


def gap_line(look: Look, gap: Gap, *, filling: bool) -> str:
    """Return the line of messages that only the server's archive may have."""
    return _between(rules.gap_words(look, gap, filling=filling))


def notice_lines(notices: Sequence[rules.Notice]) -> list[str]:
    """Return what is no message, a line each."""
    return [clean_line(one.text) for one in notices]


def rows(line: str, width: int) -> list[str]:
    """Return a line cut into rows of at most *width* cells; the further ones stand a little to the right."""
    room = max(2, width - len(HANGING))
    return [
        line[start:end] if number == 0 else HANGING + line[start:end]
        for number, (start, end) in enumerate(wrap(line, room))
    ]


def words(text: str) -> str:
    """Return a row with commas where it had the blanks of columns."""
    return _BLANKS.sub(", ", text.strip())


def list_row(text: Text, number: int | None) -> Text:
    """Return a row of a list without the blanks of its columns, and with its number."""
    row = words(text.plain.strip(" >"))
    return Text(f"{number}. {row}" if number is not None else row, no_wrap=True)


def _between(words: str) -> str:
    return f"-- {words} --"


def _to_whom(scene: Scene, message: Message) -> str:
    quote = messages.quoted(scene, message)
    said = f' answers "{cut(quote, SHORT)}"' if quote else ""
    return f"{said}, to you" if message.mention else said
