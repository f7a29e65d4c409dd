"""The link: what it costs and what it is used for, as a popup; another profile by a key or a command."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta

from rich.text import Text

from tui_xmpp.core import commands as cmd
from tui_xmpp.core.account import AccountState
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import Level
from tui_xmpp.core.link import CELLS, PROFILES, LinkProfile, differences
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.questions import SpentHere, Unanswered
from tui_xmpp.core.slash import Parsed
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.traffic import Report, Spent
from tui_xmpp.core.value import value
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.actions.jump import account_of
from tui_xmpp.ui.render import link as render
from tui_xmpp.ui.render.status import size

FULL = "full"
AUTO = {
    "on": ("switch", "The link profile follows what is measured, at most up to the one you chose."),
    "suggest": ("suggest", "A link profile that fits better is suggested, never used by itself."),
    "off": ("off", "The link profile is left to you."),
}
"""What `/link auto` takes, what the configuration calls it, and what it means."""
RENEW_SECONDS = 5.0
"""How often the figures are read again while the popup is open and something moves."""
_CHATS = 4
_BARS = 30
"""Of the plot: two minutes each."""


async def toggle(face: Face) -> bool:
    """Use the last lean profile, or `full` again."""
    account = account_of(face)
    state = face.world.accounts.get(account) if account is not None else None
    if account is None or state is None:
        return False
    lean = state.suggested or face.settings.ui.lean
    return await use(face, account, FULL if state.link.name != FULL else lean)


async def use(face: Face, account: Address, name: str) -> bool:
    """Use a profile, and remember a lean one for the key."""
    if not await face.do(cmd.UseLink(account, name)):
        return False
    if name not in (FULL, face.settings.ui.lean):
        await face.screen_action("keep-lean", name)
    return True


async def link(face: Face, parsed: Parsed) -> bool:
    """`/link`: the popup, another profile, another cell, or back."""
    account = account_of(face)
    what, cell, text = (parsed.get(name) or "" for name in ("what", "cell", "value"))
    if account is None:
        face.say("No account is in use.", Level.WARN)
        return False
    if what == "set":
        if cell not in CELLS:
            face.say(f"A profile has: {', '.join(CELLS)}.", Level.WARN)
            return False
        return await face.do(cmd.SetLinkCell(account, cell, text))
    if what == "auto":
        return await _follow(face, cell)
    if what == "undo":
        return await face.do(cmd.UndoLink(account))
    if what:
        return await use(face, account, what)
    await face.open(LinkUse(face, account))
    return True


async def _follow(face: Face, wanted: str) -> bool:
    """`/link auto`: how the profiles of all accounts follow the link from now on, or how they do."""
    modes = {name: mode for name, (mode, _) in AUTO.items()}
    if wanted and wanted not in modes:
        face.say(f"/link auto takes {', '.join(modes)}.", Level.WARN)
        return False
    if wanted:
        await face.screen_action("keep-auto", modes[wanted])
    face.say(next(words for mode, words in AUTO.values() if mode == face.settings.link.auto))
    return True


def profiles_of(face: Face) -> dict[str, LinkProfile]:
    """Return the shipped profiles and the user's own."""
    return {**PROFILES, **face.settings.link.profiles}


@value
class _Said:
    """A row that only says something."""

    text: Text
    number: int


