"""One stranger: all they say and all that can be done, as rows for mouse and keys; and all at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.cells import cell_len
from rich.text import Text

from tui_xmpp.core import asking
from tui_xmpp.core.asking import Asking
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.strangers import RefuseAll, Want
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.actions.strangers import CHANGES, Said, blocked_by, how_many, said_row, sentence, settle
from tui_xmpp.ui.render import strangers as render

_ACCEPT = {
    Want.REQUEST: "accept: they see when you are here",
    Want.INVITATION: "accept: enter the room",
    Want.CHAT: "accept: it stays on the list",
}
_REFUSE = {
    Want.REQUEST: "refuse: they are told so",
    Want.INVITATION: "refuse: a room that passed it on is told so",
    Want.CHAT: "refuse: off the list, until they write again; nobody is told",
}
_TOLD = {
    Want.REQUEST: "Each is told so, behind all else that goes out.",
    Want.INVITATION: "A room that passed one on is told so, nobody else.",
    Want.CHAT: "They go off the list, until somebody writes again. The archive keeps what was said.",
}


class StrangerMenu(Kind):
    """Who it is and what they say, in full; a letter, Enter or a click decides."""

    field = False
    hint = "Enter or the letter decides   Esc back"
    follows = CHANGES

    def __init__(self, face: Face, one: Asking, back: Kind) -> None:
        self._face = face
        self._one = one
        self.back = self._list = back
        self.title = f"{render.who(face.world, one)} {render.wanted(face.world, one)}"

    @property
    def _ways(self) -> dict[str, str]:
        one, face = self._one, self._face
        ways = {"o": "open the chat: that accepts nothing"} if one.want is Want.CHAT else {}
        ways |= {"a": _ACCEPT[one.want], "r": _REFUSE[one.want]}
        for way in ("b", "s", "t") if one.want is Want.INVITATION else ("b", "s"):
            words = f"block {clean_line(str(blocked_by(face, one, way)))} until the program ends"
            # The server of the room may be that of who invites.
            if words not in ways.values():
                ways[way] = words
        return ways

    def keys(self, text: str) -> Sequence[Hashable]:
        """The address where the title has no room for it, the warning, the words; then the ways."""
        world, one = self._face.world, self._one
        if one not in asking.waiting(world):
            return [Said(" That is settled.")]
        fits = cell_len(self.title) + 2 <= self.width
        rows = [] if fits else sentence(render.who(world, one), self.width, "text")
        if warned := render.warning(world, one):
            rows += sentence(f"⚠ {warned}", self.width, "warn")
        rows += sentence(render.quoted(world, one), self.width, "dim")[:4]
        return [*rows, *self._ways]

    @property
    def first(self) -> Hashable:
        """Enter alone accepts nothing."""
        return "o" if self._one.want is Want.CHAT else "r"

    def stands(self, key: Hashable) -> bool:
        """On the ways."""
        return isinstance(key, str)

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        if isinstance(key, Said):
            return said_row(self._face, key, width)
        return said_row(self._face, Said(f" {key}  {self._ways.get(str(key), '')}"), width)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Go one of the ways."""
        await self.press(str(key), key)
        return False

    async def press(self, key: str, row: Hashable | None) -> bool:
        """The letters of the ways."""
        if key not in self._ways:
            return False
        one = self._one
        if key == "o":
            await self._face.close_popup()
            await self._face.enter(ChatKey(one.account, one.address))
            return False
        await settle(self._face, one, key)
        await self._face.open(self._list)
        return False


class RefuseThemAll(Kind):
    """Asks before all who want the same are refused."""

    field = False
    hint = "y refuses them   n or Esc leaves them"

    def __init__(self, face: Face, want: Want, back: Kind) -> None:
        self._face = face
        self._want = want
        self.back = self._list = back
        self.title = f"Refuse all {render.counted(want, how_many(face, want))} of strangers?"

    def keys(self, text: str) -> Sequence[Hashable]:
        """What it does, and the answers."""
        return [*sentence(_TOLD[self._want], self.width, "text"), "y", "n"]

    def stands(self, key: Hashable) -> bool:
        """On the answers."""
        return isinstance(key, str)

    @property
    def first(self) -> Hashable:
        """Enter alone refuses nobody."""
        return "n"

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        if isinstance(key, Said):
            return said_row(self._face, key, width)
        return said_row(self._face, Said(" y  refuse them" if key == "y" else " n  leave them"), width)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """A click answers too."""
        await self.press(str(key), key)
        return False

    async def press(self, key: str, row: Hashable | None) -> bool:
        """`y` or `n`."""
        if key == "y":
            for account in asking.accounts(self._face.world, self._want):
                await self._face.do(RefuseAll(account, self._want))
        if key in ("y", "n"):
            await self._face.open(self._list)
        return False
