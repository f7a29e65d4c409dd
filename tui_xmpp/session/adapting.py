"""Has an account's link profile follow the link: suggests one, or switches; remembers it for each network."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from typing import Protocol

from ..core.account import Account
from ..core.events import Event, LinkChanged, LinkSuggested
from ..core.link import PROFILES, LinkProfile
from ..core.ports import Clock, KeyValue
from ..core.settings import Settings
from .failure import LEFT, Failure
from .pacing import Pacing
from .sensing import Move, Sensing, rank
from .timing import LinkTiming, Sensed

SUGGEST, SWITCH, OFF = "suggest", "switch", "off"
_SPACE = "link-network"


class Adapted(Protocol):
    """The account, as much of it as is needed."""

    account: Account
    settings: Settings
    clock: Clock
    facts: KeyValue
    pacing: Pacing

    def emit(self, *events: Event) -> None:
        """Apply events to the world and tell every front end."""


class Adapting:
    """Of one account. *use* switches to a profile by its name; *networks* names the network we are on.

    What was in use on a network is what the next start there begins with; on one that was never seen, it is
    what the user chose last.
    """

    def __init__(
        self,
        account: Adapted,
        timing: LinkTiming,
        *,
        use: Callable[[str], None],
        networks: Callable[[], Sequence[str]],
        sensing: Sensing | None = None,
    ) -> None:
        self._account = account
        self._own = str(account.account.address.bare)
        self._use = use
        self._networks = networks
        self._mode = account.settings.link.auto
        self._sensing = sensing or Sensing(account.pacing.profile)
        self._network: Sequence[str] = ()
        self._suggested = ""
        timing.sensed = self._sensed

    def follow(self, mode: str) -> None:
        """Suggest, switch, or leave it to the user (`off`) from now on; the profile in use stays.

        What was suggested is done when `switch` comes, and taken back when `off` does.
        """
        before, self._mode = self._mode, mode
        suggested = self._suggested
        if mode == OFF:
            self._suggest("", "")
        elif before == OFF:
            self._network = self._networks()
            self._sensing.chose(self._account.pacing.profile, self._now)
        elif mode == SWITCH and suggested:
            self._use(suggested)

    def begin(self) -> None:
        """The account is known: begin with what was in use on this network."""
        if self._mode == OFF:
            return
        self._network = self._networks()
        self._go_back_to(self._here() or self._recall(self._own))

    def moved(self) -> None:
        """The network of this computer changed."""
        if self._mode == OFF:
            return
        before, self._network = self._network[:1], self._networks()
        if self._network[:1] == before:
            return
        self._sensing.moved()
        self._suggest("", "")
        if self._mode == SWITCH and self._network:
            self._go_back_to(self._here() or self._recall(self._own))

    def lost(self, why: asyncio.Future[Failure], *, stood: bool) -> None:
        """A link is gone, on which a session stood or not yet."""
        if self._mode != OFF and stood and why.done() and why.result().condition != LEFT:
            self._sensing.cut(self._now)
            self._judge()

    def told(self, event: Event) -> None:
        """See what profile is in use."""
        if not isinstance(event, LinkChanged) or self._mode == OFF:
            return
        # The world forgets what was suggested, and so do we.
        self._suggested = ""
        if event.automatic:
            self._sensing.uses(event.profile)
        else:
            self._sensing.chose(event.profile, self._now)
        # What was switched to is no choice of the user's.
        self._keep(self._own, self._sensing.ceiling)
        for name in self._network:
            self._keep(f"{self._own} {name}", event.profile.name)

    @property
    def _now(self) -> float:
        return self._account.clock.monotonic()

    def _sensed(self, sensed: Sensed) -> None:
        if self._mode == OFF:
            return
        self._sensing.took(sensed, self._now)
        self._judge()

    def _judge(self) -> None:
        move = self._sensing.judge(self._now)
        if move is not None:
            (self._switch if self._mode == SWITCH else self._offer)(move)

    def _switch(self, move: Move) -> None:
        # Back at the user's own is back at theirs, whatever it is like.
        self._use(self._sensing.ceiling if self._sensing.is_at_ceiling else move.profile)

    def _offer(self, move: Move) -> None:
        if not move.is_down:
            self._suggest("", "")
        elif rank(PROFILES[move.profile]) > rank(self._account.pacing.profile):
            self._suggest(move.profile, move.reason)

    def _suggest(self, profile: str, reason: str) -> None:
        if profile != self._suggested:
            self._suggested = profile
            self._account.emit(LinkSuggested(self._account.account.address, profile, reason))

    def _go_back_to(self, kept: tuple[LinkProfile, LinkProfile] | None) -> None:
        used, chosen = kept or (self._account.pacing.profiles[self._sensing.ceiling],) * 2
        self._sensing.chose(chosen, self._now)
        self._sensing.uses(used)
        if used.name != self._account.pacing.profile.name:
            self._use(used.name)

    def _here(self) -> tuple[LinkProfile, LinkProfile] | None:
        return self._recall(f"{self._own} {self._network[0]}") if self._network else None

    def _recall(self, key: str) -> tuple[LinkProfile, LinkProfile] | None:
        """What was in use, and what the user had chosen by then."""
        with contextlib.suppress(ValueError, TypeError, KeyError):
            configured, used, chosen = json.loads(self._account.facts.get(_SPACE, key) or "")
            # Who writes another one into the configuration means it.
            if configured == self._account.account.link:
                return self._account.pacing.profiles[used], self._account.pacing.profiles[chosen]
        return None

    def _keep(self, key: str, used: str) -> None:
        text = json.dumps([self._account.account.link, used, self._sensing.ceiling])
        if self._account.facts.get(_SPACE, key) != text:
            self._account.facts.put(_SPACE, key, text)
