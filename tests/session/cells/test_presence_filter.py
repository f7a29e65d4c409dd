"""What keeps presence off the link: our own privacy lists, else invisibility, else honest words."""

from __future__ import annotations

from pathlib import Path

from tests.session.cells.probes import signed_in
from tests.session.room_script import ask, error
from tests.session.room_script import presence as occupant
from tests.session.wire import ANNA, BERT, IN_ROOM, ROOM, Wire, names
from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.commands import JoinRoom, SetLinkCell, SetPresence, UseLink
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import Notice
from tui_xmpp.core.room import RoomState
from tui_xmpp.session.presence_filter import INVISIBLE
from tui_xmpp.session.privacy_lists import PRIVACY, Scope, content

ACTIVE = f"{{{PRIVACY}}}active"
LIST = f"{{{PRIVACY}}}list"
NO = error("service-unavailable")


def presences(wire: Wire) -> list[list[str]]:
    return [names([one])[1:] for one in wire.stream.written if one.tag.endswith("presence")]


async def test_on_a_server_not_known_nothing_is_announced_before_the_answer(tmp_path: Path) -> None:
    wire = Wire(tmp_path, link="radio")
    await wire.online(answers=False)
    used = await wire.request(ACTIVE)
    assert presences(wire) == []
    stored = next(one for one in wire.requests() if one.find(f".//{LIST}") is not None)
    wire.answer(stored)
    wire.answer(used)
    await wire.settle()
    assert presences(wire) == [[]]
    assert wire.world.accounts[ANNA].heard_groups == ()
    await wire.close()
    # The next sign-in waits for nothing and stores nothing.
    again = Wire(tmp_path, link="radio")
    await again.online(answers=False)
    await again.settle()
    order = [names([one])[-1] for one in again.stream.written]
    assert order.index("active") < order.index("presence")
    assert not [one for one in again.stream.written if one.find(f".//{LIST}") is not None]
    await again.close()


async def test_where_the_list_was_lost_it_is_told_again_and_said(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "radio", answers=False) as wire:
        wire.answer(await wire.request(ACTIVE), error("item-not-found"), kind="error")
        await wire.settle()
        again = await wire.request(ACTIVE)
        wire.answer(again)
        await wire.settle()
        assert "had forgotten" in wire.happened(Notice)[-1].text


async def test_invisible_where_there_are_no_lists(tmp_path: Path) -> None:
    wire = Wire(tmp_path, link="satellite")
    await wire.online(answers=False)
    wire.answer(await wire.request(ACTIVE), NO, kind="error")
    hidden = await wire.request(f"{{{INVISIBLE}}}invisible")
    assert presences(wire) == []
    wire.answer(hidden)
    await wire.settle()
    assert presences(wire) == [[]]
    # Theirs is received all the same, and that is said.
    assert wire.world.accounts[ANNA].heard_groups is None
    assert wire.happened(Notice)[-1].text.startswith("Your server cannot keep the presence of contacts off")
    sent = await wire.do(UseLink(ANNA, "full"))
    assert f"{{{INVISIBLE}}}visible" in [one.tag for stanza in sent for one in stanza.iter()]
    assert presences(wire)[-1] == ["c"]
    await wire.close()


async def test_where_nothing_helps_presence_is_as_little_as_possible_and_it_is_said(tmp_path: Path) -> None:
    wire = Wire(tmp_path, link="radio")
    wire.befriend()
    await wire.online(answers=False)
    wire.answer(await wire.request(ACTIVE), NO, kind="error")
    wire.answer(await wire.request(f"{{{INVISIBLE}}}invisible"), NO, kind="error")
    await wire.settle()
    assert presences(wire) == [[]]
    await wire.do(SetPresence(Show.AWAY, "not told"))
    assert presences(wire) == [[]]
    words = wire.happened(Notice)[-1].text
    assert "contacts see that you are online" in words and "`/presence offline`" in words
    # What comes all the same is not called unknown.
    await wire.take(f"<presence from='{BERT}/x'/>")
    assert wire.world.accounts[ANNA].heard_groups is None
    await wire.do(SetPresence(Show.OFFLINE))
    assert wire.stream.written[-1].get("type") == "unavailable"
    await wire.close()


async def test_what_comes_through_because_of_another_device_is_said_once(tmp_path: Path) -> None:
    """Prosody looks at the list of one of our devices for all of them."""
    async with signed_in(tmp_path, "radio") as wire:
        await wire.take(f"<presence from='{ANNA}/other'/>")
        assert not wire.happened(Notice)
        await wire.take(f"<presence from='{BERT}/x'/>")
        await wire.take(f"<presence from='{BERT}/x'><show>away</show></presence>")
        (said,) = wire.happened(Notice)
        assert "Another device of yours" in said.text and "`/presence offline`" in said.text
        # What did not change since is not told: nobody is shown as known.
        assert wire.world.accounts[ANNA].heard_groups == ()


async def test_what_was_on_its_way_when_the_list_began_is_no_leak(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "full") as wire:
        await wire.take(f"<presence from='{ANNA}/other'/>")
        await wire.do(UseLink(ANNA, "metered"))
        await wire.take(f"<presence from='{BERT}/x'/>")
        assert not wire.happened(Notice)
        wire.answer_all()
        await wire.settle()
        await wire.take(f"<presence from='{BERT}/x'/>")
        assert len(wire.happened(Notice)) == 1


