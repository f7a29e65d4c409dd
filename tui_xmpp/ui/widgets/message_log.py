"""The message log: one virtual scroll view over the records of one chat."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from textual.message import Message as Posted
from textual.scroll_view import ScrollView

from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Gap, Message, Page, Place
from tui_xmpp.ui.render.look import Look

NoticeKind = Literal["join", "leave", "info", "warning"]


class MessageLog(ScrollView, can_focus=False):
    """Shows one chat. Attributes and calls down, messages up; it never asks anybody anything."""

    class OlderWanted(Posted):
        """The view is near the oldest record held: call `prepend` (also with an empty page)."""

    class NewerWanted(Posted):
        """The view is near the newest record held, which is not the chat's newest: call `append_page`."""

    class NewestWanted(Posted):
        """The user wants the end, which is not held: call `show` with the newest page."""

    class GapReached(Posted):
        """A gap came into view."""

        def __init__(self, gap: Gap) -> None:
            super().__init__()
            self.gap = gap

    class SelectionChanged(Posted):
        """Another message is selected, or none."""

        def __init__(self, message: Message | None) -> None:
            super().__init__()
            self.message = message

    class Clicked(Posted):
        """A message was clicked; it is not selected by that."""

        def __init__(self, message: Message) -> None:
            super().__init__()
            self.message = message

    class LinkClicked(Posted):
        """A link in a message was clicked."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

    class ReplyClicked(Posted):
        """The quoted line of a reply was clicked: jump to `message.reply`."""

        def __init__(self, message: Message) -> None:
            super().__init__()
            self.message = message

    class ReachedEnd(Posted):
        """The view came to the chat's newest message (not posted while it just stays there)."""

    def __init__(self, look: Look, *, id: str | None = None) -> None:
        """An empty log."""

    look: Look
    """Theme and settings; assigning another repaints."""
    chat: ChatKey | None
    selected: Message | None
    """The selected message; read only."""
    following: bool
    """The view is at the chat's newest message; read only."""
    new_below: int
    """Messages that came while the view was further up; read only."""
    notices_shown: bool
    """Whether joins and leaves are shown; assigning repaints."""
    empty_text: str
    """What an empty chat says."""

    def show(
        self,
        chat: ChatKey,
        page: Page,
        *,
        unread_from: Place | None = None,
        at: Place | None = None,
        peer: str = "",
        own_nick: str = "",
    ) -> None:
        """Show another chat, or another part of one.

        *unread_from*: the place after which messages are unread (`Chat.read_at`, `read_row`); None: no line.
        *at*: the place to look at, in the middle of the view; None: the unread line, else the end.
        *peer*: the name of the contact, for messages without a nick. *own_nick*: what a mention looks like.
        """

    def prepend(self, page: Page) -> None:
        """Add older messages above; the view keeps its place."""

    def append_page(self, page: Page) -> None:
        """Add newer messages of the archive below; the view keeps its place."""

    def add(self, messages: Sequence[Message]) -> None:
        """Add messages that just came, in any order; follows the end when it was at the end."""

    def replace(self, message: Message) -> bool:
        """Put a changed message in the place of the one with its row; False: it is not held."""
        raise NotImplementedError

    def set_gaps(self, gaps: Sequence[Gap], filling: Collection[int] = ()) -> None:
        """Replace the gaps; *filling*: numbers of those that are being fetched now."""

    def add_notice(self, text: str, at: datetime, kind: NoticeKind = "info") -> None:
        """Add a line that is no message: joins and leaves collapse into one line."""

    def set_unread_line(self, place: Place | None) -> None:
        """Move the unread line behind *place*; None: no line."""

    def set_marks(self, row: int, marks: Sequence[tuple[int, int]]) -> None:
        """Mark ranges of one message's body as found; no marks: take them away."""

    def jump(self, place: Place) -> bool:
        """Bring a message into the middle of the view; False: it is not held, `show` it with `at`."""
        raise NotImplementedError

    def jump_unread(self) -> bool:
        """Bring the unread line into view; False: there is none here."""
        raise NotImplementedError

    def jump_end(self) -> None:
        """Go to the newest message; posts NewestWanted when it is not held."""

    def jump_start(self) -> None:
        """Go to the oldest message held."""

    def scroll_lines(self, lines: int) -> None:
        """Scroll down, or up with a negative number."""

    def scroll_pages(self, pages: float) -> None:
        """Scroll by screens less one line; 0.5 is half a screen."""

    def select(self, message: Message | None) -> bool:
        """Select a message that is held, and bring it into view; None clears."""
        raise NotImplementedError

    def select_previous(self) -> None:
        """Select the message above; with none selected the newest in view."""

    def select_next(self) -> None:
        """Select the message below."""

    def select_first(self) -> None:
        """Select the oldest message held."""

    def select_last(self) -> None:
        """Select the newest message held."""

    def clear_selection(self) -> None:
        """Select nothing."""

    def unfold(self) -> bool:
        """Show all of the selected message when it was cut; False: it was not."""
        raise NotImplementedError

    def unfold_notices(self) -> None:
        """Show the joins and leaves in view one by one, or collapse them again."""

    def messages(self) -> Sequence[Message]:
        """Return the messages held, oldest first."""
        raise NotImplementedError

    def visible_messages(self) -> Sequence[Message]:
        """Return the messages in view, oldest first."""
        raise NotImplementedError
