"""A world in which everything that others can name, say or announce holds an attack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.fakes.engine import ME, FakeEngine
from tests.ui.security_world import PHONE, known
from tests.ui.world import AVA, BRAM, DEV, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.attachment import Attachment, Transfer, TransferState
from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.contact import Contact, Presence, Show, Subscription, SubscriptionRequest
from tui_xmpp.core.file_events import TransferProgress
from tui_xmpp.core.message import Delivery, Reaction, Reply
from tui_xmpp.core.openpgp import KeysOf, OpenPgpKey
from tui_xmpp.core.questions import CanSeal, PublicRooms, RoomServices
from tui_xmpp.core.room import Bookmark, Occupant, RoomListing
from tui_xmpp.core.security import Preflight, Protection
from tui_xmpp.core.strangers import Strangers, StrangersChanged

SERVICE = Address.parse("rooms.example.org")
_EVE = ChatKey(ME, Address.parse("eve@evil.example"))
_CHIARA = DEV.address.with_resource("chiara")

Put = Callable[[FakeEngine, str], None]


def _contact(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.ContactChanged(Contact(ME, BRAM.address, text, ("Work",), Subscription.BOTH)))


def _group(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.ContactChanged(Contact(ME, AVA.address, "ava", (text,), Subscription.BOTH)))


def _status(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.PresenceChanged(ME, AVA.address, Presence("phone", Show.AVAILABLE, text)))


def _resource(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.PresenceChanged(ME, AVA.address, Presence(text, Show.AWAY)))


def _request(engine: FakeEngine, text: str) -> None:
    request = SubscriptionRequest(ME, Address.parse("zoe@example.net"), text, text)
    engine.emit(ev.SubscriptionRequested(request))


def _body(engine: FakeEngine, text: str) -> None:
    engine.receive(AVA, text)


def _sealed(engine: FakeEngine, text: str) -> None:
    engine.receive(AVA, text, protection=Protection.SEALED)


def _subject(engine: FakeEngine, text: str) -> None:
    engine.receive(AVA, "with a subject", subject=text)


def _answered(engine: FakeEngine, text: str) -> None:
    engine.receive(AVA, "an answer", reply=Reply("gone", AVA.address, text=text))


def _reaction(engine: FakeEngine, text: str) -> None:
    engine.receive(AVA, "looked at", reactions=(Reaction(AVA.address, "", (text[:32],)),))


def _failure(engine: FakeEngine, text: str) -> None:
    engine.receive(AVA, "not sent", outgoing=True, sender=ME, delivery=Delivery.FAILED, failure=text)


def _retracted(engine: FakeEngine, text: str) -> None:
    engine.receive(DEV, "", sender=_CHIARA, retracted=text)


def _file(engine: FakeEngine, text: str) -> None:
    url = "https://files.example.org/1/x.jpg"
    engine.receive(AVA, url, attachment=Attachment(url, text, 12_000, "image/jpeg"))


def _transfer(engine: FakeEngine, text: str) -> None:
    engine.emit(TransferProgress(Transfer("t1", AVA, False, text, TransferState.RUNNING, 10, 100)))


def _nick(engine: FakeEngine, text: str) -> None:
    engine.receive(DEV, "from a nick", sender=_CHIARA, nick=text)


def _room_body(engine: FakeEngine, text: str) -> None:
    engine.receive(DEV, text, sender=_CHIARA, mention=True)


def _topic(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.RoomChanged(DEV, subject=text, subject_by=text))


def _room_name(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.RoomChanged(DEV, name=text))


def _occupant(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.OccupantChanged(DEV, Occupant(text, status=text), joined=True))


def _leaves(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.OccupantLeft(DEV, "chiara", reason=text))


def _typing(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.TypingChanged(DEV, text, ev.ChatState.COMPOSING))


def _bookmark(engine: FakeEngine, text: str) -> None:
    garden = Address.parse("garden@rooms.example.org")
    engine.emit(ev.BookmarksChanged(ME, (Bookmark(ME, garden, text),)))


def _chat_name(engine: FakeEngine, text: str) -> None:
    key = replace(DEV, address=Address.parse("harbour@rooms.example.org"))
    engine.open(key, kind=ChatKind.ROOM, name=text)


def _draft(engine: FakeEngine, text: str) -> None:
    """What was pasted, and kept."""
    engine._change(BRAM, draft=text)


def _invited(engine: FakeEngine, text: str) -> None:
    room = Address.parse("party@rooms.example.org")
    engine.emit(ev.Invited("i1", ME, room=room, sender=AVA.address, text=text, known=True))


def _invitation(engine: FakeEngine, text: str) -> None:
    """Of a stranger."""
    room = Address.parse("lottery@rooms.evil.example")
    engine.emit(ev.Invited("i2", ME, room=room, sender=_EVE.address, text=text))


def _stranger(engine: FakeEngine, text: str) -> None:
    """Who begins a chat."""
    engine.open(_EVE)
    engine.receive(_EVE, text)
    engine._change(_EVE, unread=0)
    engine.emit(StrangersChanged(ME, Strangers(chats=(_EVE.address,))))


def _room_password(engine: FakeEngine, text: str) -> None:
    room = Address.parse("vault@rooms.example.org")
    engine.emit(ev.RoomPasswordNeeded("p1", ME, room=room, reason=text))


def _notice(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.Notice(text, ev.Level.WARN))


def _error(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.Notice(text, ev.Level.ERROR, ME, AVA))


def _certificate(engine: FakeEngine, text: str) -> None:
    """A field of a certificate stands in the reason why it is refused."""
    engine.emit(ev.ConnectionChanged(ME, Connection.REFUSED, text))


def _history(engine: FakeEngine, text: str) -> None:
    engine.emit(ev.HistoryLoaded(AVA, 0, failure=text))


def _device(engine: FakeEngine, text: str) -> None:
    known(engine, AVA.address, replace(PHONE, label=text))


def _key_name(engine: FakeEngine, text: str) -> None:
    key = OpenPgpKey("89ABCDEF" * 5, announced=True, here=True, names=(text,))
    engine.answers[KeysOf] = (key,)


def _unsealable(engine: FakeEngine, text: str) -> None:
    engine.answers[CanSeal] = Preflight((text,))


def _listing(engine: FakeEngine, text: str) -> None:
    engine.answers[RoomServices] = (SERVICE,)
    rooms = (RoomListing(Address.parse("quay@rooms.example.org"), text, 3, text),)
    engine.answers[PublicRooms] = rooms


SOURCES: dict[str, Put] = {
    one.__name__.strip("_"): one
    for one in (
        # Before what is said to Ava, whose chat is the one to begin with.
        _stranger,
        _contact,
        _group,
        _status,
        _resource,
        _request,
        _body,
        _sealed,
        _subject,
        _answered,
        _reaction,
        _failure,
        _retracted,
        _file,
        _transfer,
        _nick,
        _room_body,
        _topic,
        _room_name,
        _occupant,
        _leaves,
        _typing,
        _bookmark,
        _chat_name,
        _draft,
        _invited,
        _invitation,
        _room_password,
        _notice,
        _error,
        _certificate,
        _history,
        _device,
        _key_name,
        _unsealable,
        _listing,
    )
}
"""Where texts of others come from; each puts one into the world."""

MOMENTARY = {"leaves", "typing", "transfer", "notice", "error", "history", "certificate"}
"""What is told as it happens, to a screen that is there."""


def marker(source: str) -> str:
    """The word by which a source is found on the screen."""
    return f"Q{list(SOURCES).index(source):02}"


def hostile(attack: str) -> FakeEngine:
    """The world before anybody looks at it; every text begins with the marker of its source."""
    engine = peopled()
    for name, put in SOURCES.items():
        if name not in MOMENTARY:
            put(engine, f"{marker(name)}{attack}")
    return engine
