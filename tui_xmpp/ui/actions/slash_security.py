"""Slash commands about encryption."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tui_xmpp.core.commands import Refused
from tui_xmpp.core.events import Level
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.security import Encrypt, Method
from tui_xmpp.core.security_commands import SetEncryption
from tui_xmpp.core.slash import Parsed
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.actions.jump import account_of

Run = Callable[[Face, Parsed], Awaitable[bool]]

METHODS = {"omemo": Method.OMEMO, "openpgp": Method.OPENPGP, "pgp": Method.PGP}
"""By the word that chooses one."""
_LEGACY = " Nothing proves who wrote it, or when."
_SAID = {
    Encrypt.ALWAYS: "Encrypted from now on; what cannot be sealed is not sent.",
    Encrypt.POSSIBLE: "Encrypted where the other side has keys, and from then on always.",
    Encrypt.ASK: "Not encrypted before you choose always.",
    Encrypt.OFF: "Not encrypted: the servers can read what you write here.",
}


async def _encrypt(face: Face, parsed: Parsed) -> bool:
    # What it takes is not needed before somebody asks for it.
    from tui_xmpp.ui.actions.security import open_security
    from tui_xmpp.ui.actions.turn_off import TurnOff, asks_first, set_encryption

    word = parsed.get("when")
    if word in METHODS:
        return await choose_method(face, METHODS[word], show_keys=True)
    if word is None:
        return await open_security(face)
    chat = face.chat
    if chat is None:
        face.say("No chat is open.", Level.WARN)
        return False
    encrypt = Encrypt("always" if word == "on" else word)
    if asks_first(face, chat, encrypt):
        await face.open(TurnOff(face, chat, encrypt))
        return True
    if not await set_encryption(face, chat, encrypt):
        if encrypt is Encrypt.ALWAYS:
            # One line has no room for all that may stand in the way.
            await open_security(face)
            face.say("Encryption could not be turned on; above is what stands in the way.", Level.WARN)
        return False
    face.say(_SAID[encrypt])
    return True


async def choose_method(face: Face, method: Method, *, show_keys: bool = False) -> bool:
    """Take what is to seal the open chat from now on, always; return False where that is not possible.

    *show_keys*: the popup of keys is opened where it is not.
    """
    chat = face.chat
    if chat is None:
        face.say("No chat is open.", Level.WARN)
        return False
    try:
        await face.engine.do(SetEncryption(chat, Encrypt.ALWAYS, method))
    except (Refused, StorageError) as error:
        if show_keys and method is not Method.OMEMO and chat not in face.world.rooms:
            from tui_xmpp.ui.actions.openpgp_keys import open_keys

            # There is what it takes: the keys to accept, or how to have one.
            await open_keys(face, chat.account, chat)
        face.say(str(error), Level.ERROR)
        return False
    words = f"Encrypted with {method.value} from now on; what cannot be sealed is not sent."
    face.say(words + (_LEGACY if method is Method.PGP else ""))
    return True


async def _openpgp(face: Face, parsed: Parsed) -> bool:
    # What it takes is not needed before somebody asks for it.
    from tui_xmpp.ui.actions.openpgp_backup import BackUp, Restore
    from tui_xmpp.ui.actions.openpgp_keys import open_keys

    account = account_of(face)
    if account is None:
        return False
    match parsed.get("what"):
        case "backup":
            await face.open(BackUp(face, account))
        case "restore":
            await face.open(Restore(face, account))
        case _:
            await open_keys(face, account, face.chat)
    return True


async def _devices(face: Face, parsed: Parsed) -> bool:
    from tui_xmpp.ui.actions.own_devices import OwnDevices

    account = account_of(face)
    if account is None:
        return False
    await face.open(OwnDevices(face, account, face.chat))
    return True


async def _verify(face: Face, parsed: Parsed) -> bool:
    from tui_xmpp.ui.actions.verify import Compare, compare

    account = account_of(face)
    if account is None:
        return False
    if code := parsed.get("code"):
        return await compare(face, account, code)
    await face.open(Compare(face, account, face.chat))
    return True


COMMANDS: dict[str, Run] = {
    "encrypt": _encrypt,
    "openpgp": _openpgp,
    "devices": _devices,
    "verify": _verify,
}
"""By the name of the command."""
