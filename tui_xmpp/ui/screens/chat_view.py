"""The open chat: its window over the archive, its unread line and its gaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import Event, Level
from tui_xmpp.core.message import Gap, Message, Page, Place
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.security import Protection
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.history_window import HistoryWindow
from tui_xmpp.ui.screens import words

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_NOTICES = 20
_NOTHING = Page((), (), at_start=True, at_end=True)


class ChatView:
    """Feeds the message log from the archive and from events."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._window: HistoryWindow | None = None
        self._unread: Place | None = None
        self._gaps: dict[int, Gap] = {}
        self._filling: set[int] = set()
        self.notices: dict[ChatKey, list[tuple[datetime, str]]] = {}
        """What the engine warned of in each chat, and when, since the program began."""

    def open(self, chat: ChatKey, at: Place | None = None) -> None:
        """Show a chat from the local archive, at its unread line or at a place."""
        window = self._window = HistoryWindow(self._face.archive, chat)
        known = self._face.world.chats.get(chat)
        self._unread = Place(known.read_at or _EPOCH, known.read_row) if known and known.unread else None
        self._filling.clear()
        self._face.transcript.empty_text = words.NO_MESSAGES
        self._show(self._read(lambda: window.around(at) if at else window.open()), at)

    def close(self) -> None:
        """Show nothing."""
        self._window = None

    def jump(self, place: Place) -> None:
        """Bring a place of this chat into view."""
        window = self._window
        if window is not None and not self._face.transcript.jump(place):
            self._show(self._read(lambda: window.around(place)), place)

    def newest(self) -> None:
        """Begin anew at the newest page."""
        window = self._window
        if window is not None:
            self._show(self._read(window.open), None)

    def older(self) -> None:
        """Put an older page above."""
        if self._window is not None:
            page = self._read(self._window.older)
            self._know(page.gaps)
            self._face.transcript.prepend(page)

    def newer(self) -> None:
        """Put a newer page below."""
        if self._window is not None:
            page = self._read(self._window.newer)
            self._know(page.gaps)
            self._face.transcript.append_page(page)

    async def fill(self, gap: Gap) -> None:
        """Ask for what is missing, once."""
        if gap.number not in self._filling:
            self._filling.add(gap.number)
            self._face.transcript.set_gaps(list(self._gaps.values()), self._filling)
            if not await self._face.do(cmd.FillGap(gap.chat, gap.number)):
                self._filling.discard(gap.number)

    def move_unread(self, place: Place | None) -> None:
        """Put the unread line elsewhere; None: take it away."""
        self._unread = place
        self._face.transcript.set_unread_line(place)

    def warn(self, chat: ChatKey, text: str, *, told: bool) -> None:
        """Keep a warning in its chat; *told*: it stands in the log already if the chat is open."""
        now = datetime.now(UTC)
        self.notices[chat] = [*self.notices.get(chat, ()), (now, clean_line(text))][-_MOST_NOTICES:]
        if not told and self._window is not None and self._window.chat == chat:
            self._face.transcript.add_notice(clean_line(text), now, "warning")

    def take(self, events: tuple[Event, ...]) -> bool:
        """Show what happened in this chat; True: a message came that was not there."""
        window = self._window
        if window is None:
            return False
        new: dict[int, Message] = {}
        fetched = False
        for event in events:
            match event:
                case ev.MessageKept(message, old) if message.chat == window.chat and old:
                    fetched = True
                case ev.MessageKept(message) if message.chat == window.chat:
                    new[message.row] = message
                    window.kept(message.place)
                # On a quick link a message is sent, taken and delivered within one frame.
                case ev.MessageChanged(message) if message.chat == window.chat and message.row in new:
                    new[message.row] = message
                case ev.MessageChanged(message) if message.chat == window.chat:
                    self._face.transcript.replace(message)
                case ev.HistoryLoaded(chat) if chat == window.chat:
                    self._loaded(event)
        if fetched and self._face.look.linear and self._face.transcript.following:
            self._catch_up(events)
        elif fetched:
            # What was fetched may belong anywhere, and new messages of this batch are in the archive too.
            self._read_again()
        elif new:
            self._face.transcript.add(list(new.values()))
        return bool(new)

    def judged(self, event: Event) -> Event:
        """The archive alone knows whether a doubtful message was clear, or sealed and could not be opened."""
        if (
            isinstance(event, ev.MessageKept | ev.MessageChanged)
            and event.message.protection is Protection.ATTENTION
            and self._window is not None
            and event.message.chat == self._window.chat
        ):
            try:
                known = self._face.archive.message(event.message.chat, event.message.row)
            except StorageError:
                return event
            return replace(event, message=known) if known is not None else event
        return event

    def _loaded(self, event: ev.HistoryLoaded) -> None:
        self._filling.clear()
        if event.failure:
            self._face.say(event.failure, Level.WARN)
            self._face.transcript.set_gaps(list(self._gaps.values()))
            return
        if not (self._face.look.linear and self._face.transcript.following):
            self._read_again()

    def _catch_up(self, events: tuple[Event, ...]) -> None:
        """Add what is newer below, for a screen reader: what was heard is not drawn again."""
        window = self._window
        newest = self._face.transcript.newest()
        if window is None:
            return
        kept = [event.message for event in events if isinstance(event, ev.MessageKept)]
        mine = sorted((one for one in kept if one.chat == window.chat), key=lambda one: one.place)
        self._face.transcript.add(mine)
        for message in mine:
            window.kept(message.place)
        older = sum(newest is not None and one.place < newest.place for one in mine)
        if older:
            keys = self._face.keymap.keys_of("repaint")
            self._face.say(f"{older} older messages were fetched; {keys} shows them.")

    def _read_again(self) -> None:
        """Show what the archive now has where the user is looking."""
        window = self._window
        visible = self._face.transcript.visible_messages()
        if window is None:
            return
        if self._face.transcript.following or not visible:
            self.newest()
        else:
            place = visible[len(visible) // 2].place
            self._show(self._read(lambda: window.around(place)), place)

    def _read(self, how: Callable[[], Page]) -> Page:
        """Read a page; a disk that fails is told to the user."""
        try:
            return how()
        except StorageError as error:
            self._face.say(str(error), Level.ERROR)
            return _NOTHING

    def _know(self, gaps: tuple[Gap, ...]) -> None:
        self._gaps.update((gap.number, gap) for gap in gaps)

    def _show(self, page: Page, at: Place | None) -> None:
        window = self._window
        if window is None:
            return
        room = self._face.world.rooms.get(window.chat)
        self._gaps = {gap.number: gap for gap in page.gaps}
        self._face.transcript.show(
            window.chat,
            page,
            unread_from=self._unread,
            at=at,
            peer=clean_line(self._face.world.name_of(window.chat)),
            own_nick=room.nick if room else "",
        )
        for moment, text in self.notices.get(window.chat, ()):
            self._face.transcript.add_notice(text, moment, "warning")
