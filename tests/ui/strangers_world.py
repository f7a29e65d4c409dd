"""A world in which strangers want many things, for the tests of the screen."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.engine import ME, FakeEngine
from tests.ui.world import AVA
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.contact import SubscriptionRequest
from tui_xmpp.core.strangers import Strangers, StrangersChanged, Want

ZOE = Address.parse("zoe@example.net")
FALSE = Address.parse(str(AVA.address).replace("a", "а", 1))
"""With a Cyrillic letter."""
PARTY = Address.parse("party@rooms.evil.example")
EVE = ChatKey(ME, Address.parse("eve@evil.example"))
EVIL = Address.parse("evil.example")


def ask(engine: FakeEngine, address: Address, text: str = "", nick: str = "") -> None:
    """Let somebody ask to see when we are here."""
    engine.now += timedelta(minutes=1)
    engine.emit(ev.SubscriptionRequested(SubscriptionRequest(ME, address, nick, text, engine.now)))


def invite(engine: FakeEngine, id: str, room: Address, sender: Address | None, text: str = "") -> None:
    """Let a stranger invite us."""
    engine.now += timedelta(minutes=1)
    engine.emit(ev.Invited(id, ME, room, sender, text, at=engine.now))


def write(engine: FakeEngine, key: ChatKey, text: str) -> None:
    """Let a stranger begin a chat."""
    engine.open(key)
    engine.receive(key, text)
    known = engine.world.strangers.get(ME, Strangers())
    engine.emit(StrangersChanged(ME, Strangers((*known.chats, key.address), known.left_out, known.blocked)))


def leave_out(engine: FakeEngine, **counts: int) -> None:
    """Say how many requests, invitations and chats were left out."""
    known = engine.world.strangers.get(ME, Strangers())
    left = {Want(one): count for one, count in counts.items()}
    engine.emit(StrangersChanged(ME, Strangers(known.chats, left, known.blocked)))


def crowded(engine: FakeEngine) -> FakeEngine:
    """A request, one of somebody who looks like Ava, an invitation, and a first message."""
    ask(engine, ZOE, "it is me", "Zoe")
    ask(engine, FALSE, "my new address")
    invite(engine, "i1", PARTY, EVE.address, "win a phone")
    write(engine, EVE, "hello dear")
    return engine
