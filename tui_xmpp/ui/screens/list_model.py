"""What the chat list shows, in which order; rows are made when they come into view."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Literal

from rich.cells import cell_len
from rich.text import Text

from tui_xmpp.core import asking
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import Invited, Question
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.value import value
from tui_xmpp.core.world import World
from tui_xmpp.ui.actions.questions import STRANGERS
from tui_xmpp.ui.render import people
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.wrap import cut

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_GROUP = "Others"


@value
class Heading:
    """`Chats`, `People`, or a group of people."""

    name: str
    depth: int = 0


@value
class Person:
    """One contact in one group."""

    chat: ChatKey
    group: str = ""


@value
class Asking:
    """A subscription request or an invitation that waits for an answer."""

    kind: Literal["request", "question"]
    id: Hashable
    who: str
    """An address."""
    words: str


CHATS = Heading("Chats")
PEOPLE = Heading("People")


class ListModel:
    """Orders chats and people; knows what is folded and filtered."""

    def __init__(self, world: World, look: Look, sort: str) -> None:
        self._world = world
        self.look = look
        self.sort = sort
        self.filter = ""
        self.folded: set[Heading] = set()
        self.current: ChatKey | None = None
        self._ordered: tuple[str, list[tuple[str, list[Person]]]] | None = None

    def keys(self) -> list[Hashable]:
        """Return the rows from top to bottom."""
        wanted = self.filter.casefold()
        out: list[Hashable] = [] if wanted else [*self._asking()]
        chats = [chat for chat in self.chats() if self._matches(wanted, chat.key)]
        if chats or not wanted:
            out.append(CHATS)
        if wanted or CHATS not in self.folded:
            out.extend(chat.key for chat in chats)
        groups = self._groups(wanted)
        if groups:
            out.append(PEOPLE)
        if groups and (wanted or PEOPLE not in self.folded):
            for name, members in groups:
                heading = Heading(name, 1)
                if name:
                    out.append(heading)
                if wanted or heading not in self.folded:
                    out.extend(members)
        return out

    def chats(self) -> list[Chat]:
        """Return the open chats, pinned first, then by activity or name."""
        chats = [chat for chat in self._world.chats.values() if chat.open]
        if self.sort == "name":
            chats.sort(key=lambda chat: self._world.name_of(chat.key).casefold())
        else:
            chats.sort(key=lambda chat: (chat.last_at or _EPOCH, -chat.number), reverse=True)
        chats.sort(key=lambda chat: not chat.pinned)
        return chats

    def fold(self, heading: Heading) -> None:
        """Fold what stands under a heading, or show it again."""
        self.folded ^= {heading}

    def _matches(self, wanted: str, chat: ChatKey) -> bool:
        return not wanted or wanted in f"{self._world.name_of(chat)} {chat.address}".casefold()

    def roster_changed(self) -> None:
        """Order the people anew at the next look."""
        self._ordered = None

    def _groups(self, wanted: str) -> list[tuple[str, list[Person]]]:
        if self._ordered is None or self._ordered[0] != wanted:
            self._ordered = (wanted, self._order(wanted))
        return self._ordered[1]

    def _order(self, wanted: str) -> list[tuple[str, list[Person]]]:
        groups: dict[str, list[tuple[str, Person]]] = {}
        for (account, address), contact in self._world.contacts.items():
            label = contact.label.casefold()
            if wanted and wanted not in f"{label} {address}".casefold():
                continue
            for group in contact.groups or ("",):
                person = Person(ChatKey(account, address), group)
                groups.setdefault(group, []).append((label, person))
        if len(groups) > 1 and "" in groups:
            groups[_NO_GROUP] = groups.pop("")
        ordered = sorted(groups.items(), key=lambda item: (item[0] == _NO_GROUP, item[0].casefold()))
        return [
            (name, [person for _, person in sorted(members, key=lambda item: item[0])])
            for name, members in ordered
        ]

    def _asking(self) -> list[Asking]:
        world = self._world
        strange = asking.questions(world)
        rows: list[Asking] = []
        ids: set[Hashable] = set()
        if len(strange) > 1:
            # One row for all of them: no flood pushes the chats out of view.
            rows.append(Asking("question", STRANGERS, f"{len(strange)} strangers", "ask"))
            ids = {one.id or (one.account, one.address) for one in strange}
        rows += (Asking("request", key, str(key[1]), "asks") for key in world.requests if key not in ids)
        return [*rows, *(_asking(one) for one in world.questions.values() if one.id not in ids)]

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        look = self.look
        match key:
            case ChatKey():
                chat = self._world.chats.get(key)
                if chat is None:
                    return Text()
                name = self.name(key)
                return people.chat_row(
                    look, chat, name, width, state=here_of(self._world, chat), current=key == self.current
                )
            case Person(chat):
                state = presence_of(self._world, chat.account, chat.address)
                return people.contact_row(look, self.name(chat), state, width, depth=2 if key.group else 1)
            case Heading(name, depth):
                return people.group_row(look, clean_line(name), width, folded=key in self.folded, depth=depth)
            case Asking(_, _, who, words):
                room = max(1, width - len(words) - 5)
                name = clean_line(who)
                # Who it is and what they want must both be there: the domain goes first.
                name = name if cell_len(name) <= room else cut(name.partition("@")[0], room)
                return Text(f" ? {name} {words}", style=look.style("accent"), no_wrap=True)
        return Text()

    def name(self, chat: ChatKey) -> str:
        """Return what to call a chat, safe to show; with its account where several are in use."""
        name = clean_line(self._world.name_of(chat))
        if len(self._world.accounts) > 1:
            name = f"{name} ({clean_line(chat.account.local or str(chat.account))})"
        return name


def _asking(question: Question) -> Asking:
    who = getattr(question, "room", question.account)
    words = "invites you" if isinstance(question, Invited) else "needs a password"
    return Asking("question", question.id, str(who), words)


def presence_of(world: World, account: Address, address: Address) -> people.Here:
    """Return what the glyph of a contact says; unknown while their presence is not received."""
    presence = world.best_presence(account, address)
    return people.here(presence.show if presence else None, received=world.hears(account, address))


def here_of(world: World, chat: Chat) -> people.Here | None:
    """Return what the glyph of a chat says; None: a room has none."""
    if chat.kind is ChatKind.CONTACT:
        return presence_of(world, chat.key.account, chat.key.address)
    if chat.kind is ChatKind.PRIVATE:
        room = world.rooms.get(ChatKey(chat.key.account, chat.key.address.bare))
        occupant = room.occupants.get(chat.key.address.resource) if room else None
        return people.here(occupant.show if occupant else Show.OFFLINE)
    return None