class LinkUse(Kind):
    """Figures above, profiles below; Enter uses one."""

    field = False
    tall = True
    hint = "Enter uses a profile   u undoes the last change   Esc closes"

    def __init__(self, face: Face, account: Address) -> None:
        self._face = face
        self._account = account
        self._report: Report | None = None
        self._asked_at = 0.0
        self._asking: asyncio.Task[None] | None = None
        self._now = datetime.now(UTC)
        self._month: Sequence[Spent] = ()
        self.happened()

    @property
    def title(self) -> str:  # type: ignore[override]
        """The profile in use, and how far it is another than its name says."""
        state = self._state
        if state is None:
            return "Link"
        own = len(differences(profiles_of(self._face).get(state.link.name, state.link), state.link))
        changed = f", {own} cell{'s' if own > 1 else ''} changed" if own else ""
        automatic = ", chosen by what was measured" if state.link_is_automatic else ""
        looks = f"; it looks like {clean_line(state.suggested, 20)}" if state.suggested else ""
        return f"Link of {clean_line(str(self._account), 40)}: {state.link.name}{changed}{automatic}{looks}"

    def happened(self) -> None:
        """Something moved: read the figures again, unless that was just done."""
        if self._asking is None and time.monotonic() - self._asked_at >= RENEW_SECONDS:
            self._asked_at = time.monotonic()
            self._asking = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            # All that was counted is in the ledger then.
            self._report = await self._face.engine.ask(SpentHere(self._account))
        except Unanswered:
            self._report = None
        self._now = datetime.now(UTC)
        try:
            self._month = await asyncio.to_thread(self._of_month)
        except StorageError as error:
            self._face.say(str(error), Level.WARN)
        self._asking = None
        self._face.refill()

    def _of_month(self) -> Sequence[Spent]:
        first = self._now.astimezone().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        ledger = self._face.ledger
        return () if ledger is None else ledger.spent(first, self._now + timedelta(hours=1))

    @property
    def first(self) -> Hashable:
        """The profile in use."""
        return self._state.link.name if self._state is not None else FULL

    @property
    def _state(self) -> AccountState | None:
        return self._face.world.accounts.get(self._account)

    # --- rows -----------------------------------------------------------------------------------------

    def keys(self, text: str) -> Sequence[Hashable]:
        """What was spent, then the profiles."""
        rows = [_Said(row, number) for number, row in enumerate(self._figures())]
        return (*rows, *profiles_of(self._face))

    def _figures(self) -> list[Text]:
        look = self._face.look
        midnight = self._now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        hour = self._now.replace(minute=0, second=0, microsecond=0)
        month = [one for one in self._month if one.account == self._account]
        day = [one for one in month if one.hour >= midnight]
        here = list(self._report.spent) if self._report else []
        spans = (here, [one for one in day if one.hour >= hour], day, month)
        sums = [render.total(span) for span in spans]
        left_out = [sum(one.spared.total for one in span) for span in spans]
        rows = [
            render.columns(look, "", ("since start", "this hour", "today", "this month"), 120),
            render.columns(look, "up", [size(one.up) for one in sums], 120),
            render.columns(look, "down", [size(one.down) for one in sums], 120),
            render.columns(look, "left out", [f"≈ {size(one)}" if one else "-" for one in left_out], 120),
        ]
        xml, tls, tcp = (
            sum((one.up + one.down for one in amounts), 0)
            for amounts in ([it.xml for it in day], [it.tls for it in day], [it.tcp for it in day])
        )
        said = [
            ("today", f"XML {size(xml)}, TLS {size(tls)}; TCP and IP add about {size(tcp)}"),
            ("for", ", ".join(render.shares(day)) or "nothing yet"),
            ("chats", ", ".join(self._chats(day)) or "-"),
            ("left out", ", ".join(f"≈ {one}" for one in render.spared(day)) or "nothing"),
            ("an hour", self._plot()),
            ("now", self._live()),
        ]
        if budget := self._budget():
            said.append(("budget", budget))
        for name, words in said:
            row = Text(f" {name:<10}", style=look.style("dim"), no_wrap=True)
            rows.append(row.append(words, look.style("text")))
        return rows

    def _chats(self, spent: Sequence[Spent]) -> list[str]:
        keys = {one.chat for one in spent if isinstance(one.chat, ChatKey)}
        names: dict[object, str] = {key: clean_line(self._face.world.name_of(key), 20) for key in keys}
        return render.by_chat(spent, names)[:_CHATS]

    def _plot(self) -> str:
        minutes = self._report.minutes if self._report else ()
        if not any(minutes):
            return "-"
        most = max(minutes)
        bars = "" if self._face.look.linear else render.plot(self._face.look, minutes, _BARS)
        return f"{bars} at most {size(most)} in a minute"

    def _live(self) -> str:
        state = self._state
        words = (
            render.rates(self._face.look, state.rates) if state and state.rates else "nothing measured yet"
        )
        cuts = self._report.cuts if self._report else 0
        return f"{words}, {cuts} cut{'s' if cuts > 1 else ''}" if cuts else words

    def _budget(self) -> str:
        whole = self._face.settings.link.budget * 1_000_000
        if not whole:
            return ""
        spent = render.total(self._month).total
        return f"{size(spent)} of {size(whole)} this month, {round(100 * spent / whole)} %"

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        look, state = self._face.look, self._state
        if isinstance(key, _Said):
            row = key.text.copy()
            row.truncate(width, overflow="ellipsis")
            return row
        used = state is not None and state.link.name == key
        text = Text(f" {key!s:<10}", style=look.style("accent" if used else "text"), no_wrap=True)
        text.append("in use: " if used else "", look.style("accent"))
        profile = state.link if state is not None and used else profiles_of(self._face)[str(key)]
        text.append(render.profile_words(profile), look.style("dim"))
        text.truncate(width, overflow="ellipsis")
        return text

    def stands(self, key: Hashable) -> bool:
        """On profiles."""
        return isinstance(key, str)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Use a profile; what that changes is said."""
        return isinstance(key, str) and await use(self._face, self._account, key)

    async def press(self, key: str, row: Hashable | None) -> bool:
        """Undo, or toggle as everywhere."""
        if key == "u":
            return await self._face.do(cmd.UndoLink(self._account))
        binding = self._face.keymap.find(key, "popup")
        return binding is not None and binding.id == "lean" and await toggle(self._face)

    def cancelled(self) -> None:
        """Nobody waits for the figures any more."""
        if self._asking is not None:
            self._asking.cancel()
