"""Since when a nick is whose."""

from __future__ import annotations

from tests.fakes.clock import FakeClock
from tests.session.wire import IN_ROOM
from tui_xmpp.core.events import OccupantChanged, OccupantLeft
from tui_xmpp.core.room import Occupant
from tui_xmpp.session.arrivals import Arrivals


def test_a_room_where_people_come_and_go_without_end_costs_nothing() -> None:
    arrivals = Arrivals(FakeClock())
    for number in range(1000):
        arrivals.told(OccupantChanged(IN_ROOM, Occupant(f"n{number}"), joined=True))
        arrivals.told(OccupantLeft(IN_ROOM, f"n{number}", new_nick=f"m{number}"))
        arrivals.told(OccupantLeft(IN_ROOM, f"m{number}"))
    assert not arrivals._at
