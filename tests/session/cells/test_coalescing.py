"""What is written waits for more, where the link has it so, and leaves in one packet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from tests.session.cells.probes import Timers
from tests.session.link.rig import Facts
from tui_xmpp.core.account import Account
from tui_xmpp.core.address import Address
from tui_xmpp.session.gate import Phase
from tui_xmpp.session.lanes import Lane, Parcel
from tui_xmpp.session.listener import Listener
from tui_xmpp.session.riding import Riding
from tui_xmpp.session.stream import Stream


class Packets:
    """A wire that keeps what it is given, packet by packet."""

    waiting = 0

    def __init__(self) -> None:
        self.sent: list[list[Any]] = []

    def attach(self, receiver: object) -> None:
        pass

    def write(self, items: Sequence[Any]) -> None:
        self.sent.append(list(items))

    def abort(self) -> None:
        pass


class Patient(Listener):
    def __init__(self, window: float) -> None:
        self.window = window

    def may_wait(self) -> float:
        return self.window

    def takes_along(self) -> list[str]:
        return ["<a/>"]


def stream(window: float) -> tuple[Stream, Packets]:
    made, wire = Stream(Account(Address.parse("a@b.example")), facts=Facts()), Packets()
    made.attach(wire)  # type: ignore[arg-type]
    made.phase_gate.phase = Phase.BOUND
    made.sessionstarted = True
    made.listener = Patient(window)
    return made, wire


async def test_without_a_window_what_is_said_in_one_turn_leaves_at_once() -> None:
    made, wire = stream(0)
    made.write("<one/>")
    made.write("<two/>")
    assert wire.sent == []
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert wire.sent == [["<one/>", "<two/>", "<a/>"]]


async def test_with_one_it_waits_for_more_but_never_longer() -> None:
    made, wire = stream(0.2)
    with Timers(asyncio.get_running_loop()) as timers:
        made.write("<one/>")
        await asyncio.sleep(0)
        made.write("<two/>")
        await asyncio.sleep(0)
        assert wire.sent == []
        # The window of the first: it is not drawn out by the second.
        ((seconds, act),) = timers.due
        assert seconds == 0.2
        act()
    assert wire.sent == [["<one/>", "<two/>", "<a/>"]]


async def test_a_full_packet_waits_for_nothing() -> None:
    made, wire = stream(0.2)
    made.write("<one/>")
    made.write(f"<big>{'x' * 1400}</big>")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(wire.sent) == 1


async def test_a_sign_in_never_waits() -> None:
    made, wire = stream(1.0)
    made.sessionstarted = False
    made.write("<auth/>")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert wire.sent == [["<auth/>"]]


async def test_what_rides_goes_alone_after_the_shortest_wait() -> None:
    alone: list[str] = []
    riding = Riding(lambda parcel: alone.append(parcel.text))
    with Timers(asyncio.get_running_loop()) as timers:
        riding.put(Parcel("first", Lane.MESSAGE), 5.0)
        riding.put(Parcel("second", Lane.MESSAGE), 1.0)
        seconds, act = timers.due[-1]
        assert seconds == 1.0
        act()
    assert alone == ["first", "second"]
    assert riding.take() == []
