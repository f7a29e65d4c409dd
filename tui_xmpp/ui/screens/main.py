"""The one screen: list, chat and members; it routes between widgets, engine and actions."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Offset
from textual.screen import Screen

from tui_xmpp.core import commands as cmd
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.contact import SubscriptionRequest
from tui_xmpp.core.events import Event, Level, Question
from tui_xmpp.core.message import Message, Place
from tui_xmpp.core.ports import ArchiveReader, Engine, Ledger, StorageError
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.terminal import PROFILES, TerminalProfile
from tui_xmpp.core.world import World
from tui_xmpp.ui.actions import complete, keys, questions
from tui_xmpp.ui.actions.face import Kind
from tui_xmpp.ui.keymap import Keymap
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.screens import layout, news, pressing
from tui_xmpp.ui.screens.chat_view import ChatView
from tui_xmpp.ui.screens.furniture import Furniture
from tui_xmpp.ui.screens.lists import Lists
from tui_xmpp.ui.screens.log_hearing import LogHearing
from tui_xmpp.ui.screens.popups import Popups
from tui_xmpp.ui.screens.settling import TICK, Settling
from tui_xmpp.ui.screens.speaking import Speaking
from tui_xmpp.ui.screens.works import Works
from tui_xmpp.ui.screens.writing import Writing
from tui_xmpp.ui.widgets.composer import Composer
from tui_xmpp.ui.widgets.line import Line
from tui_xmpp.ui.widgets.list_pane import ListPane
from tui_xmpp.ui.widgets.message_log import MessageLog
from tui_xmpp.ui.widgets.rows import Rows

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.ringing import Ringing
    from tui_xmpp.ui.terminal.status_file import StatusFile
    from tui_xmpp.ui.widgets.popup import Popup


class MainScreen(LogHearing, Screen[None]):
    """Holds the open chat and gives every part what it shows."""

    DEFAULT_CSS = layout.CSS
    AUTO_FOCUS = "#composer"
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar = []

    def __init__(
        self,
        engine: Engine,
        archive: ArchiveReader,
        settings: Settings,
        keymap: Keymap,
        look: Look,
        config_folder: Path | None,
    ) -> None:
        super().__init__()
        self.engine = engine
        self.archive = archive
        self.settings = settings
        self.keymap = keymap
        self.look = look
        self.config_folder = config_folder
        self.ledger: Ledger | None = None
        self.profile = PROFILES["local"]
        """What the way to the terminal may carry."""
        self.chat: ChatKey | None = None
        self.previous: list[ChatKey] = []
        self.after_escape = False
        self.opened = asyncio.Event()
        """The first chat is there: keys mean something."""
        self.digits: str | None = None
        self.lists = Lists(self)
        self.popups = Popups(self)
        self.writing = Writing(self)
        self.furniture = Furniture(self)
        self.view = ChatView(self)
        self.works = Works(self, self.do)
        # Not before something rings or a file is wanted: the first screen is sooner there without them.
        self._ringing: Ringing | None = None
        self._status_file: StatusFile | None = None
        self.settling = Settling(self)
        self.speaking = Speaking(self)
        self.list_pane = ListPane(self.lists.model.draw, id="list")
        self.members = Rows(self.lists.draw_member, cursor=False, id="members")
        self.topic = Line(id="topic")
        self.log_widget = MessageLog(look, id="log")
        self.hint = Line(id="hint")
        self.banner_line = Line(id="banner")
        self.prompt = Line(id="prompt")
        self.writer = Composer(id="composer", send_key=settings.ui.send_key)
        self.status = Line(id="status")

    def compose(self) -> ComposeResult:
        """List, chat column, members; the status line below."""
        with Horizontal(id="panes"):
            yield self.list_pane
            with Vertical(id="column"):
                yield self.topic
                yield self.log_widget
                yield self.hint
                yield self.banner_line
                with Horizontal(id="writing"):
                    yield self.prompt
                    yield self.writer
            yield self.members
        yield self.status

    # --- what actions see ---------------------------------------------------------------------------

    @property
    def world(self) -> World:
        """What is known now."""
        return self.engine.world

    @property
    def composer(self) -> Composer:
        """Where the user writes."""
        return self.writer

    @property
    def transcript(self) -> MessageLog:
        """The messages on the screen."""
        return self.log_widget

    @property
    def selected(self) -> Message | None:
        """The selected message."""
        return self.log_widget.selected

    def say(self, text: str, level: Level = Level.INFO) -> None:
        """Tell the user something in one line."""
        self.furniture.say(text, level)

    def offer(self, text: str) -> None:
        """Say what can be typed now."""
        self.furniture.offer(text)

    def ring(self, messages: Sequence[Message]) -> None:
        """Call for attention for these."""
        if self._ringing is None:
            from tui_xmpp.ui.screens.ringing import Ringing

            self._ringing = Ringing(self)
        self._ringing.take(messages)

    def count(self, unread: int, mentions: int) -> None:
        """Let other programs know how much waits, where the configuration wants that."""
        path = self.settings.notify.status_file
        if self._status_file is None:
            if not path:
                return
            from tui_xmpp.ui.terminal.status_file import StatusFile

            self._status_file = StatusFile()
        self._status_file.use(path)
        if fault := self._status_file.show(unread, mentions):
            self.say(fault, Level.WARN)

    async def do(self, command: cmd.Command) -> bool:
        """Ask the engine; a refusal is told to the user, and False returned."""
        try:
            await self.engine.do(command)
        except (cmd.Refused, StorageError) as error:
            self.say(str(error), Level.ERROR)
            return False
        return True

    def later(self, command: cmd.Command) -> None:
        """Ask the engine in the background, in order: for what nobody waits for."""
        self.works.later(command)

    def start(self, work: Coroutine[None, None, object]) -> None:
        """Run something that may wait for the engine, without holding up the keys."""
        self.works.start(work)

    async def enter(self, chat: ChatKey, at: Place | None = None) -> None:
        """Open a chat, at a place of it."""
        self.log_widget.clear_selection()
        if chat == self.chat:
            if at is not None:
                self.view.jump(at)
            return
        known = self.world.chats.get(chat)
        if (known is None or not known.open) and not await self.do(cmd.OpenChat(chat)):
            return
        if self.chat is not None:
            await self._leave_chat()
            self.previous = [one for one in self.previous if one not in (chat, self.chat)][-50:]
            self.previous.append(self.chat)
        self.chat = chat
        self.writing.enter(chat)
        self.view.open(chat, at)
        self.refresh_all()
        if self.profile.linear:
            self.speaking.entered()
        await self.read()

    async def leave(self) -> None:
        """Show the chat before, or none."""
        for chat in reversed(self.previous):
            known = self.world.chats.get(chat)
            if known is not None and known.open and chat != self.chat:
                await self.enter(chat)
                return
        if self.chat is not None:
            await self._leave_chat()
        self.chat = None
        self.view.close()
        layout.show_empty(self)
        self.refresh_all()

    async def _leave_chat(self) -> None:
        await self.writing.leave()
        await self.read()

    async def read(self) -> None:
        """Everything is read when the end of the chat is in view of somebody."""
        known = self.world.chats.get(self.chat) if self.chat else None
        if known is not None and known.unread and self.log_widget.following and self.app.app_focus:
            self.later(cmd.MarkRead(known.key))

    async def open(self, kind: Kind) -> None:
        """Open a popup in place of the one that is open."""
        await self.popups.open(kind)

    async def close_popup(self) -> None:
        """Close the popup and go back to the composer."""
        await self.popups.close()

    def refill(self) -> None:
        """The rows of the open popup changed."""
        self.popups.refill()

    def reply_to(self, message: Message | None) -> None:
        """The next message answers this one; None: none."""
        self.log_widget.clear_selection()
        self.writing.answer(message)
        self.furniture.banner()

    def edit(self, message: Message | None) -> None:
        """Enter replaces this message; None: it sends."""
        self.log_widget.clear_selection()
        self.writing.edit(message)
        self.furniture.banner()

    def go_to(self, place: Place) -> None:
        """Bring a place of the open chat into view."""
        self.view.jump(place)

    def refresh_all(self) -> None:
        """Draw everything from the world again."""
        self.lists.refill()
        self.lists.refill_members()
        layout.arrange(self)
        self.furniture.all()

    async def screen_action(self, id: str, argument: str = "") -> None:
        """Do what only the screen can."""
        await layout.screen_action(self, id, argument)

    def theme_names(self) -> Sequence[str]:
        """The themes there are."""
        return layout.theme_names(self)

    def wear(self, look: Look) -> None:
        """Change the looks of everything."""
        self.look = look
        self.log_widget.look = look
        self.prompt.refresh()
        self.refresh_all()

    def use(self, profile: TerminalProfile) -> None:
        """Arrange and draw as a terminal of this profile wants it."""
        self._arrange_for(profile)
        self.refresh_all()
        self.call_later(self.settling.release)

    def _arrange_for(self, profile: TerminalProfile) -> None:
        self.profile = profile
        self.log_widget.page = profile.page
        self.set_class(profile.linear, "-linear")
        rows = self.list_pane.rows
        # Its rows have the numbers of the chats.
        rows.plain, rows.numbered = profile.linear, False

    @property
    def cursor_cell(self) -> Offset | None:
        """Where the terminal's cursor follows what is selected; None: it is where one writes."""
        if self.popups.widget is not None:
            return self.popups.widget.rows.cursor_cell
        return self.list_pane.rows.cursor_cell if self.lists.active else self.log_widget.cursor_cell

    def asking(self) -> Question | SubscriptionRequest | None:
        """Return what waits longest for an answer."""
        return questions.first(self.world)

    # --- what widgets post --------------------------------------------------------------------------

    async def on_mount(self) -> None:
        """Open what was open, or say what can be done."""
        self.works.begin()
        self.prompt.show(lambda width: Text(">", style=self.look.style("dim")))
        self._arrange_for(self.profile)
        self.set_interval(TICK, self.settling.tick)
        layout.arrange(self)
        first = news.first_chat(self.world)
        if first is not None:
            await self.enter(first)
        else:
            layout.show_empty(self)
        self.refresh_all()
        self.opened.set()

    async def on_unmount(self) -> None:
        """Nothing more is asked or told."""
        self.works.end()
        if self._ringing is not None:
            await self._ringing.end()
        if self._status_file is not None:
            self._status_file.end()

    def on_resize(self, event: events.Resize) -> None:
        """Show the panes this width has room for."""
        layout.arrange(self)
        self.lists.refill()
        self.furniture.all()
        # What is open is wrapped anew, once its parts have their size.
        self.call_after_refresh(self.popups.refill)

    async def press(self, event: events.Key) -> bool:
        """Do what a key means, before any widget hears of it; False: it goes on to the widget."""
        return await pressing.press(self, event)

    async def take(self, happened: tuple[Event, ...]) -> None:
        """Show what happened; the world has it already."""
        await news.take(self, happened)

    async def on_composer_sent(self, event: Composer.Sent) -> None:
        """Enter was pressed."""
        self.start(self.writing.submit(event.text, pasted=event.pasted))

    async def on_composer_wanted(self, event: Composer.Wanted) -> None:
        """Tab was pressed."""
        await complete.complete(self, backwards=event.backwards)

    async def on_composer_empty_up(self, event: Composer.EmptyUp) -> None:
        """Up in an empty composer edits the last own message."""
        await keys.run(self, "edit-last")

    async def on_text_area_changed(self, event: Composer.Changed) -> None:
        """Another text stands in the composer."""
        if event.text_area is self.writer:
            if self.writer.text:
                self.furniture.quiet()
            else:
                self.writer.pasted = False
                self.furniture.drop_offer()
            await self.writing.changed()
            await self.settling.suggest()

    async def on_popup_typed(self, event: Popup.Typed) -> None:
        """Pass on to the kind of popup."""
        await self.popups.typed(event.text)

    async def on_popup_picked(self, event: Popup.Picked) -> None:
        """Pass on to the kind of popup."""
        await self.popups.picked(event.key, event.text)

    def on_popup_moved(self, event: Popup.Moved) -> None:
        """Pass on to the kind of popup."""
        self.popups.moved(event.key)

    async def on_line_clicked(self, event: Line.Clicked) -> None:
        """How the chat is protected stands at the right end of the topic line."""
        if event.line is self.topic and event.from_right <= self.furniture.protection_cells:
            await keys.run(self, "security")
        elif event.line is self.hint and self.furniture.stops(event.from_right):
            await keys.run(self, "stop")

    async def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """A row of the list or of the members was chosen."""
        await self.lists.chosen(event.rows, event.key)
