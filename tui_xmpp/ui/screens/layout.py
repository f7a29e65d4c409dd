"""Which panes there is room for, and what only the screen itself can do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.events import Level
from tui_xmpp.core.message import Page, Place
from tui_xmpp.ui.screens import outside, words
from tui_xmpp.ui.screens.program import Program
from tui_xmpp.ui.terminal.port import terminal_of

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen

LIST_FROM, MEMBERS_FROM = 120, 160
"""Columns from which the list stands beside the chat, and the members too; below it lies over the chat."""
SMALL = (40, 10)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOPIC_FROM = 16
"""Lines from which there is a topic line."""

CSS = """
MainScreen {
    background: $background;
    & #panes { height: 1fr; layers: default above; }
    & #column { width: 1fr; height: 1fr; }
    & #log { height: 1fr; }
    & #list { display: none; height: 1fr; }
    & #list.-above { layer: above; dock: left; }
    & #members { display: none; width: 20; height: 1fr; border-left: solid $dim; }
    & #members.-above { layer: above; dock: right; }
    & #writing { height: auto; max-height: 8; }
    & #prompt { width: 2; }
    & #banner { display: none; }
    &.-linear #list { width: 100%; border: none; }
    &.-linear Popup { border: none; }
}
"""


def is_small(screen: MainScreen) -> bool:
    """Return whether there is room for nothing but the last lines and the line one writes on."""
    return screen.size.width < SMALL[0] or screen.size.height < SMALL[1]


def arrange(screen: MainScreen) -> None:
    """Show the panes this size has room for."""
    width, height = screen.size.width, screen.size.height
    small, linear = is_small(screen), screen.profile.linear
    wide = width >= LIST_FROM and screen.profile.list_beside
    lists = screen.lists
    if small:
        lists.put_away()
    screen.list_pane.set_class(not wide, "-above")
    screen.list_pane.display = not small and (lists.wanted if wide else lists.active)
    screen.topic.display = not small and not linear and height >= TOPIC_FROM
    screen.status.display = not small and not linear
    screen.prompt.display = not linear
    chat = screen.world.chats.get(screen.chat) if screen.chat else None
    room = chat is not None and chat.kind is ChatKind.ROOM
    members = (
        room
        and not (small or linear)
        and (lists.members if lists.members is not None else wide and width >= MEMBERS_FROM)
    )
    screen.members.set_class(not wide, "-above")
    screen.members.display = members
    if members:
        lists.refill_members()


def show_empty(screen: MainScreen) -> None:
    """Say what can be done when no chat is open."""
    keymap = screen.keymap
    text = words.NO_CHAT.format(jump=f"{keymap.keys_of('jump'):<16}", help=keymap.keys_of("help"))
    screen.transcript.empty_text = text
    nothing = Page((), (), at_start=True, at_end=True)
    account = next(iter(screen.world.accounts), None)
    if account is not None:
        screen.transcript.show(ChatKey(account, account), nothing)
    screen.composer.load("")


async def screen_action(screen: MainScreen, id: str, argument: str = "") -> None:
    """Do what an action cannot do by itself."""
    lists = screen.lists
    match id:
        case "list":
            lists.toggle()
        case "members":
            if screen.profile.linear:
                await outside.act(screen, "who", "")
                return
            lists.members = not screen.members.display
        case "repaint":
            if screen.profile.linear and screen.transcript.following:
                screen.view.newest()
            port = terminal_of(screen.app)
            if port is not None:
                port.repaint()
            screen.refresh(layout=True)
        case "sort":
            lists.sort(argument)
        case _ if id in outside.IDS:
            await outside.act(screen, id, argument)
            return
        case "unread-from":
            message = screen.transcript.selected
            if message is not None:
                before = [one for one in screen.transcript.messages() if one.place < message.place]
                screen.view.move_unread(before[-1].place if before else Place(_EPOCH, 0))
                screen.transcript.clear_selection()
            return
        case "unread":
            if not screen.transcript.jump_unread():
                screen.say("Nothing new in this chat.")
            return
        case "read":
            screen.view.move_unread(None)
            return
        case _:
            screen.say("That is not possible here.", Level.WARN)
            return
    arrange(screen)
    screen.lists.refill()


def theme_names(screen: MainScreen) -> list[str]:
    """Return the names of the themes there are."""
    return sorted(cast(Program, screen.app).themes)
