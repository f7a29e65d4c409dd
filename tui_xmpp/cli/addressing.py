"""From what was typed to a chat: which account, and whether it is a room."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.address import Address, AddressError
from ..core.chat import Chat, ChatKey, ChatKind
from ..core.ports import Engine
from ..core.questions import RoomServices, Unanswered
from ..core.world import World
from .exit_codes import ExitCode, Failure


def parsed(text: str) -> Address:
    """The address in the text; raises Failure."""
    try:
        return Address.parse(text)
    except AddressError as error:
        raise Failure(str(error), ExitCode.USAGE) from None


def account_for(world: World, address: Address, wanted: str) -> Address:
    """The account to use: the wanted one, the only one, or the only one that knows the address.

    Raises Failure: there is none, or it cannot be told.
    """
    accounts = list(world.accounts)
    if wanted:
        account = parsed(wanted).bare
        if account not in accounts:
            raise Failure(f"There is no account {account}. {_known(accounts)}", ExitCode.USAGE)
        return account
    if not accounts:
        raise Failure("No account is set up. Start tui-xmpp once and sign in.", ExitCode.USAGE)
    if len(accounts) == 1:
        return accounts[0]
    knowing = {
        key[0]
        for known in (world.contacts, world.bookmarks, ((key.account, key.address) for key in world.chats))
        for key in known
        if key[1].bare == address.bare
    }
    if len(knowing) == 1:
        return knowing.pop()
    raise Failure(f"Say which account to use, with --account. {_known(accounts)}", ExitCode.USAGE)


def remembered_chat(chats: Iterable[Chat], address: Address, wanted: str) -> ChatKey:
    """The chat of the archive with this address; raises Failure when there is none, or more than one."""
    account = parsed(wanted).bare if wanted else None
    keys = [chat.key for chat in chats if chat.key.address == address and account in (None, chat.key.account)]
    if not keys:
        raise Failure(f"No messages with {address} are kept here.")
    if len(keys) > 1:
        raise Failure(
            f"Several accounts have messages with {address}. Say which with --account. "
            + _known([key.account for key in keys]),
            ExitCode.USAGE,
        )
    return keys[0]


async def is_room(engine: Engine, chat: ChatKey) -> bool:
    """Whether the address is a room: by what is known, else by what its server says."""
    world, bare = engine.world, chat.address.bare
    room = ChatKey(chat.account, bare)
    if room in world.rooms or (chat.account, bare) in world.bookmarks:
        return True
    if (chat.account, bare) in world.contacts:
        return False
    known = world.chats.get(room)
    if known is not None:
        return known.kind is ChatKind.ROOM
    try:
        return Address("", bare.domain) in await engine.ask(RoomServices(chat.account))
    except Unanswered:
        return False


def _known(accounts: Iterable[Address]) -> str:
    return "Known: " + (", ".join(map(str, accounts)) or "none") + "."
