"""The past from the server's archive: catching up, holes, and filling them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.session.room_script import ask, error, info, presence
from tests.session.wire import ANNA, BERT, IN_ROOM, ROOM, WITH_BERT, Wire, text
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import FillGap, OpenChat, Refresh, SendMessage
from tui_xmpp.core.events import AbilitiesChanged, HistoryLoaded, MessageKept, RoomChanged
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.room import RoomState
from tui_xmpp.session.features import history
from tui_xmpp.session.timing import LinkTiming

MAM = "{urn:xmpp:mam:2}query"
RSM = "{http://jabber.org/protocol/rsm}"
START = datetime(2026, 4, 1, tzinfo=UTC)


class Server:
    """An archive of numbered messages with bert (or in the room), which answers one query at a time."""

    def __init__(self, wire: Wire, count: int, archive: str | None = None) -> None:
        self.wire = wire
        self.count = count
        self.archive = archive
        self.queries: list[ET.Element] = []

    def result(self, query_id: str, number: int) -> str:
        stamp = (START + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
        room = self.archive is not None
        sender = f"{self.archive}/Dora" if room else f"{BERT}/x"
        kind = "groupchat" if room else "chat"
        return (
            f"<message from='{self.archive or ANNA}'><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' "
            f"id='a{number}'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' "
            f"stamp='{stamp}'/><message xmlns='jabber:client' from='{sender}' to='{ANNA}' type='{kind}' "
            f"id='m{number}'><body>m{number}</body></message></forwarded></result></message>"
        )

    async def serve(self) -> None:
        """Answer the next query as an archive does."""
        wire = self.wire
        iq = await wire.request(MAM)
        query = iq[0]
        self.queries.append(query)
        size = int(query.findtext(f".//{RSM}max", "0"))
        after, before = query.findtext(f".//{RSM}after"), query.find(f".//{RSM}before")
        everything = list(range(self.count))
        if after is not None:
            left = everything[int(after[1:]) + 1 :]
            page = left[:size]
        else:
            end = before is not None and before.text
            left = everything[: int(end[1:])] if end else everything
            page = left[-size:]
        for number in page:
            wire.hear(self.result(query.get("queryid", ""), number))
        complete = "true" if len(page) == len(left) else "false"
        wire.answer(iq, f"<fin xmlns='urn:xmpp:mam:2' complete='{complete}'/>")
        await wire.settle()

    async def serve_all(self) -> None:
        """Answer until nothing is asked any more."""
        for _ in range(40):
            await self.wire.settle()
            waiting = self.wire.requests()
            if any(one.find(MAM) is not None for one in waiting):
                await self.serve()
            elif waiting:
                self.wire.answer_all()


SUBJECT = f"<message from='{ROOM}' type='groupchat'><subject/></message>"


def bodies(wire: Wire, chat: ChatKey = WITH_BERT) -> list[str]:
    return [one.body for one in wire.archive.page(chat, limit=1000).messages]


async def signed_in(folder: Path, count: int, *, link: str = "full") -> tuple[Wire, Server]:
    wire = Wire(folder, link=link)
    server = Server(wire, count)
    await wire.online(answers=False)
    await server.serve_all()
    return wire, server


async def test_the_first_sign_in_fetches_the_newest_page_and_notes_the_hole(tmp_path: Path) -> None:
    wire, server = await signed_in(tmp_path, 120)
    assert len(server.queries) == 1
    assert bodies(wire) == [f"m{n}" for n in range(70, 120)]
    (gap,) = wire.archive.page(WITH_BERT).gaps
    assert (gap.after, gap.before_id) == (None, "a70")
    assert all(one.old for one in wire.happened(MessageKept))
    assert wire.world.chats[WITH_BERT].unread == 0, "history is no news"
    await wire.close()


async def test_a_small_archive_leaves_no_hole(tmp_path: Path) -> None:
    wire, _ = await signed_in(tmp_path, 7)
    assert len(bodies(wire)) == 7 and not wire.archive.page(WITH_BERT).gaps
    await wire.close()


async def test_a_hole_is_filled_page_by_page_from_its_newer_end(tmp_path: Path) -> None:
    wire, server = await signed_in(tmp_path, 120)
    for expected in (100, 120):
        (gap,) = wire.archive.page(WITH_BERT).gaps
        await wire.account.do(FillGap(WITH_BERT, gap.number))
        await server.serve()
        assert len(bodies(wire)) == expected
    assert bodies(wire) == [f"m{n}" for n in range(120)]
    assert not wire.archive.page(WITH_BERT, limit=1000).gaps
    loaded = wire.happened(HistoryLoaded)
    assert [one.count for one in loaded] == [0, 50, 20] and loaded[-1].gap is None
    form = server.queries[-1].find("{jabber:x:data}x")
    assert form is not None and str(BERT) in "".join(form.itertext())
    assert wire.world.chats[WITH_BERT].unread == 0
    await wire.close()


async def test_catching_up_goes_on_from_the_newest_known(tmp_path: Path) -> None:
    wire, server = await signed_in(tmp_path, 5)
    wire.lose()
    server.count = 130
    server.queries.clear()
    await wire.online(answers=False)
    await server.serve_all()
    assert bodies(wire) == [f"m{n}" for n in range(130)]
    assert len(server.queries) == 3 and not wire.archive.page(WITH_BERT).gaps
    assert wire.world.chats[WITH_BERT].unread == 125
    await wire.close()


async def test_a_lean_profile_cuts_it_short_and_notes_the_hole(tmp_path: Path) -> None:
    wire, server = await signed_in(tmp_path, 5, link="satellite")
    wire.lose()
    server.count = 100
    await wire.online(answers=False)
    await server.serve_all()
    assert bodies(wire) == [f"m{n}" for n in [*range(10), *range(95, 100)]]
    (gap,) = wire.archive.page(WITH_BERT).gaps
    assert (gap.after_id, gap.before_id) == ("a9", "a95")
    await wire.close()


async def test_an_own_message_seen_in_the_archive_was_taken_and_is_not_sent_again(tmp_path: Path) -> None:
    wire, _ = await signed_in(tmp_path, 1)
    id = (await wire.do(SendMessage(WITH_BERT, "ours")))[0].get("id")
    wire.lose()
    assert wire.messages()[-1].delivery is Delivery.WRITTEN
    await wire.online(answers=False)
    for _ in range(12):
        await wire.settle()
        for iq in wire.requests():
            if iq.find(MAM) is None:
                wire.answer(iq)
                continue
            query_id = iq[0].get("queryid")
            wire.hear(
                f"<message from='{ANNA}'><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' id='a9'>"
                "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' "
                "stamp='2026-05-01T11:59:59Z'/><message xmlns='jabber:client' type='chat' "
                f"from='{ANNA}/here' to='{BERT}' id='{id}'><body>ours</body>"
                f"<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message></forwarded></result></message>"
            )
            wire.answer(iq, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
    assert not [one for one in wire.stream.written if text(one)]
    assert [(one.body, one.delivery) for one in wire.messages()][-1] == ("ours", Delivery.TAKEN)
    await wire.close()


def live(number: int) -> str:
    """A message of the archive, as it is delivered."""
    return (
        f"<message from='{BERT}/x' to='{ANNA}' type='chat' id='m{number}'><body>m{number}</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='a{number}'/></message>"
    )


def newest(wire: Wire, room: ChatKey | None = None) -> str:
    found = wire.archive.newest_archive_id(ANNA, room)
    return "" if found is None else found[0]


async def test_the_archive_is_asked_once_and_after_our_presence(tmp_path: Path) -> None:
    wire, server = await signed_in(tmp_path, 5)
    written = [
        one
        for one in wire.stream.written
        if one.tag == "{jabber:client}presence" or one.find(MAM) is not None
    ]
    assert [one.tag.partition("}")[2] for one in written] == ["presence", "iq"]
    assert len(server.queries) == 1
    await wire.close()


async def test_live_messages_that_come_before_the_archive_answers_are_there_once_and_in_place(
    tmp_path: Path,
) -> None:
    wire, server = await signed_in(tmp_path, 5)
    wire.lose()
    await wire.online(answers=False)
    # One is delivered and archived, and behind it stands one that another device of ours has sent.
    server.count = 8
    wire.hear(live(6))
    await wire.settle()
    assert newest(wire) == "a4", "nobody knows yet what is missing before it"
    await server.serve_all()
    assert newest(wire) == "a7"
    wire.hear(live(8))
    await wire.settle()
    assert sorted(bodies(wire)) == [f"m{n}" for n in range(9)] and newest(wire) == "a8"
    await wire.close()


async def test_a_live_message_behind_the_last_page_is_the_newest_known(tmp_path: Path) -> None:
    wire, server = await signed_in(tmp_path, 5)
    wire.lose()
    await wire.online(answers=False)
    wire.hear(live(5))
    await wire.settle()
    await server.serve_all()
    assert newest(wire) == "a5" and bodies(wire)[-1] == "m5"
    await wire.close()


@pytest.mark.parametrize("condition", ["internal-server-error", "resource-constraint"])
async def test_an_archive_in_trouble_is_asked_again_and_settles_nothing_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    wire = Wire(tmp_path)
    monkeypatch.setattr(history, "_MOST_SECONDS", 0.0)
    settled: list[ChatKey | None] = []
    monkeypatch.setattr(type(wire.account), "settled", lambda _, chat: settled.append(chat))
    await wire.online(answers=False)
    for _ in range(3):
        wire.answer(await wire.request(MAM), error(condition), "error")
        await wire.settle()
    assert not settled
    server = Server(wire, 3)
    await server.serve_all()
    assert settled == [None] and bodies(wire) == ["m0", "m1", "m2"]
    await wire.close()


@pytest.mark.parametrize("condition", ["service-unavailable", "feature-not-implemented"])
async def test_where_there_is_no_archive_nothing_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    wire = Wire(tmp_path)
    settled: list[ChatKey | None] = []
    monkeypatch.setattr(type(wire.account), "settled", lambda _, chat: settled.append(chat))
    await wire.online(answers=False)
    wire.answer(await wire.request(MAM), error(condition), "error")
    await wire.until(lambda: settled == [None])
    await wire.close()


async def test_where_it_was_cut_short_chats_with_messages_of_unknown_fate_are_paged_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, server = await signed_in(tmp_path, 5, link="satellite")
    wire.lose()
    settled: list[ChatKey | None] = []
    monkeypatch.setattr(type(wire.account), "settled", lambda _, chat: settled.append(chat))
    monkeypatch.setattr(type(wire.account), "unsettled", lambda _: {WITH_BERT: START})
    server.count = 30
    server.queries.clear()
    await wire.online(answers=False)
    while not settled:
        await server.serve_all()
    assert bodies(wire) == [f"m{n}" for n in range(30)]
    of_bert = [one for one in server.queries if one.find("{jabber:x:data}x") is not None]
    assert of_bert and of_bert[0].findtext(f".//{RSM}after") == "a9"
    assert settled == [None]
    await wire.close()


async def test_a_room_without_an_archive_or_a_subject_is_settled_by_its_silence(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LinkTiming, "silence", 0.05)
    loop = asyncio.get_running_loop()
    wire.stream.heard_at = -1e6
    await ask(wire, answer=info(features=()))
    await wire.take(presence("anna", 110))
    await wire.account.do(SendMessage(IN_ROOM, "hello"))
    began = loop.time()

    def tells_for_long() -> bool:
        wire.hear(f"<message from='{IN_ROOM.address}/Dora' type='groupchat'><body>so</body></message>")
        return loop.time() - began > 0.2

    await wire.until(tells_for_long)
    assert not [one for one in wire.stream.written if text(one)], "its history may still tell"
    await wire.until(lambda: bool([one for one in wire.stream.written if text(one)]))


async def test_a_room_without_an_archive_is_settled_by_its_subject(wire: Wire) -> None:
    await ask(wire, answer=info(features=()))
    await wire.take(presence("anna", 110))
    await wire.account.do(SendMessage(IN_ROOM, "hello"))
    await wire.settle()
    assert not [one for one in wire.stream.written if text(one)], "its history may still tell"
    await wire.take(f"<message from='{IN_ROOM.address}' type='groupchat'><subject/></message>")
    assert [text(one) for one in wire.stream.written if text(one)] == ["hello"]


async def test_an_id_that_left_the_archive_means_beginning_at_the_end(tmp_path: Path) -> None:
    wire, server = await signed_in(tmp_path, 5)
    wire.lose()
    await wire.online(answers=False)
    wire.answer(await wire.request("{jabber:iq:roster}query"))
    iq = await wire.request(MAM)
    wire.answer(
        iq,
        "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
        kind="error",
    )
    server.count = 60
    await server.serve_all()
    assert bodies(wire)[-1] == "m59"
    await wire.close()


async def test_filling_while_offline_says_so_and_keeps_the_hole(tmp_path: Path) -> None:
    wire, _ = await signed_in(tmp_path, 120)
    wire.lose()
    (gap,) = wire.archive.page(WITH_BERT).gaps
    await wire.account.do(FillGap(WITH_BERT, gap.number))
    assert wire.happened(HistoryLoaded)[-1].failure
    assert wire.archive.page(WITH_BERT).gaps
    await wire.close()


async def test_a_loss_while_filling_is_said_and_the_hole_can_be_filled_later(tmp_path: Path) -> None:
    wire, server = await signed_in(tmp_path, 120)
    (gap,) = wire.archive.page(WITH_BERT).gaps
    await wire.do(FillGap(WITH_BERT, gap.number))
    await wire.request(MAM)
    wire.lose()
    assert wire.happened(HistoryLoaded)[-1].failure
    await wire.online(answers=False)
    await server.serve_all()
    await wire.do(FillGap(WITH_BERT, gap.number))
    await server.serve()
    assert wire.happened(HistoryLoaded)[-1].count == 50
    await wire.close()


async def test_a_room_that_sends_more_than_was_asked_is_not_held_in_memory(wire: Wire) -> None:
    server = Server(wire, 0, archive=str(IN_ROOM.address))
    wire.account.emit(RoomChanged(IN_ROOM, archive=True, nick="Anna"))
    wire.account.emit(RoomChanged(IN_ROOM, state=RoomState.JOINED))
    wire.hear(SUBJECT)
    iq = await wire.request(MAM)
    for number in range(3000):
        wire.hear(server.result(iq[0].get("queryid", ""), number))
    wire.answer(iq, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
    await wire.settle()
    assert len(bodies(wire, IN_ROOM)) == 500


async def test_a_new_chat_may_have_a_past(wire: Wire) -> None:
    wire.account.emit(AbilitiesChanged(ANNA, frozenset({"archive"})))
    await wire.do(OpenChat(WITH_BERT))
    assert wire.archive.page(WITH_BERT).gaps


async def test_a_room_catches_up_from_its_own_archive(wire: Wire) -> None:
    server = Server(wire, 8, archive=str(IN_ROOM.address))
    wire.account.emit(RoomChanged(IN_ROOM, archive=True, nick="Anna"))
    wire.account.emit(RoomChanged(IN_ROOM, state=RoomState.JOINED))
    wire.hear(SUBJECT)
    await server.serve()
    assert bodies(wire, IN_ROOM) == [f"m{n}" for n in range(8)]
    assert wire.archive.newest_archive_id(ANNA, IN_ROOM) is not None


@pytest.mark.parametrize("named", [True, False])
async def test_what_a_room_tells_the_first_time_is_where_its_archive_goes_on(wire: Wire, named: bool) -> None:
    """A page of the archive would say the same in twice the bytes."""
    server = Server(wire, 8, archive=str(ROOM))
    await ask(wire, nick="Anna")
    await wire.take(presence("Anna", 110))
    for number in range(3, 6):
        id = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='a{number}'/>" if named else ""
        wire.hear(
            f"<message from='{ROOM}/Dora' type='groupchat' id='m{number}'><body>m{number}</body>{id}"
            f"<delay xmlns='urn:xmpp:delay' from='{ROOM}' stamp='2026-01-05T10:0{number}:00Z'/></message>"
        )
    await wire.settle()
    wire.account.emit(RoomChanged(IN_ROOM, name="The Garden"))
    wire.hear(SUBJECT)
    await wire.settle()
    asked = [one for one in wire.stream.written if one.find(MAM) is not None and one.get("to") == str(ROOM)]
    assert wire.world.chats[IN_ROOM].unread == 0
    if not named:
        assert asked, "it did not say where its archive is"
        return
    assert bodies(wire, IN_ROOM) == ["m3", "m4", "m5"] and not asked
    assert newest(wire, IN_ROOM) == "a5"
    (gap,) = wire.archive.page(IN_ROOM).gaps
    assert (gap.after, gap.before_id) == (None, "a3")
    await wire.take(
        f"<message from='{ROOM}/Dora' type='groupchat' id='n'><body>now</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='a6'/></message>"
    )
    assert newest(wire, IN_ROOM) == "a6"
    assert not server.queries


async def test_a_chat_that_comes_up_later_may_have_a_past_on_the_server(tmp_path: Path) -> None:
    wire, _ = await signed_in(tmp_path, 100)
    stranger = ChatKey(WITH_BERT.account, Address.parse("carl@example.org"))
    wire.hear(
        f"<message from='carl@example.org/x' to='{ANNA}' type='chat' id='c1'><body>again</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='a999'/></message>"
    )
    await wire.settle()
    (gap,) = wire.archive.page(stranger).gaps
    assert (gap.after, gap.before_id) == (None, "a999")


async def test_what_was_said_before_a_chat_was_opened_is_no_news(tmp_path: Path) -> None:
    wire, server = await signed_in(tmp_path, 0)
    wire.account.emit(AbilitiesChanged(wire.account.own, frozenset({"archive"})))
    await wire.do(OpenChat(WITH_BERT))
    server.count = 20
    (gap,) = wire.archive.page(WITH_BERT).gaps
    await wire.do(FillGap(WITH_BERT, gap.number))
    await server.serve_all()
    assert len(bodies(wire)) == 20
    assert wire.world.chats[WITH_BERT].unread == 0


async def test_asked_for_twice_in_a_turn_it_is_asked_once_more_afterwards(wire: Wire) -> None:
    """What happened between the two may be in neither answer."""
    feature = next(one for one in wire.account.features if isinstance(one, history.History))
    await feature._refresh(Refresh(ANNA))
    await feature._refresh(Refresh(ANNA))
    asked = [one for one in wire.stream.written if one.find(MAM) is not None]
    assert len(asked) == 1
    wire.answer(asked[0], "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
    assert (await wire.request(MAM)) is not asked[0]


async def test_a_fault_in_one_catch_up_does_not_end_all_of_them(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(history.History, "_catch_up_once", _fails)
        await wire.do(Refresh(ANNA))
        await wire.settle()
    before = len(wire.stream.written)
    await wire.do(Refresh(ANNA))
    assert [one for one in wire.stream.written[before:] if one.find(MAM) is not None]


async def _fails(*_: object) -> None:
    raise RuntimeError("a fault of ours")
