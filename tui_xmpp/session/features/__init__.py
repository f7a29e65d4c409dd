"""The capabilities, one file each; `ALL` is the order in which they see things and start."""

from __future__ import annotations

from ..feature import Feature
from .answers import Answers
from .bookmarks import Bookmarks
from .carbons import Carbons
from .chat_states import ChatStates
from .chats import Chats
from .client_state import ClientState
from .compression import Compression
from .corrections import Corrections
from .discovery import Discovery
from .downloads import Downloads
from .encryption import Encryption
from .history import History
from .holes import Holes
from .invitations import Invitations
from .joining import Joining
from .markers import Markers
from .mentions import Mentions
from .messages import Messages
from .occupants import Occupants
from .openpgp import OpenPgpKeys
from .outside import Outside
from .own_occupant import OwnOccupant
from .presence import Presences
from .reactions import Reactions
from .read_state import ReadState
from .receipts import Receipts
from .replies import Replies
from .retractions import Retractions
from .room_list import RoomList
from .room_messages import RoomMessages
from .room_subjects import RoomSubjects
from .rooms import Rooms
from .roster import Roster
from .self_ping import SelfPing
from .strangers import Strangers
from .subscriptions import Subscriptions
from .uploads import Uploads

ALL: tuple[type[Feature], ...] = (
    Discovery,
    Answers,
    Carbons,
    # Before anything that makes presence come.
    ClientState,
    Compression,
    # The roster before presence: contacts that are known when their presence comes can be shown at once.
    Roster,
    # Before what it limits: who is blocked is so by the time what waits of them is dropped.
    Strangers,
    Subscriptions,
    Chats,
    # Presence before the archive: what was archived before it is fetched, what comes after it is live.
    Presences,
    History,
    Holes,
    Messages,
    Replies,
    Corrections,
    Retractions,
    Reactions,
    Receipts,
    Markers,
    ReadState,
    ChatStates,
    Encryption,
    OpenPgpKeys,
    # Before what looks at the text of a message, which may be an address only.
    Downloads,
    Uploads,
    # Of rooms: what only listens sees them first, and questions before they are settled; a password is noted
    # before its room is queued.
    SelfPing,
    Occupants,
    Invitations,
    # Before what joins: a room that is left for the sake of the link is not queued again.
    Outside,
    Bookmarks,
    Joining,
    OwnOccupant,
    Rooms,
    RoomMessages,
    RoomSubjects,
    Mentions,
    RoomList,
)

BENEATH: dict[str, tuple[str, ...]] = {
    "finding": ("XEP-0156", "XEP-0368", "XEP-0487"),
    "signing in": ("XEP-0386", "XEP-0388", "XEP-0440", "XEP-0474", "XEP-0484"),
    "stream management": ("XEP-0198",),
    "WebSocket": ("RFC 7395",),
    "BOSH": ("XEP-0124", "XEP-0206"),
}
"""What the stream under the features speaks, by the part that does."""
