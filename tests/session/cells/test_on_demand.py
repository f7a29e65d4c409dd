"""What is not asked for by itself: rooms read from outside, and messages missed, each shown as a hole."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.session.cells.probes import MARKERS, RECEIPTS, has, signed_in
from tests.session.room_script import info, presence
from tests.session.wire import ANNA, BERT, FULL, IN_ROOM, ROOM, WITH_BERT, Wire, names
from tui_xmpp.core.chat import ChatKind
from tui_xmpp.core.commands import (
    FillGap,
    JoinRoom,
    OpenChat,
    Refresh,
    Refused,
    SendMessage,
    SendReceipt,
    UseLink,
)
from tui_xmpp.core.contact import Contact, Subscription
from tui_xmpp.core.events import AbilitiesChanged, HistoryLoaded, Notice
from tui_xmpp.core.message import Gap
from tui_xmpp.core.room import RoomState
from tui_xmpp.session import muc
from tui_xmpp.session.unwrap import MAM

QUERY = f"{{{MAM}}}query"
OTHER = f"<presence from='{ANNA}/other'/>"


def room_on_list(wire: Wire) -> None:
    wire.account.open_chat(IN_ROOM, ChatKind.ROOM)
    muc.remember(wire.account.facts, ANNA, ROOM, muc.RoomInfo(archive=True), wire.clock.now())


def said(query: ET.Element, room_nick: str, body: str) -> str:
    """One result of a room's archive."""
    id = query.find(QUERY).get("queryid")  # type: ignore[union-attr]
    return (
        f"<message from='{ROOM}' to='{FULL}'><result xmlns='{MAM}' queryid='{id}' id='r1'>"
        "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-05-01T11:00:00Z'/>"
        f"<message xmlns='jabber:client' from='{ROOM}/{room_nick}' type='groupchat' id='m1'>"
        f"<body>{body}</body></message></forwarded></result></message>"
    )


async def test_a_room_is_read_from_outside_and_entered_by_writing(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "satellite", before=room_on_list) as wire:
        room = wire.world.rooms[IN_ROOM]
        assert room.state is RoomState.LEFT and "you enter by writing" in room.reason
        (query,) = [one for one in await wire.do(OpenChat(IN_ROOM)) if has([one], QUERY)]
        assert query.get("to") == str(ROOM)
        wire.hear(said(query, "bob", "hello"))
        wire.answer(query, f"<fin xmlns='{MAM}' complete='true'/>")
        await wire.settle()
        assert [one.body for one in wire.messages(IN_ROOM)] == ["hello"]
        assert room.state is RoomState.LEFT

        sent = await wire.do(SendMessage(IN_ROOM, "and hello to you"))
        assert has(sent, f"{{{muc.MUC}}}x") and not any(one.tag.endswith("message") for one in sent)
        await wire.take(presence("anna", 110))
        for query in [one for one in wire.requests() if has([one], QUERY)]:
            wire.answer(query, f"<fin xmlns='{MAM}' complete='true'/>")
        await wire.settle()
        assert any(one.get("type") == "groupchat" for one in wire.stream.written)


async def test_on_demand_the_hole_is_shown_and_filled_by_a_key(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "radio", before=room_on_list) as wire:
        assert not has(await wire.do(OpenChat(IN_ROOM)), QUERY)
        gap = wire.happened(HistoryLoaded)[-1].gap
        assert isinstance(gap, Gap) and gap.chat == IN_ROOM
        (query,) = [one for one in await wire.do(FillGap(IN_ROOM, gap.number)) if has([one], QUERY)]
        assert query.get("to") == str(ROOM)


async def test_receipt_and_marker_are_given_when_the_user_says_so(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "radio") as wire:
        wire.world.contacts[ANNA, BERT] = Contact(ANNA, BERT, subscription=Subscription.BOTH)
        for id in ("m1", "m2"):
            await wire.take(
                f"<message from='{BERT}/x' type='chat' id='{id}'><body>hi</body><request xmlns='{RECEIPTS}'/>"
                f"<markable xmlns='{MARKERS}'/></message>"
            )
        assert not has(wire.stream.written, f"{{{RECEIPTS}}}received")
        sent = await wire.do(SendReceipt(WITH_BERT))
        given = [one.get("id") for each in sent for one in each.iter(f"{{{RECEIPTS}}}received")]
        assert given == ["m1", "m2"]
        assert [one.get("id") for each in sent for one in each.iter(f"{{{MARKERS}}}displayed")] == ["m2"]
        assert "have read this" in wire.happened(Notice)[-1].text
        assert not await wire.do(SendReceipt(WITH_BERT))
        assert "No mark" in wire.happened(Notice)[-1].text


