"""The list of chats and people, and the members of a room."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, cast

from rich.text import Text

from tui_xmpp.core import commands as cmd
from tui_xmpp.core.chat import ChatKey, Notify
from tui_xmpp.core.room import Role
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions import questions
from tui_xmpp.ui.render import people as render
from tui_xmpp.ui.screens import layout
from tui_xmpp.ui.screens.list_model import Asking, Heading, ListModel, Person
from tui_xmpp.ui.screens.program import Program

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen
    from tui_xmpp.ui.widgets.rows import Rows

_ROLES = {Role.MODERATOR: 0, Role.PARTICIPANT: 1, Role.VISITOR: 2, Role.NONE: 3}


class Lists:
    """Fills both panes, and knows whether the keys go to the list."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.model = ListModel(screen.world, screen.look, screen.settings.ui.sort)
        self.wanted = True
        """The list stands beside the chat where there is room."""
        self.active = False
        """Keys go to the list."""
        self.filtering = False
        self.members: bool | None = None
        """Members wanted or not; None: as the width has room."""

    def toggle(self) -> None:
        """Go to the list, or hide it and go back to the chat."""
        if self.active:
            self.close()
        elif layout.is_small(self._screen):
            self._screen.say("The list needs a window of 40x10.")
        else:
            self.active = True
            self.wanted = True
            rows = self._screen.list_pane.rows
            rows.shows_cursor = rows.takes_cursor = True
            layout.arrange(self._screen)
            self.refill()
            if self._screen.chat is not None:
                self._screen.list_pane.rows.go_to(self._screen.chat)

    def close(self) -> None:
        """Go back to the chat."""
        self.put_away()
        self._screen.refresh_all()

    def put_away(self) -> None:
        """The keys go to the chat again."""
        self.active = self.filtering = False
        self.model.filter = ""
        rows = self._screen.list_pane.rows
        rows.shows_cursor = rows.takes_cursor = False

    def refill(self, *, order: bool = True) -> None:
        """Show what is known now; not *order*: only how the rows in view look."""
        screen = self._screen
        if not screen.list_pane.display:
            return
        self.model.look = screen.look
        self.model.current = screen.chat
        self._head()
        if order:
            screen.list_pane.rows.show(self.model.keys(), top=self.filtering)
        else:
            screen.list_pane.rows.refresh()

    def type(self, key: str, character: str | None) -> bool:
        """Change the filter by a key; False: the key is no part of a text."""
        if key == "backspace":
            self.model.filter = self.model.filter[:-1]
        elif character is not None and character.isprintable():
            self.model.filter += character
        else:
            return False
        self.refill()
        self._first()
        return True

    def _first(self) -> None:
        rows = self._screen.list_pane.rows
        for key in rows.keys:
            if not isinstance(key, Heading):
                rows.go_to(key)
                return

    def _head(self) -> None:
        look, model, filtering = self._screen.look, self.model, self.filtering
        text = f" / {clean_line(model.filter)}▏" if filtering or model.filter else " / filters"
        if model.filter and not model.keys():
            text += " nobody"
        style = look.style("accent" if filtering else "dim")
        self._screen.list_pane.head.show(lambda width: Text(text, style=style))

    async def chosen(self, rows: Rows, key: Hashable) -> None:
        """Open a chat, fold a heading, answer a question."""
        screen = self._screen
        match key:
            case Heading():
                self.model.fold(key)
                self.refill()
                return
            case ChatKey() | Person():
                chat = key.chat if isinstance(key, Person) else key
                self.close()
                await screen.enter(chat)
            case Asking():
                self.close()
                await questions.answer(screen, key.id)
            case str() if screen.chat is not None:
                await screen.enter(ChatKey(screen.chat.account, screen.chat.address.with_resource(key)))

    async def verb(self, id: str) -> None:
        """Do what a key means for the row under the cursor."""
        screen = self._screen
        rows = screen.list_pane.rows
        key = rows.selected
        match id:
            case "list-up" | "list-down":
                rows.move(-1 if id == "list-up" else 1)
            case "list-open" if key is not None:
                await self.chosen(rows, key)
            case "list-filter":
                self.filtering = True
                self._head()
            case "list-fold":
                self._fold(key)
            case "list-sort":
                self.sort("")
            case "list-close":
                self.close()
            case "list-pin" if isinstance(key, ChatKey) and key in screen.world.chats:
                await screen.do(cmd.SetPinned(key, not screen.world.chats[key].pinned))
            case "list-mute" if isinstance(key, ChatKey) and key in screen.world.chats:
                muted = screen.world.chats[key].notify is Notify.NONE
                await screen.do(cmd.SetNotify(key, Notify.ALL if muted else Notify.NONE))

    def sort(self, order: str) -> None:
        """Sort by `activity` or `name`, now and at the next start; empty: by the other one."""
        self.model.sort = order or ("name" if self.model.sort == "activity" else "activity")
        cast(Program, self._screen.app).keep("sort", self.model.sort)
        self._screen.say(f"Sorted by {self.model.sort}.")
        self.refill()

    def _fold(self, key: Hashable) -> None:
        keys = self._screen.list_pane.rows.keys
        at = self._screen.list_pane.rows.cursor
        if not isinstance(key, Heading):
            above = [one for one in keys[:at] if isinstance(one, Heading)]
            if not above:
                return
            key = above[-1]
        self.model.fold(key)
        self.refill()
        self._screen.list_pane.rows.go_to(key)

    # --- members --------------------------------------------------------------------------------------

    def refill_members(self) -> None:
        """Show who is in the room, by role and name."""
        screen = self._screen
        room = screen.world.rooms.get(screen.chat) if screen.chat else None
        if screen.members.display:
            people = room.occupants.values() if room else ()
            order = sorted(people, key=lambda one: (_ROLES[one.role], one.nick.casefold()))
            screen.members.show([one.nick for one in order])

    def draw_member(self, key: Hashable, width: int) -> Text:
        """Return the row of one occupant."""
        screen = self._screen
        room = screen.world.rooms.get(screen.chat) if screen.chat else None
        occupant = room.occupants.get(str(key)) if room else None
        if room is None or occupant is None:
            return Text()
        return render.occupant_row(screen.look, occupant, width, own=occupant.nick == room.nick)
