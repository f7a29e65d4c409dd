"""Going to a chat: by number, by importance, back, or by a few letters of its name."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime

from rich.text import Text

from tui_xmpp.core import commands as cmd
from tui_xmpp.core.address import Address, AddressError
from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.events import Level
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.world import World
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.actions.rank import importance

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 50


async def go_number(face: Face, number: int) -> bool:
    """Go to the chat with a number."""
    for chat in face.world.open_chats():
        if chat.number == number:
            await face.enter(chat.key)
            return True
    face.say(f"There is no chat {number}.", Level.WARN)
    return False


async def go_important(face: Face) -> bool:
    """Go to the chat that needs us most; with none left, go back to where it began."""
    asking = [chat for chat in face.world.open_chats() if chat.key != face.chat and importance(chat)]
    if not asking:
        face.say("Nothing waits for you.")
        return False
    best = max(asking, key=lambda chat: (importance(chat), chat.last_at or _EPOCH))
    await face.enter(best.key)
    return True


async def go_back(face: Face) -> bool:
    """Go to the chat that was open before."""
    for chat in reversed(face.previous):
        known = face.world.chats.get(chat)
        if known is not None and known.open:
            await face.enter(chat)
            return True
    face.say("No chat was open before.")
    return False


async def go_step(face: Face, step: int) -> bool:
    """Go to the chat with the next number, round the end."""
    keys = [chat.key for chat in face.world.open_chats()]
    if not keys:
        return False
    at = keys.index(face.chat) if face.chat in keys else -1 if step > 0 else 0
    await face.enter(keys[(at + step) % len(keys)])
    return True


def account_of(face: Face) -> Address | None:
    """Return the account new things belong to: the open chat's, else the first."""
    if face.chat is not None:
        return face.chat.account
    account = next(iter(face.world.accounts), None)
    if account is None:
        face.say("Add an account first: /account.", Level.WARN)
    return account


async def go_target(face: Face, target: str) -> bool:
    """Go to a chat by number, name or address."""
    if target.isdigit() and target.isascii() and len(target) < 6:
        return await go_number(face, int(target))
    found = ranked(face.world, target)
    if found:
        await face.enter(found[0])
        return True
    return await go_address(face, target)


async def go_address(face: Face, text: str) -> bool:
    """Open a chat with any address."""
    account = account_of(face)
    if account is None:
        return False
    try:
        address = Address.parse(text.strip())
    except AddressError as error:
        face.say(str(error), Level.WARN)
        return False
    await face.enter(ChatKey(account, address))
    return True


def places(world: World) -> dict[ChatKey, str]:
    """Return everywhere one can go, with what to match: chats, contacts, bookmarked rooms."""
    out: dict[ChatKey, str] = {}
    for key in world.chats:
        out[key] = f"{world.name_of(key)} {key.address}".casefold()
    for (account, address), contact in world.contacts.items():
        out.setdefault(ChatKey(account, address), f"{contact.label} {address}".casefold())
    for (account, address), bookmark in world.bookmarks.items():
        out.setdefault(ChatKey(account, address), f"{bookmark.name} {address}".casefold())
    return out


def ranked(world: World, text: str) -> list[ChatKey]:
    """Return the places whose letters match, the best first: an early and unbroken match is better."""
    wanted = text.casefold().strip()
    found: list[tuple[tuple[int, int, float], ChatKey]] = []
    for key, words in places(world).items():
        score = fuzzy(wanted, words)
        if score is not None:
            chat = world.chats.get(key)
            opened = chat is not None and chat.open
            recent = chat.last_at.timestamp() if chat is not None and chat.last_at else 0.0
            found.append(((score, 0 if opened else 1, -recent), key))
    found.sort()
    return [key for _, key in found[:_SHOWN]]


def fuzzy(wanted: str, words: str) -> int | None:
    """Return how well the letters of *wanted* stand in *words* in their order, 0 best; None: not at all."""
    if not wanted:
        return 0
    at = words.find(wanted)
    if at == 0:
        return 0
    if at > 0:
        return 1 if not words[at - 1].isalnum() else 2
    position, gaps = 0, 0
    for letter in wanted:
        found = words.find(letter, position)
        if found < 0:
            return None
        gaps += found - position
        position = found + 1
    return 3 + gaps


class Jump(Kind):
    """Ctrl+K: a few letters, and Enter."""

    title = "Go to"
    placeholder = "name or address"
    hint = "Enter goes there   Esc closes"
    nothing = "Nobody by that name. A whole address goes anywhere: ava@example.org."

    def __init__(self, face: Face) -> None:
        self._face = face

    def keys(self, text: str) -> Sequence[Hashable]:
        """The places that match, then the address that is written."""
        found: list[Hashable] = list(ranked(self._face.world, text))
        try:
            address = Address.parse(text.strip())
        except AddressError:
            return found
        known = any(isinstance(key, ChatKey) and key.address == address for key in found)
        return found if known or "." not in address.domain else [*found, address]

    def draw(self, key: Hashable, width: int) -> Text:
        """Return a name at the left, what is new there at the right."""
        look, world = self._face.look, self._face.world
        if isinstance(key, Address):
            return Text(f" {clean_line(str(key))}").append("  any address", style=look.style("dim"))
        assert isinstance(key, ChatKey)
        chat = world.chats.get(key)
        name = clean_line(world.name_of(key))
        room = world.rooms.get(key)
        end, style = "", look.style("dim")
        if chat is not None and chat.unread:
            end, style = f"{chat.unread} new", look.style("accent")
        elif (room is not None and room.state is not RoomState.JOINED) or (
            chat is None and (key.account, key.address) in world.bookmarks
        ):
            end = "not joined"
        number = str(chat.number) if chat is not None and chat.open and chat.number else ""
        sign = "#" if room is not None or (chat and chat.kind is ChatKind.ROOM) else ""
        column = "" if look.linear else f" {number:<2} "
        text = Text(column, style=look.style("dim"), no_wrap=True).append(
            sign + name, style=look.style("text")
        )
        address = clean_line(str(key.address))
        if len(world.accounts) > 1:
            address += f" ({clean_line(key.account.local or str(key.account))})"
        if address != name:
            text.append(f"  {address}", style=look.style("dim"))
        if look.linear and number:
            text.append(f"  chat {number}")
        text.truncate(max(0, width - len(end) - 2), overflow="ellipsis", pad=True)
        return text.append(f" {end} ", style=style)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Go there."""
        await self._face.close_popup()
        if isinstance(key, ChatKey):
            await go_place(self._face, key)
        elif isinstance(key, Address):
            await go_address(self._face, str(key))
        elif text.strip():
            await go_address(self._face, text)
        return True


async def go_place(face: Face, key: ChatKey) -> None:
    """Go to a chat; a bookmarked room that is not joined is joined."""
    room = face.world.rooms.get(key)
    bookmarked = (key.account, key.address) in face.world.bookmarks
    if bookmarked and (room is None or room.state in (RoomState.LEFT, RoomState.FAILED)):
        await face.do(cmd.JoinRoom(key.account, key.address))
    await face.enter(key)
