"""Switching to another link profile while a session goes on."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from tests.session.cells.probes import learnt, signed_in
from tests.session.wire import ANNA, FULL, IN_ROOM, SM, WITH_BERT, Wire, names
from tui_xmpp.core.chat import ChatKind
from tui_xmpp.core.commands import Command, Refused, SendMessage, SetLinkCell, SetTyping, UndoLink, UseLink
from tui_xmpp.core.events import LinkChanged
from tui_xmpp.core.link import PROFILES
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.settings import Encryption, Link, Settings
from tui_xmpp.session import switching
from tui_xmpp.session.opening import SignedIn

RESUMABLE = "<enabled xmlns='urn:xmpp:sm:3' id='s1' resume='true'/>"


def use(name: str) -> UseLink:
    return UseLink(ANNA, name)


@pytest_asyncio.fixture
async def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    # However slow this machine is, what follows from the switch is seen as one packet.
    monkeypatch.setattr(switching, "GATHER_SECONDS", 5.0)
    async with signed_in(tmp_path, "full") as wire:
        wire.account.open_chat(IN_ROOM, ChatKind.ROOM)
        wire.enter()
        await wire.settle()
        wire.stream.written.clear()
        yield wire


async def switch(wire: Wire, command: Command) -> list[str]:
    """What goes out, each stanza by what is in it; all of it in one packet."""
    before = wire.stream.packets
    sent = await wire.do(command)
    assert wire.stream.packets - before <= 1, [names([one]) for one in sent]
    wire.answer_all()
    await wire.settle()
    return [_said(one) for one in sent if not one.tag.startswith("{urn:xmpp:sm:3}")]


def _said(stanza: ET.Element) -> str:
    """The names of the elements; of a bare request, what it is about."""
    parts = [part for part in names([stanza]) if part not in ("iq", "query")]
    return " ".join(parts) or re.split("[:#]", stanza[0].tag.partition("}")[0])[-1]


async def test_there_and_back_and_there_again(full: Wire) -> None:
    gone = [
        "disable",
        "presence",
        "list item presence-in item presence-in presence-out item presence-in presence-out",
        "active",
        "presence",
    ]
    assert await switch(full, use("radio")) == gone
    assert full.world.rooms[IN_ROOM].state is RoomState.LEFT
    assert full.world.accounts[ANNA].link == PROFILES["radio"]

    back = [
        "enable",
        "roster",
        "list item presence-out",
        "active",
        "presence",
        "active",
        "presence c",
        "info",
    ]
    assert await switch(full, use("full")) == back
    full.enter()
    await full.settle()

    # What is stored once is not stored again.
    assert await switch(full, UndoLink(ANNA)) == [one for one in gone if not one.startswith("list")]
    assert (await switch(full, UndoLink(ANNA)))[:6] == [
        one for one in back[:-1] if not one.startswith("list")
    ]
    with pytest.raises(Refused, match="nothing to undo"):
        await full.do(UndoLink(ANNA))


async def test_hearing_less_costs_one_request(full: Wire) -> None:
    """What contacts told stays, and is known to be old."""
    await full.take("<presence from='bert@example.org/x'/>")
    sent = await switch(full, use("metered"))
    # No other device of ours is there; the room is left; less is wanted of those events that concern us.
    list_ = "list item presence-in item presence-in item presence-in"
    assert sent == ["disable", list_, "active", "presence c", "presence"]
    assert full.world.rooms[IN_ROOM].state is RoomState.LEFT
    state = full.world.accounts[ANNA]
    assert state.heard_groups == ()
    assert full.world.best_presence(ANNA, WITH_BERT.address) is not None


async def test_one_cell_alone(full: Wire) -> None:
    assert await switch(full, SetLinkCell(ANNA, "carbons", "off")) == ["disable"]
    assert await switch(full, SetLinkCell(ANNA, "carbons", "")) == ["enable"]
    assert await switch(full, SetLinkCell(ANNA, "page", "7")) == []
    assert full.account.pacing.page == 7
    told = full.happened(LinkChanged)[-1]
    assert (told.profile.page, told.profile.name, told.automatic) == (7, "full", False)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (use("lte"), "There is no link profile lte. There are full, mobile, metered, satellite, radio."),
        (SetLinkCell(ANNA, "carbon", "on"), "Unknown cell carbon; the nearest known one is carbons."),
        (SetLinkCell(ANNA, "carbons", "maybe"), 'Carbons must be one of "on", "others", "off".'),
        (SetLinkCell(ANNA, "page", "many"), "Page must be a whole number from 1 to 250."),
        (SetLinkCell(ANNA, "typing_out", "2"), "Typing_out must be on or off."),
        (SetLinkCell(ANNA, "notify", "read, mail"), "Notify must be one of"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(wire: Wire, command: Command, words: str) -> None:
    with pytest.raises(Refused) as refused:
        await wire.do(command)
    assert str(refused.value).startswith(words)
    assert not wire.happened(LinkChanged)


async def test_the_choice_outlives_the_process(tmp_path: Path) -> None:
    wire = Wire(tmp_path, link="mobile")
    await wire.do(use("metered"))
    await wire.do(SetLinkCell(ANNA, "page", "3"))
    await wire.close()
    again = Wire(tmp_path, link="mobile")
    assert (again.account.pacing.profile.name, again.account.pacing.page) == ("metered", 3)
    await again.close()
    # Who writes another one into the configuration means it.
    other = Wire(tmp_path, link="satellite")
    assert other.account.pacing.profile == PROFILES["satellite"]
    await other.close()


async def test_what_was_measured_is_not_taken_for_a_choice(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    wire.account.switching.use("radio", automatic=True)
    assert wire.happened(LinkChanged)[-1].automatic
    assert wire.account.pacing.profile == PROFILES["radio"]
    await wire.close()
    again = Wire(tmp_path)
    assert again.account.pacing.profile == PROFILES["full"]
    await again.close()


async def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    own = replace(PROFILES["mobile"], name="train", page=3)
    wire = Wire(
        tmp_path,
        settings=Settings(link=Link(profiles={"train": own}), encryption=Encryption(omemo=False)),
        link="train",
    )
    assert wire.account.pacing.profile == own
    await wire.do(use("full"))
    await wire.do(use("train"))
    assert wire.account.pacing.page == 3
    await wire.close()


async def test_a_session_that_goes_on_is_told_what_changed_meanwhile(tmp_path: Path) -> None:
    """The link is lost, the user switches, the link comes back: the server hears of it then."""
    wire = Wire(tmp_path)
    learnt(wire)
    await wire.online(enabled=RESUMABLE)
    wire.lose()
    await wire.do(SetLinkCell(ANNA, "carbons", "off"))
    await wire.do(SetLinkCell(ANNA, "page", "7"))
    wire.connect(frozenset({SM}))
    wire.account.life.established(SignedIn(FULL, resumed=0))
    await wire.settle()
    assert "disable" in names(wire.stream.written)
    await wire.close()


async def test_another_process_tells_it_too(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    learnt(wire)
    await wire.online(enabled=RESUMABLE)
    # Killed between the choice and the wire.
    kept = json.dumps(["full", json.dumps(["full", {"carbons": "off"}])])
    wire.account.facts.put("link", str(ANNA), kept)
    reborn = wire.reborn()
    reborn.connect(frozenset({SM}))
    reborn.account.life.established(SignedIn(FULL, resumed=0))
    await reborn.settle()
    assert "disable" in names(reborn.stream.written)
    await reborn.close()


async def test_who_was_told_that_we_type_is_told_that_we_stopped(full: Wire) -> None:
    full.befriend()
    await full.do(SetTyping(WITH_BERT, True))
    assert (await switch(full, use("mobile")))[-1] == "message paused no-store"
    sent = await full.do(SendMessage(WITH_BERT, "a"))
    assert "active" not in names(sent)
