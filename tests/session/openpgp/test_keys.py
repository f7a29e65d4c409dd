"""Keys as they are announced, looked at and accepted; nothing is fetched but what the user asks for."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from tests.fakes.key_ring import KeyRing
from tests.session.wire import ANNA, BERT, WITH_BERT, Wire
from tui_xmpp.core import openpgp as pgp
from tui_xmpp.core.commands import Refused
from tui_xmpp.core.events import Notice
from tui_xmpp.core.questions import CanSeal
from tui_xmpp.core.security import Encrypt, Method
from tui_xmpp.core.security_commands import SetEncryption
from tui_xmpp.session.crypto.openpgp_names import METADATA, OX

OTHER = "1357B01865B2503C18453D208CAC2A9678548E35"
EVENT = "http://jabber.org/protocol/pubsub#event"
PUBSUB = "http://jabber.org/protocol/pubsub"


def listed(*fingerprints: str) -> str:
    keys = "".join(
        f"<pubkey-metadata v4-fingerprint='{one}' date='2026-01-01T00:00:00Z'/>" for one in fingerprints
    )
    return f"<item id='current'><public-keys-list xmlns='{OX}'>{keys}</public-keys-list></item>"


def told(items: str, sender: object = BERT) -> str:
    return (
        f"<message from='{sender}' to='{ANNA}' type='headline'><event xmlns='{EVENT}'>"
        f"<items node='{METADATA}'>{items}</items></event></message>"
    )


def result(node: str, items: str) -> str:
    return f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{items}</items></pubsub>"


def asked(wire: Wire) -> list[str]:
    """The nodes that were asked for, to whom."""
    found = []
    for iq in wire.requests():
        items = iq.find(f"{{{PUBSUB}}}pubsub/{{{PUBSUB}}}items")
        if items is not None:
            found.append(f"{iq.get('to')} {items.get('node')}")
    return found


async def answered(wire: Wire, node: str, items: str) -> None:
    """Answer the next request for a node."""
    async with asyncio.timeout(10):
        while True:
            for iq in wire.requests():
                for found in iq.iter(f"{{{PUBSUB}}}items"):
                    if found.get("node") == node:
                        wire.answer(iq, result(node, items))
                        return
            await asyncio.sleep(0)


async def test_a_new_key_of_who_was_accepted_is_told_once(wire: Wire, bert: str) -> None:
    await wire.take(told(listed(bert, OTHER)))
    await wire.take(told(listed(bert, OTHER)))
    await wire.until(lambda: bool(wire.happened(Notice)))
    (notice,) = wire.happened(Notice)
    assert OTHER in notice.text and bert not in notice.text
    assert OTHER not in wire.account.sealing.openpgp.desk.recipients(WITH_BERT, Method.OPENPGP)


async def test_a_notification_without_a_payload_is_asked_about(wire: Wire, bert: str) -> None:
    await wire.take(told("<item id='current'/>"))
    await answered(wire, METADATA, listed(OTHER))
    await wire.until(lambda: bool(wire.happened(Notice)))


async def test_what_a_stranger_announces_is_neither_kept_nor_asked_about(wire: Wire) -> None:
    await wire.take(told("<item id='current'/>", "carl@example.org"))
    await wire.take(told(listed(OTHER), "carl@example.org"))
    assert not asked(wire) and not wire.happened(Notice)


async def test_our_key_is_announced_again_where_it_was_taken_away(wire: Wire, ours: str) -> None:
    await wire.take(told(listed(OTHER), ANNA))
    await answered(wire, METADATA, listed(OTHER))
    published = await wire.request(f"{{{OX}}}pubkey")
    data = published.find(f".//{{{OX}}}data")
    assert data is not None and data.text
    node = published.find(f".//{{{PUBSUB}}}publish")
    assert node is not None and node.get("node") == f"{METADATA}:{ours}"
    wire.answer(published)
    await answered(wire, METADATA, listed(OTHER))
    names = await wire.request(f"{{{OX}}}public-keys-list")
    # The other one is of another device of ours: it stays.
    assert [one.get("v4-fingerprint") for one in names.iter(f"{{{OX}}}pubkey-metadata")] == [OTHER, ours]


async def test_without_a_key_of_ours_there_is_no_openpgp(tmp_path: Path) -> None:
    made = Wire(tmp_path)
    await made.online()
    assert not any(one.startswith(OX) for one in made.account.announced)
    with pytest.raises(Refused, match="no OpenPGP key"):
        await made.account.do(pgp.PinKey(ANNA, BERT, OTHER))
    await made.close()


@pytest.mark.parametrize("wrong", ["8CAC2A9678548E35", "bert@example.org", "--output=/tmp/x", ""])
async def test_a_key_is_named_by_its_whole_fingerprint(wire: Wire, wrong: str) -> None:
    with pytest.raises(Refused, match="whole fingerprint"):
        await wire.account.do(pgp.PinKey(ANNA, BERT, wrong))


async def test_a_key_with_other_names_is_not_for_him(wire: Wire, ours: str) -> None:
    with pytest.raises(Refused, match="does not say that it is for xmpp:bert"):
        await wire.account.do(pgp.PinKey(ANNA, BERT, ours))


async def fetch(wire: Wire, fingerprint: str, data: bytes) -> asyncio.Task[None]:
    """Accept a key that the account of its owner holds as *data*."""
    task = asyncio.create_task(wire.account.do(pgp.PinKey(ANNA, BERT, fingerprint)))
    key = f"<pubkey xmlns='{OX}'><data>{base64.b64encode(data).decode()}</data></pubkey>"
    await answered(wire, f"{METADATA}:{fingerprint}", f"<item id='now'>{key}</item>")
    return task


async def test_a_key_that_gpg_does_not_have_is_fetched_once_it_is_accepted(
    wire: Wire, ring: KeyRing, theirs: KeyRing
) -> None:
    new = theirs.make(f"xmpp:{BERT}", expire="1y")
    task = await fetch(wire, new, theirs.public(new))
    await answered(wire, METADATA, listed(new))
    await task
    assert new in ring.fingerprints()
    assert new in wire.account.sealing.openpgp.desk.pins.of(BERT, Method.OPENPGP)


async def test_another_key_than_was_named_is_not_taken(wire: Wire, ring: KeyRing, theirs: KeyRing) -> None:
    new = theirs.make(f"xmpp:{BERT}", expire="1y")
    secret = theirs.gpg("--export-secret-keys", new)
    for name, data in ((OTHER, theirs.public(new)), (new, secret), (OTHER, b"rubbish")):
        task = await fetch(wire, name, data)
        with pytest.raises(Refused, match="not accepted"):
            await task
    assert new not in ring.fingerprints()
    assert not {OTHER, new} & set(wire.account.sealing.openpgp.desk.pins.of(BERT, Method.OPENPGP))


async def test_a_key_no_longer_accepted_seals_nothing(wire: Wire, bert: str) -> None:
    await wire.account.do(pgp.UnpinKey(ANNA, BERT, bert))
    with pytest.raises(Refused, match="not accepted"):
        await wire.account.do(pgp.UnpinKey(ANNA, BERT, bert))
    assert not wire.account.sealing.openpgp.desk.pins.of(BERT, Method.OPENPGP)


async def test_what_stands_in_the_way_is_that_of_the_way_that_was_chosen(wire: Wire, bert: str) -> None:
    await wire.account.do(SetEncryption(WITH_BERT, Encrypt.ALWAYS, Method.OPENPGP))
    assert (await wire.account.ask(CanSeal(ANNA, WITH_BERT))).problems == ()
    await wire.account.do(pgp.UnpinKey(ANNA, BERT, bert))
    (problem,) = (await wire.account.ask(CanSeal(ANNA, WITH_BERT))).problems
    assert "not accepted a key of bert@example.org" in problem
