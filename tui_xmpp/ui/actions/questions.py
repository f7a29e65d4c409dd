"""Questions of the engine and requests of people: asked in a popup, answered by a key."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core import asking, lookalikes
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.contact import SubscriptionRequest
from tui_xmpp.core.openpgp import LendTerminal, PassphraseWanted
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.world import World
from tui_xmpp.ui.actions.face import Face, Kind

STRANGERS = "strangers"
"""In the place of a question: all that strangers ask."""
_ANSWERS = ("y  yes", "n  no")
Asked = ev.Question | SubscriptionRequest


async def answer(face: Face, id: Hashable = None) -> bool:
    """Open the popup of a question, or of the one that waits longest; False: none waits."""
    world = face.world
    if id == STRANGERS or (id is None and together(world)):
        from tui_xmpp.ui.actions.strangers import open_strangers

        await open_strangers(face)
        return True
    asked: Asked | None = None
    if isinstance(id, str):
        asked = world.questions.get(id)
    elif id is not None:
        asked = next((request for key, request in world.requests.items() if key == id), None)
    if asked is None:
        asked = first(world)
    if asked is None:
        face.say("No question waits for you.")
        return False
    if isinstance(asked, ev.PasswordNeeded | ev.RoomPasswordNeeded):
        await face.open(PasswordPrompt(face, asked))
    else:
        await face.open(YesNo(face, asked))
    return True


def first(world: World) -> Asked | None:
    """Return what waits longest; what strangers want waits behind all else."""
    strange = asking.questions(world)
    ids, keys = {one.id for one in strange}, {(one.account, one.address) for one in strange}
    waiting: list[Asked] = [one for one in world.questions.values() if one.id not in ids]
    waiting += (one for key, one in world.requests.items() if key not in keys)
    if waiting:
        return waiting[0]
    return next(iter(world.questions.values()), None) or next(iter(world.requests.values()), None)


def together(world: World) -> int:
    """Return how many strangers ask, where it is their turn and they are several; else 0."""
    count = len(asking.questions(world))
    return count if count > 1 and count == len(world.questions) + len(world.requests) else 0


def price(asked: ev.PriceAsked) -> str:
    """Return what is asked for and about what it costs: `Fetch 200 older messages: about 60 kB, 50 s.`"""
    size = f"{asked.bytes / 1000:.0f} kB" if asked.bytes >= 1000 else f"{asked.bytes} bytes"
    time = "" if asked.seconds is None else f", {max(1, round(asked.seconds))} s"
    return f"{clean_line(asked.what, 80)}: about {size}{time}."


class YesNo(Kind):
    """An invitation, a price, or somebody who asks to see our presence."""

    field = False
    hint = "y yes   n no   Esc later"

    def __init__(self, face: Face, asked: Asked) -> None:
        self._face = face
        self._asked = asked
        if isinstance(asked, SubscriptionRequest):
            self.title = f"{clean_line(str(asked.address))} asks to see when you are here"
        elif isinstance(asked, ev.Invited):
            who = clean_line(str(asked.sender)) if asked.sender else "Somebody"
            self.title = f"{who} invites you to {clean_line(str(asked.room))}"
        elif isinstance(asked, ev.PriceAsked):
            self.title = price(asked)
        elif isinstance(asked, PassphraseWanted):
            self.title = "gpg asks for a passphrase"
        else:
            self.title = "A question"

    def keys(self, text: str) -> Sequence[Hashable]:
        """What they say with it, and the answers; the cursor begins where Enter answers nothing."""
        if isinstance(self._asked, ev.PriceAsked):
            return ("Nothing of it has been done yet.", *_ANSWERS)
        if isinstance(self._asked, PassphraseWanted):
            return (clean_line(self._asked.what, 200), *_ANSWERS)
        said = clean_line(self._asked.text, 300) if hasattr(self._asked, "text") else ""
        return (*self._warning(), f"“{said}”" if said else "They wrote nothing with it.", *_ANSWERS)

    def _warning(self) -> tuple[str, ...]:
        """Whom they look like."""
        asked, world = self._asked, self._face.world
        if isinstance(asked, SubscriptionRequest):
            warning = lookalikes.of_address(world, asked.account, asked.address)
        elif isinstance(asked, ev.Invited) and asked.sender is not None:
            warning = lookalikes.of_address(world, asked.account, asked.sender)
        else:
            return ()
        return (f"⚠ {warning}",) if warning else ()

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one line."""
        text = Text(f" {key}", no_wrap=True)
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Only the lines of an answer answer."""
        if key not in _ANSWERS:
            return False
        await self._settle(key == _ANSWERS[0])
        return True

    async def press(self, key: str, row: Hashable | None) -> bool:
        """The letters of the answers."""
        if key in ("y", "n"):
            await self._settle(key == "y")
            return True
        return False

    async def _settle(self, yes: bool) -> None:
        asked = self._asked
        if isinstance(asked, SubscriptionRequest):
            kind = cmd.ApproveSubscription if yes else cmd.RefuseSubscription
            await self._face.do(kind(asked.account, asked.address))
        elif isinstance(asked, PassphraseWanted) and yes:
            await self._face.screen_action("lend", asked.id)
        elif isinstance(asked, PassphraseWanted):
            await self._face.do(LendTerminal(asked.account, asked.id, ""))
        else:
            await self._face.do(cmd.Answer(asked.id, yes))


class PasswordPrompt(Kind):
    """Asks for a password; it is not shown and not kept in any history."""

    secret = True
    hint = "Enter sends it   Esc later"

    def __init__(self, face: Face, asked: ev.PasswordNeeded | ev.RoomPasswordNeeded) -> None:
        self._face = face
        self._asked = asked
        what = asked.room if isinstance(asked, ev.RoomPasswordNeeded) else asked.account
        self.title = f"Password for {clean_line(str(what))}"
        self._reason = clean_line(asked.reason)

    def keys(self, text: str) -> Sequence[Hashable]:
        """The reason it is asked for."""
        return (self._reason,) if self._reason else ()

    def draw(self, key: Hashable, width: int) -> Text:
        """Return the reason."""
        return Text(f" {key}", style=self._face.look.style("warn"), no_wrap=True)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Hand the password over; an empty one is none."""
        if not text:
            return False
        await self._face.do(cmd.Answer(self._asked.id, True, text))
        return True
