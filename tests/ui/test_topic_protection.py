"""The right end of the topic line: how the open chat is protected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import driven
from tests.ui.fake_terminal import FakeTerminal
from tests.ui.security_world import PHONE, TABLET, known, sealed
from tests.ui.world import AVA, DEV, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.room import Occupant
from tui_xmpp.core.security import ChatSecurity, Device, Encrypt, Trust
from tui_xmpp.core.settings import Encryption, Settings, Ui

VERIFIED = replace(PHONE, trust=Trust.VERIFIED)
OLD = replace(TABLET, active=False)
NEW = replace(TABLET, trust=Trust.UNDECIDED)


def a_chat(*devices: Device, security: ChatSecurity | None = None) -> FakeEngine:
    engine = peopled()
    known(engine, AVA.address, *devices)
    if security is not None:
        engine.emit(ev.SecurityChanged(AVA, security))
    return engine


@pytest.mark.parametrize(
    ("devices", "security", "words"),
    [
        ((), None, "not encrypted"),
        ((PHONE,), None, "OMEMO"),
        ((replace(PHONE, active=False),), None, "not encrypted"),
        ((PHONE,), ChatSecurity(Encrypt.OFF), "not encrypted"),
        ((PHONE,), ChatSecurity(Encrypt.ASK), "not encrypted"),
        ((PHONE,), ChatSecurity(Encrypt.ASK, sealed=True), "OMEMO"),
        ((), ChatSecurity(Encrypt.ALWAYS), "OMEMO"),
        ((), ChatSecurity(sealed=True), "OMEMO"),
        ((VERIFIED,), None, "OMEMO, verified"),
        ((VERIFIED, OLD), None, "OMEMO, verified"),
        ((VERIFIED, TABLET), None, "OMEMO"),
        ((VERIFIED, NEW), None, "OMEMO, new device!"),
        ((PHONE, NEW), None, "OMEMO"),
        ((VERIFIED, replace(NEW, active=False)), None, "OMEMO, verified"),
    ],
)
async def test_the_topic_line_says_how_a_chat_is_protected(
    devices: tuple[Device, ...], security: ChatSecurity | None, words: str
) -> None:
    async with driven(a_chat(*devices, security=security)) as seen:
        assert seen.lines[0].endswith(f" {words}"), seen.lines[0]


@pytest.mark.parametrize(
    ("devices", "words", "token"),
    [((VERIFIED,), "OMEMO, verified", "ok"), ((VERIFIED, NEW), "OMEMO, new device!", "warn")],
)
async def test_what_is_good_and_what_is_to_be_looked_at_have_the_colours_of_the_theme(
    devices: tuple[Device, ...], words: str, token: str
) -> None:
    async with driven(a_chat(*devices)) as seen:
        (part,) = [one for one in seen.app.screen._compositor.render_strips()[0] if one.text == words]
        assert part.style is not None and part.style.color == seen.main.look.style(token).color


async def test_where_omemo_is_off_nothing_is_said_to_be_sealed_by_itself() -> None:
    settings = Settings(ui=Ui(theme="quiet-dark"), encryption=Encryption(omemo=False))
    async with driven(a_chat(PHONE), settings=settings) as seen:
        assert seen.lines[0].endswith("not encrypted")


async def test_it_changes_with_what_is_known() -> None:
    async with driven(peopled()) as seen:
        known(seen.engine, AVA.address, VERIFIED)
        await seen.shows("OMEMO, verified")
        known(seen.engine, AVA.address, VERIFIED, NEW)
        await seen.shows("OMEMO, new device!")


async def test_a_room_is_verified_when_every_member_is() -> None:
    engine = peopled()
    bram, chiara = Address.parse("bram@example.org"), Address.parse("chiara@example.net")
    sealed(engine, DEV)
    engine.emit(
        ev.OccupantChanged(DEV, Occupant("alice", address=ME)),
        ev.OccupantChanged(DEV, Occupant("bram", address=bram)),
        ev.OccupantChanged(DEV, Occupant("chiara", address=chiara)),
    )
    known(engine, bram, VERIFIED)
    async with driven(engine) as seen:
        await seen.press("alt+3")
        await seen.shows("OMEMO, 3 members")
        known(engine, chiara, VERIFIED)
        await seen.shows("OMEMO, verified, 3 members")


async def test_the_protection_stays_where_there_is_no_room_for_the_rest() -> None:
    engine = a_chat(VERIFIED, NEW)
    engine.emit(ev.AccountAdded(replace(engine.world.accounts[ME].account, address=Address.parse("b@c.de"))))
    async with driven(engine, size=(60, 20)) as seen:
        assert seen.lines[0].endswith("OMEMO, new device!")


async def test_a_screen_reader_hears_it_with_the_chat() -> None:
    async with driven(a_chat(VERIFIED), terminal="reader", driver=FakeTerminal) as seen:
        await seen.shows("-- ava, back at four, OMEMO, verified --")
        known(seen.engine, AVA.address, VERIFIED, NEW)
        await seen.main.settling.release()
        await seen.shows("ava: OMEMO, new device!")
