"""A dead link is noticed; one that is slow, or busy with our own traffic, is left alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from tests.fakes.clock import FakeClock
from tests.session.link.rig import OWN, Facts
from tui_xmpp.session import liveness
from tui_xmpp.session.liveness import Liveness
from tui_xmpp.session.timing import LinkTiming
from tui_xmpp.session.transport.tcp_info import TcpInfo


class Timer:
    def __init__(self, at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback = callback
        self.off = False

    def when(self) -> float:
        return self.at

    def cancel(self) -> None:
        self.off = True

    def cancelled(self) -> bool:
        return self.off


class Loop(FakeClock):
    """Timers that run when the test turns the time."""

    def __init__(self) -> None:
        super().__init__()
        self.timers: list[Timer] = []
        self.woken = 0

    def time(self) -> float:
        return self.seconds

    def call_at(self, when: float, callback: Callable[[], None], /) -> asyncio.TimerHandle:
        self.timers.append(Timer(when, callback))
        return cast(asyncio.TimerHandle, self.timers[-1])

    def run(self, seconds: float) -> None:
        until = self.seconds + seconds
        while True:
            self.timers = [one for one in self.timers if not one.off]
            due = min((one for one in self.timers if one.at <= until), key=Timer.when, default=None)
            if due is None:
                break
            self.timers.remove(due)
            self.turn(due.at - self.seconds)
            self.woken += 1
            due.callback()
        self.turn(until - self.seconds)


class Link:
    """A bound stream on a link the test shapes."""

    def __init__(self, *, rtt: float | None = 0.05, kernel: bool = True, idle: float = 60) -> None:
        self.loop = Loop()
        self.timing = LinkTiming(Facts(), OWN, self.loop)
        if rtt is not None:
            self.timing.answered(rtt)
        self.waiting = 0
        self.acked_at = self.loop.time()
        self.tcp = TcpInfo(
            rtt=rtt or 0.05,
            rttvar=0.01,
            rto=0.25,
            retransmits=0,
            in_flight=0,
            unsent=0,
            acked=0,
            received=0,
            silence=0,
            delivery_rate=0,
        )
        self.kernel = kernel
        self.questions = 0
        self.verdicts: list[str] = []
        self.life = Liveness(
            self.timing,
            self,
            ask=self._ask,
            dead=self.verdicts.append,
            idle_seconds=idle,
            look=lambda _: self._look(),
            loop=self.loop,
        )

    def socket(self) -> socket.socket | None:
        return None

    def _look(self) -> TcpInfo | None:
        return replace(self.tcp, silence=self.loop.time() - self.acked_at) if self.kernel else None

    def _ask(self) -> None:
        self.questions += 1
        self.life.asked()

    def write(self, size: int = 100) -> None:
        """Something is written; the kernel has it and nobody has acknowledged it."""
        self.tcp = replace(self.tcp, in_flight=self.tcp.in_flight + size)
        self.life.said()

    def acknowledge(self, size: int | None = None) -> None:
        """The peer's kernel has it."""
        size = self.tcp.in_flight if size is None else size
        self.tcp = replace(self.tcp, in_flight=self.tcp.in_flight - size, acked=self.tcp.acked + size)
        self.acked_at = self.loop.time()

    def answer(self) -> None:
        self.acknowledge()
        self.life.heard()
        self.life.answered()


def test_a_silent_server_is_asked_once_and_then_given_up() -> None:
    link = Link(kernel=False)
    link.loop.run(59)
    assert link.questions == 0
    link.loop.run(2)
    assert link.questions == 1
    link.loop.run(6)
    assert link.verdicts == []
    link.loop.run(6)
    assert len(link.verdicts) == 1
    assert link.questions == 1
    link.loop.run(600)
    assert len(link.verdicts) == 1


def test_another_link_profile_has_it_asked_sooner_or_later() -> None:
    link = Link()
    link.life.idle_changed(300)
    link.loop.run(290)
    assert link.questions == 0
    link.life.idle_changed(60)
    link.loop.run(1)
    assert link.questions == 1


def test_while_the_server_speaks_it_is_not_asked() -> None:
    link = Link()
    for _second in range(300):
        link.loop.run(1)
        link.life.heard()
    assert link.questions == 0
    assert link.loop.woken <= 10


def test_an_idle_client_wakes_once_a_minute_or_so() -> None:
    link = Link()
    for _minute in range(60):
        link.loop.run(60)
        if link.questions:
            link.answer()
    assert 55 <= link.questions <= 61
    assert link.loop.woken <= 3 * 60


def test_what_is_not_acknowledged_in_time_means_death() -> None:
    link = Link()
    link.loop.run(30)
    link.write()
    link.loop.run(9)
    assert link.verdicts == []
    link.loop.run(4)
    assert len(link.verdicts) == 1


def test_a_far_link_is_given_more_time() -> None:
    link = Link(rtt=2.0)
    link.write()
    link.loop.run(17)
    assert link.verdicts == []
    link.loop.run(5)
    assert len(link.verdicts) == 1


def test_an_acknowledgement_after_a_long_silence_is_in_time() -> None:
    link = Link(idle=600)
    link.loop.run(300)
    link.write()
    link.loop.run(5)
    link.acknowledge()
    link.loop.run(100)
    link.write()
    link.loop.run(5)
    assert link.verdicts == []


