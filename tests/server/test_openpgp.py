"""OpenPGP between two of us on a real server, each with a gpg of its own: keys by PEP, sealed both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.key_ring import KeyRing
from tests.server.chat_server import Account, ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import openpgp as pgp
from tui_xmpp.core.commands import Refused, SendMessage
from tui_xmpp.core.events import Notice
from tui_xmpp.core.security import Encrypt, Method, Protection
from tui_xmpp.core.security_commands import SetEncryption
from tui_xmpp.session import pep_nodes
from tui_xmpp.session.crypto import openpgp_wire
from tui_xmpp.session.crypto.openpgp_names import METADATA, OX

pytestmark = pytest.mark.server

PASSPHRASE = "a long passphrase"


@pytest.fixture
def rings() -> Iterator[Callable[[], KeyRing]]:
    made: list[KeyRing] = []

    def make() -> KeyRing:
        made.append(KeyRing())
        return made[-1]

    try:
        yield make
    finally:
        for one in made:
            one.close()


@asynccontextmanager
async def person(
    account: Account, server: ChatServer, folder: Path, ring: KeyRing, key: str = ""
) -> AsyncIterator[Person]:
    """Somebody with a key of their own."""
    fingerprint = key or ring.make(f"xmpp:{account.address}")
    made = Person(
        account, server, folder / account.user, gpg_home=ring.home, changed={"openpgp_key": fingerprint}
    )
    async with made:
        await made.online()
        yield made


async def key_of(one: Person, other: Person) -> str:
    """The one key that *other* announces, as *one* sees it, once it is announced."""
    async with asyncio.timeout(15):
        while True:
            announced = [key for key in await keys(one, other) if key.announced]
            if announced:
                return announced[0].fingerprint
            await asyncio.sleep(0.05)


async def keys(one: Person, other: Person) -> tuple[pgp.OpenPgpKey, ...]:
    return await one.session.ask(pgp.KeysOf(one.address, other.address))


async def accept(one: Person, other: Person, method: Method = Method.OPENPGP) -> None:
    key = other.config.openpgp_key
    await one.do(pgp.PinKey(one.address, other.address, key, method, verified=True))
    await one.do(SetEncryption(one.chat(other), Encrypt.ALWAYS, method))


async def test_the_key_that_is_chosen_is_announced_to_others_and_seals_at_once(
    server: ChatServer, accounts: Accounts, tmp_path: Path, rings: Callable[[], KeyRing]
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    annas = rings()
    key = annas.make(f"xmpp:{anna_at.address}")
    without = {"openpgp_key": ""}
    async with (
        Person(anna_at, server, tmp_path / "anna", gpg_home=annas.home, changed=without) as anna,
        person(bert_at, server, tmp_path, rings()) as bert,
    ):
        await anna.online()
        (mine,) = await keys(anna, anna)
        assert (mine.fingerprint, mine.secret, mine.pinned) == (key, True, ())
        assert not [one for one in await keys(bert, anna) if one.announced]
        await anna.do(pgp.ChooseKey(anna.address, mine.fingerprint))
        assert await key_of(bert, anna) == key
        await bert.do(pgp.PinKey(bert.address, anna.address, key, verified=True))
        await accept(anna, bert)
        await anna.do(SendMessage(anna.chat(bert), "by the new key"))
        await bert.until(
            lambda: (
                [one.protection for one in bert.archive.page(bert.chat(anna)).messages]
                == [Protection.VERIFIED]
            ),
            "the sealed message",
        )


async def test_a_key_that_was_ours_is_announced_no_more_and_one_of_another_program_stays(
    server: ChatServer, accounts: Accounts, tmp_path: Path, rings: Callable[[], KeyRing]
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    annas = rings()
    first, second = annas.make(f"xmpp:{anna_at.address}"), annas.make("Anna <anna@work.example>")
    elsewhere = "E" * 40
    async with (
        Person(anna_at, server, tmp_path / "anna", gpg_home=annas.home, changed={"openpgp_key": ""}) as anna,
        person(bert_at, server, tmp_path, rings()) as bert,
    ):
        await anna.online()
        context = anna.session._accounts[anna.address].account
        await openpgp_wire.announce(context, elsewhere, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), ())
        for key in (first, second):
            await anna.do(pgp.ChooseKey(anna.address, key))
            await announces(bert, anna, {elsewhere, key})
        items = await pep_nodes.get_items(
            bert.session._accounts[bert.address].account, METADATA, anna.address
        )
        dates = {one.get("v4-fingerprint"): one.get("date") for one in items.iter(f"{{{OX}}}pubkey-metadata")}
        assert dates[elsewhere] == "2020-01-02T03:04:05Z"


async def announces(one: Person, other: Person, wanted: set[str]) -> None:
    async with asyncio.timeout(15):
        while True:
            if {key.fingerprint for key in await keys(one, other) if key.announced} == wanted:
                return
            await asyncio.sleep(0.05)


async def test_two_talk_sealed_by_keys_that_they_accepted(
    server: ChatServer, accounts: Accounts, tmp_path: Path, rings: Callable[[], KeyRing]
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    annas, berts = rings(), rings()
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(person(anna_at, server, tmp_path, annas))
        bert = await stack.enter_async_context(person(bert_at, server, tmp_path, berts))
        assert await key_of(anna, bert) == bert.config.openpgp_key
        # Nothing was fetched by itself, and nothing can be sealed before a key is accepted.
        assert bert.config.openpgp_key not in annas.fingerprints()
        with pytest.raises(Refused, match="not accepted"):
            await anna.do(SetEncryption(anna.chat(bert), Encrypt.ALWAYS, Method.OPENPGP))
        await key_of(bert, anna)
        await accept(anna, bert)
        await accept(bert, anna)
        await anna.do(SendMessage(anna.chat(bert), "the first secret"))
        await bert.message(anna, "the first secret")
        await bert.do(SendMessage(bert.chat(anna), "teh answer"))
        await anna.message(bert, "teh answer")
        answer = await bert.message(anna, "teh answer")
        await bert.do(cmd.CorrectMessage(bert.chat(anna), answer.row, "the answer"))
        await anna.message(bert, "the answer")
        assert {one.protection for one in bert.messages(anna) if not one.outgoing} == {Protection.VERIFIED}
        assert len(anna.messages(bert)) == 2


async def test_what_waits_in_the_archive_is_read_later(
    server: ChatServer, accounts: Accounts, tmp_path: Path, rings: Callable[[], KeyRing]
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    annas, berts = rings(), rings()
    async with person(anna_at, server, tmp_path, annas) as anna:
        async with person(bert_at, server, tmp_path, berts) as bert:
            await key_of(anna, bert)
            await key_of(bert, anna)
            await accept(anna, bert)
            await accept(bert, anna)
            key = bert.config.openpgp_key
        for number in range(5):
            await anna.do(SendMessage(anna.chat(bert), f"secret {number}"))
        async with person(bert_at, server, tmp_path, berts, key) as bert:
            await bert.message(anna, "secret 4")
            assert [one.body for one in bert.messages(anna)] == [f"secret {one}" for one in range(5)]


async def test_two_talk_in_the_legacy_way(
    prosody: ChatServer, accounts: Accounts, tmp_path: Path, rings: Callable[[], KeyRing]
) -> None:
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(person(anna_at, prosody, tmp_path, rings()))
        bert = await stack.enter_async_context(person(bert_at, prosody, tmp_path, rings()))
        await key_of(anna, bert)
        await key_of(bert, anna)
        await accept(anna, bert, Method.PGP)
        await accept(bert, anna, Method.PGP)
        await anna.do(SendMessage(anna.chat(bert), "an old secret"))
        assert (await bert.message(anna, "an old secret")).protection is Protection.SEALED
        await bert.do(SendMessage(bert.chat(anna), "an old answer"))
        await anna.message(bert, "an old answer")


async def test_a_new_key_is_told_and_not_used(
    prosody: ChatServer, accounts: Accounts, tmp_path: Path, rings: Callable[[], KeyRing]
) -> None:
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    berts = rings()
    new = berts.make(f"xmpp:{bert_at.address} new")
    async with person(anna_at, prosody, tmp_path, rings()) as anna:
        async with person(bert_at, prosody, tmp_path, berts) as bert:
            await key_of(anna, bert)
            await accept(anna, bert)
        async with person(bert_at, prosody, tmp_path, berts, new) as bert:
            await anna.until(lambda: any(new in one.text for one in anna.happened(Notice)), "told of it")
            pinned = {one.fingerprint: bool(one.pinned) for one in await keys(anna, bert)}
            assert pinned[new] is False and len(pinned) == 2
            with pytest.raises(Refused, match="does not say"):
                await anna.do(pgp.PinKey(anna.address, bert.address, new))


async def test_the_secret_key_is_kept_under_a_code_and_comes_back(
    server: ChatServer, accounts: Accounts, tmp_path: Path, rings: Callable[[], KeyRing]
) -> None:
    (anna_at,) = accounts(server, "anna")
    old, new = rings(), rings()
    key = old.make(f"xmpp:{anna_at.address}", PASSPHRASE)
    async with person(anna_at, server, tmp_path / "old", old, key) as anna:
        code = await anna.session.ask(pgp.BackUpKey(anna.address, PASSPHRASE))
        assert len(code) == 29 and code[4] == "-" and not set(code) & set("O0")
    async with person(anna_at, server, tmp_path / "new", new, key) as anna:
        with pytest.raises(Refused, match="not the code"):
            await anna.do(pgp.RestoreKey(anna.address, code[:-1] + ("1" if code[-1] != "1" else "2")))
        await anna.do(pgp.RestoreKey(anna.address, code))
    assert new.gpg("--list-secret-keys", key)