async def test_who_may_not_see_us_is_told_nothing(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "radio") as wire:
        wire.world.contacts[ANNA, BERT] = Contact(ANNA, BERT, subscription=Subscription.TO)
        with pytest.raises(Refused):
            await wire.do(SendReceipt(WITH_BERT))


async def test_a_join_that_the_user_asks_for_is_a_join_on_every_link(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "radio") as wire:
        await wire.do(JoinRoom(ANNA, ROOM))
        wire.answer(await wire.request("{http://jabber.org/protocol/disco#info}query"), info())
        await wire.settle()
        assert wire.world.rooms[IN_ROOM].state is RoomState.JOINING


async def test_what_was_missed_is_a_hole_in_each_chat_until_it_is_asked_for(tmp_path: Path) -> None:
    def before(wire: Wire) -> None:
        wire.account.open_chat(WITH_BERT, ChatKind.CONTACT)
        wire.archive.set_newest_archive_id(ANNA, "a0", wire.clock.now())

    async with signed_in(tmp_path, "radio", before=before, answers=False) as wire:
        await wire.settle()
        assert not has(wire.stream.written, QUERY)
        gap = wire.happened(HistoryLoaded)[-1].gap
        assert gap is not None and gap.chat == WITH_BERT
        (told,) = wire.happened(Notice)
        assert "/refresh" in told.text and told.account == ANNA
        # What comes live does not hide it: the archive is still to be asked from where it was.
        await wire.take(
            f"<message from='{BERT}/x' type='chat' id='1'><body>live</body>"
            f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='a9'/></message>"
        )
        wire.answer_all()
        await wire.settle()
        newest = wire.archive.newest_archive_id(ANNA)
        assert newest is not None and newest[0] == "a0"

        (query,) = [one for one in await wire.do(Refresh(ANNA)) if has([one], QUERY)]
        assert query.findtext(".//{http://jabber.org/protocol/rsm}after") == "a0"
        wire.answer(query, f"<fin xmlns='{MAM}' complete='true'/>")
        await wire.settle()
        assert wire.archive.gap(gap.number) is None
        assert len(wire.happened(Notice)) == 1
        newest = wire.archive.newest_archive_id(ANNA)
        assert newest is not None and newest[0] == "a9"


DISCO = "http://jabber.org/protocol/disco#info"


def unknown_server(folder: Path) -> Wire:
    """Of somebody with a chat, whose server was not asked yet what it can do."""
    wire = Wire(folder, link="radio")
    wire.befriend()
    wire.account.open_chat(WITH_BERT, ChatKind.CONTACT)
    return wire


@pytest.mark.parametrize("has", [True, False])
async def test_what_was_missed_is_a_hole_before_the_server_says_that_it_has_an_archive(
    has: bool, tmp_path: Path
) -> None:
    """That may take minutes on such a link, or the link may be gone before."""
    wire = unknown_server(tmp_path)
    await wire.online(answers=False)
    await wire.settle()
    assert wire.archive.page(WITH_BERT).gaps
    told = f"<query xmlns='{DISCO}'>{f'<feature var={MAM!r}/>' if has else ''}</query>"
    for _ in range(4):
        for iq in wire.requests():
            is_disco = iq.find(f"{{{DISCO}}}query") is not None
            wire.answer(iq, told if is_disco else "")
        await wire.settle()
    assert wire.happened(AbilitiesChanged)
    assert bool(wire.archive.page(WITH_BERT).gaps) is has
    # What is known is not doubted again.
    again = wire.reborn(link="radio")
    again.account.open_chat(WITH_BERT, ChatKind.CONTACT)
    await again.online(answers=False)
    await again.settle()
    assert bool(again.archive.page(WITH_BERT).gaps) is has
    await again.close()


