"""Slash commands about ourselves and about the open chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tui_xmpp.core import commands as cmd
from tui_xmpp.core.address import Address, AddressError
from tui_xmpp.core.chat import Chat, Notify
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import Level
from tui_xmpp.core.slash import Parsed
from tui_xmpp.ui.actions import keys
from tui_xmpp.ui.actions.face import Face

Run = Callable[[Face, Parsed], Awaitable[bool]]

_RULES = {
    Notify.ALL: "Every message of this chat may ask for attention.",
    Notify.MENTIONS: "Only mentions of you ask for attention here.",
    Notify.NONE: "Muted.",
}
_SHOWS = {
    "here": Show.AVAILABLE,
    "chat": Show.CHAT,
    "away": Show.AWAY,
    "xa": Show.XA,
    "dnd": Show.DND,
    "offline": Show.OFFLINE,
}


def _presence(show: str = "") -> Run:
    async def act(face: Face, parsed: Parsed) -> bool:
        wanted = _SHOWS[show or parsed.get("show") or "here"]
        return await face.do(cmd.SetPresence(wanted, parsed.get("status") or ""))

    return act


async def _refresh(face: Face, parsed: Parsed) -> bool:
    done = [await face.do(cmd.Refresh(address)) for address in face.world.accounts]
    return all(done)


async def _status(face: Face, parsed: Parsed) -> bool:
    words = parsed.get("status") or ""
    if not words:
        await face.screen_action("status")
        return True
    state = next(iter(face.world.accounts.values()), None)
    show = state.presence.show if state else Show.AVAILABLE
    return await face.do(cmd.SetPresence(show, "" if words == "-" else words))


def _accounts(face: Face, parsed: Parsed) -> list[Address]:
    """The account that is named, else all of them; none: the user has been told why."""
    text = parsed.get("account")
    accounts = list(face.world.accounts)
    if text is not None:
        try:
            wanted = Address.parse(text)
        except AddressError as error:
            face.say(str(error), Level.WARN)
            return []
        accounts = [one for one in accounts if one == wanted.bare]
    if not accounts:
        face.say("There is no such account. /account adds one.", Level.WARN)
    return accounts


def _each_account(kind: type[cmd.Connect] | type[cmd.Disconnect]) -> Run:
    async def act(face: Face, parsed: Parsed) -> bool:
        done = [await face.do(kind(account)) for account in _accounts(face, parsed)]
        return bool(done) and all(done)

    return act


async def _sign_out(face: Face, parsed: Parsed) -> bool:
    accounts = _accounts(face, parsed)
    for account in accounts:
        # The server is told to forget us; nobody waits for that.
        face.start(face.do(cmd.SignOut(account)))
    return bool(accounts)


def _chat(face: Face) -> Chat | None:
    known = face.world.chats.get(face.chat) if face.chat is not None else None
    if known is None:
        face.say("No chat is open.", Level.WARN)
    return known


async def _close(face: Face, parsed: Parsed) -> bool:
    chat = _chat(face)
    if chat is None or not await face.do(cmd.CloseChat(chat.key)):
        return False
    await face.leave()
    return True


async def _pin(face: Face, parsed: Parsed) -> bool:
    chat = _chat(face)
    if chat is None or not await face.do(cmd.SetPinned(chat.key, not chat.pinned)):
        return False
    face.say("No longer pinned." if chat.pinned else "Pinned.")
    return True


async def _notify(face: Face, parsed: Parsed) -> bool:
    chat = _chat(face)
    rule = Notify(parsed.get("when") or "all")
    if chat is None or not await face.do(cmd.SetNotify(chat.key, rule)):
        return False
    face.say(_RULES[rule])
    return True


async def _mute(face: Face, parsed: Parsed) -> bool:
    chat = _chat(face)
    if chat is None:
        return False
    muted = chat.notify is Notify.NONE
    if not await face.do(cmd.SetNotify(chat.key, Notify.ALL if muted else Notify.NONE)):
        return False
    face.say("You hear this chat again." if muted else "Muted.")
    return True


async def _read(face: Face, parsed: Parsed) -> bool:
    if parsed.get("all"):
        await keys.run(face, "read-all")
        return True
    chat = _chat(face)
    if chat is None or not await face.do(cmd.MarkRead(chat.key)):
        return False
    await face.screen_action("read")
    return True


async def _receipt(face: Face, parsed: Parsed) -> bool:
    chat = _chat(face)
    return chat is not None and await face.do(cmd.SendReceipt(chat.key))


COMMANDS: dict[str, Run] = {
    "presence": _presence(),
    "away": _presence("away"),
    "dnd": _presence("dnd"),
    "online": _presence("here"),
    "status": _status,
    "refresh": _refresh,
    "connect": _each_account(cmd.Connect),
    "disconnect": _each_account(cmd.Disconnect),
    "signout": _sign_out,
    "close": _close,
    "pin": _pin,
    "notify": _notify,
    "mute": _mute,
    "read": _read,
    "receipt": _receipt,
}
"""By the name of the command."""
