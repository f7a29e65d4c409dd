"""Presence that the link profile keeps off: shown as unknown, with what was known last; never as offline."""

from __future__ import annotations

from tests.fakes.engine import ME
from tests.ui.world import AVA, BRAM, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Connection
from tui_xmpp.core.contact import Presence, Show
from tui_xmpp.ui.render.people import Here
from tui_xmpp.ui.screens.list_model import presence_of
from tui_xmpp.ui.screens.words import about


def test_who_is_not_heard_is_unknown_and_what_is_known_is_old() -> None:
    engine = peopled()
    world = engine.world
    engine.emit(
        ev.ConnectionChanged(ME, Connection.ONLINE),
        ev.PresenceChanged(ME, AVA.address, Presence("phone", Show.AWAY, since=engine.now)),
    )
    assert presence_of(world, ME, AVA.address) is Here.AWAY
    engine.emit(ev.HearingChanged(ME, ("Work",)))
    assert presence_of(world, ME, AVA.address) is Here.UNKNOWN
    assert about(world, AVA) == (
        f"presence not received on this link; last known: away since {engine.now.astimezone():%H:%M}"
    )
    assert presence_of(world, ME, BRAM.address) is Here.AWAY

    engine.emit(ev.PresencesCleared(ME))
    assert about(world, AVA) == "presence not received on this link"
    assert presence_of(world, ME, BRAM.address) is Here.OFFLINE
    assert about(world, BRAM) == "offline"
