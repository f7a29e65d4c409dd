"""Slash commands about rooms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tui_xmpp.core import commands as cmd
from tui_xmpp.core.address import Address, AddressError
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import Level
from tui_xmpp.core.slash import Parsed
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.actions.jump import account_of
from tui_xmpp.ui.actions.people import RoomList

Run = Callable[[Face, Parsed], Awaitable[bool]]


def _room(face: Face) -> ChatKey | None:
    """Return the open room; a chat that is none is told."""
    if face.chat is not None and face.chat in face.world.rooms:
        return face.chat
    face.say("This works in a room. /join ROOM enters one.", Level.WARN)
    return None


def _parse(face: Face, text: str) -> Address | None:
    try:
        return Address.parse(text)
    except AddressError as error:
        face.say(str(error), Level.WARN)
        return None


async def _join(face: Face, parsed: Parsed) -> bool:
    account = account_of(face)
    text = parsed.get("room")
    open_room = _room(face) if text is None else None
    room = open_room.address if open_room else _parse(face, text) if text else None
    if account is None or room is None:
        return False
    nick = parsed.get("nick") or room.resource
    joining = cmd.JoinRoom(account, room.bare, nick, parsed.get("password") or "")
    if not await face.do(joining):
        return False
    await face.enter(ChatKey(account, room.bare))
    return True


async def _part(face: Face, parsed: Parsed) -> bool:
    room = _room(face)
    return room is not None and await face.do(cmd.LeaveRoom(room, parsed.get("text") or ""))


async def _rooms(face: Face, parsed: Parsed) -> bool:
    account = account_of(face)
    text = parsed.get("service")
    service = _parse(face, text) if text else None
    if account is None or (text and service is None):
        return False
    await face.open(RoomList(face, account, service))
    return True


async def _nick(face: Face, parsed: Parsed) -> bool:
    room = _room(face)
    return room is not None and await face.do(cmd.ChangeNick(room, parsed.get("nick") or ""))


async def _topic(face: Face, parsed: Parsed) -> bool:
    room = _room(face)
    if room is None:
        return False
    text = parsed.get("text")
    if text is not None:
        return await face.do(cmd.SetSubject(room, text))
    known = face.world.rooms[room]
    by = f" (by {clean_line(known.subject_by, 40)})" if known.subject_by else ""
    face.say(clean_line(known.subject) + by if known.subject else "This room has no topic.")
    return True


async def _invite(face: Face, parsed: Parsed) -> bool:
    room, guest = _room(face), _parse(face, parsed.get("address") or "")
    if room is None or guest is None:
        return False
    if not await face.do(cmd.Invite(room, guest.bare, parsed.get("text") or "")):
        return False
    face.say(f"Invited {guest.bare}.")
    return True


async def _bookmark(face: Face, parsed: Parsed) -> bool:
    room = _room(face)
    auto = parsed.get("join") != "manual"
    if room is None or not await face.do(cmd.SetBookmark(room, auto)):
        return False
    face.say("Bookmarked; joined at sign-in." if auto else "Bookmarked.")
    return True


async def _unbookmark(face: Face, parsed: Parsed) -> bool:
    room = _room(face)
    return room is not None and await face.do(cmd.RemoveBookmark(room))


COMMANDS: dict[str, Run] = {
    "join": _join,
    "part": _part,
    "rooms": _rooms,
    "nick": _nick,
    "topic": _topic,
    "invite": _invite,
    "bookmark": _bookmark,
    "unbookmark": _unbookmark,
}
"""By the name of the command."""
