"""E-01, E-06: what has to be sealed never leaves in clear, and no key is used twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.attacks.omemo.scene import PUBSUB, Scene
from tests.fakes.omemo_peer import OmemoPeer
from tests.session.wire import ANNA, BERT, WITH_BERT
from tui_xmpp.core.commands import CorrectMessage, React, Refused, RetractMessage, SendMessage
from tui_xmpp.core.events import MessageChanged, Notice
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.security import ChatSecurity, Encrypt, Method, Protection, Trust
from tui_xmpp.core.security_commands import SetTrust
from tui_xmpp.session.crypto.omemo_names import LISTS, NEW, OLD

SECRET = "the tulips are under the third stone"


def lists_of_nothing(scene: Scene, owner: str, node: str) -> tuple[str, str] | None:
    return (
        "error",
        "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
    )


def an_empty_list(scene: Scene, owner: str, node: str) -> tuple[str, str] | None:
    inside = f"<item id='current'><list xmlns='{OLD}'/></item>" if node == LISTS[OLD] else ""
    return "result", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{inside}</items></pubsub>"


def a_malformed_list(scene: Scene, owner: str, node: str) -> tuple[str, str] | None:
    inside = f"<list xmlns='{OLD}'><device id='many'/><x/></list>"
    items = f"<items node='{node}'><item id='current'>{inside}</item></items>"
    return "result", f"<pubsub xmlns='{PUBSUB}'>{items}</pubsub>"


def a_list_without_keys(scene: Scene, owner: str, node: str) -> tuple[str, str] | None:
    return scene.honest(owner, node) if node in LISTS.values() else lists_of_nothing(scene, owner, node)


def malformed_keys(scene: Scene, owner: str, node: str) -> tuple[str, str] | None:
    if node in LISTS.values():
        return scene.honest(owner, node)
    items = f"<items node='{node}'><item id='current'><bundle xmlns='{OLD}'><x/></bundle></item></items>"
    return "result", f"<pubsub xmlns='{PUBSUB}'>{items}</pubsub>"


def a_server_that_refuses(scene: Scene, owner: str, node: str) -> tuple[str, str] | None:
    return "error", (
        "<error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    )


@pytest.mark.parametrize(
    "lie",
    [
        lists_of_nothing,
        an_empty_list,
        a_malformed_list,
        a_list_without_keys,
        malformed_keys,
        a_server_that_refuses,
    ],
)
async def test_e01_without_keys_nothing_leaves(tmp_path: Path, lie: object) -> None:
    scene = await Scene(tmp_path).begin()
    scene.wire.account.sealing.choose(WITH_BERT, Encrypt.ALWAYS, Method.OMEMO)
    scene.answers = lambda owner, node: lie(scene, owner, node)  # type: ignore[operator]
    await scene.wire.do(SendMessage(WITH_BERT, SECRET))
    await scene.until(lambda: scene.wire.messages()[-1].delivery is Delivery.FAILED)
    assert scene.wire.messages()[-1].body == SECRET
    assert scene.wire.messages()[-1].failure
    assert not scene.sent
    assert SECRET not in scene.bytes
    await scene.close()


async def test_e01_a_link_that_is_lost_meanwhile_sends_nothing_in_clear(tmp_path: Path) -> None:
    scene = await Scene(tmp_path).begin()
    scene.wire.account.sealing.choose(WITH_BERT, Encrypt.ALWAYS, Method.OMEMO)
    scene.answers = lambda owner, node: None
    await scene.wire.do(SendMessage(WITH_BERT, SECRET))
    await scene.until(lambda: LISTS[OLD] in scene.bytes)
    scene.wire.lose()
    assert scene.wire.messages()[-1].delivery is Delivery.QUEUED
    scene.answers = scene.honest
    scene._seen = 0
    await scene.wire.online(answers=False)
    await scene.until(lambda: scene.sent)
    assert SECRET not in scene.bytes
    await scene.meet()
    assert scene.bert.open(scene.sent[-1], ANNA) == SECRET
    await scene.close()


async def test_e01_a_sealed_chat_stays_sealed_when_the_devices_are_gone(tmp_path: Path) -> None:
    scene = await Scene(tmp_path).begin()
    await scene.wire.do(SendMessage(WITH_BERT, "the first"))
    await scene.until(lambda: scene.sent)
    assert scene.wire.account.sealing.security(WITH_BERT).sealed
    gone = f"<list xmlns='{OLD}'/>"
    scene.wire.hear(
        f"<message from='{BERT}'><event xmlns='{PUBSUB}#event'><items node='{LISTS[OLD]}'>"
        f"<item id='current'>{gone}</item></items></event></message>"
    )
    await scene.wire.settle()
    with pytest.raises(Exception, match="Not sent"):
        await scene.wire.do(SendMessage(WITH_BERT, SECRET))
    scene.play()
    assert SECRET not in scene.bytes
    await scene.close()


async def test_what_waits_goes_where_the_server_failed_at_first(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.wire.befriend()
    scene.wire.account.sealing.choose(WITH_BERT, Encrypt.ALWAYS, Method.OMEMO)
    await scene.wire.do(SendMessage(WITH_BERT, SECRET))
    failures = [a_server_that_refuses(scene, "", "")]
    scene.answers = lambda owner, node: (
        failures.pop() if failures and node in LISTS.values() else scene.honest(owner, node)
    )
    await scene.wire.online(offered=frozenset(), answers=False)
    await scene.until(lambda: scene.sent)
    await scene.meet()
    assert scene.bert.open(scene.sent[0], ANNA) == SECRET
    await scene.close()


async def test_keys_are_found_whatever_their_item_is_called(tmp_path: Path) -> None:
    """In OMEMO 0.3 they are asked for without a name; dino calls the item "1"."""
    scene = Scene(tmp_path)
    scene.bert.item = "1"
    await scene.begin()
    await scene.wire.do(SendMessage(WITH_BERT, SECRET))
    await scene.until(lambda: scene.sent)
    await scene.meet()
    assert scene.bert.open(scene.sent[0], ANNA) == SECRET
    await scene.close()


async def test_who_gets_the_newer_version_is_written_to_in_it(tmp_path: Path) -> None:
    """Its keys are others: those that are known of the older one do not do."""
    scene = await Scene(tmp_path, (OLD,)).begin()
    scene.wire.account.sealing.choose(WITH_BERT, Encrypt.ALWAYS, Method.OMEMO)
    await scene.wire.do(SendMessage(WITH_BERT, "in the older one"))
    await scene.until(lambda: scene.sent)
    scene.namespaces = (OLD, NEW)
    scene.wire.hear(
        f"<message from='{BERT}'><event xmlns='{PUBSUB}#event'><items node='{LISTS[NEW]}'>"
        f"{scene.bert.list_item(NEW)}</items></event></message>"
    )
    await scene.wire.settle()
    await scene.wire.do(SendMessage(WITH_BERT, "in the newer one"))
    await scene.until(lambda: len(scene.sent) == 2)
    await scene.meet()
    assert scene.sent[1].find(f"{{{NEW}}}encrypted") is not None
    assert scene.bert.open(scene.sent[1], ANNA) == "in the newer one"
    await scene.close()


@pytest.mark.parametrize("is_known", [True, False], ids=["at once", "once the devices are known"])
async def test_what_the_older_version_cannot_seal_is_not_sent_and_says_so(
    tmp_path: Path, is_known: bool
) -> None:
    scene = await Scene(tmp_path, (OLD,)).begin()
    scene.wire.account.sealing.choose(WITH_BERT, Encrypt.ALWAYS, Method.OMEMO)
    await scene.wire.take(f"<message from='{BERT}/x' type='chat' id='m1'><body>hello</body></message>")
    react = React(WITH_BERT, scene.wire.messages()[0].row, ("👍",))
    if is_known:
        await scene.wire.do(SendMessage(WITH_BERT, "the devices are asked for"))
        await scene.until(lambda: scene.sent)
        scene.sent.clear()
        with pytest.raises(Refused, match="Only text can be sealed"):
            await scene.wire.do(react)
        assert not scene.wire.messages()[0].reactions
    else:
        await scene.wire.do(react)
        await scene.until(lambda: scene.wire.happened(Notice))
        (notice,) = scene.wire.happened(Notice)
        assert "Only text can be sealed" in notice.text
        assert "reaction was not sent" in notice.text
        assert notice.chat == WITH_BERT
        assert not scene.wire.messages()[0].reactions
    assert not scene.sent and "👍" not in scene.bytes
    await scene.close()


@pytest.mark.parametrize("answers", [False, True], ids=["a message", "an answer"])
async def test_a_correction_that_cannot_be_sealed_is_undone_and_its_text_given_back(
    tmp_path: Path, answers: bool
) -> None:
    scene = await Scene(tmp_path).begin()
    sealing = scene.wire.account.sealing
    sealing.choose(WITH_BERT, Encrypt.OFF, Method.OMEMO)
    row = 0
    if answers:
        await scene.wire.take(f"<message from='{BERT}/x' type='chat' id='m1'><body>where?</body></message>")
        row = scene.wire.messages()[0].row
    await scene.wire.do(SendMessage(WITH_BERT, "the tulpis", row))
    await scene.until(lambda: "the tulpis" in scene.bytes)
    sealing.choose(WITH_BERT, Encrypt.ALWAYS, Method.OMEMO)
    scene.answers = lambda owner, node: lists_of_nothing(scene, owner, node)
    await scene.wire.do(CorrectMessage(WITH_BERT, scene.wire.messages()[-1].row, SECRET))
    await scene.until(lambda: scene.wire.happened(Notice))
    (notice,) = scene.wire.happened(Notice)
    assert f"You had written: {SECRET} Not sent: " in notice.text
    message = scene.wire.messages()[-1]
    assert (message.body, message.edited) == ("the tulpis", False)
    assert scene.wire.happened(MessageChanged)[-1].message.body == "the tulpis"
    assert SECRET not in scene.bytes
    await scene.close()


async def test_of_what_is_gone_here_only_it_is_said_that_the_others_have_it_still(tmp_path: Path) -> None:
    scene = await Scene(tmp_path).begin()
    sealing = scene.wire.account.sealing
    sealing.choose(WITH_BERT, Encrypt.OFF, Method.OMEMO)
    await scene.wire.do(SendMessage(WITH_BERT, "too much"))
    await scene.until(lambda: "too much" in scene.bytes)
    sealing.choose(WITH_BERT, Encrypt.ALWAYS, Method.OMEMO)
    scene.answers = lambda owner, node: lists_of_nothing(scene, owner, node)
    await scene.wire.do(RetractMessage(WITH_BERT, scene.wire.messages()[0].row))
    await scene.until(lambda: scene.wire.happened(Notice))
    (notice,) = scene.wire.happened(Notice)
    assert "gone here" in notice.text and "Not sent: " in notice.text
    await scene.close()


async def test_an_old_device_of_ours_is_sent_text_and_nothing_that_it_could_not_show(tmp_path: Path) -> None:
    """Of a reaction nothing is left in the older version but an empty text."""
    tablet = OmemoPeer(ANNA)
    scene = Scene(tmp_path, (OLD, NEW))

    def answers(owner: str, node: str) -> tuple[str, str] | None:
        if owner != str(ANNA):
            return scene.honest(owner, node)
        ours = scene.keys.device
        listed = tablet.list_item(OLD, *([ours] if ours else []))
        items = listed if node == LISTS[OLD] else tablet.answer(node, (OLD,)) or ""
        return "result", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{items}</items></pubsub>"

    scene.answers = answers
    await scene.begin()
    devices = scene.wire.account.sealing.omemo.devices
    for owner in (ANNA, BERT):
        looking = asyncio.create_task(devices.look(owner))
        await scene.until(looking.done)
    (other,) = [one for one in devices.all(ANNA) if one.id == tablet.device]
    await scene.wire.do(SetTrust(ANNA, ANNA, other.fingerprint, Trust.VERIFIED))
    scene.wire.account.sealing.choose(WITH_BERT, Encrypt.ALWAYS, Method.OMEMO)
    await scene.wire.take(f"<message from='{BERT}/x' type='chat' id='m1'><body>hello</body></message>")
    react = React(WITH_BERT, scene.wire.messages()[0].row, ("👍",))
    for command in (SendMessage(WITH_BERT, "for all of us"), react):
        before = len(scene.sent)
        await scene.wire.do(command)
        await scene.until(lambda before=before: len(scene.sent) > before)
    text, reaction = (
        [one.tag.partition("}")[0][1:] for one in stanza if one.tag.endswith("}encrypted")]
        for stanza in scene.sent
    )
    assert sorted(text) == sorted([OLD, NEW])
    assert reaction == [NEW]
    await tablet.close()
    await scene.close()


@pytest.mark.parametrize("namespace", [OLD, NEW])
async def test_e06_fifty_at_once_use_fifty_keys(tmp_path: Path, namespace: str) -> None:
    scene = await Scene(tmp_path, (namespace,)).begin()
    said = [f"number {number}" for number in range(50)]
    await asyncio.gather(*(scene.wire.account.do(SendMessage(WITH_BERT, text)) for text in said))
    await scene.until(lambda: len(scene.sent) == 50)
    await scene.meet()
    keys = {
        key.text
        for stanza in scene.sent
        for key in stanza.iter(f"{{{namespace}}}key")
        if key.get("rid") == str(scene.bert.device)
    }
    assert len(keys) == 50
    assert [scene.bert.open(stanza, ANNA) for stanza in scene.sent] == said
    assert not any(text in scene.bytes for text in said)
    protections = {one.protection for one in scene.wire.messages()}
    assert protections == {Protection.SEALED}
    assert scene.wire.account.sealing.security(WITH_BERT) != ChatSecurity()
    await scene.close()