async def test_a_hole_that_a_catch_up_leaves_stays(tmp_path: Path) -> None:
    """In a chat of which nothing is known it begins where the one of before it began."""

    def before(wire: Wire) -> None:
        wire.account.open_chat(WITH_BERT, ChatKind.CONTACT)

    async with signed_in(tmp_path, "radio", before=before) as wire:
        (gap,) = wire.archive.page(WITH_BERT).gaps
        (query,) = [one for one in await wire.do(Refresh(ANNA)) if has([one], QUERY)]
        id = query.find(QUERY).get("queryid")  # type: ignore[union-attr]
        wire.hear(
            f"<message to='{FULL}'><result xmlns='{MAM}' queryid='{id}' id='a7'><forwarded "
            "xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-05-01T11:00:00Z'/><message "
            f"xmlns='jabber:client' from='{BERT}/x' to='{ANNA}' type='chat' id='m1'><body>the newest</body>"
            "</message></forwarded></result></message>"
        )
        wire.answer(
            query,
            f"<fin xmlns='{MAM}'><set xmlns='http://jabber.org/protocol/rsm'><first>a7</first><last>a7</last>"
            "</set></fin>",
        )
        await wire.settle()
        assert [one.body for one in wire.messages()] == ["the newest"]
        (left,) = wire.archive.page(WITH_BERT).gaps
        assert left.before_id == "a7" and left.number == gap.number


async def test_who_writes_first_has_a_past(tmp_path: Path) -> None:
    """Where the archive was never asked for anything, what was said with them before is in there only."""
    live = (
        f"<message from='{BERT}/x' type='chat' id='1'><body>live</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='a9'/></message>"
    )
    async with signed_in(tmp_path, "radio") as wire:
        await wire.take(live)
        (gap,) = wire.archive.page(WITH_BERT).gaps
        assert (gap.after, gap.before_id) == (None, "a9")
        (query,) = [one for one in await wire.do(Refresh(ANNA)) if has([one], QUERY)]
        wire.answer(query, f"<fin xmlns='{MAM}' complete='true'/>")
        await wire.settle()
        assert not wire.archive.page(WITH_BERT).gaps, "the archive holds no more"


async def test_a_wider_profile_asks_for_what_was_missed(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "radio") as wire:
        assert has(await wire.do(UseLink(ANNA, "satellite")), QUERY)


async def test_what_came_before_we_were_seen_is_asked_for(tmp_path: Path) -> None:
    """On a server not known yet presence waits; some keep what comes meanwhile in the archive only."""
    wire = Wire(tmp_path, link="satellite")
    await wire.online(answers=False)
    for _ in range(6):
        wire.answer_all()
        await wire.settle()
    assert "presence" in names(wire.stream.written)
    wire.stream.written.clear()
    await wire.take(f"<presence from='{FULL}'/>")
    assert has(wire.stream.written, QUERY)
    wire.answer_all()
    await wire.settle()
    wire.stream.written.clear()
    await wire.take(f"<presence from='{FULL}'><show>away</show></presence>")
    assert not has(wire.stream.written, QUERY), "once"
    await wire.close()


async def test_what_another_device_said_before_its_copies_came_is_asked_for(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "metered") as wire:
        sent = await wire.take(OTHER)
        await wire.settle()
        tags = names(wire.stream.written)
        assert sent and tags.index("enable") < tags.index("query")
        wire.answer_all()
        await wire.settle()
        wire.stream.written.clear()
        await wire.take(OTHER.replace("/>", "><show>away</show></presence>"))
        assert not has(wire.stream.written, QUERY), "once"


async def test_what_another_device_says_unheard_leaves_no_silent_hole(tmp_path: Path) -> None:
    """Without copies its messages are only in the archive: what is live does not move the newest id."""

    def before(wire: Wire) -> None:
        wire.archive.set_newest_archive_id(ANNA, "a0", wire.clock.now())

    live = (
        f"<message from='{BERT}/x' type='chat' id='1'><body>live</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='{{0}}'/></message>"
    )
    async with signed_in(tmp_path, "satellite", before=before) as wire:
        await wire.take(live.format("a1"))
        newest = wire.archive.newest_archive_id(ANNA)
        assert newest is not None and newest[0] == "a1"
        await wire.take(OTHER)
        await wire.take(live.replace("id='1'", "id='2'").format("a3"))
        newest = wire.archive.newest_archive_id(ANNA)
        assert newest is not None and newest[0] == "a1"


async def test_what_is_written_in_a_room_before_anybody_has_signed_in_waits_for_it(tmp_path: Path) -> None:
    for profile in ("full", "satellite"):
        folder = tmp_path / profile
        folder.mkdir()
        wire = Wire(folder, link=profile)
        room_on_list(wire)
        await wire.account.do(SendMessage(IN_ROOM, "early"))
        await wire.online(answers=False)
        await wire.settle()
        sent = wire.stream.written
        assert has(sent, f"{{{muc.MUC}}}x")
        assert not any(one.tag.endswith("message") for one in sent)
        await wire.close()
