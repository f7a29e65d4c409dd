"""Messages that wait to be sealed: keys are fetched, then each goes, in order; or it fails and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ..core.commands import Refused
from ..core.custody import Pending
from ..core.events import Level, MessageChanged, Notice
from ..core.message import Delivery
from ..core.security import Protection
from . import convert
from .crypto.cipher import Unsealable
from .feature import Failed

if TYPE_CHECKING:
    from .account import AccountSession

_ROUNDS = 4
"""Times that something new may be found missing for one message."""


class SealingLate:
    """Of one account: one at a time, oldest first."""

    def __init__(self, account: AccountSession) -> None:
        self._account = account
        self._is_running = self._is_again = False

    def start(self) -> None:
        """Seal what waits, if there is a link; whoever keeps something to be sealed, or signs in, says so."""
        if self._is_running:
            self._is_again = True
        elif self._account.online:
            self._is_running = True
            self._account.spawn(self._run())

    def stop(self) -> None:
        """The session is over; what waits is begun anew with the next."""
        self._is_running = self._is_again = False

    async def _run(self) -> None:
        try:
            while True:
                self._is_again = False
                for pending in self._waiting():
                    if not await self._seal(pending):
                        return
                if not self._is_again:
                    return
        finally:
            self._is_running = False

    def _waiting(self) -> list[Pending]:
        account = self._account
        return [one for one in account.custody.pending(account.own) if one.unsealed]

    async def _seal(self, pending: Pending) -> bool:
        """Seal one; False: the link is gone, all the rest waits for the next."""
        stanza = ET.fromstring(pending.xml)
        try:
            for _ in range(_ROUNDS):
                if self._let_go(pending, stanza):
                    return True
                await self._account.sealing.prepare(pending.chat, stanza)
            self._fail(pending, "The keys it has to be sealed with could not be had.")
        except Failed as failed:
            if failed.condition == "offline" or not self._account.online:
                return False
            self._fail(pending, f"The keys it has to be sealed with could not be had: {failed}")
        except (Unsealable, Refused) as error:
            self._fail(pending, str(error))
        return True

    def _let_go(self, pending: Pending, stanza: ET.Element) -> bool:
        """Put the final stanza in its place, and let it go; raises `Refused`."""
        account = self._account
        with account.together(durable=True):
            sealed = account.sealing.protect(pending.chat, stanza)
            if sealed.unsealed:
                return False
            account.sealed.seal(pending.number, convert.wire_text(sealed.stanza))
            changed = account.sealed.protect(pending.chat, pending.id, sealed.protection)
            if changed is not None:
                account.emit(MessageChanged(changed))
            account.once_kept(lambda: account.outbox.sealed(pending.number))
        return True

    def _fail(self, pending: Pending, reason: str) -> None:
        """It is not sent, and stays where it can be sent again."""
        account = self._account
        with account.together(durable=True):
            account.custody.settled(account.own, pending.chat, [pending.id])
            changed = account.archive.set_delivery(pending.chat, pending.id, Delivery.FAILED, reason)
            account.sealed.protect(pending.chat, pending.id, Protection.CLEAR)
            account.emit(*(MessageChanged(one) for one in changed))
            if not changed:
                self._undo(pending, reason.removeprefix("Not sent: "))
            account.once_kept(lambda: account.outbox.sealed(pending.number))

    def _undo(self, pending: Pending, reason: str) -> None:
        """A correction or the like, which is no message that could show the reason."""
        account, stanza = self._account, ET.fromstring(pending.xml)
        told = [feature.unsent(pending.chat, stanza) for feature in account.features]
        words = " ".join((*filter(None, told), f"Not sent: {reason}"))
        account.emit(Notice(words, Level.WARN, account.own, pending.chat))
