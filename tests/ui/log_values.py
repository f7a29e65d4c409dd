"""Values for the tests of the message log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message as Posted

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Delivery, Gap, Message, MessageType, Page
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.themes import load_themes, to_textual, variable_defaults
from tui_xmpp.ui.widgets.message_log import MessageLog

THEMES = load_themes(None)
ME = Address("alice", "example.org")
AVA = Address("ava", "example.org")
ROOM = Address("dev", "rooms.example.org")
CHAT = ChatKey(ME, AVA)
ROOM_CHAT = ChatKey(ME, ROOM)
START = datetime(2026, 11, 21, 9, 41, tzinfo=UTC)


def message(
    row: int, body: str = "", *, minutes: float | None = None, own: bool = False, **more: Any
) -> Message:
    at = START + timedelta(minutes=row if minutes is None else minutes)
    more.setdefault("delivery", Delivery.TAKEN if own else Delivery.INCOMING)
    return Message(
        more.pop("chat", CHAT), at, more.pop("sender", ME if own else AVA), body or f"message {row}",
        row=row, outgoing=own, **more,
    )  # fmt: skip


def in_room(row: int, nick: str, body: str, **more: Any) -> Message:
    sender = ROOM.with_resource(nick)
    return message(row, body, chat=ROOM_CHAT, sender=sender, nick=nick, type=MessageType.GROUPCHAT, **more)


def page(
    messages: Sequence[Message], *, start: bool = True, end: bool = True, gaps: Sequence[Gap] = ()
) -> Page:
    return Page(tuple(messages), tuple(gaps), start, end)


def look(theme: str = "quiet-dark", **more: Any) -> Look:
    return Look(THEMES[theme], zone=UTC, today=date(2026, 11, 22), **more)


class Host(App[None]):
    """Shows one log and keeps what it posts."""

    def __init__(self, theme: str = "quiet-dark", **more: Any) -> None:
        super().__init__()
        self.look = look(theme, **more)
        self.posted: list[Posted] = []
        for one in THEMES.values():
            self.register_theme(to_textual(one))
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults()

    def compose(self) -> ComposeResult:
        yield MessageLog(self.look)

    @property
    def log_widget(self) -> MessageLog:
        return self.query_one(MessageLog)

    def rows(self) -> list[str]:
        widget = self.log_widget
        return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]

    def screen_text(self) -> str:
        return "\n".join(self.rows())

    def of(self, kind: type[Posted]) -> list[Any]:
        return [one for one in self.posted if isinstance(one, kind)]

    def on_message_log_older_wanted(self, event: MessageLog.OlderWanted) -> None:
        self.posted.append(event)

    on_message_log_newer_wanted = on_message_log_older_wanted
    on_message_log_newest_wanted = on_message_log_older_wanted
    on_message_log_reached_end = on_message_log_older_wanted
    on_message_log_new_below = on_message_log_older_wanted
    on_message_log_gap_reached = on_message_log_older_wanted
    on_message_log_selection_changed = on_message_log_older_wanted
    on_message_log_clicked = on_message_log_older_wanted
    on_message_log_reply_clicked = on_message_log_older_wanted
    on_message_log_link_clicked = on_message_log_older_wanted
