"""What a key means now: the popup first, then the list, the selected message, the chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from tui_xmpp.ui.actions import keys, verbs
from tui_xmpp.ui.keymap import Context
from tui_xmpp.ui.render.files import file_of

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen

# The composer knows better when these apply.
_COMPOSER = frozenset({"edit-last", "new-line"})


async def press(screen: MainScreen, event: events.Key) -> bool:
    """Do what a key means; False: it goes on to the widget that has the focus."""
    key = event.key
    if screen.digits is not None:
        return await _digit(screen, event)
    after_escape, screen.after_escape = screen.after_escape, False
    if after_escape:
        screen.furniture.quiet()
    if screen.popups.kind is not None:
        return await _in_popup(screen, event)
    context: Context = "chat"
    if screen.lists.active:
        context = "list"
        if screen.lists.filtering and _filter(screen, event):
            return True
    elif screen.selected is not None:
        context = "selection"
    binding = screen.keymap.find(key, context, after_escape=after_escape)
    if binding is None and after_escape:
        binding = screen.keymap.find(key, context)
    if binding is None:
        # Letters that mean nothing to a list or a selected message must not end in the draft.
        return context != "chat" and event.is_printable
    if binding.id in _COMPOSER:
        return False
    if binding.id == "drop":
        return _escape(screen)
    if binding.context == "list":
        await screen.lists.verb(binding.id)
        return True
    if binding.id == "chat-number":
        screen.digits = ""
        screen.say("Two digits of the chat's number.")
        return True
    return await keys.run(screen, binding.id)


def _escape(screen: MainScreen) -> bool:
    """Esc drops a reply, an edit or a notice; else the next key counts as with Alt."""
    if screen.writing.edited is not None or screen.writing.reply is not None:
        screen.edit(None)
    else:
        screen.after_escape = True
    return True


def _filter(screen: MainScreen, event: events.Key) -> bool:
    """Let a key change the filter."""
    if event.key == "escape":
        screen.lists.filtering = False
        screen.lists.model.filter = ""
        screen.lists.refill()
        return True
    if event.key in ("up", "down", "enter"):
        return False
    return screen.lists.type(event.key, event.character)


async def _digit(screen: MainScreen, event: events.Key) -> bool:
    digits, screen.digits = screen.digits or "", None
    character = event.character or ""
    if event.key == "enter" and digits:
        await keys.go_number(screen, int(digits))
    elif character.isdigit() and character.isascii():
        if digits:
            await keys.go_number(screen, int(digits + character))
        else:
            screen.digits = character
            screen.say(f"{character}…")
            return True
    screen.furniture.quiet()
    return True


async def _in_popup(screen: MainScreen, event: events.Key) -> bool:
    popup, kind = screen.popups.widget, screen.popups.kind
    if popup is None or kind is None:
        return False
    binding = screen.keymap.find(event.key, "popup")
    match binding.id if binding else "":
        case "popup-close":
            await screen.popups.close(cancelled=True)
            return True
        case "popup-up":
            popup.rows.move(-1)
            return True
        case "popup-down":
            popup.rows.move(1)
            return True
        case "popup-take":
            popup.enter()
            return True
        case "quit":
            return await keys.run(screen, "quit")
    if event.key in ("pageup", "pagedown"):
        step = max(1, popup.rows.size.height - 1)
        popup.rows.move(-step if event.key == "pageup" else step)
        return True
    if popup.field is None:
        if await kind.press(event.key, popup.rows.selected) and screen.popups.kind is kind:
            await screen.popups.close()
        return True
    return False


def selection_hint(screen: MainScreen) -> None:
    """Say which keys do something with the selected message."""
    message = screen.selected
    if message is None:
        screen.furniture.quiet()
        return
    if screen.profile.linear:
        # The cursor stands on it, and that is what is heard.
        return
    again = "t try to read it again  " if verbs.may_be_opened(message) else ""
    if file_of(message) is not None:
        save = screen.keymap.keys_of("save-file") or "/save"
        own = "d take back  " if message.outgoing else ""
        screen.say(f"{save} save file  r reply  + react  {own}y copy  u unread from here  Esc back")
        return
    own = "e edit  d take back  " if message.outgoing else ""
    screen.say(f"{again}r reply  + react  {own}y copy  o open link  u unread from here  Esc back")
