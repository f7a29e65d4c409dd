"""For a screen reader: what is drawn in its place elsewhere is said once, in a line below the last one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey, ChatKind, Notify
from tui_xmpp.core.events import Event
from tui_xmpp.core.message import Delivery, Message
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.protection import standing
from tui_xmpp.ui.render import linear, spoken
from tui_xmpp.ui.render.columns import columns
from tui_xmpp.ui.render.message import Scene
from tui_xmpp.ui.render.status import typing_words
from tui_xmpp.ui.screens import words
from tui_xmpp.ui.terminal.port import terminal_of

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen


_PRESENCE = (
    ev.PresenceChanged,
    ev.PresencesCleared,
    ev.RoomChanged,
    ev.OccupantsArrived,
    ev.OccupantChanged,
    ev.OccupantLeft,
)
"""What may change what is known of the other side."""


class Speaking:
    """Turns events into lines of the column. Called before the messages they are about are changed."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._about = ""
        """What was last said of the open chat."""
        self._protection = ""
        """What was last said of its protection."""
        self._connections: dict[Address, str] = {}

    def say(self, text: str) -> None:
        """Add a line below the last one."""
        log = self._screen.transcript
        newest = log.newest()
        # Behind the newest message, whatever the clocks of servers say.
        log.add_notice(linear.words(text), newest.at if newest is not None else datetime.now(UTC))

    def entered(self) -> None:
        """Another chat is open: say which, and have everything drawn from top to bottom."""
        screen, chat = self._screen, self._screen.chat
        if chat is None:
            return
        encryption = screen.settings.encryption
        self._about = words.about(screen.world, chat)
        self._protection = standing(screen.world, chat, encryption).words
        parts = [self._name(chat), self._about, words.security(screen.world, chat, encryption)]
        screen.say(f"-- {', '.join(part for part in parts if part)} --")
        port = terminal_of(screen.app)
        if port is not None:
            port.repaint()

    def take(self, happened: tuple[Event, ...]) -> None:
        """Say what happened."""
        chat = self._screen.chat
        lines = [*self._connected(happened), *self._elsewhere(happened)]
        if chat is not None:
            lines += [*self._messages(chat, happened), *self._people(chat, happened)]
            lines += self._protected(chat)
        for line in lines:
            self.say(line)

    def _messages(self, chat: ChatKey, happened: tuple[Event, ...]) -> list[str]:
        log = self._screen.transcript
        scene, newest = self._scene(chat), log.newest()
        lines: list[str] = []
        now: dict[int, Message] = {}
        for event in happened:
            match event:
                case ev.MessageChanged(message) if message.chat == chat:
                    now[message.row] = message
                case ev.MessageKept(message, False) if message.chat == chat and newest is not None:
                    if message.place < newest.place and log.held(message) is None:
                        lines.append(f"came late: {linear.message_line(scene, message)}")
        counts: Counter[Delivery] = Counter()
        for message in now.values():
            before = log.held(message)
            if before is not None:
                lines += spoken.amendment(scene, before, message)
                counts[message.delivery] += message.delivery > before.delivery
        return [*lines, *spoken.deliveries(counts, self._name(chat))]

    def _people(self, chat: ChatKey, happened: tuple[Event, ...]) -> list[str]:
        screen = self._screen
        joined: list[str] = []
        left: list[str] = []
        lines: list[str] = []
        for event in happened:
            match event:
                case ev.OccupantChanged(key, occupant, True) if key == chat:
                    joined.append(occupant.nick)
                case ev.OccupantLeft(key, nick, new_nick, reason) if key == chat:
                    if new_nick:
                        lines.append(f"{clean_line(nick, 40)} is now {clean_line(new_nick, 40)}")
                    elif reason:
                        lines.append(f"{clean_line(nick, 40)} left: {clean_line(reason)}")
                    else:
                        left.append(nick)
        if screen.transcript.notices_shown:
            lines.append(spoken.comings(joined, left))
        about = words.about(screen.world, chat)
        if about != self._about and any(isinstance(event, _PRESENCE) for event in happened):
            self._about = about
            lines.append(f"{self._name(chat)}: {about or 'nothing is known of their presence'}")
        if screen.settings.ui.typing and any(isinstance(event, ev.TypingChanged) for event in happened):
            lines.append(typing_words(words.typing(screen.world, chat)))
        return [line for line in lines if line]

    def _protected(self, chat: ChatKey) -> list[str]:
        now = standing(self._screen.world, chat, self._screen.settings.encryption).words
        if now == self._protection:
            return []
        self._protection = now
        return [f"{self._name(chat)}: {now}"]

    def _elsewhere(self, happened: tuple[Event, ...]) -> list[str]:
        found: dict[ChatKey, list[Message]] = {}
        for event in happened:
            if (
                isinstance(event, ev.MessageKept)
                and not (event.old or event.left_out)
                and event.message.chat != self._screen.chat
            ):
                message = event.message
                if message.delivery is Delivery.INCOMING and message.body and self._heard(message.chat):
                    found.setdefault(message.chat, []).append(message)
        return [spoken.elsewhere(self._name(chat), news) for chat, news in found.items()]

    def _connected(self, happened: tuple[Event, ...]) -> list[str]:
        lines = []
        for event in happened:
            if isinstance(event, ev.ConnectionChanged):
                state = f"{event.connection.value}. {clean_line(event.reason)}".rstrip(". ")
                if self._connections.get(event.account) != state:
                    self._connections[event.account] = state
                    lines.append(f"{clean_line(str(event.account))}: {state}")
        return lines

    def _heard(self, chat: ChatKey) -> bool:
        known = self._screen.world.chats.get(chat)
        return known is None or known.notify is not Notify.NONE

    def _name(self, chat: ChatKey) -> str:
        known = self._screen.world.chats.get(chat)
        name = clean_line(self._screen.world.name_of(chat), 40)
        room = known is not None and known.kind is ChatKind.ROOM
        return f"#{name}" if room and not name.startswith("#") else name

    def _scene(self, chat: ChatKey) -> Scene:
        look = self._screen.look
        width = self._screen.transcript.size.width
        return Scene(look, columns(look, width, 0), clean_line(self._screen.world.name_of(chat)))
