"""The roster, subscriptions and presence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.session.wire import ANNA, BERT, CARL, SM, Wire, names
from tui_xmpp.core.commands import (
    AddContact,
    ApproveSubscription,
    CancelSubscription,
    Refused,
    RefuseSubscription,
    RemoveContact,
    RenameContact,
    SetGroups,
    SetPresence,
)
from tui_xmpp.core.contact import Show, Subscription
from tui_xmpp.core.events import (
    ContactRemoved,
    PresenceChanged,
    PresencesCleared,
    RosterReplaced,
    SubscriptionRequested,
)
from tui_xmpp.session import caps, convert

ROSTER = "{jabber:iq:roster}query"
VERSIONING = "{urn:xmpp:features:rosterver}ver"
ITEM = "<item jid='{0}' name='{1}' subscription='{2}'><group>Friends</group></item>"


async def sign_in(wire: Wire, roster: str | None, offered: frozenset[str] = frozenset({SM})) -> str | None:
    """Sign in with this roster result; returns the version that was asked with."""
    await wire.online(offered=offered, answers=False)
    iq = await wire.request(ROSTER)
    wire.answer(iq, "" if roster is None else roster)
    for _ in range(12):
        await wire.settle()
        wire.answer_all()
    return iq[0].get("ver")


async def test_the_roster_is_kept_with_its_version(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    items = ITEM.format(BERT, "Bert", "both") + ITEM.format(CARL, "", "to")
    result = f"<query xmlns='jabber:iq:roster' ver='v7'>{items}</query>"
    assert await sign_in(wire, result) is None, "no version without the server's word for it"
    bert = wire.world.contacts[ANNA, BERT]
    assert (bert.name, bert.groups, bert.subscription) == ("Bert", ("Friends",), Subscription.BOTH)
    wire.lose()
    assert await sign_in(wire, None, frozenset({SM, VERSIONING})) == "v7"
    assert len(wire.world.contacts) == 2, "an empty result changes nothing"
    assert len(wire.happened(RosterReplaced)) == 1
    assert {one.address for one in wire.cache.roster(ANNA)[1]} == {BERT, CARL}
    await wire.close()


async def test_going_offline_blanks_presence_only(wire: Wire) -> None:
    wire.befriend()
    await wire.take(f"<presence from='{BERT}/phone'/>")
    assert wire.world.best_presence(ANNA, BERT)
    wire.lose()
    assert wire.happened(PresencesCleared)
    assert not wire.world.presences and wire.world.contacts


async def test_a_push_changes_one_item(wire: Wire) -> None:
    push = "<iq type='set' id='p'><query xmlns='jabber:iq:roster' ver='v8'>{}</query></iq>"
    answers = await wire.take(push.format(ITEM.format(BERT, "Bert", "both")))
    assert answers[0].get("type") == "result" and answers[0].get("id") == "p"
    await wire.take(push.format(f"<item jid='{BERT}' subscription='remove'/>"))
    assert not wire.world.contacts and wire.happened(ContactRemoved)
    assert wire.cache.roster(ANNA) == ("v8", ()) or not wire.cache.roster(ANNA)[1]


async def answered(wire: Wire, work: object) -> list[str]:
    """Do something that asks the roster for a change, and return the items as they were asked for."""
    import asyncio

    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    iq = await wire.request(ROSTER)
    wire.answer(iq)
    await task
    item = iq[0][0]
    return [
        item.get("jid", ""),
        item.get("name", ""),
        item.get("subscription", ""),
        *[one.text or "" for one in item],
    ]


async def test_adding_renaming_grouping_and_removing(wire: Wire) -> None:
    command = AddContact(ANNA, BERT, "Bert", ("Work",), "It is me")
    assert await answered(wire, wire.account.do(command)) == [str(BERT), "Bert", "", "Work"]
    request = wire.stream.written[-1]
    assert request.get("type") == "subscribe" and convert.text_of(request, "status") == "It is me"
    wire.account.emit()
    wire.befriend(name="Bert", groups=("Work",))
    assert await answered(wire, wire.account.do(RenameContact(ANNA, BERT, "Herbert"))) == [
        str(BERT),
        "Herbert",
        "",
        "Work",
    ]
    # Before the push: the second change must not undo the first.
    assert await answered(wire, wire.account.do(SetGroups(ANNA, BERT, ("A", "B")))) == [
        str(BERT),
        "Herbert",
        "",
        "A",
        "B",
    ]
    assert (await answered(wire, wire.account.do(RemoveContact(ANNA, BERT))))[2] == "remove"
    with pytest.raises(Refused):
        await wire.account.do(RemoveContact(ANNA, CARL))
    with pytest.raises(Refused):
        await wire.account.do(AddContact(ANNA, ANNA))


async def test_a_request_is_shown_with_what_it_says_and_answered_by_command(wire: Wire) -> None:
    await wire.take(
        f"<presence from='{CARL}' type='subscribe'><status>hi</status>"
        "<nick xmlns='http://jabber.org/protocol/nick'>Bert</nick></presence>"
    )
    (event,) = wire.happened(SubscriptionRequested)
    assert (event.request.address, event.request.text, event.request.nick) == (CARL, "hi", "Bert")
    written = await wire.do(ApproveSubscription(ANNA, CARL))
    assert [(one.get("to"), one.get("type")) for one in written] == [(str(CARL), "subscribed")]
    assert not wire.world.requests


async def test_refusing_and_cancelling(wire: Wire) -> None:
    await wire.take(f"<presence from='{CARL}' type='subscribe'/>")
    assert (await wire.do(RefuseSubscription(ANNA, CARL)))[0].get("type") == "unsubscribed"
    assert not wire.world.requests
    assert (await wire.do(CancelSubscription(ANNA, BERT)))[0].get("type") == "unsubscribe"


async def test_approval_ahead_only_where_the_server_can(tmp_path: Path, wire: Wire) -> None:
    with pytest.raises(Refused):
        await wire.do(ApproveSubscription(ANNA, CARL))
    wire.lose()
    await wire.online(offered=frozenset({"{urn:xmpp:features:pre-approval}sub"}))
    assert (await wire.do(ApproveSubscription(ANNA, CARL)))[0].get("type") == "subscribed"


async def test_a_request_answered_on_another_device_is_settled(wire: Wire) -> None:
    await wire.take(f"<presence from='{BERT}' type='subscribe'/>")
    wire.befriend()
    assert not wire.world.requests


async def test_the_best_resource_counts(wire: Wire) -> None:
    wire.befriend()
    await wire.take(f"<presence from='{BERT}/a'><show>xa</show><priority>5</priority></presence>")
    await wire.take(f"<presence from='{BERT}/b'><show>chat</show><status>hi</status></presence>")
    best = wire.world.best_presence(ANNA, BERT)
    assert best and best.resource == "a" and best.show is Show.XA
    await wire.take(f"<presence from='{BERT}/a' type='unavailable'/>")
    best = wire.world.best_presence(ANNA, BERT)
    assert best and (best.show, best.status) == (Show.CHAT, "hi")


async def test_strangers_have_no_presence(wire: Wire) -> None:
    assert await wire.take(f"<presence from='{CARL}/x'/>") == []
    assert not wire.happened(PresenceChanged)


async def test_idle_time_is_read(wire: Wire) -> None:
    wire.befriend()
    await wire.take(
        f"<presence from='{BERT}/a'><show>away</show>"
        "<idle xmlns='urn:xmpp:idle:1' since='2026-05-01T11:00:00Z'/></presence>"
    )
    best = wire.world.best_presence(ANNA, BERT)
    assert best and best.since and best.since.hour == 11


async def test_presence_goes_out_after_the_roster_was_asked(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    await wire.online(answers=False)
    for _ in range(12):
        await wire.settle()
        wire.answer_all()
    order = names(wire.stream.written)
    assert "presence" in order
    tags = [one.tag for one in wire.stream.written]
    roster = next(n for n, one in enumerate(wire.stream.written) if one.find(ROSTER) is not None)
    assert roster < tags.index("{jabber:client}presence")
    await wire.close()


async def test_our_presence_says_what_was_chosen_and_again_after_a_reconnect(wire: Wire) -> None:
    (stanza,) = await wire.do(SetPresence(Show.DND, "busy", 5))
    assert convert.text_of(stanza, "show") == "dnd"
    assert (convert.text_of(stanza, "status"), convert.text_of(stanza, "priority")) == ("busy", "5")
    assert wire.world.accounts[ANNA].presence.show is Show.DND
    wire.lose()
    await wire.online(answers=False)
    for _ in range(12):
        await wire.settle()
        wire.answer_all()
    again = next(one for one in wire.stream.written if one.tag.endswith("presence"))
    assert convert.text_of(again, "show") == "dnd"


async def test_the_capability_hash_fits_what_we_answer(wire: Wire) -> None:
    wire.befriend()
    (presence,) = await wire.do(SetPresence(Show.AVAILABLE))
    c = convert.child(presence, caps.CAPS, "c")
    assert c is not None
    (answer,) = await wire.take(
        f"<iq type='get' id='d' from='{BERT}/x'><query xmlns='http://jabber.org/protocol/disco#info'"
        f" node='{c.get('node')}#{c.get('ver')}'/></iq>"
    )
    features = [one.get("var", "") for one in answer[0] if one.tag.endswith("feature")]
    assert caps.verification(features) == c.get("ver")
    assert "urn:xmpp:receipts" in features and "urn:xmpp:mds:displayed:0+notify" in features


async def test_a_contact_may_ping_and_ask_for_version_and_time(wire: Wire) -> None:
    wire.befriend()
    for payload in (
        "<ping xmlns='urn:xmpp:ping'/>",
        "<query xmlns='jabber:iq:version'/>",
        "<time xmlns='urn:xmpp:time'/>",
    ):
        (answer,) = await wire.take(f"<iq type='get' id='q' from='{BERT}/x'>{payload}</iq>")
        assert answer.get("type") == "result"


async def test_contacts_of_many_resources_are_bounded(wire: Wire) -> None:
    wire.befriend()
    for count in range(200):
        await wire.take(f"<presence from='{BERT}/r{count}'/>")
    assert len(wire.world.presences[ANNA, BERT]) == 50
