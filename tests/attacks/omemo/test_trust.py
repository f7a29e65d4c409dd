"""XEP-0450: who is verified is told and believed about keys, and nobody else; never in clear, never twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.attacks.omemo.scene import PUBSUB, Scene
from tests.fakes.omemo_peer import OmemoPeer
from tests.session.wire import ANNA, BERT, CARL, FULL
from tui_xmpp.core.address import Address
from tui_xmpp.core.commands import UseLink
from tui_xmpp.core.events import Notice
from tui_xmpp.core.security import Trust
from tui_xmpp.core.security_commands import SetTrust
from tui_xmpp.core.settings import Encryption, Settings
from tui_xmpp.session.crypto import sce, trust_messages
from tui_xmpp.session.crypto.omemo_desk import fingerprint_of, run
from tui_xmpp.session.crypto.omemo_devices import OmemoDevices
from tui_xmpp.session.crypto.omemo_names import LISTS, NEW
from tui_xmpp.session.crypto.trust_messages import Verdict


class Company:
    """Anna's tablet, Bert's phone and desk, and Carl: all with keys, none verified."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.tablet, self.desk, self.carl = OmemoPeer(ANNA), OmemoPeer(BERT), OmemoPeer(CARL)
        self.phone = scene.bert
        scene.answers = self.answer

    def answer(self, owner: str, node: str) -> tuple[str, str] | None:
        peers = [one for one in self.all if str(one.address) == owner]
        items = ""
        if node == LISTS[NEW] and peers:
            ours = self.scene.keys.device
            more = [one.device for one in peers[1:]] + ([ours] if owner == str(ANNA) and ours else [])
            items = peers[0].list_item(NEW, *more)
        elif node == f"{NEW}:bundles":
            items = "".join(one.bundle_item(NEW) for one in peers if str(one.device) == self.scene.item)
        return "result", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{items}</items></pubsub>"

    @property
    def all(self) -> Sequence[OmemoPeer]:
        return (self.tablet, self.phone, self.desk, self.carl)

    @property
    def devices(self) -> OmemoDevices:
        return self.scene.wire.account.sealing.omemo.devices

    async def meet(self) -> None:
        """Everybody knows Anna's keys, and she knows theirs."""
        device = self.scene.keys.device
        assert device is not None
        backend = next(one for one in self.scene.keys._loaded_backends() if one.namespace == NEW)
        bundle = run(backend.get_bundle(str(ANNA), device))
        for peer in self.all:
            peer.meet(ANNA, device, bundle)
        for owner in (ANNA, BERT, CARL):
            task = asyncio.create_task(self.devices.look(owner))
            await self.scene.until(task.done)

    def trust(self, peer: OmemoPeer) -> Trust:
        key = fingerprint(peer)
        (found,) = [one for one in self.devices.all(peer.address) if one.fingerprint == key]
        return found.trust

    async def decide(self, peer: OmemoPeer, trust: Trust) -> None:
        await self.scene.wire.do(SetTrust(ANNA, peer.address, fingerprint(peer), trust))
        trust = self.scene.wire.account.sealing.omemo.trust
        await self.scene.until(lambda: not (trust._may_send and trust._due()))

    async def say(self, by: OmemoPeer, *verdicts: Verdict, id: str = "t1") -> str:
        """A device tells Anna this under its seal; returns the stanza."""
        content = [trust_messages.written(verdicts)]
        envelope = sce.written(content, by.address, ANNA, datetime.now(UTC))
        sealed = by.seal(ANNA, "", NEW, envelope)
        text = f"<message from='{by.address}/x' to='{FULL}' type='chat' id='{id}'>{sealed}</message>"
        await self.hear(text)
        return text

    async def hear(self, text: str) -> None:
        self.scene.wire.hear(text)
        await self.scene.wire.settle()
        await self.scene.until(lambda: not self.scene.wire.account.sealing.incoming._under_way)

    @property
    def sent(self) -> list[ET.Element]:
        """All that was said by us under a seal; not what carries keys only."""
        return [one for one in self.scene.sent if one.find(f".//{{{NEW}}}payload") is not None]

    def told(self, peer: OmemoPeer) -> set[Verdict]:
        """What one device was told so far."""
        found: set[Verdict] = set()
        for one in self.sent:
            keys = [key.get("rid") for key in one.iter(f"{{{NEW}}}key")]
            if one.get("to") == str(peer.address) and str(peer.device) in keys:
                found.update(trust_messages.read(peer.content(one, ANNA)))
        return found

    async def close(self) -> None:
        for one in (self.tablet, self.desk, self.carl):
            await one.close()
        await self.scene.close()


