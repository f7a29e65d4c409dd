"""The engine: commands find their account, questions their answer, listeners their events."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fakes.clock import FakeClock
from tests.server.person import MemoryConfiguration, MemoryVault
from tests.session.wire import ANNA, BERT, FULL, WITH_BERT, ScriptedStream
from tui_xmpp.core.account import Account, Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import (
    AddAccount,
    Answer,
    ConfigureLink,
    Connect,
    Disconnect,
    OpenChat,
    Refused,
    SendMessage,
    SetPresence,
    SignOut,
    UseLink,
)
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import (
    AccountAdded,
    ChatChanged,
    ConnectionChanged,
    Event,
    MessageKept,
    Notice,
    PasswordNeeded,
    QuestionSettled,
)
from tui_xmpp.core.link import PROFILES
from tui_xmpp.core.openpgp import ChooseKey
from tui_xmpp.core.questions import RoomServices, Unanswered
from tui_xmpp.core.settings import Link, Settings
from tui_xmpp.core.world import World
from tui_xmpp.session.failure import Failure
from tui_xmpp.session.feature import Failed
from tui_xmpp.session.opening import SignedIn
from tui_xmpp.session.running import Running
from tui_xmpp.session.session import Session
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.cache import SqliteCache
from tui_xmpp.storage.custody import SqliteCustody
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.keyvalue import SqliteKeyValue
from tui_xmpp.storage.ledger import SqliteLedger
from tui_xmpp.storage.sealed import SqliteSealed

RIGHT = "correct horse"


class FakeLink:
    """Connects at once when the password is right, as the connector does."""

    def __init__(self, session: Session, running: Running) -> None:
        self.session, self.running = session, running
        self.tried: list[str] = []
        self.task: asyncio.Task[None] | None = None
        self.at_the_server = asyncio.Event()
        """The server answers when a token is to be forgotten."""
        self.at_the_server.set()
        self.reachable = True
        self.done: list[str] = []
        self.changes = 0
        """How often the surroundings changed."""

    def start(self) -> None:
        if self.task is None or self.task.done():
            self.task = asyncio.ensure_future(self._run())

    def connect_now(self) -> None:
        self.start()

    def surroundings_changed(self) -> None:
        self.changes += 1

    async def forget_token(self) -> None:
        self.done.append("forget the token")
        await self.at_the_server.wait()
        if not self.reachable:
            raise Failure("No server was found.")

    async def stop(self, *, leave: bool = True) -> None:
        self.done.append("leave" if leave else "stay")
        if self.task is not None:
            self.task.cancel()

    async def _run(self) -> None:
        refusal = ""
        while True:
            password = await self.session.password(self.running, refusal)
            if password is None:
                return
            self.tried.append(password)
            if password == RIGHT:
                break
            refusal = "The password is wrong."
        life = self.running.account.life
        life.on_stream(ScriptedStream())  # type: ignore[arg-type]
        life.open(frozenset())
        life.established(SignedIn(FULL))
        own = self.running.account.own
        self.session.tell(ConnectionChanged(own, Connection.ONLINE, full_address=FULL))
        self.session.on_ready(self.running)


class Engine:
    def __init__(self, folder: Path, *accounts: Account, password: str | None = RIGHT) -> None:
        self.database = Database(folder / "archive.db")
        known = {one.address: password for one in accounts if password is not None}
        self.vault = MemoryVault(known)
        settings = Settings(accounts=accounts)
        self.configuration = MemoryConfiguration(settings)
        self.links: list[FakeLink] = []
        self.session = Session(
            settings,
            world=World(),
            archive=SqliteArchive(self.database),
            cache=SqliteCache(self.database),
            custody=SqliteCustody(self.database),
            sealed=SqliteSealed(self.database),
            facts=SqliteKeyValue(self.database),
            ledger=SqliteLedger(self.database),
            vault=self.vault,
            configuration=self.configuration,
            clock=FakeClock(),
            make_link=self._make_link,
        )
        self.told: list[Event] = []
        self._tell = self.session.tell
        self.session.tell = self._note  # type: ignore[method-assign]

    def _make_link(self, session: Session, running: Running) -> FakeLink:
        self.links.append(FakeLink(session, running))
        return self.links[-1]

    def _note(self, *events: Event) -> None:
        self.told += events
        self._tell(*events)

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    def question(self) -> PasswordNeeded:
        return [one for one in self.told if isinstance(one, PasswordNeeded)][-1]

    def told_notices(self) -> list[Notice]:
        return [one for one in self.told if isinstance(one, Notice)]

    def connection(self) -> Connection:
        return self.session.world.accounts[ANNA].connection


@pytest_asyncio.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    made = Engine(tmp_path, Account(ANNA))
    await made.session.start()
    await made.settle()
    yield made
    await made.session.close()
    made.database.close()


async def test_every_listener_hears_everything_from_its_call_on(engine: Engine) -> None:
    first = engine.session.events()
    await engine.session.do(OpenChat(WITH_BERT))
    second = engine.session.events()
    await engine.session.do(SendMessage(WITH_BERT, "hi"))
    heard = list(await anext(first))
    assert isinstance(heard[0], ChatChanged) and any(isinstance(one, MessageKept) for one in heard)
    assert any(isinstance(one, MessageKept) for one in await anext(second))
    await engine.session.close()
    rest = [batch async for batch in first]
    assert len(rest) <= 1, "then it ends"


async def test_another_link_table_counts_for_every_account_at_once(engine: Engine) -> None:
    running = next(iter(engine.session._accounts.values())).account
    before = running.pacing.profile
    train = replace(PROFILES["mobile"], name="train", page=7)
    await engine.session.do(ConfigureLink(Link(auto="off", budget=3, profiles={"train": train})))
    assert running.metering._budget.left == 3_000_000
    assert running.pacing.profile == before
    await engine.session.do(UseLink(ANNA, "train"))
    assert running.pacing.profile == train
    changed = replace(train, page=9)
    await engine.session.do(ConfigureLink(Link(profiles={"train": changed})))
    assert running.metering._budget.left is None
    assert running.pacing.profile == train, "what is in use stays, until it is chosen again"
    await engine.session.do(UseLink(ANNA, "train"))
    assert running.pacing.profile == changed
    await engine.session.do(ConfigureLink(Link()))
    assert running.pacing.profile == changed


async def test_a_change_of_the_network_reaches_the_link_and_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    engine = Engine(tmp_path, Account(ANNA))
    engine.session._network._open_socket = lambda: ours
    await engine.session.start()
    await engine.settle()
    link = engine.links[0]
    told: list[bool] = []
    life = link.running.account.life
    monkeypatch.setattr(life, "surroundings_changed", lambda *, slept: told.append(slept))
    kernel.send(b"an address")
    async with asyncio.timeout(5):
        while not link.changes:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert told == [False]
    assert link.changes == 1
    await engine.session.close()
    assert ours.fileno() == -1
    kernel.close()
    engine.database.close()


async def test_unknown_accounts_are_refused(engine: Engine) -> None:
    other = Address.parse("nobody@example.org")
    for command in (
        SendMessage(ChatKey(other, BERT), "x"),
        Connect(other),
        SetPresence(Show.AWAY, account=other),
    ):
        with pytest.raises(Refused, match="no account"):
            await engine.session.do(command)
    with pytest.raises(Unanswered):
        await engine.session.ask(RoomServices(other))
    with pytest.raises(Refused):
        await engine.session.do(Answer("unheard-of", True))


async def test_accounts_not_enabled_wait_for_the_user(tmp_path: Path) -> None:
    engine = Engine(tmp_path, Account(ANNA, enabled=False))
    await engine.session.start()
    await engine.settle()
    assert engine.connection() is Connection.OFFLINE and not engine.links
    await engine.session.do(Connect(ANNA))
    await engine.settle()
    assert engine.connection() is Connection.ONLINE
    await engine.session.do(Disconnect(ANNA))
    assert engine.connection() is Connection.OFFLINE
    await engine.session.close()
    engine.database.close()


async def test_without_a_password_the_user_is_asked(tmp_path: Path) -> None:
    engine = Engine(tmp_path, Account(ANNA), password=None)
    await engine.session.start()
    await engine.settle()
    question = engine.question()
    assert engine.session.world.questions[question.id] == question and question.reason == ""
    await engine.session.do(Answer(question.id, True, RIGHT, remember=True))
    await engine.settle()
    assert engine.connection() is Connection.ONLINE
    assert not engine.session.world.questions and engine.vault.kept == {ANNA: RIGHT}
    assert not engine.configuration.added, "it was configured before"
    await engine.session.close()
    engine.database.close()


async def test_a_new_account_is_saved_once_its_password_is_right(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    await engine.session.start()
    await engine.session.do(AddAccount(Account(ANNA), "wrong", remember=False))
    await engine.settle()
    assert engine.connection() is Connection.REFUSED and engine.question().reason
    assert not engine.configuration.added
    await engine.session.do(Answer(engine.question().id, False))
    await engine.settle()
    assert any(isinstance(one, QuestionSettled) for one in engine.told)
    await engine.session.do(AddAccount(Account(ANNA), RIGHT, remember=True))
    await engine.settle()
    assert engine.connection() is Connection.ONLINE
    assert engine.configuration.added == [Account(ANNA)] and engine.vault.kept == {ANNA: RIGHT}
    assert len([one for one in engine.told if isinstance(one, AccountAdded)]) >= 1
    await engine.session.close()
    engine.database.close()


async def test_what_is_chosen_for_an_account_is_kept_in_the_configuration(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "0123456789ABCDEF0123456789ABCDEF01234567"
    account = next(iter(engine.session._accounts.values())).account
    refusal = ""

    async def check(fingerprint: str) -> None:
        if refusal:
            raise Failed(refusal)

    monkeypatch.setattr(account.sealing.openpgp.keys, "check_own", check)
    await engine.session.do(ChooseKey(ANNA, key))
    assert [one.openpgp_key for one in engine.configuration.added] == [key]
    refusal = "gpg does not have the secret part of this key."
    with pytest.raises(Refused, match="secret part"):
        await engine.session.do(ChooseKey(ANNA, key[::-1]))
    assert len(engine.configuration.added) == 1


async def test_an_address_that_is_no_account_is_refused(engine: Engine) -> None:
    for text in ("example.org", "anna@example.org/phone"):
        with pytest.raises(Refused):
            await engine.session.do(AddAccount(Account(Address.parse(text)), "x"))


async def test_signing_out_leaves_takes_the_token_back_and_forgets_the_password(engine: Engine) -> None:
    await engine.session.do(SignOut(ANNA))
    assert engine.links[0].done == ["leave", "forget the token"], "who stays may be given another token"
    assert engine.connection() is Connection.OFFLINE
    assert engine.session.world.accounts[ANNA].reason == "You signed out. Connect to enter the password."
    assert not engine.vault.passwords and not engine.told_notices()
    await engine.session.do(Connect(ANNA))
    await engine.settle()
    assert engine.question().reason == "", "the account is still there, and its password is asked for"
    assert engine.links[1].tried == []


async def test_a_token_that_cannot_be_taken_back_is_told(engine: Engine) -> None:
    engine.links[0].reachable = False
    await engine.session.do(SignOut(ANNA))
    (notice,) = engine.told_notices()
    assert notice.account == ANNA and "expires there by itself" in notice.text
    assert not engine.vault.passwords and engine.connection() is Connection.OFFLINE


async def test_an_account_that_is_offline_is_signed_out_too(tmp_path: Path) -> None:
    engine = Engine(tmp_path, Account(ANNA, enabled=False, password_command="pass show xmpp"))
    await engine.session.start()
    await engine.session.do(SignOut(ANNA))
    assert [link.done for link in engine.links] == [["forget the token"]]
    assert engine.session.world.accounts[ANNA].reason == "You signed out. Connect to sign in again."
    assert not engine.vault.passwords
    await engine.session.close()
    engine.database.close()


async def test_who_comes_back_at_once_waits_until_all_is_forgotten(engine: Engine) -> None:
    engine.links[0].at_the_server.clear()
    leaving = asyncio.ensure_future(engine.session.do(SignOut(ANNA)))
    await engine.settle()
    coming = asyncio.ensure_future(engine.session.do(Connect(ANNA)))
    await engine.settle()
    assert len(engine.links) == 1
    engine.links[0].at_the_server.set()
    await asyncio.gather(leaving, coming)
    await engine.settle()
    assert engine.links[1].tried == [] and engine.question().reason == ""


async def test_the_password_is_forgotten_although_the_program_ends(engine: Engine) -> None:
    engine.links[0].at_the_server.clear()
    leaving = asyncio.ensure_future(engine.session.do(SignOut(ANNA)))
    await engine.settle()
    leaving.cancel()
    await engine.session.close()
    assert not engine.vault.passwords


async def test_presence_for_all_accounts(engine: Engine) -> None:
    await engine.session.do(SetPresence(Show.AWAY, "lunch"))
    assert engine.session.world.accounts[ANNA].presence.show is Show.AWAY
