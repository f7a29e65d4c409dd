"""E-12: a database that was put back uses no key twice: this device is another one then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.attacks.omemo.scene import PUBSUB, Scene
from tests.session.wire import ANNA, BERT, WITH_BERT
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.events import Notice
from tui_xmpp.core.security import Encrypt, Method, Trust
from tui_xmpp.session.crypto.omemo_names import LISTS, NEW, OLD
from tui_xmpp.session.pep_nodes import PUBSUB_OWNER


async def say(scene: Scene, text: str) -> None:
    """Anna says something, and Bert can read it."""
    await scene.wire.do(SendMessage(WITH_BERT, text))
    await scene.until(lambda: any(one.get("to") == str(BERT) for one in scene.sent))
    await scene.meet()
    (sent,) = [one for one in scene.sent if one.get("to") == str(BERT)]
    scene.sent.clear()
    assert scene.bert.open(sent, ANNA) == text


@pytest.mark.parametrize("namespace", [OLD, NEW])
async def test_e12_a_database_that_was_put_back_gets_a_new_device(tmp_path: Path, namespace: str) -> None:
    scene = await Scene(tmp_path, (namespace,)).begin()
    database, copy = tmp_path / "archive.db", tmp_path / "copy"
    former = scene.keys.device
    assert former is not None
    scene.wire.account.sealing.choose(WITH_BERT, Encrypt.ALWAYS, Method.OMEMO)
    await say(scene, "one")
    (theirs,) = scene.wire.account.sealing.omemo.devices.all(BERT)
    scene.wire.account.sealing.omemo.devices.set_trust(BERT, theirs.fingerprint, Trust.VERIFIED)
    scene = await scene.restart(lambda: shutil.copy(database, copy))
    assert scene.keys.device == former
    await say(scene, "two")
    scene = await scene.restart(lambda: shutil.copy(copy, database))
    assert scene.keys.device not in (None, former)
    await scene.until(lambda: scene.keys.former is None)
    (notice,) = [one for one in scene.wire.happened(Notice) if "new device for OMEMO" in one.text]
    assert notice.account == ANNA
    await say(scene, "three")
    (theirs,) = scene.wire.account.sealing.omemo.devices.all(BERT)
    assert theirs.trust is Trust.VERIFIED
    scene.wire.hear(
        f"<message from='{BERT}/x' to='{ANNA}/here' type='chat' id='back'>"
        f"{scene.bert.seal(ANNA, 'welcome back', namespace)}</message>"
    )
    await scene.until(lambda: any(one.body == "welcome back" for one in scene.wire.messages()))
    device = scene.keys.device
    again = await scene.restart(lambda: None)
    assert again.keys.device == device
    assert not [one for one in again.wire.happened(Notice) if "new device for OMEMO" in one.text]
    await again.close()


async def test_e12_the_former_device_is_taken_off_the_list(tmp_path: Path) -> None:
    scene = await Scene(tmp_path).begin()
    database, copy = tmp_path / "archive.db", tmp_path / "copy"
    former = scene.keys.device
    scene = await scene.restart(lambda: shutil.copy(database, copy))

    def listed(owner: str, node: str) -> tuple[str, str] | None:
        if owner != str(ANNA) or node != LISTS[OLD]:
            return scene.honest(owner, node)
        devices = f"<device id='{former}'/><device id='99'/>"
        items = f"<item id='current'><list xmlns='{OLD}'>{devices}</list></item>"
        return "result", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{items}</items></pubsub>"

    restored = await scene.restart(lambda: shutil.copy(copy, database), listed)
    await restored.until(lambda: restored.keys.former is None)
    lists = [one for stanza in restored.wire.stream.written for one in stanza.iter(f"{{{OLD}}}list")]
    ids = [[int(one.get("id", "")) for one in each] for each in lists]
    assert ids[-1] == [99]
    deleted = f"{{{PUBSUB_OWNER}}}delete"
    nodes = [one.get("node") for stanza in restored.wire.stream.written for one in stanza.iter(deleted)]
    assert nodes == [f"{OLD}.bundles:{former}"]
    await restored.close()
