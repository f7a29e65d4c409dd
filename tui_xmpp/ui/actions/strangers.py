"""Everything that strangers want, in one place: accepted, refused or blocked, one by one or all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core import asking
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.asking import Asking
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.strangers import MOST_REMEMBERED, AcceptChat, Block, StrangersChanged, Unblock, Want
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.value import value
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.render import strangers as render
from tui_xmpp.ui.render.wrap import wrap

CHANGES = (
    StrangersChanged,
    ev.SubscriptionRequested,
    ev.SubscriptionSettled,
    ev.Invited,
    ev.QuestionSettled,
    ev.ChatChanged,
    ev.MessageKept,
    ev.ContactChanged,
    ev.RosterReplaced,
)
"""Events after which something else may wait."""
_IN_ARCHIVE = " (found by /search)"
_VERBS = "a accept  r refuse  b block  s block the server  R refuse all  Enter more"


@value
class Said:
    """A row of words."""

    words: str
    token: str = "text"


@value
class Words:
    """The row below one who asks: what they say."""

    of: Asking


@value
class All:
    """The row that refuses all who want the same."""

    want: Want


@value
class Blocked:
    """The row of what is blocked."""

    account: Address
    address: Address


def sentence(words: str, width: int, token: str) -> list[Hashable]:
    """Return the rows of a sentence, as many as its words need."""
    return [Said(f" {words[a:z]}", token) for a, z in wrap(words, width - 2)]


def said_row(face: Face, key: Said, width: int) -> Text:
    """Return a row of words as it is shown."""
    text = Text(key.words, style=face.look.style(key.token), no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return text


class Strangers(Kind):
    """The list; letters settle the one under the cursor, Enter or a click shows all there is to it."""

    field = False
    tall = True
    hint = f"{_VERBS}  Esc"
    follows = CHANGES

    def __init__(self, face: Face) -> None:
        self._face = face
        self._at: Hashable | None = None
        self._found: Sequence[Asking] = ()
        self._warned: dict[Asking, str] = {}

    @property
    def title(self) -> str:  # type: ignore[override]
        """How many of each wait."""
        counts = render.listed(Counter(one.want for one in asking.waiting(self._face.world)))
        return f"Strangers: {counts}" if counts else "Strangers"

    @property
    def first(self) -> Hashable | None:
        """Where the cursor was, else the newest."""
        return self._at or (self._found[0] if self._found else None)

    def moved(self, key: Hashable) -> None:
        """The cursor stands on another row."""
        self._at = key

    # --- rows -------------------------------------------------------------------------------------------

    def keys(self, text: str) -> Sequence[Hashable]:
        """The limits and what was left out; who waits; what can be done about all of them."""
        world = self._face.world
        found = asking.waiting(world)
        self._follow(found)
        rows = sentence(render.limits(), self.width, "dim")
        left = render.listed({want: asking.left_out(world, want) for want in Want})
        if left:
            kept = _IN_ARCHIVE if asking.left_out(world, Want.CHAT) else ""
            rows += sentence(f"Left out since the start: {left}{kept}.", self.width, "warn")
        # Above those who ask: of a flood nobody sees the end.
        rows += (All(want) for want in Want if how_many(self._face, want) > 1)
        rows.append(Said(""))
        for one in found:
            rows += [one, Words(one)]
        if not found:
            rows += sentence("No stranger wants anything of you now.", self.width, "text")
        blocked = [Blocked(account, one) for account, of in world.strangers.items() for one in of.blocked]
        if blocked:
            rows += [Said(""), Said(" Blocked until the program ends", "accent"), *blocked]
        return rows

    def _follow(self, found: Sequence[Asking]) -> None:
        """Where the one that was left is settled meanwhile, its neighbour is come back to."""
        before, self._found = self._found, found
        self._warned = {one: words for one, words in self._warned.items() if one in found}
        if isinstance(self._at, Asking) and self._at in before and self._at not in found:
            at = before.index(self._at)
            beside = [*before[at:], *reversed(before[:at])]
            self._at = next((one for one in beside if one in found), None)

    def stands(self, key: Hashable) -> bool:
        """On who asks and on what does something; a screen reader is led to what they say too."""
        return not isinstance(key, Said | Words) or (isinstance(key, Words) and self._face.look.linear)

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        look, world = self._face.look, self._face.world
        match key:
            case Asking():
                return render.head_row(look, world, key, width)
            case Words(one):
                return render.words_row(look, world, one, self._warning(one), width)
            case Said():
                return said_row(self._face, key, width)
            case All(want):
                words = f" R  refuse all {render.counted(want, how_many(self._face, want))}"
                return said_row(self._face, Said(words, "accent"), width)
            case Blocked(_, address):
                words = f" {clean_line(str(address))}  u lets it in again"
                return said_row(self._face, Said(words), width)
        return Text()

    def _warning(self, one: Asking) -> str:
        """Looked up once, and for those in view only: the roster may be long."""
        if one not in self._warned:
            self._warned[one] = render.warning(self._face.world, one)
        return self._warned[one]

    # --- verbs ------------------------------------------------------------------------------------------

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """All there is to one of them, as rows to choose from; or refuse all, or let in again."""
        from tui_xmpp.ui.actions.stranger_menu import RefuseThemAll, StrangerMenu

        match key:
            case Asking() | Words():
                self._at = one = key.of if isinstance(key, Words) else key
                await self._face.open(StrangerMenu(self._face, one, self))
            case All(want):
                await self._face.open(RefuseThemAll(self._face, want, self))
            case Blocked():
                await self.press("u", key)
        return False

    async def press(self, key: str, row: Hashable | None) -> bool:
        """The letters of what can be done with the one under the cursor."""
        from tui_xmpp.ui.actions.stranger_menu import RefuseThemAll

        one = row.of if isinstance(row, Words) else row
        if isinstance(row, Blocked) and key == "u":
            if await self._face.do(Unblock(row.account, row.address)):
                self._face.say(f"{clean_line(str(row.address))} is let in again.")
        elif key == "R" and isinstance(one, Asking | All):
            await self._face.open(RefuseThemAll(self._face, one.want, self))
        elif key == "a" and isinstance(one, Asking) and self._warning(one):
            # Whoever looks like somebody else is looked at before they are let in.
            await self.pick(one, "")
        elif key in ("a", "r", "b", "s") and isinstance(one, Asking):
            await settle(self._face, one, key)
        elif key in ("a", "r", "b", "s", "R", "u"):
            self._face.say("Move to one of them first.")
        return False


def how_many(face: Face, want: Want) -> int:
    """Return how many are refused at once: those that wait, and of requests those left out and remembered."""
    world = face.world
    waiting = sum(one.want is want for one in asking.waiting(world))
    left = min(asking.left_out(world, want), MOST_REMEMBERED) if want is Want.REQUEST else 0
    return waiting + left


def blocked_by(face: Face, one: Asking, way: str) -> Address:
    """Return what a way of blocking is about: `b` the address, `s` its server, `t` that of the room."""
    address = one.address if way == "t" else (asking.sender(face.world, one) or one.address)
    if way != "b":
        return Address("", address.domain)
    return address if one.want is Want.CHAT else address.bare


async def settle(face: Face, one: Asking, way: str) -> None:
    """Accept (`a`), refuse (`r`) or block (`b`, `s`, `t`) one of them, if they still wait."""
    if one not in asking.waiting(face.world):
        face.say("That is settled already.")
    elif way in ("b", "s", "t"):
        address = blocked_by(face, one, way)
        if await face.do(Block(one.account, address)):
            face.say(
                f"Nothing of {clean_line(str(address))} is shown until the program ends; nobody is told."
            )
    else:
        await face.do(_command(one, yes=way == "a"))


def _command(one: Asking, *, yes: bool) -> cmd.Command:
    if one.want is Want.REQUEST:
        kind = cmd.ApproveSubscription if yes else cmd.RefuseSubscription
        return kind(one.account, one.address)
    if one.want is Want.INVITATION:
        return cmd.Answer(one.id, yes)
    return AcceptChat(one.account, one.address) if yes else cmd.CloseChat(ChatKey(one.account, one.address))


async def open_strangers(face: Face) -> None:
    """Open the list."""
    await face.open(Strangers(face))