async def test_groups_that_are_heard(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "full") as wire:
        wire.befriend(groups=("Family",))
        await wire.do(SetLinkCell(ANNA, "groups", "Family"))
        sent = await wire.do(SetLinkCell(ANNA, "receive", "groups"))
        items = [item for one in sent for list_ in one.iter(LIST) for item in list_]
        assert [(one.get("type"), one.get("value"), one.get("action")) for one in items] == [
            ("jid", str(ANNA), "allow"),
            ("group", "Family", "allow"),
            (None, None, "deny"),
        ]
        assert wire.world.accounts[ANNA].heard_groups == ("Family",)
        wire.answer_all()
        await wire.take(f"<presence from='{ANNA}/other'/>")
        await wire.take(f"<presence from='{BERT}/x'/>")
        assert not wire.happened(Notice)


async def test_rooms_come_through_and_a_new_service_is_let_in_first(tmp_path: Path) -> None:
    def inside(wire: Wire) -> None:
        wire.account.open_chat(IN_ROOM, ChatKind.ROOM)

    async with signed_in(tmp_path, "radio", before=inside, answers=False) as wire:
        await wire.settle()
        (list_,) = [one for stanza in wire.stream.written for one in stanza.iter(LIST)]
        own, rooms = list_[0], list_[1]
        assert own.attrib == {"type": "jid", "value": str(ANNA), "action": "allow", "order": "1"}
        assert rooms.attrib == {"type": "jid", "value": ROOM.domain, "action": "allow", "order": "2"}
        wire.answer_all()
        await wire.settle()
        other = ROOM.__class__("yard", "rooms.elsewhere.example")
        wire.stream.written.clear()
        await wire.do(JoinRoom(ANNA, other))
        info = await wire.request("{http://jabber.org/protocol/disco#info}query")
        wire.answer(info, error("item-not-found"), kind="error")
        await wire.settle()
        sent = names(wire.stream.written)
        assert sent.index("list") < sent.index("x")


def test_no_list_of_ours_denies_anything_but_presence() -> None:
    """An item without children would deny everything (XEP-0016 §2.1)."""
    for scope in (Scope(hides=True), Scope(groups=()), Scope(hides=True, groups=("a", "b"))):
        for item in content(scope, ["rooms.example.org"], ANNA):
            assert len(item) and set(names([item])[1:]) <= {"presence-in", "presence-out"}


async def test_a_server_that_tells_of_a_changed_list_is_answered(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "radio") as wire:
        query = f"<query xmlns='{PRIVACY}'><list name='x'/></query>"
        push = f"<iq type='set' id='push1' to='{ANNA}/here'>{query}</iq>"
        (answer,) = await wire.take(push)
        assert answer.get("type") == "result"
        (answer,) = await wire.take(push.replace("<iq", "<iq from='eve@example.org'"))
        assert answer.get("type") == "error"


async def test_the_first_probe_is_not_repeated_for_a_switch_between_equal_scopes(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "satellite") as wire:
        sent = await wire.do(UseLink(ANNA, "radio"))
        assert not [one for one in sent if one.find(f".//{ACTIVE}") is not None]


async def test_on_a_server_not_known_a_switch_first_finds_out_how(tmp_path: Path) -> None:
    """Then we are seen to leave, and come back unseen."""
    wire = Wire(tmp_path)
    await wire.online()
    await wire.do(UseLink(ANNA, "radio"))
    assert presences(wire) == []
    wire.answer(await wire.request(LIST))
    await wire.settle()
    kinds = [one.get("type") for one in wire.stream.written if one.tag.endswith("presence")]
    assert kinds == ["unavailable", None]
    await wire.close()


async def test_on_a_server_that_has_nothing_a_switch_says_so(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    await wire.online()
    await wire.do(UseLink(ANNA, "radio"))
    wire.answer(await wire.request(LIST), NO, kind="error")
    wire.answer(await wire.request(f"{{{INVISIBLE}}}invisible"), NO, kind="error")
    await wire.settle()
    assert presences(wire) == []
    assert "contacts see that you are online" in wire.happened(Notice)[-1].text
    await wire.close()


async def test_a_room_that_is_being_entered_when_we_leave_unseen_is_entered_again(tmp_path: Path) -> None:
    """Our unavailable presence reaches the room behind our wish to enter it (RFC 6121 §4.6.3)."""
    wire = Wire(tmp_path)
    await wire.online()
    await wire.do(UseLink(ANNA, "satellite"))
    stored = await wire.request(LIST)
    await ask(wire, nick="Anna")
    wire.answer(stored)
    await wire.settle()
    told = [
        (one.get("type"), one.get("to"))
        for one in wire.stream.written
        if one.tag == "{jabber:client}presence"
    ]
    room = (None, f"{ROOM}/Anna")
    assert told == [room, ("unavailable", None), (None, None), room]

    def state() -> RoomState:
        return wire.world.rooms[ChatKey(ANNA, ROOM)].state

    # What the room says of the first time is not about the second.
    wire.hear(occupant("Anna", 110))
    await wire.settle()
    assert state() is RoomState.JOINING
    wire.hear(occupant("Anna", 110, kind="unavailable"))
    wire.hear(occupant("Anna", 110))
    await wire.settle()
    assert state() is RoomState.JOINED
    await wire.close()
