"""The engine (`core.ports.Engine`): all accounts, what they are asked, and who hears what happens."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ..core.account import Account, Connection
from ..core.address import Address
from ..core.commands import (
    AddAccount,
    Answer,
    Command,
    ConfigureLink,
    Connect,
    Disconnect,
    Refused,
    SetClientState,
    SetPresence,
    SignOut,
    account_of,
)
from ..core.events import (
    AccountAdded,
    ConnectionChanged,
    Event,
    Level,
    LinkChanged,
    Notice,
    PasswordNeeded,
    QuestionSettled,
)
from ..core.openpgp import ChooseKey, SignPresence
from ..core.ports import (
    Archive,
    Cache,
    Clock,
    ConfigError,
    Configuration,
    Custody,
    KeyValue,
    Ledger,
    Sealed,
    StorageError,
    Vault,
    VaultError,
)
from ..core.questions import Question, Unanswered
from ..core.settings import Settings
from ..core.world import World
from .account import AccountSession, Link
from .awake import AwakeWatch
from .budget import Budget
from .failure import Failure
from .feature import Feature
from .features import ALL
from .linking import connector
from .network import NetworkWatch
from .running import Running
from .subscribers import Subscribers, Subscription

A = TypeVar("A")

_REVOKE_SECONDS = 10.0
"""For a token to be taken back, beside six round trips."""
_STILL_A_TOKEN = (
    "The server could not be told to forget this computer. What signed you in expires there by itself."
)


LinkMaker = Callable[["Session", Running], Link]


class Session:
    """Implements `core.ports.Engine`; everything happens in the event loop that called `start`."""

    def __init__(
        self,
        settings: Settings,
        *,
        world: World,
        archive: Archive,
        cache: Cache,
        custody: Custody,
        sealed: Sealed,
        facts: KeyValue,
        ledger: Ledger,
        vault: Vault,
        configuration: Configuration,
        clock: Clock,
        features: Sequence[type[Feature]] = ALL,
        make_link: LinkMaker | None = None,
        boot: str = "",
    ) -> None:
        self._settings = settings
        self._world = world
        self._archive = archive
        self._cache = cache
        self._custody = custody
        self._sealed = sealed
        self._boot = boot
        self._facts = facts
        self._budget = Budget(settings.link.budget, ledger, facts, clock)
        self._vault = vault
        self._configuration = configuration
        self._clock = clock
        self._features = features
        self._make_link = make_link or connector
        self._accounts: dict[Address, Running] = {}
        self._subscribers = Subscribers()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._network = NetworkWatch(lambda: self._surroundings_changed(slept=False))
        self._awake = AwakeWatch(lambda: self._surroundings_changed(slept=True))

    @property
    def world(self) -> World:
        """What is known now."""
        return self._world

    @property
    def facts(self) -> KeyValue:
        """Small facts that outlive the process."""
        return self._facts

    @property
    def clock(self) -> Clock:
        """Time."""
        return self._clock

    async def start(self) -> None:
        """Make the configured accounts known and connect the enabled ones."""
        self._network.start()
        self._awake.start()
        for account in self._settings.accounts:
            running = self._run(account)
            if account.enabled:
                self._connect(running)

    def events(self) -> Subscription:
        """What happens from this call on."""
        return self._subscribers.join()

    async def do(self, command: Command) -> None:
        """Ask for something to happen; raises `Refused`."""
        # Whoever opens the lid and types does not wait for the next slow look.
        self._awake.look()
        match command:
            case AddAccount():
                await self._add(command)
            case Connect():
                running = self._running(command.account)
                async with running.turn:
                    self._reconnect(running)
            case Disconnect():
                await self._disconnect(self._running(command.account))
            case SignOut():
                # Ours, not the asker's: what has been begun is brought to an end.
                await asyncio.shield(self._spawn(self._sign_out(self._running(command.account))))
            case Answer():
                await self._answer(command)
            case SetPresence(account=None) | SetClientState():
                for running in list(self._accounts.values()):
                    await running.account.do(command)
            case ChooseKey() | SignPresence():
                running = self._running(command.account)
                await running.account.do(command)
                self._write(running)
            case ConfigureLink():
                self._configure(replace(self._settings, link=command.link))
            case _:
                await self._running(account_of(command)).account.do(command)

    async def ask(self, question: Question[A]) -> A:
        """Ask the server; raises `Unanswered`."""
        running = self._accounts.get(question.account)
        if running is None:
            raise Unanswered(f"There is no account {question.account}.")
        answer: A = await running.account.ask(question)
        return answer

    async def close(self, *, leave: bool = False) -> None:
        """Stop; what is unsent stays on disk. The servers keep the sessions for a while, unless *leave*."""
        if self._closed:
            return
        self._closed = True
        self._network.stop()
        self._awake.stop()
        links = [one.link for one in self._accounts.values() if one.link is not None]
        await asyncio.gather(*(link.stop(leave=leave) for link in links), return_exceptions=True)
        for running in self._accounts.values():
            self._drop_questions(running)
            running.account.life.end() if leave else running.account.life.rest()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._subscribers.close()

    # --- for the links ----------------------------------------------------------------------------

    def tell(self, *events: Event) -> None:
        """Apply events and pass them on to everybody who listens."""
        for event in events:
            self._world.apply(event)
            self._subscribers.tell(event)

    async def password(self, running: Running, refusal: str) -> str | None:
        """The password to try next: typed, from the vault, or asked for; None: the user gave none.

        `refusal`: what the server said about the last one; empty at first.
        """
        own = running.account.own
        if not refusal:
            if running.typed is not None:
                return running.typed
            try:
                found = await self._vault.password(running.account.account)
            except VaultError as error:
                refusal = str(error)
            else:
                if found is not None:
                    return found
        running.typed = None
        state = Connection.REFUSED if refusal else Connection.OFFLINE
        self.tell(ConnectionChanged(own, state, refusal or "Enter the password to sign in."))
        return await self._ask_password(running, refusal)

    def on_ready(self, running: Running) -> None:
        """Signed in: what was typed is right, and worth keeping."""
        self._spawn(self._keep(running))

    # --- accounts ---------------------------------------------------------------------------------

    def _run(self, account: Account) -> Running:
        made = AccountSession(
            account,
            features=self._features,
            world=self._world,
            archive=self._archive,
            cache=self._cache,
            custody=self._custody,
            sealed=self._sealed,
            facts=self._facts,
            settings=self._settings,
            clock=self._clock,
            boot=self._boot,
            tell=self._subscribers.tell,
            budget=self._budget,
        )
        running = self._accounts[account.address] = Running(made, vault=self._vault)
        self.tell(AccountAdded(account), LinkChanged(account.address, made.pacing.profile))
        made.adapting.begin()
        return running

    def _configure(self, settings: Settings) -> None:
        self._settings, link = settings, settings.link
        self._budget.allow(link.budget)
        for running in self._accounts.values():
            running.account.pacing.know(link.profiles)
            running.account.adapting.follow(link.auto)

    async def _add(self, command: AddAccount) -> None:
        address = command.account.address
        if not address.local or not address.is_bare:
            raise Refused("Enter the account's address, like name@example.org.")
        known = self._accounts.get(address)
        if known is not None:
            async with known.turn:
                await self._disconnect(known)
        running = self._run(command.account)
        running.is_new, running.remember = True, command.remember
        running.typed = command.password or None
        self._connect(running)

    def _connect(self, running: Running) -> None:
        if running.link is None:
            running.link = self._make_link(self, running)
        running.link.start()

    def _reconnect(self, running: Running) -> None:
        if running.link is None:
            self._connect(running)
        else:
            running.link.connect_now()

    async def _disconnect(self, running: Running) -> None:
        self._drop_questions(running)
        if running.link is not None:
            link, running.link = running.link, None
            await link.stop()
        running.account.life.end()
        account = self._world.accounts.get(running.account.own)
        if account is not None and account.connection is not Connection.OFFLINE:
            self.tell(ConnectionChanged(running.account.own, Connection.OFFLINE))

    async def _sign_out(self, running: Running) -> None:
        own, rtt = running.account.own, running.account.life.timing.rtt or 0.0
        async with running.turn:
            link = running.link or self._make_link(self, running)
            # First, for who stays connected may be given another token.
            await self._disconnect(running)
            running.typed = None
            try:
                async with asyncio.timeout(_REVOKE_SECONDS + 6 * rtt):
                    await link.forget_token()
            except (Failure, TimeoutError):
                self.tell(Notice(_STILL_A_TOKEN, Level.WARN, own))
            finally:
                await self._vault.forget(own)
        then = "sign in again" if running.account.account.password_command else "enter the password"
        self.tell(ConnectionChanged(own, Connection.OFFLINE, f"You signed out. Connect to {then}."))

    async def _keep(self, running: Running) -> None:
        account = running.account.account
        if running.is_new:
            running.is_new = False
            self._write(running)
        if running.typed is not None:
            words = await self._vault.remember(account.address, running.typed, keep=running.remember)
            running.typed = None
            if words:
                self.tell(Notice(words, Level.WARN, account.address))

    def _write(self, running: Running) -> None:
        """Keep an account in the configuration; a new one is kept once it has signed in."""
        account = running.account.account
        if running.is_new:
            return
        try:
            self._settings = self._configuration.add_account(account)
        except (ConfigError, StorageError, OSError) as error:
            self.tell(Notice(f"The account could not be saved: {error}", Level.ERROR, account.address))

    # --- passwords and other questions ------------------------------------------------------------

    async def _ask_password(self, running: Running, refusal: str) -> str | None:
        id = secrets.token_urlsafe(9)
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        running.asked[id] = answered
        self.tell(PasswordNeeded(id, running.account.own, refusal))
        try:
            answer = await answered
        finally:
            running.asked.pop(id, None)
            self.tell(QuestionSettled(id))
        if not answer.yes or not answer.text:
            return None
        running.typed, running.remember = answer.text, answer.remember
        return answer.text

    async def _answer(self, command: Answer) -> None:
        for running in self._accounts.values():
            waiting = running.asked.get(command.id)
            if waiting is not None:
                if not waiting.done():
                    waiting.set_result(command)
                return
        question = self._world.questions.get(command.id)
        asker = None if question is None else self._accounts.get(question.account)
        if asker is None:
            raise Refused("That question has been settled already.")
        await asker.account.do(command)
        if command.id in self._world.questions:
            self.tell(QuestionSettled(command.id))

    def _drop_questions(self, running: Running) -> None:
        for waiting in list(running.asked.values()):
            if not waiting.done():
                waiting.set_result(Answer("", yes=False))

    def _surroundings_changed(self, *, slept: bool) -> None:
        for running in self._accounts.values():
            running.account.adapting.moved()
            running.account.life.surroundings_changed(slept=slept)
            if running.link is not None:
                running.link.surroundings_changed()

    # --- inside -----------------------------------------------------------------------------------

    def _running(self, address: Address | None) -> Running:
        running = self._accounts.get(address) if address is not None else None
        if running is None:
            raise Refused(f"There is no account {address}." if address else "Say which account it is for.")
        return running

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
