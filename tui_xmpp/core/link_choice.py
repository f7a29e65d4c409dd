"""Which link profile an account uses: configured, or chosen by the user while the program ran."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .account import Account
from .link import PROFILES, LinkProfile
from .link_cells import with_cells
from .value import value

SPACE = "link"
"""In the facts: the choice, by account."""


@value
class Choice:
    """A profile by its name, and its cells that were changed, as texts."""

    profile: str
    cells: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """For the disk."""
        return json.dumps([self.profile, dict(self.cells)])

    def kept(self, configured: str) -> str:
        """For the disk, beside what the configuration says."""
        return json.dumps([configured, self.text])

    def made(self, profiles: Mapping[str, LinkProfile]) -> LinkProfile:
        """The profile it means."""
        return with_cells(profiles[self.profile], dict(self.cells))


def parsed(text: object, profiles: Mapping[str, LinkProfile]) -> Choice | None:
    """A choice as `Choice.text` writes it; None: it is none, or there is no such profile any more."""
    try:
        name, cells = json.loads(str(text or ""))
        found = Choice(str(name), tuple(sorted((str(key), str(one)) for key, one in dict(cells).items())))
    except (ValueError, TypeError):
        return None
    return found if found.profile in profiles else None


def choice(account: Account, profiles: Mapping[str, LinkProfile], kept: str | None) -> Choice:
    """What to use: what was chosen last, as `Choice.kept` writes it, unless another one is configured since.

    `profiles`: all there are.
    """
    try:
        configured, text = json.loads(kept or "")
    except (ValueError, TypeError):
        configured, text = None, None
    # Who writes another one into the configuration means it.
    chosen = parsed(text, profiles) if configured == account.link else None
    return chosen or Choice(account.link if account.link in profiles else "full")


def everything(own: Mapping[str, LinkProfile]) -> dict[str, LinkProfile]:
    """The shipped profiles and the user's own."""
    return {**PROFILES, **own}
