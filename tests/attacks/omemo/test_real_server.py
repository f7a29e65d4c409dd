"""E-06, E-07 through real servers: no key is used twice, and what is sent again is read once."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.bench.sealed_devices import SealedDevices
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenHostile
from tests.server.person import Person
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.security import Protection
from tui_xmpp.session.crypto.omemo_names import NEW, OLD

pytestmark = pytest.mark.server

VERSIONS = pytest.mark.parametrize("namespace", [OLD, NEW], ids=["old", "new"])
AT_ONCE = 50
SKIPPED = 1000
SECRET = "the secret that is sent again"
COPY = "It is a copy of a message that has been read."


def bodies(anna: Person, chat: ChatKey) -> list[str]:
    return [one.body for one in anna.archive.page(chat, limit=1000).messages]


def sealed(anna: Person, devices: SealedDevices, text: str, namespace: str, id: str) -> str:
    """A message of the first device, as it goes out."""
    inside = devices.first.seal(anna.address, text, namespace)
    kept = "<store xmlns='urn:xmpp:hints'/>"
    return f"<message type='chat' to='{anna.address}' id='{id}'>{inside}{kept}</message>"


async def met(anna: Person, devices: SealedDevices) -> ChatKey:
    """She has written to the other side, which can answer now."""
    await anna.online()
    await anna.until(partial(anna.world.devices.get, (anna.address, anna.address)), "keys")
    chat = ChatKey(anna.address, devices.address)
    reading = asyncio.create_task(devices.reads(anna.address, "good morning"))
    await anna.do(SendMessage(chat, "good morning"))
    await reading
    return chat


@VERSIONS
async def test_e06_fifty_at_once_in_both_directions(
    prosody: ChatServer, accounts: Accounts, tmp_path: Path, namespace: str
) -> None:
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    async with (
        SealedDevices(bert_at, prosody, namespace, 1) as devices,
        Person(anna_at, prosody, tmp_path, omemo=True) as anna,
    ):
        chat = await met(anna, devices)
        ours = [f"hers {number}" for number in range(AT_ONCE)]
        theirs = [f"his {number}" for number in range(AT_ONCE)]
        for text in theirs:
            devices.send(sealed(anna, devices, text, namespace, text.replace(" ", "-")))
        await asyncio.gather(*(anna.do(SendMessage(chat, text)) for text in ours))
        await devices.arrived(1 + AT_ONCE)
        came = devices.sealed[1:]
        headers = {
            key.text
            for stanza in came
            for key in stanza.iter(f"{{{namespace}}}key")
            if key.get("rid") == str(devices.first.device)
        }
        assert len(headers) == AT_ONCE
        assert sorted(str(devices.first.open(one, anna.address)) for one in came) == sorted(ours)
        await anna.until(lambda: set(theirs) <= set(bodies(anna, chat)), "all that he said")
        kept = anna.archive.page(chat, limit=1000).messages
        assert sorted(one.body for one in kept) == sorted(["good morning", *ours, *theirs])
        assert {one.protection for one in kept} == {Protection.SEALED}


@VERSIONS
async def test_e07_what_is_sent_again_is_read_once(
    prosody: ChatServer, accounts: Accounts, hostile: OpenHostile, tmp_path: Path, namespace: str
) -> None:
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    async with SealedDevices(bert_at, prosody, namespace, 1) as devices:
        async with Person(anna_at, prosody, tmp_path, omemo=True) as anna:
            chat = await met(anna, devices)
            secret = sealed(anna, devices, SECRET, namespace, "first")
            devices.send(secret)
            devices.send(secret.replace("first", "live"))
            # To her other device: this one gets a carbon.
            other = await hostile(anna_at, prosody, "other")
            other.send("<presence/>")
            await other.ask("get", "<ping xmlns='urn:xmpp:ping'/>")
            devices.send(secret.replace("first", "carbon").replace(f"'{anna.address}'", f"'{other.address}'"))
            devices.send(sealed(anna, devices, "and then", namespace, "then"))
            await anna.until(lambda: "and then" in bodies(anna, chat), "what came behind it")
            await other.until(lambda: any(b"id='carbon'" in one for one in other.messages))
            await other.go()
            assert bodies(anna, chat).count(SECRET) == 1
        # While she is away, and so out of the archive.
        devices.send(secret.replace("first", "archive"))
        devices.send(sealed(anna, devices, "welcome back", namespace, "back"))
        async with Person(anna_at, prosody, tmp_path, omemo=True) as anna:
            await anna.online()
            await anna.until(lambda: "welcome back" in bodies(anna, chat), "what came meanwhile")
            assert bodies(anna, chat).count(SECRET) == 1
            told = {one.id: one.body for one in anna.archive.page(chat).messages}
            assert {told.pop(id) for id in ("live", "carbon", "archive")} == {COPY}
            assert sorted(told.values()) == sorted(["good morning", SECRET, "and then", "welcome back"])


@VERSIONS
async def test_e07_what_comes_out_of_order_or_with_a_thousand_lost_before_it_is_read(
    prosody: ChatServer, accounts: Accounts, tmp_path: Path, namespace: str
) -> None:
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    async with (
        SealedDevices(bert_at, prosody, namespace, 1) as devices,
        Person(anna_at, prosody, tmp_path, omemo=True) as anna,
    ):
        chat = await met(anna, devices)
        texts = [f"number {number}" for number in range(6)]
        made = [sealed(anna, devices, text, namespace, f"n-{text[-1]}") for text in texts]
        for stanza in reversed(made):
            devices.send(stanza)
        await anna.until(lambda: set(texts) <= set(bodies(anna, chat)), "all six")
        for _ in range(SKIPPED):
            devices.first.seal(anna.address, "lost", namespace)
        devices.send(sealed(anna, devices, "after all that", namespace, "after"))
        await anna.until(lambda: "after all that" in bodies(anna, chat), "what came behind the gap")
        assert sorted(bodies(anna, chat)) == sorted(["good morning", *texts, "after all that"])