def test_a_write_after_a_pause_while_an_answer_is_owed_is_given_its_time() -> None:
    link = Link()
    for _doubt in range(3):
        link.timing.doubted()
    link.life.asked()
    link.write(30)
    link.loop.run(1)
    link.acknowledge()
    link.loop.run(40)
    link.write()
    link.loop.run(4)
    assert link.verdicts == []


def test_our_own_upload_does_not_kill_the_link() -> None:
    """300 bytes a second leave; the question stands behind 60,000 bytes."""
    link = Link(rtt=2.0)
    link.write(60_000)
    link._ask()
    for _second in range(200):
        link.acknowledge(300)
        link.loop.run(1)
    assert link.verdicts == []
    link.answer()
    link.loop.run(30)
    assert link.verdicts == []


def test_our_own_download_does_not_kill_the_link() -> None:
    link = Link()
    link.write()
    link._ask()
    link.acknowledge()
    for _second in range(200):
        link.loop.run(1)
        link.life.heard()
    assert link.verdicts == []


def test_a_large_record_that_has_not_come_whole_is_a_sign_of_life() -> None:
    """TLS hands over 16 KiB at a time; the kernel sees the bytes come."""
    link = Link()
    link._ask()
    for _second in range(60):
        link.tcp = replace(link.tcp, received=link.tcp.received + 300)
        link.loop.run(1)
    assert link.verdicts == []
    link.loop.run(14)
    assert len(link.verdicts) == 1


def test_what_a_modem_holds_back_is_waited_for_as_long_as_it_took_to_give_it_away() -> None:
    link = Link()
    link.write(30_000)
    link._ask()
    for _second in range(30):
        link.acknowledge(1000)
        link.loop.run(1)
    link.loop.run(60)
    assert link.verdicts == []
    link.loop.run(40)
    assert len(link.verdicts) == 1


def test_an_unanswered_question_means_death_though_a_proxy_acknowledges() -> None:
    link = Link()
    link._ask()
    link.write(30)
    for _second in range(14):
        link.acknowledge()
        link.loop.run(1)
        link.write()
    assert len(link.verdicts) == 1


def test_a_server_that_thinks_long_is_given_more_time_the_next_time() -> None:
    link = Link(kernel=False)
    link.life.asked()
    link.loop.run(14)
    assert len(link.verdicts) == 1
    again = Liveness(
        link.timing, link, ask=link._ask, dead=link.verdicts.append, look=lambda _: None, loop=link.loop
    )
    again.asked()
    link.loop.run(14)
    assert len(link.verdicts) == 1
    again.heard()
    again.answered()
    assert link.timing.doubt == 1


def test_one_silent_link_after_the_other_is_found_as_soon_where_signing_in_is_quick() -> None:
    """A relay that swallows everything: no question is ever answered, but each new link stands at once."""
    link = Link()
    link.timing.shook_hands(0.05, 0.1)
    for number in range(5):
        link.timing.signed_in()
        again = Liveness(
            link.timing, link, ask=link._ask, dead=link.verdicts.append, look=lambda _: None, loop=link.loop
        )
        again.asked()
        link.loop.run(24)
        assert len(link.verdicts) == number + 1


def test_where_signing_in_is_slow_a_silent_link_is_given_more_and_more_time() -> None:
    link = Link()
    link.timing.shook_hands(1.0, 4.0)
    for _doubt in range(3):
        link.timing.doubted()
    link.timing.signed_in()
    assert link.timing.doubt == 8


def test_an_answer_is_a_measurement() -> None:
    link = Link(rtt=None)
    link._ask()
    link.loop.run(1.5)
    link.answer()
    assert link.timing.answer.smoothed == 1.5


def test_after_waking_up_two_seconds_are_enough() -> None:
    link = Link()
    link.loop.run(10)
    link.life.woke()
    link.write(30)
    assert link.questions == 1
    link.loop.run(1.5)
    assert link.verdicts == []
    link.loop.run(1.6)
    assert len(link.verdicts) == 1


def test_after_waking_up_an_acknowledgement_saves_the_link() -> None:
    link = Link()
    link.life.woke()
    link.write(30)
    link.loop.run(0.3)
    link.acknowledge()
    link.loop.run(5)
    assert link.verdicts == []
    link.answer()
    link.loop.run(30)
    assert link.verdicts == []


def test_a_network_that_changes_all_the_time_costs_one_question_a_minute() -> None:
    link = Link()
    for _change in range(10):
        link.life.network_changed()
        if link.questions:
            link.answer()
        link.loop.run(5)
    assert link.questions == 1


def test_a_link_whose_own_address_is_gone_is_dead_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "is_gone", lambda _: True)
    link = Link()
    link.life.network_changed()
    assert link.verdicts == ["our own address is gone"]
    assert link.questions == 0


def test_after_the_end_nothing_is_asked_or_said() -> None:
    link = Link()
    link.life.stop()
    link.life.said()
    link.life.woke()
    link.life.network_changed()
    link.life.check()
    link.loop.run(600)
    assert (link.questions, link.verdicts, link.loop.timers) == (0, [], [])
