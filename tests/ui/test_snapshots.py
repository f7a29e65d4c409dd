"""The screens as pictures, at two sizes in two themes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.fakes.engine import ME, NOON, FakeEngine
from tests.ui.driving import FakeConfig
from tests.ui.security_world import HERE, LAPTOP, PHONE, TABLET, fingerprint, known, sealed
from tests.ui.world import AVA, DEV, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Connection
from tui_xmpp.core.message import Delivery, Reaction
from tui_xmpp.core.security import Protection, Trust
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.ui.app import ChatApp

Before = Callable[[Pilot[Any]], Awaitable[None]]
SIZES = ((80, 24), (120, 40))
THEMES = ("quiet-dark", "paper")


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def _talk() -> FakeEngine:
    engine = peopled()
    engine.receive(
        AVA,
        "The one on the river side, by the kiosk. If I am late, go up and find *seats* on the left.",
        outgoing=True,
        sender=ME,
        delivery=Delivery.DELIVERED,
    )
    engine.receive(AVA, "Good", reactions=(Reaction(ME, "me", ("x",), True),))
    engine.receive(AVA, "see https://example.org/map", edited=True)
    engine.receive(AVA, "on it", outgoing=True, sender=ME, delivery=Delivery.FAILED, failure="Refused.")
    engine._change(AVA, unread=0, read_at=engine.now, read_row=1 << 40)
    chiara = DEV.address.with_resource("chiara")
    engine.receive(DEV, "alice: look", sender=chiara, mention=True, at=NOON)
    return engine


def _keys(*keys: str) -> Before:
    async def press(pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)
        await pilot.pause(0.3)

    return press


async def _signing_in(pilot: Pilot[Any]) -> None:
    await pilot.press(*"alice", "at", *"example", "full_stop", *"org", "enter", *"secret", "enter")
    for state, words in (
        (Connection.RESOLVING, "looking up example.org"),
        (Connection.SECURING, "certificate from Example CA, valid 61 days"),
        (Connection.REFUSED, "The password is wrong. Write it again, then Enter."),
    ):
        pilot.app.engine.emit(ev.ConnectionChanged(ME, state, words))  # type: ignore[attr-defined]
        await pilot.pause(0.1)


def _sealed() -> FakeEngine:
    engine = _talk()
    known(
        engine,
        AVA.address,
        replace(PHONE, trust=Trust.VERIFIED),
        replace(TABLET, trust=Trust.UNDECIDED, label="\x1b[31m[bold]Tablet\u202e"),
        replace(TABLET, id=1003, trust=Trust.DISTRUSTED, active=False, fingerprint=fingerprint(3)),
    )
    known(engine, ME, HERE, LAPTOP)
    sealed(engine, AVA)
    engine.receive(AVA, "in clear", protection=Protection.ATTENTION)
    engine.receive(AVA, "The keys are gone.", protection=Protection.ATTENTION, unopened=True)
    engine.receive(AVA, "sealed", protection=Protection.SEALED)
    engine.receive(AVA, "and verified", protection=Protection.VERIFIED)
    engine._change(AVA, unread=0, read_at=engine.now, read_row=1 << 40)
    return engine


CASES: dict[str, tuple[Callable[[], FakeEngine], Before]] = {
    "main": (_talk, _keys()),
    "room": (_talk, _keys("alt+3")),
    "list": (_talk, _keys("ctrl+b")),
    "jump": (_talk, _keys("ctrl+k", "a")),
    "search": (_talk, _keys("ctrl+s", "ctrl+u", *"the")),
    "help": (_talk, _keys("f1")),
    "reply": (_talk, _keys("ctrl+up", "k", "r")),
    "sealed": (_sealed, _keys()),
    "security": (_sealed, _keys("alt+e")),
    "security-end": (_sealed, _keys("alt+e", *["pagedown"] * 5)),
    "compare": (_sealed, _keys("alt+e", "c")),
    "device": (_sealed, _keys("alt+e", "down", "enter")),
    "empty": (FakeEngine, _keys()),
    "sign-in": (lambda: FakeEngine(account=False), _signing_in),
}


FULLY = ("main", "jump", "search", "help", "sign-in", "security", "compare")
"""Seen at every size in every theme; the others once."""
PICTURES = [
    pytest.param(case, size, theme, id=f"{case}-{size[0]}x{size[1]}-{theme}")
    for case in CASES
    for size in (SIZES if case in FULLY else SIZES[:1])
    for theme in (THEMES if case in FULLY else THEMES[:1])
]


@pytest.mark.parametrize(("case", "size", "theme"), PICTURES)
def test_it_looks_as_it_did(snap_compare: Any, case: str, size: tuple[int, int], theme: str) -> None:
    make, before = CASES[case]
    engine = make()
    app = ChatApp(
        engine,
        engine.archive,
        Settings(ui=Ui(theme=theme)),
        config_folder=None,
        config=FakeConfig(),
        today=lambda: NOON.date(),
    )
    assert snap_compare(app, terminal_size=size, run_before=before)
