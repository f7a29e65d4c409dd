"""Slash commands about people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tui_xmpp.core import commands as cmd
from tui_xmpp.core import lookalikes
from tui_xmpp.core.address import Address, AddressError
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import Level
from tui_xmpp.core.slash import Parsed
from tui_xmpp.ui.actions.complete import open_private
from tui_xmpp.ui.actions.contact_card import ContactCard, groups_in
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.actions.jump import account_of
from tui_xmpp.ui.actions.people import Occupants

Run = Callable[[Face, Parsed], Awaitable[bool]]
_Simple = (
    type[cmd.ApproveSubscription]
    | type[cmd.RefuseSubscription]
    | type[cmd.RequestSubscription]
    | type[cmd.CancelSubscription]
    | type[cmd.RemoveContact]
)


def address(face: Face, text: str | None) -> Address | None:
    """Return the address that is written, else the open chat's; a mistake is told."""
    if text is None:
        if face.chat is None or face.chat in face.world.rooms:
            face.say("Write an address after the command.", Level.WARN)
            return None
        return face.chat.address.bare
    try:
        return Address.parse(text)
    except AddressError as error:
        face.say(str(error), Level.WARN)
        return None


async def _msg(face: Face, parsed: Parsed) -> bool:
    account = account_of(face)
    target = parsed.get("address") or ""
    chat = open_private(face, target)
    if chat is None and account is not None:
        found = address(face, target)
        chat = ChatKey(account, found) if found else None
    if chat is None:
        return False
    await face.enter(chat)
    text = parsed.get("text")
    return await face.do(cmd.SendMessage(chat, text)) if text else True


async def _add(face: Face, parsed: Parsed) -> bool:
    account, found = account_of(face), address(face, parsed.get("address"))
    if account is None or found is None:
        return False
    warning = lookalikes.of_address(face.world, account, found)
    added = cmd.AddContact(account, found.bare, parsed.get("name") or "", (), parsed.get("text") or "")
    if not await face.do(added):
        return False
    if warning:
        face.say(f"Asked them, but {warning} /remove takes it back.", Level.WARN)
    else:
        face.say(f"Asked {found.bare} to let you see when they are here.")
    return True


def _simple(kind: _Simple) -> Run:
    async def act(face: Face, parsed: Parsed) -> bool:
        account, found = account_of(face), address(face, parsed.get("address"))
        return account is not None and found is not None and await face.do(kind(account, found.bare))

    return act


async def _rename(face: Face, parsed: Parsed) -> bool:
    account, found = account_of(face), address(face, None)
    if account is None or found is None:
        return False
    return await face.do(cmd.RenameContact(account, found, parsed.get("name") or ""))


async def _group(face: Face, parsed: Parsed) -> bool:
    account, found = account_of(face), address(face, None)
    if account is None or found is None:
        return False
    return await face.do(cmd.SetGroups(account, found, groups_in(parsed.get("groups") or "")))


async def _who(face: Face, parsed: Parsed) -> bool:
    chat = face.chat
    if chat is None:
        face.say("No chat is open.", Level.WARN)
        return False
    await face.open(Occupants(face, chat) if chat in face.world.rooms else ContactCard(face, chat))
    return True


COMMANDS: dict[str, Run] = {
    "msg": _msg,
    "add": _add,
    "remove": _simple(cmd.RemoveContact),
    "approve": _simple(cmd.ApproveSubscription),
    "refuse": _simple(cmd.RefuseSubscription),
    "ask": _simple(cmd.RequestSubscription),
    "cancel": _simple(cmd.CancelSubscription),
    "rename": _rename,
    "group": _group,
    "who": _who,
}
"""By the name of the command."""
