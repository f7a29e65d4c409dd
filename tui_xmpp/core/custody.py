"""What is on its way to the server, and what lets a stream be resumed, as the disk keeps it."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from .address import Address
from .chat import ChatKey
from .value import value

MODULUS = 2**32
"""Where stanzas are counted, counting begins again at 0 here (XEP-0198 §4)."""


class Stage(IntEnum):
    """How far a stanza of the outbox has come."""

    QUEUED = 0
    """Never written, or known not to have arrived."""
    WRITTEN = 1
    """Written to the stream that `StreamState` describes; its `sequence` settles whether it arrived."""
    UNKNOWN = 2
    """Written to a stream that is gone: only an archive can tell whether it arrived."""


@value
class Pending:
    """A stanza that must reach the server once: it is never changed, only sent again."""

    chat: ChatKey
    id: str
    """Its `id` and origin id (XEP-0359 §4)."""
    xml: str
    """The final stanza, sealed where the chat is sealed, as it goes over the wire."""
    at: datetime
    """When the user sent it, UTC."""
    number: int = 0
    """The outbox's own number, in the order of sending; 0: not kept yet."""
    is_room: bool = False
    """To a whole room (`type='groupchat'`)."""
    stage: Stage = Stage.QUEUED
    sequence: int = 0
    """Its number on the stream (XEP-0198 §4), while `WRITTEN`; 0: the stream has none."""
    unsealed: bool = False
    """Readable as it is: it must be sealed before it may go, or be found to need no seal."""


@value
class StreamState:
    """A session the server keeps for us (XEP-0198 §5): enough for another process to resume it."""

    account: Address
    """Our bare address."""
    id: str
    """The server's name for the session (SM-ID)."""
    bound: Address
    """The full address bound to it."""
    seconds: int = 0
    """How long the server keeps it after the link is lost; 0: it did not say."""
    location: str = ""
    """Where the server wants it resumed, `host:port`; empty: anywhere."""
    handled: int = 0
    """Stanzas of the server's that are on our disk, modulo 2**32."""
    acknowledged: int = 0
    """Stanzas of ours that the server is known to have, modulo 2**32."""
    seen_at: datetime | None = None
    """When it last stood, UTC, to within a minute."""
    boot: str = ""
    """Which run of the computer wrote it: after a power cut the last writes may be missing."""