def fingerprint(peer: OmemoPeer) -> str:
    return fingerprint_of(peer.bundle(NEW).identity_key)


def good(peer: OmemoPeer) -> Verdict:
    return Verdict(peer.address, fingerprint(peer), trusted=True)


def bad(peer: OmemoPeer) -> Verdict:
    return Verdict(peer.address, fingerprint(peer), trusted=False)


async def company(folder: Path) -> Company:
    scene = Scene(folder, (NEW,))
    found = Company(scene)
    scene.wire.befriend(CARL)
    await scene.begin()
    await found.meet()
    return found


# --- what is told ---------------------------------------------------------------------------------------


async def test_a_verified_contact_hears_of_our_devices_and_they_of_it(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.decide(they.tablet, Trust.VERIFIED)
    await they.decide(they.phone, Trust.VERIFIED)
    assert they.told(they.phone) == {good(they.tablet)}
    assert they.told(they.tablet) == {good(they.phone)}
    assert not they.told(they.desk)
    await they.close()


async def test_a_verified_device_of_ours_hears_whom_we_have_verified(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.decide(they.phone, Trust.VERIFIED)
    assert not they.sent
    await they.decide(they.tablet, Trust.VERIFIED)
    assert they.told(they.tablet) == {good(they.phone)}
    assert they.told(they.phone) == {good(they.tablet)}
    await they.close()


async def test_distrust_of_ours_is_told_to_all_and_of_theirs_to_ours(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.decide(they.phone, Trust.VERIFIED)
    await they.decide(they.carl, Trust.DISTRUSTED)
    await they.decide(they.tablet, Trust.DISTRUSTED)
    assert they.told(they.phone) == {bad(they.tablet)}
    assert not they.told(they.tablet) and not they.told(they.carl)
    await they.close()


async def test_nothing_is_told_in_clear_or_to_devices_that_are_not_verified(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.decide(they.tablet, Trust.VERIFIED)
    await they.decide(they.phone, Trust.VERIFIED)
    assert "trust-message" not in they.scene.bytes and they.sent
    allowed = {str(one.device) for one in (they.tablet, they.phone)}
    assert {key.get("rid") for one in they.sent for key in one.iter(f"{{{NEW}}}key")} <= allowed
    assert all(one.find("{jabber:client}body") is None for one in they.sent)
    await they.close()


@pytest.mark.parametrize("link", ["satellite", "radio"])
async def test_what_a_thin_link_keeps_back_is_told_on_another_one(tmp_path: Path, link: str) -> None:
    they = await company(tmp_path)
    await they.scene.wire.do(UseLink(ANNA, link))
    await they.decide(they.tablet, Trust.VERIFIED)
    await they.decide(they.phone, Trust.VERIFIED)
    assert not they.sent
    await they.scene.wire.do(UseLink(ANNA, "full"))
    await they.scene.until(lambda: len(they.sent) > 1)
    assert they.told(they.tablet) == {good(they.phone)}
    await they.close()


# --- what is believed -----------------------------------------------------------------------------------


async def test_our_verified_device_is_believed_about_everybody(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.decide(they.tablet, Trust.VERIFIED)
    await they.say(they.tablet, good(they.phone), bad(they.carl))
    assert (they.trust(they.phone), they.trust(they.carl)) == (Trust.VERIFIED, Trust.DISTRUSTED)
    (device,) = [one for one in they.devices.all(BERT) if one.trust is Trust.VERIFIED]
    assert device.told
    assert len([one for one in they.scene.wire.happened(Notice) if "device of yours has" in one.text]) == 2
    assert not they.scene.wire.messages()
    await they.close()


async def test_a_contact_is_believed_about_its_own_keys_only(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.decide(they.phone, Trust.VERIFIED)
    await they.say(they.phone, good(they.desk), good(they.carl), good(they.tablet))
    assert they.trust(they.desk) is Trust.VERIFIED
    assert they.trust(they.carl) is not Trust.VERIFIED
    assert they.trust(they.tablet) is not Trust.VERIFIED
    await they.decide(they.tablet, Trust.VERIFIED)
    assert they.trust(they.carl) is not Trust.VERIFIED
    await they.close()


async def test_who_is_not_verified_is_believed_once_verified_and_not_before(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.say(they.phone, good(they.desk))
    assert they.trust(they.desk) is not Trust.VERIFIED
    await they.decide(they.phone, Trust.VERIFIED)
    assert they.trust(they.desk) is Trust.VERIFIED
    await they.close()


async def test_a_server_puts_no_trust_beside_a_seal_or_in_clear(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.decide(they.phone, Trust.VERIFIED)
    claim = ET.tostring(trust_messages.written([good(they.desk)]), encoding="unicode")
    head = f"<message from='{BERT}/x' to='{FULL}' type='chat'"
    await they.hear(f"{head} id='c1'>{claim}</message>")
    await they.hear(f"{head} id='c2'>{claim}{they.phone.seal(ANNA, 'hello', NEW)}</message>")
    assert they.trust(they.desk) is not Trust.VERIFIED
    await they.close()


async def test_what_is_repeated_changes_nothing_and_is_no_message(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.decide(they.phone, Trust.VERIFIED)
    text = await they.say(they.phone, good(they.desk))
    await they.decide(they.desk, Trust.DISTRUSTED)
    await they.hear(text)
    await they.say(they.phone, good(they.desk), id="t2")
    assert they.trust(they.desk) is Trust.DISTRUSTED
    assert not they.scene.wire.messages()
    await they.close()


async def test_a_trust_message_of_ours_that_comes_back_is_no_message(tmp_path: Path) -> None:
    they = await company(tmp_path)
    await they.decide(they.tablet, Trust.VERIFIED)
    await they.decide(they.phone, Trust.VERIFIED)
    for one in they.sent:
        one.set("from", str(FULL))
        copy = ET.tostring(one, encoding="unicode")
        await they.hear(
            f"<message from='{ANNA}' to='{FULL}'><sent xmlns='urn:xmpp:carbons:2'>"
            f"<forwarded xmlns='urn:xmpp:forward:0'>{copy}</forwarded></sent></message>"
        )
    assert not they.scene.wire.messages()
    await they.close()


async def test_turned_off_nothing_is_told_or_believed(tmp_path: Path) -> None:
    they = await company(tmp_path)
    they.scene.wire.account.settings = Settings(encryption=Encryption(trust_messages=False))
    await they.decide(they.tablet, Trust.VERIFIED)
    await they.decide(they.phone, Trust.VERIFIED)
    await they.say(they.tablet, good(they.carl))
    assert not they.sent
    assert they.trust(they.carl) is not Trust.VERIFIED
    await they.close()


def test_what_is_malformed_is_left_out() -> None:
    key = "00" * 32
    element = trust_messages.written([Verdict(Address.parse("a@b"), key, trusted=True)])
    assert len(trust_messages.read([element])) == 1
    for text in ("", "AA==", "?" * 44, "A" * 4000):
        element[0][0].text = text
        assert trust_messages.read([element]) == ()
    element = trust_messages.written([Verdict(Address.parse("a@b"), key, trusted=True)])
    element.set("encryption", "eu.siacs.conversations.axolotl")
    assert trust_messages.read([element]) == ()
