"""Switching to another link profile while a session goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..core.commands import Command, Refused, SetLinkCell, UndoLink, UseLink
from ..core.events import LinkChanged
from ..core.link import LinkProfile, differences
from .feature import Handler

if TYPE_CHECKING:
    from .account import AccountSession

GATHER_SECONDS = 0.02
"""What follows from another profile takes a few turns of the loop."""


class Switching:
    """Of one account: every feature applies the difference in one turn, so that it leaves in one packet.

    What the session at the server was told outlives a lost link and this process; it is told the difference
    once there is a link to tell it on.
    """

    def __init__(self, account: AccountSession) -> None:
        self._account = account
        self._told: LinkProfile | None = None
        """The profile that the session was told, while it waits to be told another one."""
        self._gathers_until = 0.0

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """The user's choice."""
        return {UseLink: self._use, SetLinkCell: self._set_cell, UndoLink: self._undo}

    def use(self, profile: str, *, automatic: bool = False) -> None:
        """Use another profile from now on; raises ValueError where there is none of this name."""
        self._change(lambda: self._account.pacing.use(profile), automatic=automatic)

    def opened(self) -> None:
        """A new session has been opened as the profile in use has it."""
        self._told = None
        self._account.pacing.note_told()

    def took_up(self, resume: Callable[[], None]) -> None:
        """Let the features *resume* a session that may have been told another profile than is used now."""
        pacing = self._account.pacing
        wanted, told = pacing.profile, pacing.told() or pacing.profile
        pacing.profile = told
        try:
            resume()
        finally:
            pacing.profile = wanted
        self._told = told

    def settle(self) -> None:
        """Tell the session what has changed, if there is a link and anything has."""
        account, told = self._account, self._told
        if told is None or not account.online:
            return
        self._told = None
        wanted = account.pacing.profile
        if differences(told, wanted):
            self._gathers_until = asyncio.get_running_loop().time() + GATHER_SECONDS
            account.life.apply(told, wanted)
            account.pacing.note_told()

    @property
    def window(self) -> float:
        """Seconds that what follows from a switch goes on to be written, to leave in one packet."""
        return max(0.0, self._gathers_until - asyncio.get_running_loop().time())

    async def _use(self, command: UseLink) -> None:
        self._asked(lambda: self.use(command.profile))

    async def _set_cell(self, command: SetLinkCell) -> None:
        pacing = self._account.pacing
        self._asked(lambda: self._change(lambda: pacing.set_cell(command.cell, command.text)))

    async def _undo(self, command: UndoLink) -> None:
        self._asked(lambda: self._change(self._account.pacing.undo))

    def _asked(self, change: Callable[[], None]) -> None:
        try:
            change()
        except ValueError as error:
            raise Refused(str(error)) from None

    def _change(self, change: Callable[[], None], *, automatic: bool = False) -> None:
        account = self._account
        before = account.pacing.profile
        change()
        account.emit(LinkChanged(account.own, account.pacing.profile, automatic))
        if account.life.opened and self._told is None:
            self._told = before
        self.settle()
