"""Runs a slash command that was understood."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tui_xmpp.core.events import Level
from tui_xmpp.core.slash import Parsed
from tui_xmpp.ui.actions import (
    files,
    jump,
    keys,
    questions,
    slash_people,
    slash_rooms,
    slash_security,
    slash_you,
    verbs,
)
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.actions.help import Help
from tui_xmpp.ui.actions.jump import Jump
from tui_xmpp.ui.actions.search import Search

Run = Callable[[Face, Parsed], Awaitable[object]]


def _key(id: str) -> Run:
    async def act(face: Face, parsed: Parsed) -> None:
        await keys.run(face, id)

    return act


def _screen(id: str, argument: str = "") -> Run:
    async def act(face: Face, parsed: Parsed) -> None:
        await face.screen_action(id, (parsed.get(argument) or "") if argument else "")

    return act


async def _go(face: Face, parsed: Parsed) -> object:
    target = parsed.get("target")
    if target:
        return await jump.go_target(face, target)
    await face.open(Jump(face))
    return True


async def _search(face: Face, parsed: Parsed) -> None:
    await face.open(Search(face, parsed.get("words") or ""))


async def _help(face: Face, parsed: Parsed) -> None:
    await face.open(Help(face, parsed.get("command") or ""))


async def _keys(face: Face, parsed: Parsed) -> None:
    await face.open(Help(face, only_keys=True))


async def _react(face: Face, parsed: Parsed) -> None:
    await verbs.react(face, parsed.get("emoji") or "")


async def _unread(face: Face, parsed: Parsed) -> None:
    if parsed.get("here"):
        await verbs.unread_from(face)
    else:
        await keys.run(face, "unread")


async def _link(face: Face, parsed: Parsed) -> bool:
    from tui_xmpp.ui.actions import link

    return await link.link(face, parsed)


COMMANDS: dict[str, Run] = {
    "go": _go,
    "search": _search,
    "help": _help,
    "keys": _keys,
    "react": _react,
    "unread": _unread,
    "link": _link,
    "answer": lambda face, parsed: questions.answer(face),
    "theme": _screen("theme", "name"),
    "mouse": _screen("mouse", "on"),
    "terminal": _screen("terminal", "name"),
    "sort": _screen("sort", "order"),
    "reload": _screen("reload"),
    "account": _screen("account"),
    "next": _key("next-important"),
    "back": _key("back"),
    "open": _key("open-link"),
    "retry": _key("try-again"),
    **{
        name: _key(name)
        for name in (
            "reply",
            "edit",
            "retract",
            "copy",
            "editor",
            "joins",
            "strangers",
            "list",
            "members",
            "bare",
            "suspend",
        )
    },
    "quit": _screen("quit", "offline"),
    **files.COMMANDS,
    **slash_people.COMMANDS,
    **slash_rooms.COMMANDS,
    **slash_security.COMMANDS,
    **slash_you.COMMANDS,
}
"""By the name of the command."""


async def run(face: Face, parsed: Parsed) -> bool:
    """Run a command; False: it was refused, and the line should stay."""
    command = parsed.command
    if command is None:
        return False
    action = COMMANDS.get(command.name)
    if action is None:
        face.say(f"/{command.name} cannot be used yet.", Level.WARN)
        return False
    return await action(face, parsed) is not False
