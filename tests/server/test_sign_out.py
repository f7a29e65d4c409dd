"""Signing out on real servers: they forget the token, and we forget everything that signs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import MemoryVault, Person
from tui_xmpp.core.account import Connection
from tui_xmpp.core.commands import Answer, Connect, SignOut
from tui_xmpp.core.events import Notice, PasswordNeeded

pytestmark = pytest.mark.server


async def test_a_token_kept_from_before_signs_nobody_in(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna, bert = accounts(server, "anna", "bert")
    async with Person(bert, server, tmp_path / "bert") as friend:
        await friend.online()
        async with Person(anna, server, tmp_path / "anna") as person:
            own, vault = person.address, person.vault
            await person.online()
            await person.until(lambda: vault.tokens.get(own), "a token")
            stolen = vault.tokens[own]
            await friend.until(lambda: friend.world.best_presence(friend.address, own), "Anna to be there")

            await person.do(SignOut(own))
            state = person.world.accounts[own]
            assert state.connection is Connection.OFFLINE
            assert state.reason == "You signed out. Connect to enter the password."
            assert not person.happened(Notice)
            assert (await vault.password(person.config), await vault.token(own)) == (None, None)
            await friend.until(lambda: not friend.world.best_presence(friend.address, own), "Anna to be gone")

            # Whoever has found the token has no use for it: the password is asked for.
            vault.tokens[own] = stolen
            await person.do(Connect(own))
            await person.until(lambda: person.happened(PasswordNeeded), "to be asked for the password")
            assert vault.tokens[own] is None, "the server refused it"
            (question,) = person.happened(PasswordNeeded)
            await person.do(Answer(question.id, True, anna.password))
            await person.online()


async def test_a_new_process_holds_nothing_either(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    (anna,) = accounts(server, "anna")
    async with Person(anna, server, tmp_path) as person:
        await person.online()
        await person.do(SignOut(person.address))
        vault: MemoryVault = person.vault
    async with Person(anna, server, tmp_path, password="") as again:
        again.vault.tokens = vault.tokens
        await again.until(lambda: again.happened(PasswordNeeded), "to be asked for the password")
        assert again.session.world.accounts[again.address].connection is Connection.OFFLINE
