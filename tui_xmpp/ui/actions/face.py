"""What actions may ask of the screen they run on, and what a popup is made of."""

from __future__ import annotations

from collections.abc import Coroutine, Hashable, Sequence
from typing import Protocol

from rich.text import Text

from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import Command
from tui_xmpp.core.events import Event, Level
from tui_xmpp.core.message import Message, Place
from tui_xmpp.core.ports import ArchiveReader, Engine, Ledger
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.world import World
from tui_xmpp.ui.keymap import Keymap
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.widgets.composer import Composer
from tui_xmpp.ui.widgets.message_log import MessageLog


class Kind:
    """One kind of popup: a line to write into, rows to choose from, and what choosing does."""

    title = ""
    hint = ""
    """What the keys do, one line."""
    field = True
    """There is a line to write into."""
    secret = False
    """What is written is not shown."""
    tall = False
    """It takes the room of the log."""
    start = ""
    """What stands in the line at first."""
    placeholder = ""
    nothing = ""
    """Said in place of the rows when there is none."""
    follows: tuple[type[Event], ...] = ()
    """Events after which its rows are others: it is filled again then."""
    back: Kind | None = None
    """What Esc goes back to; None: to writing."""
    width = 80
    """Cells a row has now; the popup sets it."""
    height = 0
    """Rows in view of one that is `tall`, once it is on the screen; the popup sets it."""

    def keys(self, text: str) -> Sequence[Hashable]:
        """Return the rows for what is written now."""
        return ()

    @property
    def first(self) -> Hashable | None:
        """The row that the cursor begins on; None: the first it may stand on."""
        return None

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        return Text(str(key))

    def stands(self, key: Hashable) -> bool:
        """Whether the cursor may stand on a row; not on a heading, or on words that only say something."""
        return True

    async def typed(self, text: str) -> None:
        """Something else is written now; for kinds that ask somebody."""

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Enter, or a click on a row; *key* None: no row. True closes the popup."""
        return True

    async def press(self, key: str, row: Hashable | None) -> bool:
        """Any other key where there is no line to write into; True: it meant something."""
        return False

    def moved(self, key: Hashable) -> None:
        """The cursor stands on another row."""

    def cancelled(self) -> None:
        """Esc closed it."""

    def happened(self) -> None:
        """How the link is has changed, while it is open."""


class Face(Protocol):
    """The screen as an action sees it."""

    engine: Engine
    archive: ArchiveReader
    ledger: Ledger | None
    """What was spent; None: nothing is kept."""
    settings: Settings
    keymap: Keymap
    look: Look
    chat: ChatKey | None
    """The chat that is open now."""
    previous: list[ChatKey]
    """Chats that were open before, the last one last."""

    @property
    def world(self) -> World:
        """What is known now."""

    @property
    def composer(self) -> Composer:
        """Where the user writes."""

    @property
    def transcript(self) -> MessageLog:
        """The messages on the screen."""

    @property
    def selected(self) -> Message | None:
        """The selected message."""

    def say(self, text: str, level: Level = Level.INFO) -> None:
        """Tell the user something in one line."""

    def offer(self, text: str) -> None:
        """Say what can be typed now."""

    async def do(self, command: Command) -> bool:
        """Ask the engine; a refusal is told to the user, and False returned."""

    def start(self, work: Coroutine[None, None, object]) -> None:
        """Run something that may wait for the engine, without holding up the keys."""

    async def enter(self, chat: ChatKey, at: Place | None = None) -> None:
        """Open a chat, at a place of it."""

    async def leave(self) -> None:
        """Show no chat, or the next one."""

    async def open(self, kind: Kind) -> None:
        """Open a popup in place of the one that is open."""

    async def close_popup(self) -> None:
        """Close the popup and go back to the composer."""

    def refill(self) -> None:
        """The rows of the open popup changed."""

    def reply_to(self, message: Message | None) -> None:
        """The next message answers this one; None: none."""

    def edit(self, message: Message | None) -> None:
        """Enter replaces this message; None: it sends."""

    def go_to(self, place: Place) -> None:
        """Bring a place of the open chat into view."""

    def refresh_all(self) -> None:
        """Draw everything from the world again."""

    async def screen_action(self, id: str, argument: str = "") -> None:
        """Do what only the screen can: panes, theme, editor, bare mode, quit."""

    def theme_names(self) -> Sequence[str]:
        """The themes there are."""
