"""What leaves to open a session: all that must be asked, and nothing that is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from slixmpp.xmlstream import tostring

from tests.session.room_script import INFO, info, join, presence, presences
from tests.session.test_bookmarks import NODE, event, item, stored
from tests.session.wire import ANNA, FULL, IN_ROOM, ROOM, SM, Wire
from tui_xmpp.core.account import Ability
from tui_xmpp.session import freshness
from tui_xmpp.session.opening import SignedIn

ROSTER = "{jabber:iq:roster}query"
MAM = "{urn:xmpp:mam:2}query"
VERSIONING = "{urn:xmpp:features:rosterver}ver"
INLINED = frozenset({"urn:xmpp:sm:3", "urn:xmpp:carbons:2"})
VERSION = "0123456789abcdef"
ARCHIVE_ID = "0193c1a2-7d54-7cc0-8f3e-1b2c3d4e5f60"
ARCHIVED = (
    "<message from='{anna}'><result xmlns='urn:xmpp:mam:2' queryid='{query}' "
    "id='0193c1a2-7d54-7cc0-8f3e-1b2c3d4e5f60'><forwarded xmlns='urn:xmpp:forward:0'>"
    "<delay xmlns='urn:xmpp:delay' stamp='2026-04-01T00:00:00Z'/><message xmlns='jabber:client' "
    "from='bert@example.org/x' to='{anna}' type='chat' id='m1'><body>one</body></message></forwarded>"
    "</result></message>"
)
SERVER = (
    "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='pubsub' type='pep'/>"
    "<feature var='urn:xmpp:mam:2'/></query>"
)


async def open_session(wire: Wire) -> list[str]:
    """The sign-in has enabled all it can; returns what leaves in its packet, as it is written."""
    wire.connect(frozenset({SM, VERSIONING}))
    wire.account.life.open(INLINED)
    return [tostring(one, xmlns="jabber:client") for one in wire.stream.written]


async def serve(wire: Wire) -> None:
    """The session is bound; a server answers all that is asked as servers do."""
    wire.account.life.established(SignedIn(FULL))
    for _ in range(25):
        for iq in wire.requests():
            if iq.find(ROSTER) is not None and iq[0].get("ver") == VERSION:
                wire.answer(iq)
            elif iq.find(ROSTER) is not None:
                contact = "<item jid='bert@example.org' subscription='both'/>"
                wire.answer(iq, f"<query xmlns='jabber:iq:roster' ver='{VERSION}'>{contact}</query>")
            elif iq.find(MAM) is not None:
                if iq.find(".//{http://jabber.org/protocol/rsm}after") is None:
                    wire.hear(ARCHIVED.format(anna=ANNA, query=iq[0].get("queryid")))
                wire.answer(iq, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
            elif iq.find(INFO) is not None:
                wire.answer(iq, info() if "@rooms." in iq.get("to", "") else SERVER)
            elif iq.find(f".//*[@node='{NODE}']") is not None:
                wire.answer(iq, stored(item()))
            else:
                wire.answer(iq)
        await wire.settle()


def asked(wire: Wire) -> list[str]:
    """The payloads of all requests that were written."""
    return [
        one[0].tag.partition("}")[0][1:]
        for one in wire.stream.written
        if one.tag == "{jabber:client}iq" and one.get("type") in ("get", "set")
    ]


async def grown(folder: Path) -> Wire:
    """An account that was signed in before, in a new process, with one room to join."""
    wire = Wire(folder)
    await open_session(wire)
    await serve(wire)
    await wire.take(presence("Ann", 110))
    wire.archive.set_newest_archive_id(ANNA, ARCHIVE_ID, wire.clock.now(), IN_ROOM)
    await serve(wire)
    return wire.reborn()


async def test_a_first_sign_in_asks_for_everything_once(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    await open_session(wire)
    await serve(wire)
    assert sorted(asked(wire)) == [
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/pubsub",
        "http://jabber.org/protocol/pubsub",
        "jabber:iq:roster",
        "urn:xmpp:mam:2",
    ]
    assert wire.world.accounts[ANNA].abilities == {Ability.ARCHIVE.value, Ability.PEP.value}
    await wire.close()


async def test_a_warm_sign_in_asks_for_what_is_new_in_a_packet_of_little_size(tmp_path: Path) -> None:
    wire = await grown(tmp_path)
    texts = await open_session(wire)
    assert ["presence" in texts[1], *("<iq" in one for one in (texts[0], texts[2]))] == [True] * 3
    assert f'ver="{VERSION}"' in texts[0] and ARCHIVE_ID in texts[2]
    assert "jabber:x:data" not in texts[2]
    # How long its own words are, the server decides.
    ours = sum(len(one.encode()) for one in texts) - len(VERSION) - len(ARCHIVE_ID)
    assert len(texts) == 3 and ours < 385
    await serve(wire)
    assert asked(wire) == ["jabber:iq:roster", "urn:xmpp:mam:2"]
    (entering,) = presences(wire, f"{ROOM}/Ann")
    history = entering.find(".//{http://jabber.org/protocol/muc}history")
    assert history is not None and history.get("maxstanzas") == "0"
    assert wire.world.accounts[ANNA].abilities == {Ability.ARCHIVE.value, Ability.PEP.value}
    assert [one.text for one in wire.events if hasattr(one, "text")] == []
    await wire.close()


async def test_carbons_are_asked_for_where_the_sign_in_could_not_enable_them(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    await wire.online(answers=False)
    assert "urn:xmpp:carbons:2" in asked(wire)
    await wire.close()


@pytest.mark.parametrize(
    ("seconds", "caps", "again"),
    [(60, "", False), (60, "n#1", True), (86_401, "", True)],
)
async def test_the_server_is_asked_what_it_can_do_when_it_changes_or_a_day_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, caps: str, again: bool
) -> None:
    monkeypatch.setattr(freshness, "QUIET_SECONDS", 0.0)
    wire = await grown(tmp_path)
    wire.clock.turn(seconds)
    await open_session(wire)
    wire.stream.server_caps = caps
    await serve(wire)
    questions = [one.get("to") for one in wire.stream.written if one.find(INFO) is not None]
    assert (str(ANNA) in questions) is again
    await wire.close()


@pytest.mark.parametrize("known", [True, False])
async def test_a_pushed_last_item_that_is_not_the_known_one_has_bookmarks_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    monkeypatch.setattr(freshness, "QUIET_SECONDS", 0.0)
    wire = Wire(tmp_path)
    await open_session(wire)
    await serve(wire)
    await wire.take(event(item()))
    wire = wire.reborn()
    await open_session(wire)
    wire.account.life.established(SignedIn(FULL))
    wire.hear(event(item() if known else item(inside="<nick>Anna</nick>")))
    await serve(wire)
    fetched = [one for one in wire.stream.written if one.find(f".//*[@node='{NODE}']") is not None]
    assert bool(fetched) is not known
    await wire.close()


async def test_a_room_is_asked_what_it_is_a_day_later_and_not_waited_for(wire: Wire) -> None:
    await join(wire)
    wire.lose()
    wire.clock.turn(86_401)
    await wire.online(answers=False)
    await wire.until(lambda: bool(presences(wire, f"{ROOM}/anna")))
    await wire.take(presence("anna", 110))
    question = next(
        one for one in wire.requests() if one.get("to") == str(ROOM) and one.find(INFO) is not None
    )
    wire.answer(question, info(features=("muc_membersonly",)))
    await wire.settle()
    assert next(iter(wire.world.rooms.values())).members_only
