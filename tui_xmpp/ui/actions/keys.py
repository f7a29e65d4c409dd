"""What each binding of the keymap does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tui_xmpp.core import commands as cmd
from tui_xmpp.core.message import Message
from tui_xmpp.ui.actions import files, jump, questions, verbs
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.actions.help import Help
from tui_xmpp.ui.actions.past import Past
from tui_xmpp.ui.actions.search import Search
from tui_xmpp.ui.render.files import file_of

Action = Callable[[Face], Awaitable[object]]

go_number = jump.go_number


def _screen(id: str) -> Action:
    return lambda face: face.screen_action(id)


def _log(name: str, *arguments: object) -> Action:
    async def act(face: Face) -> None:
        getattr(face.transcript, name)(*arguments)

    return act


def _number(number: int) -> Action:
    return lambda face: go_number(face, number)


async def _read_all(face: Face) -> None:
    for chat in face.world.open_chats():
        if chat.unread:
            await face.do(cmd.MarkRead(chat.key))
    await face.screen_action("read")


async def _search_here(face: Face) -> None:
    chat = face.chat
    await face.open(Search(face, f"in:{chat.address.bare} " if chat is not None else ""))


async def _select(face: Face) -> None:
    face.transcript.select_previous()


async def _unfold(face: Face) -> None:
    if face.selected is not None and not face.transcript.unfold():
        go_to_answered(face, face.selected)


async def _edit_last(face: Face) -> None:
    said = (one for one in reversed(face.transcript.messages()) if one.outgoing and not one.retracted)
    own = next((one for one in said if file_of(one) is None), None)
    if own is not None:
        face.edit(own)


async def _joins(face: Face) -> None:
    face.transcript.notices_shown = not face.transcript.notices_shown
    face.say(
        "Who comes and goes is shown." if face.transcript.notices_shown else "Who comes and goes is hidden."
    )


async def _security(face: Face) -> None:
    from tui_xmpp.ui.actions.security import open_security

    await open_security(face)


async def _strangers(face: Face) -> None:
    from tui_xmpp.ui.actions.strangers import open_strangers

    await open_strangers(face)


async def _lean(face: Face) -> None:
    # Its popup and figures are not needed before.
    from tui_xmpp.ui.actions import link

    await link.toggle(face)


def go_to_answered(face: Face, message: Message) -> None:
    """Go to the message that one answers."""
    if message.reply is None:
        return
    found = face.archive.message(message.chat, message.reply.row) if message.reply.row else None
    if found is None:
        face.say("The message it answers is not here.")
    else:
        face.go_to(found.place)


def _mention(step: int) -> Action:
    async def act(face: Face) -> None:
        found = [one for one in face.transcript.messages() if one.mention]
        visible = face.transcript.visible_messages()
        here = face.selected or (visible[0 if step < 0 else -1] if visible else None)
        if here is not None:
            found = [one for one in found if (one.place > here.place) == (step > 0) and one != here]
        if not found:
            face.say("No other mention here.")
            return
        face.transcript.select(found[0] if step > 0 else found[-1])

    return act


async def open_link(face: Face, url: str) -> None:
    """Open one link as this terminal can."""
    await face.screen_action("open-url", url)


ACTIONS: dict[str, Action] = {
    "help": lambda face: face.open(Help(face)),
    "quit": _screen("quit"),
    "jump": lambda face: face.open(jump.Jump(face)),
    "next-important": jump.go_important,
    "back": jump.go_back,
    "next-chat": lambda face: jump.go_step(face, 1),
    "previous-chat": lambda face: jump.go_step(face, -1),
    "list": _screen("list"),
    "members": _screen("members"),
    "read-all": _read_all,
    "answer": questions.answer,
    "bare": _screen("bare"),
    "suspend": _screen("suspend"),
    "lean": _lean,
    "strangers": _strangers,
    "stop": files.stop,
    "status": _screen("status"),
    "repaint": _screen("repaint"),
    "unread": _screen("unread"),
    "next-mention": _mention(1),
    "previous-mention": _mention(-1),
    "search": _search_here,
    "security": _security,
    "joins": _joins,
    "unfold-joins": _log("unfold_notices"),
    "page-up": _log("turn_page", -1),
    "page-down": _log("turn_page", 1),
    "half-page-up": _log("scroll_pages", -0.5),
    "half-page-down": _log("scroll_pages", 0.5),
    "start": _log("jump_start"),
    "end": _log("jump_end"),
    "select": _select,
    "edit-last": _edit_last,
    "editor": _screen("editor"),
    "history": lambda face: face.open(Past(face)),
    "select-previous": _log("select_previous"),
    "select-next": _log("select_next"),
    "select-first": _log("select_first"),
    "select-last": _log("select_last"),
    "reply": verbs.reply,
    "edit": verbs.edit,
    "react": verbs.react,
    "retract": verbs.retract,
    "copy": verbs.copy,
    "open-link": verbs.open_links,
    "save-file": files.save,
    "unread-from": verbs.unread_from,
    "try-again": verbs.retry,
    "unfold": _unfold,
    "select-none": _log("clear_selection"),
    **{f"chat-{number}": _number(number) for number in range(1, 11)},
}
"""By the id of the binding."""


async def run(face: Face, id: str) -> bool:
    """Do what a binding says; False: it is done elsewhere."""
    action = ACTIONS.get(id)
    if action is None:
        return False
    await action(face)
    return True
