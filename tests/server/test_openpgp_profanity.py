"""profanity and we, sealed by OpenPGP for XMPP and in the legacy way, each reading the other."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.key_ring import KeyRing
from tests.server.chat_server import Account, ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tests.server.profanity import Profanity
from tui_xmpp.core import openpgp as pgp
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.security import Encrypt, Method, Protection
from tui_xmpp.core.security_commands import SetEncryption

pytestmark = pytest.mark.server


class WithKeys(Profanity):
    """A profanity with a key ring of its own."""

    def __init__(self, folder: Path, ring: KeyRing) -> None:
        super().__init__(folder)
        self._ring = ring

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "GNUPGHOME": str(self._ring.home)}


@pytest.fixture
def rings() -> Iterator[tuple[KeyRing, KeyRing]]:
    made = KeyRing(), KeyRing()
    try:
        yield made
    finally:
        for one in made:
            one.close()


@pytest.fixture
def with_keys(tmp_path: Path) -> Iterator[Callable[[Account, ChatServer, KeyRing], WithKeys]]:
    opened: list[WithKeys] = []

    def open_profanity(account: Account, server: ChatServer, ring: KeyRing) -> WithKeys:
        client = WithKeys(tmp_path / f"profanity-{account.user}", ring)
        opened.append(client)
        client.connect(account, server)
        return client

    try:
        yield open_profanity
    finally:
        for client in opened:
            client.close()


async def test_openpgp_for_xmpp_both_ways(
    server: ChatServer,
    accounts: Accounts,
    tmp_path: Path,
    rings: tuple[KeyRing, KeyRing],
    with_keys: Callable[[Account, ChatServer, KeyRing], WithKeys],
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    annas, berts = rings
    anna_key, bert_key = annas.make(f"xmpp:{anna_at.address}"), berts.make(f"xmpp:{bert_at.address}")
    bert_file = tmp_path / "bert.gpg"
    bert_file.write_bytes(berts.public(bert_key))
    changed = {"openpgp_key": anna_key}
    async with Person(anna_at, server, tmp_path / "anna", gpg_home=annas.home, changed=changed) as anna:
        await anna.online()
        berts_client = with_keys(bert_at, server, berts)
        berts_client.type(f"/ox announce {bert_file}")
        berts_client.wait_for("Announce OpenPGP Key")
        key = ""

        async def keys() -> tuple[pgp.OpenPgpKey, ...]:
            return await anna.session.ask(pgp.KeysOf(anna.address, Address.parse(bert_at.address)))

        for _ in range(100):
            announced = [one.fingerprint for one in await keys() if one.announced]
            if announced:
                (key,) = announced
                break
        assert key == bert_key
        bert = Address.parse(bert_at.address)
        chat = ChatKey(anna.address, bert)
        await anna.do(pgp.PinKey(anna.address, bert, key))
        await anna.do(SetEncryption(chat, Encrypt.ALWAYS, Method.OPENPGP))
        # profanity takes our key from our account, and trusts it once its own key has signed it.
        berts_client.type(f"/ox discover {anna_at.address}")
        berts_client.wait_for(anna_key)
        berts_client.type(f"/ox request {anna_at.address} {anna_key}")
        berts_client.wait_for("Public Key imported")
        berts.gpg("--yes", "--quick-sign-key", anna_key)
        berts_client.type(f"/msg {anna_at.address}")
        berts_client.type("/ox start")
        berts_client.wait_for("OX encryption enabled")
        await anna.do(SendMessage(chat, "sealed by us"))
        await asyncio.to_thread(berts_client.wait_for, "sealed by us")
        berts_client.type("sealed by profanity")

        def read() -> list[Protection]:
            page = anna.archive.page(chat).messages
            return [one.protection for one in page if one.body == "sealed by profanity"]

        await anna.until(read, "what profanity sealed")
        assert read() == [Protection.SEALED]


def learned(client: WithKeys, contact: str, key: str) -> None:
    """Wait until profanity knows, by presence alone, which of its keys is a contact's."""
    for _ in range(50):
        client.type("/pgp contacts")
        if re.search(rf"{re.escape(contact)}\W+{key[-16:]}", client.screen()):
            return
        time.sleep(0.1)
    raise AssertionError(client.screen())


@pytest.mark.parametrize("learns", [False, True], ids=["told by the user", "told by our presence"])
async def test_legacy_pgp_both_ways(
    learns: bool,
    prosody: ChatServer,
    accounts: Accounts,
    tmp_path: Path,
    rings: tuple[KeyRing, KeyRing],
    with_keys: Callable[[Account, ChatServer, KeyRing], WithKeys],
) -> None:
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    annas, berts = rings
    anna_key = annas.make(f"Anna <{anna_at.address}>")
    bert_key = berts.make(f"Bert <{bert_at.address}>")
    annas.take(berts.public(bert_key))
    berts.take(annas.public(anna_key))
    changed = {"openpgp_key": anna_key}
    async with Person(anna_at, prosody, tmp_path / "anna", gpg_home=annas.home, changed=changed) as anna:
        await anna.online()
        bert = Address.parse(bert_at.address)
        chat = ChatKey(anna.address, bert)
        await anna.do(pgp.PinKey(anna.address, bert, bert_key, Method.PGP))
        await anna.do(SetEncryption(chat, Encrypt.ALWAYS, Method.PGP))
        client = with_keys(bert_at, prosody, berts)
        client.type(f"/account set {bert_at.user} pgpkeyid {bert_key[-16:]}")
        client.wait_for("PGP key ID")
        if learns:
            # By our presence, which is signed, it learns which of its keys is ours.
            await anna.do(pgp.SignPresence(anna.address, True))
            await asyncio.to_thread(learned, client, anna_at.address, anna_key)
        else:
            client.type(f"/pgp setkey {anna_at.address} {anna_key[-16:]}")
            client.wait_for(f"set for {anna_at.address}")
        client.type(f"/pgp start {anna_at.address}")
        client.wait_for("[PGP send]")
        await anna.do(SendMessage(chat, "sealed by us"))
        await asyncio.to_thread(client.wait_for, "sealed by us")
        client.type("sealed by profanity")

        def read() -> list[Protection]:
            page = anna.archive.page(chat).messages
            return [one.protection for one in page if one.body == "sealed by profanity"]

        await anna.until(read, "what profanity sealed")
        # It does not sign: nobody knows who wrote it.
        assert read() == [Protection.UNPROVEN]
        # It signs its presence as well, once it has one to tell: with the key that was accepted.
        client.type('/status set away "at lunch"')
        await anna.until(
            lambda: any(
                one.status == "at lunch" for one in anna.world.presences[anna.address, bert].values()
            ),
            "profanity's presence",
        )
        signed = await anna.session.ask(pgp.PresenceSignatureOf(anna.address, bert))
        assert signed is not None and (signed.signer, signed.accepted) == (bert_key, True)
