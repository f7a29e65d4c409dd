"""A small world for the tests of the screen: three people, a room, some messages."""

from __future__ import annotations

from tests.fakes.engine import ME, FakeEngine
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.contact import Contact, Presence, Show, Subscription
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.room import Affiliation, Occupant, Role, RoomState

AVA = ChatKey(ME, Address.parse("ava@example.org"))
BRAM = ChatKey(ME, Address.parse("bram@example.org"))
DEV = ChatKey(ME, Address.parse("dev@rooms.example.org"))


def peopled() -> FakeEngine:
    """Ava and Bram on the roster, the room #dev joined; Ava's chat is the newest."""
    engine = FakeEngine()
    engine.emit(
        ev.RosterReplaced(
            ME,
            (
                Contact(ME, AVA.address, "ava", ("Friends",), Subscription.BOTH),
                Contact(ME, BRAM.address, "bram", ("Work",), Subscription.BOTH),
                Contact(ME, Address.parse("greta@example.org"), "greta", ("Friends",), Subscription.TO),
            ),
        ),
        ev.PresenceChanged(ME, AVA.address, Presence("phone", Show.AVAILABLE, "back at four")),
        ev.PresenceChanged(ME, BRAM.address, Presence("desk", Show.AWAY)),
        ev.RoomChanged(DEV, RoomState.JOINED, nick="alice", name="dev", subject="release on friday"),
        ev.OccupantsArrived(
            DEV,
            (
                Occupant("alice", Role.PARTICIPANT),
                Occupant("bram", Role.MODERATOR, Affiliation.OWNER),
                Occupant("chiara", Role.PARTICIPANT),
            ),
        ),
    )
    engine.open(AVA)
    engine.open(BRAM)
    engine.open(DEV, kind=ChatKind.ROOM)
    engine.receive(BRAM, "lunch?")
    engine.receive(DEV, "pushed the branch", sender=DEV.address.with_resource("chiara"))
    engine.receive(AVA, "Shall we meet at the station?")
    engine.receive(AVA, "Which platform?", outgoing=True, sender=ME, delivery=Delivery.READ, id="mine")
    for key in (AVA, BRAM, DEV):
        engine._change(key, unread=0, mentions=0, read_at=engine.now, read_row=1 << 40)
    return engine
