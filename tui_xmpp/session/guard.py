"""Who may send what: pure functions that every incoming stanza passes before anything is kept or shown.

Guard G3, for promises 4 and 6: a copy, an archive, a roster, a correction or an answer counts only from
whom it may come (CVE-2017-5589, CVE-2019-16235, CVE-2020-26547: copies and archives of others; CWE-345,
CWE-346).
"""

from __future__ import annotations

from datetime import UTC, datetime

from ..core.address import Address
from ..core.chat import ChatKey
from ..core.contact import Subscription
from ..core.message import Message
from ..core.room import RoomState
from ..core.security import Protection
from ..core.world import World

MAX_REQUEST_TEXT = 1000
"""Characters kept of the text a stranger sends with a request."""
MAX_ENVELOPE = 1_000_000
"""Bytes of what is under a seal."""
MAX_EMOJIS = 20
"""Reactions one person can have on one message."""

_SEES_US = (Subscription.FROM, Subscription.BOTH)
_SEALED = (Protection.SEALED, Protection.VERIFIED)
_GUARDED = (*_SEALED, Protection.SIGNED, Protection.UNPROVEN)


def is_own_account(sender: Address | None, own: Address) -> bool:
    """Whether a stanza speaks for our account: no `from`, or our own bare address (RFC 6120 §8.1.2.1).

    For carbons (XEP-0280 §11: "MUST come from the bare JID"), roster pushes (RFC 6121 §2.1.6), PEP events of
    our own (XEP-0163 §4) and our own archive (XEP-0313 §6). Another resource of ours is not enough.
    """
    return sender is None or sender == own


def is_archive(sender: Address | None, archive: Address, own: Address) -> bool:
    """Whether archive results come from the archive that was asked (XEP-0313 §6)."""
    return sender == archive or (archive == own and sender is None)


def is_answer(sender: Address | None, asked: Address | None, own: Address, full: Address | None) -> bool:
    """Whether an iq result comes from whom we asked (RFC 6120 §8.2.3).

    What goes to our account or its server may be answered by either, or with no `from`.
    """
    if asked is None or asked in (own, own.bare):
        return sender is None or sender in (own, full) or sender == Address("", own.domain)
    return sender == asked or (sender is None and asked == Address("", own.domain))


def may_groupchat(world: World, room: ChatKey) -> bool:
    """Whether we are in the room, or on our way in: nobody else may send `groupchat` (XEP-0045 §7.4)."""
    known = world.rooms.get(room)
    return known is not None and known.state in (RoomState.JOINED, RoomState.JOINING)


def may_correct(original: Message, protection: Protection) -> bool:
    """A correction in clear never replaces text that was sealed, nor one of nobody text that was signed."""
    if original.protection in (Protection.SIGNED, Protection.UNPROVEN) and protection is original.protection:
        return True
    return original.protection not in _GUARDED or protection in _SEALED


def keeps_mark(original: Message, protection: Protection) -> bool:
    """Whether a correction may stand under the mark of what it corrects: what was verified promises more."""
    return original.protection is not Protection.VERIFIED or protection is Protection.VERIFIED


def is_trusted_delay(said_by: Address | None, own: Address, chat: Address, *, room: bool) -> bool:
    """Whether a delay may set a message's time: only our server's, or the room's (XEP-0203 §4)."""
    if room:
        return said_by is None or said_by.bare == chat or said_by == Address("", chat.domain)
    return said_by is not None and (said_by == Address("", own.domain) or said_by.bare == own)


def sane_time(at: datetime, now: datetime) -> datetime:
    """No message comes from the future or from before the epoch."""
    return min(max(at, datetime(1970, 1, 1, tzinfo=UTC)), now)


def sees_us(world: World, own: Address, address: Address) -> bool:
    """Whether somebody sees our presence anyway: only they get answers that show we are online."""
    if address.bare == own:
        return True
    contact = world.contacts.get((own, address.bare))
    return contact is not None and contact.subscription in _SEES_US


def is_contact(world: World, own: Address, address: Address) -> bool:
    """Whether somebody is on the roster."""
    return (own, address.bare) in world.contacts
