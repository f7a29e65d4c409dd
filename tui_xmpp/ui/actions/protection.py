"""How a chat stands: whether what is written next is sealed, for whose devices, and what is doubtful."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.security import ChatSecurity, Device, Encrypt, Method, Trust, waiting
from tui_xmpp.core.settings import Encryption
from tui_xmpp.core.value import value
from tui_xmpp.core.world import World

CLEAR = "not encrypted"


@value
class Standing:
    """How a chat is protected, in two or three words, and the theme's token for them."""

    words: str
    token: str


def security_of(world: World, chat: ChatKey) -> ChatSecurity:
    """Return what is known of a chat."""
    return world.security.get(chat, ChatSecurity())


def wanted(world: World, chat: ChatKey, encryption: Encryption) -> Encrypt:
    """Return when a chat is sealed, by the user's choice or the settings."""
    chosen = security_of(world, chat).encrypt
    if chosen is not None:
        return chosen
    return encryption.rooms if chat in world.rooms else encryption.contacts


def is_sealed(world: World, chat: ChatKey, encryption: Encryption) -> bool:
    """Whether what is written next in a chat is sealed, as far as the screen can know."""
    when = wanted(world, chat, encryption)
    if when is Encrypt.OFF:
        return False
    if security_of(world, chat).sealed or when is Encrypt.ALWAYS:
        return True
    if when is Encrypt.ASK or chat in world.rooms or not encryption.omemo:
        return False
    return any(device.active for device in world.devices.get((chat.account, chat.address), ()))


def owners(world: World, chat: ChatKey, more: Iterable[Device] = ()) -> Sequence[Address]:
    """Return whose devices a chat is sealed for, without ourselves; *more*: devices of theirs."""
    room = world.rooms.get(chat)
    if room is None:
        return () if chat.address.resource else (chat.address,)
    found = {one.address.bare for one in room.occupants.values() if one.address is not None}
    found |= {device.owner for device in more}
    return sorted(found - {chat.account})


def standing(world: World, chat: ChatKey, encryption: Encryption) -> Standing:
    """Return what the topic line says of a chat's protection."""
    if not is_sealed(world, chat, encryption):
        return Standing(CLEAR, "dim" if chat in world.rooms else "warn")
    by = security_of(world, chat).method
    method = by.value
    if by is not Method.OMEMO:
        # What is known of devices says nothing about keys of OpenPGP.
        return Standing(method, "text")
    known = [world.devices.get((chat.account, owner), ()) for owner in owners(world, chat)]
    if any(waiting(devices) for devices in known):
        return Standing(f"{method}, new device!", "warn")
    active = [[one for one in devices if one.active] for devices in known]
    if active and all(devices and _all_verified(devices) for devices in active):
        return Standing(f"{method}, verified", "ok")
    return Standing(method, "text")


def _all_verified(devices: Sequence[Device]) -> bool:
    return all(one.trust is Trust.VERIFIED for one in devices)
