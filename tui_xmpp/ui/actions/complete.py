"""Tab: commands and their arguments, nicks and emojis; and the help for what is being typed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui_xmpp.core import link_cells, slash
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.link import CELLS, PROFILES
from tui_xmpp.core.slash import ArgumentKind
from tui_xmpp.core.slash_commands import COMMANDS
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.emoji import EMOJI
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.actions.files import paths
from tui_xmpp.ui.actions.link import AUTO

_SHORTCODE = re.compile(r":([a-z0-9_+-]{2,})$")
_WORD = re.compile(r"\S+$")
_MOST = 40


@dataclass(slots=True)
class Cycle:
    """What Tab goes round in: the text before and after, and the candidates."""

    before: str
    after: str
    candidates: list[str]
    at: int
    shown: str = ""


_CYCLES: dict[int, Cycle] = {}


async def complete(face: Face, *, backwards: bool) -> None:
    """Put the next candidate in the place of what is being typed."""
    composer = face.composer
    cycle = _CYCLES.get(id(composer))
    if cycle is None or composer.text != cycle.shown:
        cycle = _begin(face, composer.text, composer.cursor_offset_in_text)
        if cycle is None:
            _CYCLES.pop(id(composer), None)
            return
        _CYCLES[id(composer)] = cycle
        cycle.at = len(cycle.candidates) - 1 if backwards else 0
    else:
        cycle.at = (cycle.at + (-1 if backwards else 1)) % len(cycle.candidates)
    head = cycle.before + cycle.candidates[cycle.at]
    cycle.shown = head + cycle.after
    composer.load(cycle.shown, pasted=composer.pasted)
    row = head.count("\n")
    composer.move_cursor((row, len(head) - (head.rfind("\n") + 1)))
    if len(cycle.candidates) > 1:
        face.say("  ".join(clean_line(one.strip(), 30) for one in cycle.candidates[:12]))


def _begin(face: Face, text: str, cursor: int) -> Cycle | None:
    before, after = text[:cursor], text[cursor:]
    done = slash.complete(text, cursor, COMMANDS)
    if done is not None:
        values = candidates(face, done)
        end = "" if after.startswith(" ") else " "
        # A folder is not the end of a path.
        words = [_quoted(value) + ("" if value.endswith("/") else end) for value in values[:_MOST]]
        return Cycle(before[: done.start], after, words, 0) if words else None
    if (code := _SHORTCODE.search(before)) is not None:
        signs = [sign for name, sign in EMOJI.items() if name.startswith(code.group(1))]
        signs = list(dict.fromkeys(signs))
        return Cycle(before[: code.start()], after, signs[:_MOST], 0) if signs else None
    word = _WORD.search(before)
    prefix = word.group() if word else ""
    start = word.start() if word else cursor
    end = ": " if not before[:start].strip() else " "
    nicks = [f"{nick}{end}" for nick in nicks_of(face, prefix.lstrip("@"))]
    return Cycle(before[:start], after, nicks[:_MOST], 0) if nicks and (prefix or not text) else None


def _quoted(value: str) -> str:
    if " " not in value:
        return value
    return f'"{value}' if value.endswith("/") else f'"{value}"'


def nicks_of(face: Face, prefix: str) -> list[str]:
    """Return the nicks of the open room that begin so, those who spoke last first."""
    chat = face.chat
    room = face.world.rooms.get(chat) if chat is not None else None
    if room is None:
        return []
    wanted = prefix.casefold()
    spoke = [message.nick for message in reversed(face.transcript.messages()) if message.nick]
    order = dict.fromkeys([*spoke, *sorted(room.occupants, key=str.casefold)])
    return [
        nick
        for nick in order
        if nick in room.occupants and nick != room.nick and nick.casefold().startswith(wanted)
    ]


def candidates(face: Face, done: slash.Completion) -> list[str]:
    """Return the values of an argument's kind that begin with what is typed."""
    if done.candidates:
        return list(done.candidates)
    world, wanted = face.world, done.prefix.casefold()
    values: list[str] = []
    match done.kind:
        case ArgumentKind.ADDRESS:
            if done.command is not None and done.command.name == "msg":
                values += nicks_of(face, "")
            chats = sorted(world.chats.values(), key=lambda chat: not chat.open)
            values += [str(chat.key.address) for chat in chats if chat.key not in world.rooms]
            values += [str(address) for _, address in world.contacts]
            if done.command is not None and done.command.name == "go":
                values = [world.name_of(key) for key in world.chats]
        case ArgumentKind.ROOM:
            values += [str(key.address) for key in world.rooms]
            values += [str(address) for _, address in world.bookmarks]
        case ArgumentKind.NICK:
            values += nicks_of(face, "")
        case ArgumentKind.ACCOUNT:
            values += [str(account) for account in world.accounts]
        case ArgumentKind.LINK:
            values += [*PROFILES, *face.settings.link.profiles, "auto", "set", "undo"]
        case ArgumentKind.LINK_CELL:
            values += {"auto": AUTO, "set": CELLS}.get(done.get("what"), ())
        case ArgumentKind.LINK_VALUE:
            values += link_cells.words(done.get("cell")) if done.get("what") == "set" else ()
        case ArgumentKind.PATH:
            return paths(done.prefix)
        case ArgumentKind.THEME:
            values += list(face.theme_names())
        case _:
            return []
    begins = [value for value in values if value.casefold().startswith(wanted)]
    holds = [value for value in values if wanted in value.casefold()]
    return list(dict.fromkeys([*begins, *holds]))


async def suggest(face: Face) -> None:
    """Say what can be typed here: the command, its usage, and its argument."""
    text = face.composer.text
    if not text.startswith("/") or "\n" in text:
        return
    done = slash.complete(text, face.composer.cursor_offset_in_text, COMMANDS)
    if done is None:
        return
    if done.kind is ArgumentKind.COMMAND and done.command is None:
        commands = [command for command in COMMANDS if command.name in done.candidates]
        if len(commands) == 1:
            face.offer(f"{commands[0].usage}  {commands[0].summary}")
        elif commands:
            face.offer("  ".join(f"/{command.name}" for command in commands))
        return
    if done.command is not None and done.argument is not None:
        # The usage shows the only word there is; what it does is worth more.
        found = [] if len(done.argument.choices) == 1 else candidates(face, done)
        values = "  ".join(clean_line(one, 40) for one in found[:6])
        name = done.argument.name.upper()
        face.offer(f"{done.command.usage}  {name}: {values or done.argument_help}")


def open_private(face: Face, target: str) -> ChatKey | None:
    """Return the private chat with an occupant of the open room, if the name is one's nick."""
    chat = face.chat
    room = face.world.rooms.get(chat) if chat is not None else None
    if chat is None or room is None or target not in room.occupants:
        return None
    return ChatKey(chat.account, chat.address.with_resource(target))
