"""E-02, E-03, E-05, E-07, E-09, P-10: what comes sealed is read once, and nothing beside it is believed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.attacks.omemo.scene import PUBSUB, Scene
from tests.fakes.omemo_peer import OmemoPeer
from tests.session.wire import ANNA, BERT, FULL, WITH_BERT
from tui_xmpp.core.address import Address
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.events import MessageKept, Notice
from tui_xmpp.core.security import Protection, Trust
from tui_xmpp.core.security_commands import SetTrust
from tui_xmpp.session.crypto import sce, trust_messages
from tui_xmpp.session.crypto.omemo_names import LISTS, NEW, OLD
from tui_xmpp.session.crypto.omemo_wire import MOST_DEVICES

SECRET = "meet me at the lock"


def stanza(sealed: str, *, id: str = "s1", sender: str = f"{BERT}/phone", beside: str = "") -> str:
    return f"<message from='{sender}' to='{FULL}' type='chat' id='{id}'>{beside}{sealed}</message>"


def bodies(scene: Scene) -> list[str]:
    return [one.body for one in scene.wire.messages()]


async def ready(folder: Path, *namespaces: str) -> Scene:
    scene = await Scene(folder, namespaces or (OLD,)).begin()
    await scene.meet()
    return scene


async def hear(scene: Scene, text: str) -> None:
    """Until it was read, or known not to be readable."""
    scene.wire.hear(text)
    await scene.wire.settle()
    await scene.until(lambda: not scene.wire.account.sealing.incoming._under_way)


@pytest.mark.parametrize("namespace", [OLD, NEW])
async def test_a_first_message_is_read_once_its_keys_were_fetched(tmp_path: Path, namespace: str) -> None:
    scene = await ready(tmp_path, namespace)
    await hear(scene, stanza(scene.bert.seal(ANNA, SECRET, namespace)))
    assert bodies(scene) == [SECRET]
    (told,) = scene.wire.happened(MessageKept)
    assert (told.message.body, told.message.protection) == (SECRET, Protection.SEALED)
    await scene.close()


async def test_what_turns_out_to_carry_keys_only_says_so_and_its_session_stays(tmp_path: Path) -> None:
    scene = await ready(tmp_path, NEW)
    said = trust_messages.written([trust_messages.Verdict(BERT, "00" * 32, trusted=True)])
    envelope = sce.written([said], BERT, ANNA, datetime.now(UTC))
    await hear(scene, stanza(scene.bert.seal(ANNA, "", NEW, envelope)))
    assert bodies(scene) == ["There is nothing to read in it: it carries keys only."]
    await hear(scene, stanza(scene.bert.seal(ANNA, SECRET, NEW), id="s2"))
    assert bodies(scene)[-1] == SECRET
    await scene.close()


@pytest.mark.parametrize("ours", [OLD, NEW])
async def test_of_one_message_in_both_versions_ours_is_opened(tmp_path: Path, ours: str) -> None:
    scene = await ready(tmp_path, NEW, OLD)
    for_us = scene.bert.seal(ANNA, SECRET, ours)
    other = scene.bert.seal(ANNA, "for another device", NEW if ours == OLD else OLD)
    for_another = other.replace(f'rid="{scene.keys.device}"', 'rid="77"')
    assert for_another != other
    await hear(scene, stanza(for_us + for_another))
    assert bodies(scene) == [SECRET]
    await scene.close()


async def test_e07_a_replayed_message_is_dropped(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    sealed = scene.bert.seal(ANNA, SECRET)
    await hear(scene, stanza(sealed))
    await hear(scene, stanza(sealed))
    await hear(scene, stanza(sealed, id="another"))
    assert bodies(scene).count(SECRET) == 1
    assert {one.protection for one in scene.wire.messages() if one.body != SECRET} <= {Protection.ATTENTION}
    await scene.close()


@pytest.mark.parametrize("namespace", [OLD, NEW])
async def test_e07_a_replayed_message_is_dropped_after_an_earlier_session_was_taken_up_again(
    tmp_path: Path, namespace: str
) -> None:
    scene = await ready(tmp_path, namespace)
    from_bert = scene.bert.seal(ANNA, "from Bert", namespace)
    await scene.wire.do(SendMessage(WITH_BERT, "from Anna"))
    await scene.until(lambda: scene.sent)
    await hear(scene, stanza(from_bert))
    assert scene.bert.open(scene.sent[0], ANNA) == "from Anna"
    in_hers = scene.bert.seal(ANNA, SECRET, namespace)
    await hear(scene, stanza(in_hers, id="first"))
    await hear(scene, stanza(in_hers, id="again"))
    assert bodies(scene).count(SECRET) == 1
    (again,) = [one for one in scene.wire.messages() if one.id == "again"]
    assert again.body == "It is a copy of a message that has been read."
    await scene.close()


@pytest.mark.parametrize("namespace", [OLD, NEW])
async def test_two_who_begin_at_the_same_moment_read_each_other(tmp_path: Path, namespace: str) -> None:
    scene = await ready(tmp_path, namespace)
    from_bert = scene.bert.seal(ANNA, "from Bert", namespace)
    await scene.wire.do(SendMessage(WITH_BERT, "from Anna"))
    await scene.until(lambda: scene.sent)
    await hear(scene, stanza(from_bert))
    assert scene.bert.open(scene.sent[0], ANNA) == "from Anna"
    for number in range(3):
        await hear(scene, stanza(scene.bert.seal(ANNA, f"Bert {number}", namespace), id=f"b{number}"))
        await scene.wire.do(SendMessage(WITH_BERT, f"Anna {number}"))
    await scene.until(lambda: len(scene.sent) >= 4)
    assert bodies(scene)[1:] == ["from Bert", *(f"{who} {n}" for n in range(3) for who in ("Bert", "Anna"))]
    await scene.close()


async def test_e07_a_repeated_key_exchange_does_not_bring_an_old_session_back(tmp_path: Path) -> None:
    """Nor while history is read, when the library keeps used keys for longer."""
    scene = await ready(tmp_path)
    assert scene.keys._core is not None
    scene.keys._core.before_history_sync()
    first = scene.bert.seal(ANNA, "first")
    await hear(scene, stanza(first))
    scene.bert.forget(ANNA, scene.keys.device or 0)
    # He takes one of the pre keys that are left: the one that he took before is gone.
    await scene.meet()
    await hear(scene, stanza(scene.bert.seal(ANNA, "in a new session"), id="n2"))
    await hear(scene, stanza(first, id="replayed"))
    await hear(scene, stanza(scene.bert.seal(ANNA, "still read"), id="n3"))
    assert [one for one in bodies(scene) if one in ("first", "in a new session", "still read")] == [
        "first",
        "in a new session",
        "still read",
    ]
    await scene.close()


async def test_e07_what_comes_out_of_order_is_read(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    sealed = [stanza(scene.bert.seal(ANNA, f"{number}"), id=f"n{number}") for number in range(6)]
    for text in reversed(sealed):
        await hear(scene, text)
    assert sorted(bodies(scene)) == [f"{number}" for number in range(6)]
    await scene.close()


@pytest.mark.parametrize(
    ("beside", "leaked"),
    [
        ("<body>send it to the other account</body>", "send it to the other account"),
        ("<subject>pay now</subject>", "pay now"),
        ("<x xmlns='jabber:x:oob'><url>https://evil.example/x</url></x>", "evil.example"),
        ("<body xml:lang='en'>another text</body>", "another text"),
        ("<reactions xmlns='urn:xmpp:reactions:0' id='m1'><reaction>💣</reaction></reactions>", "💣"),
    ],
)
async def test_e09_nothing_that_stands_beside_the_seal_is_believed(
    tmp_path: Path, beside: str, leaked: str
) -> None:
    scene = await ready(tmp_path)
    scene.wire.hear(
        f"<message from='{BERT}/phone' to='{FULL}' type='chat' id='m1'><body>first</body></message>"
    )
    await hear(scene, stanza(scene.bert.seal(ANNA, SECRET), beside=beside))
    messages = scene.wire.messages()
    assert [one.body for one in messages] == ["first", SECRET]
    assert not any(leaked in str(one) for one in messages)
    await scene.close()


async def test_keys_of_ours_that_come_back_from_the_archive_say_nothing(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    await hear(scene, stanza(scene.bert.seal(ANNA, SECRET)))
    await scene.until(lambda: scene.sent)
    ours = scene.sent[-1]
    assert ours.find(f".//{{{OLD}}}payload") is None
    keys = ours.find(f"{{{OLD}}}encrypted")
    assert keys is not None
    copy = ET.tostring(keys, encoding="unicode")
    sent = f"<message xmlns='jabber:client' from='{FULL}' to='{BERT}' type='chat' id='k1'>{copy}</message>"
    forwarded = f"<forwarded xmlns='urn:xmpp:forward:0'>{sent}</forwarded>"
    carbon = f"<sent xmlns='urn:xmpp:carbons:2'>{forwarded}</sent>"
    await hear(scene, f"<message from='{ANNA}' to='{FULL}'>{carbon}</message>")
    assert bodies(scene) == [SECRET]
    await scene.close()


@pytest.mark.parametrize("namespace", [OLD, NEW])
async def test_keys_for_another_device_say_nothing(tmp_path: Path, namespace: str) -> None:
    scene = await ready(tmp_path, namespace)
    sealed = ET.fromstring(scene.bert.seal(ANNA, SECRET, namespace))
    sealed[:] = [one for one in sealed if one.tag != f"{{{namespace}}}payload"]
    for_us = ET.tostring(sealed, encoding="unicode")
    for_another = for_us.replace(f'rid="{scene.keys.device}"', 'rid="77"')
    assert for_another != for_us
    await hear(scene, stanza(scene.bert.seal(ANNA, SECRET, namespace)))
    await hear(scene, stanza(for_another, id="k1"))
    assert bodies(scene) == [SECRET]
    await scene.close()


async def test_e09_a_seal_takes_nothing_back(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    await hear(scene, stanza(scene.bert.seal(ANNA, "first"), id="m1"))
    beside = "<retract xmlns='urn:xmpp:message-retract:1' id='m1'/>"
    await hear(scene, stanza(scene.bert.seal(ANNA, SECRET), beside=beside))
    assert bodies(scene) == ["first", SECRET]
    await scene.close()


async def test_an_envelope_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """XEP-0420 §4: the sender in the envelope must be the sender of the message."""
    scene = await ready(tmp_path, NEW)
    body = scene.wire.stream.written[0].makeelement("{jabber:client}body", {})
    body.text = SECRET
    envelope = sce.written([body], Address.parse("mallory@example.org"), None, scene.wire.clock.now())
    await hear(scene, stanza(scene.bert.seal(ANNA, SECRET, NEW, envelope)))
    (message,) = scene.wire.messages()
    assert SECRET not in message.body
    assert "somebody else" in message.body
    assert message.protection is Protection.ATTENTION
    await scene.close()


async def test_a_message_by_another_account_with_a_known_device_id_is_not_read(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    mallory = Address.parse("mallory@example.org")
    scene.wire.befriend(mallory)
    await hear(scene, stanza(scene.bert.seal(ANNA, SECRET), sender=f"{mallory}/x"))
    assert SECRET not in str(scene.wire.archive.page(type(WITH_BERT)(ANNA, mallory)).messages)
    await scene.close()


async def test_e02_p10_clear_text_in_a_sealed_chat_is_marked_and_changes_nothing_sealed(
    tmp_path: Path,
) -> None:
    scene = await ready(tmp_path)
    await hear(scene, stanza(scene.bert.seal(ANNA, "first"), id="m1"))
    await hear(scene, stanza("<body>in clear</body>", id="m2"))
    correction = "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/><body>changed</body>"
    await hear(scene, stanza(correction, id="m3"))
    first, clear = scene.wire.messages()
    assert (first.body, first.protection) == ("first", Protection.SEALED)
    assert (clear.body, clear.protection) == ("in clear", Protection.ATTENTION)
    await scene.close()


async def test_e05_a_list_of_strangers_is_not_kept(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    stranger = Address.parse("stranger@example.net")
    for sender in (str(stranger), f"{stranger}/x"):
        scene.wire.hear(list_event(sender, [7, 8]))
    await scene.wire.settle()
    assert scene.keys.listed(stranger) == ()
    await scene.close()


async def test_e05_a_list_from_a_resource_or_an_occupant_is_ignored(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    scene.wire.hear(list_event(f"{BERT}/phone", [7]))
    await scene.wire.settle()
    assert 7 not in dict(scene.keys.listed(BERT))
    assert scene.keys.listed(BERT.with_resource("phone")) == ()
    await scene.close()


async def test_e05_of_twenty_thousand_devices_a_few_are_taken(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    scene.wire.hear(list_event(str(BERT), list(range(1, 20_001))))
    await scene.wire.settle()
    assert 0 < len(scene.keys.listed(BERT)) <= MOST_DEVICES
    await scene.close()


async def test_e03_a_new_device_is_told_and_one_of_ours_is_not_trusted(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    await scene.wire.do(SendMessage(WITH_BERT, "hello"))
    await scene.until(lambda: scene.sent)
    scene.wire.hear(list_event(str(BERT), [scene.bert.device, 4711]))
    scene.wire.hear(list_event(str(ANNA), [scene.keys.device or 0, 4712]))
    await scene.wire.settle()
    notices = [one.text for one in scene.wire.happened(Notice)]
    assert any("new device" in text and "Bert" not in text for text in notices)
    assert any(one.chat == WITH_BERT and "new device" in one.text for one in scene.wire.happened(Notice))
    (new,) = [one for one in scene.wire.world.devices[ANNA, ANNA] if not one.this]
    assert new.trust is Trust.UNDECIDED
    await scene.close()


async def test_e03_nothing_is_sealed_for_a_device_that_somebody_put_on_our_list(tmp_path: Path) -> None:
    scene = await ready(tmp_path)
    other = OmemoPeer(ANNA)
    honest = scene.answers

    def answer(owner: str, node: str) -> tuple[str, str] | None:
        items = other.answer(node, (OLD,)) if owner == str(ANNA) else None
        if items is None:
            return honest(owner, node)
        return "result", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{items}</items></pubsub>"

    scene.answers = answer
    scene.wire.hear(list_event(str(ANNA), [scene.keys.device or 0, other.device]))
    await scene.wire.settle()
    await scene.wire.do(SendMessage(WITH_BERT, "not for it"))
    await scene.until(lambda: scene.sent)
    assert f'rid="{other.device}"' not in ET.tostring(scene.sent[-1], encoding="unicode")
    devices = scene.wire.account.sealing.omemo.devices.all(ANNA)
    fingerprint = next(one.fingerprint for one in devices if not one.this)
    await scene.wire.do(SetTrust(ANNA, ANNA, fingerprint, Trust.VERIFIED))
    await scene.wire.do(SendMessage(WITH_BERT, "for it too"))
    await scene.until(lambda: len(scene.sent) > 1)
    assert f'rid="{other.device}"' in ET.tostring(scene.sent[-1], encoding="unicode")
    await other.close()
    await scene.close()


def list_event(sender: str, ids: list[int]) -> str:
    devices = "".join(f"<device id='{id}'/>" for id in ids)
    return (
        f"<message from='{sender}' to='{FULL}'><event xmlns='{PUBSUB}#event'><items node='{LISTS[OLD]}'>"
        f"<item id='current'><list xmlns='{OLD}'>{devices}</list></item></items></event></message>"
    )
