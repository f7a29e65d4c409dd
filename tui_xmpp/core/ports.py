"""What the packages need of each other: protocols, handed round by `assemble`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from .account import Account, Token
from .address import Address
from .chat import Chat, ChatKey
from .commands import Command
from .contact import Contact
from .custody import Pending, Stage, StreamState
from .events import Event
from .message import Delivery, Gap, Hit, Message, Page, Place, Reaction
from .query import Query
from .questions import Question
from .room import Bookmark
from .security import Protection
from .settings import Settings
from .traffic import Spent
from .world import World

A = TypeVar("A")


class Engine(Protocol):
    """The session as a front end sees it: three verbs, and what is known."""

    @property
    def world(self) -> World:
        """What is known now. Read only."""

    async def do(self, command: Command) -> None:
        """Ask for something to happen.

        Returns when it is safely queued (a message: when it is on disk). Raises `Refused` at once when it
        never can be.
        """

    def events(self) -> AsyncIterator[Sequence[Event]]:
        """What happens from this call on, in order, in batches; each caller has a queue of its own.

        Every event has already been applied to `world`.
        """

    async def ask(self, question: Question[A]) -> A:
        """Ask the server; raises `Unanswered` with a sentence for the user."""

    async def close(self, *, leave: bool = False) -> None:
        """Stop, and keep what is unsent. The servers keep the sessions for a while (XEP-0198 §5), so that the
        next start goes on with them; *leave*: end them now, and be seen no more.
        """


class ArchiveReader(Protocol):
    """The past, read directly: no network, any thread."""

    def page(
        self, chat: ChatKey, *, before: Place | None = None, after: Place | None = None, limit: int = 100
    ) -> Page:
        """The `limit` messages just before or after a place; with neither: the newest."""

    def around(self, chat: ChatKey, place: Place, limit: int = 100) -> Page:
        """A page with the place in its middle: for jumps to a search hit or a date."""

    def message(self, chat: ChatKey, row: int) -> Message | None:
        """One message by its row."""

    def search(self, query: Query, *, limit: int = 100) -> Sequence[Hit]:
        """Messages of all chats that match, newest first. May take long: call it in a thread."""

    def chats(self) -> Sequence[Chat]:
        """Every chat remembered, of all accounts."""


class Archive(ArchiveReader, Protocol):
    """The past, written by the session only; every method is one transaction."""

    def keep(self, message: Message) -> tuple[Message, bool]:
        """Store a message; returns it with its row, and False when it was already there.

        Archive and live copies meet here: same chat and `archive_id`; or an own message with the same
        `origin_id` or `id`; or the same sender, `id` and text within a day. A copy that knows more (archive
        id, a higher delivery) completes the stored one. Corrections, retractions and reactions that came
        before their message are applied now.
        """

    def keep_all(self, messages: Sequence[Message]) -> Sequence[tuple[Message, bool]]:
        """`keep` for a whole page in one transaction."""

    def set_delivery(
        self, chat: ChatKey, id: str, delivery: Delivery, failure: str = "", *, up_to: bool = False
    ) -> Sequence[Message]:
        """Raise the delivery of the own message with this `id` (or origin id); never lowers it.

        `up_to`: also of every own message before it that the server is known to have (displayed markers are
        cumulative, XEP-0333).
        `Delivery.FAILED` only overrides states below `DELIVERED`; `QUEUED` only overrides `FAILED`
        and `WRITTEN`. Returns the messages that changed.
        """

    def set_archive_id(self, chat: ChatKey, id: str, archive_id: str, at: datetime | None) -> Message | None:
        """An own message was seen in the server's archive or reflected by its room."""

    def postpone(self, chat: ChatKey, id: str, at: datetime) -> Message | None:
        """An own message leaves only now, at `at`: it stands behind what was said before."""

    def correct(
        self, chat: ChatKey, id: str, sender: Address, body: str, *, occupant_id: str = "", own: bool = False
    ) -> Message | None:
        """Replace the body of the message with this `id` if `sender` wrote it (XEP-0308 §5).

        In rooms the same occupant id counts where both know it, else the same occupant address.
        Returns the changed message, or None: not known yet (kept for later) or not theirs to change.
        """

    def uncorrect(self, chat: ChatKey, id: str, body: str) -> Message | None:
        """An own correction to this body was never sent: the message has what it had without it.

        Returns the changed message; None where nothing was corrected so.
        """

    def retract(
        self, chat: ChatKey, id: str, sender: Address, by: str, *, occupant_id: str = "", own: bool = False
    ) -> Message | None:
        """Empty the message the id names, as its writer asked (XEP-0424); `by` is shown. As `correct`."""

    def react(self, chat: ChatKey, id: str, reaction: Reaction) -> Message | None:
        """Replace one person's reactions to the message the id names (XEP-0444 §3.2)."""

    def find(self, chat: ChatKey, id: str) -> Message | None:
        """The message with this `id`, `origin_id` or, in rooms, `archive_id`."""

    def unsent(self, account: Address) -> Sequence[Message]:
        """Own messages in state `QUEUED` or `WRITTEN`, oldest first."""

    def newest_archive_id(self, account: Address, chat: ChatKey | None = None) -> tuple[str, datetime] | None:
        """The newest archive id kept with no open catch-up: of the account's own archive, or of a room."""

    def set_newest_archive_id(
        self, account: Address, archive_id: str, at: datetime, chat: ChatKey | None = None
    ) -> None:
        """Everything up to this id is kept or noted as a gap."""

    def add_gap(self, gap: Gap) -> Gap:
        """Note a hole (its `number` is given here); one beginning at the same place is replaced."""

    def replace_gap(self, gap: Gap, rest: Gap | None) -> None:
        """A hole shrank to `rest`, or is filled."""

    def gap(self, number: int) -> Gap | None:
        """One hole by its number."""

    def put_chat(self, chat: Chat) -> None:
        """Remember a chat as it now is."""

    def unread(self, chat: ChatKey, place: Place | None) -> tuple[int, int]:
        """How many incoming messages stand after a place, and how many of them are mentions."""


class Cache(Protocol):
    """What the server told us last time: everything in here can be asked again."""

    def roster(self, account: Address) -> tuple[str, Sequence[Contact]]:
        """Roster version (RFC 6121 §2.6) and items."""

    def put_roster(self, account: Address, version: str, contacts: Sequence[Contact]) -> None:
        """Replace the whole roster."""

    def put_contact(self, contact: Contact, version: str) -> None:
        """Add or replace one item."""

    def remove_contact(self, account: Address, address: Address, version: str) -> None:
        """Take one item away."""

    def bookmarks(self, account: Address) -> Sequence[Bookmark]:
        """The bookmarks as last seen."""

    def put_bookmarks(self, account: Address, bookmarks: Sequence[Bookmark]) -> None:
        """Replace the bookmarks."""


class Custody(Protocol):
    """What must reach the server, and what a new process needs to go on with the session of the last one."""

    def transaction(self, *, durable: bool = True) -> AbstractContextManager[object]:
        """All that is written inside, through any port of the same database, is kept, or nothing.

        May be nested: the outermost decides. Raises `StorageError`, on the way out at the latest.
        """

    def add(self, pending: Pending) -> Pending:
        """Keep a stanza; returns it with its number. The same account, chat and id again changes nothing."""

    def pending(self, account: Address) -> Sequence[Pending]:
        """All of an account, in the order of sending.

        `xml` empty: kept by a program before there was an outbox; its stanza is to be written anew from
        the archive's message of this id.
        """

    def is_under_way(self, account: Address, room: ChatKey | None) -> bool:
        """Whether anything is `WRITTEN` to a room, or (None) to anybody else."""

    def written(self, number: int, sequence: int) -> None:
        """A stanza is about to be written to the stream with this number (0: the stream counts none).

        On return it survives the death of the process, not a power cut (`StreamState.boot`).
        """

    def settled(self, account: Address, chat: ChatKey, ids: Iterable[str]) -> Sequence[Pending]:
        """These have arrived, or never will: forget them; returns those that were there."""

    def restage(self, account: Address, stage: Stage) -> None:
        """The stream is gone: what was `WRITTEN` is now `QUEUED` (known not to have arrived) or `UNKNOWN`."""

    def stream(self, account: Address) -> StreamState | None:
        """The session that may be resumed."""

    def put_stream(self, state: StreamState) -> None:
        """Keep a session, in place of any other of the account."""

    def count(self, account: Address, handled: int, acknowledged: int, seen_at: datetime) -> None:
        """Move the counts of the kept session; without one nothing happens."""

    def drop_stream(self, account: Address) -> None:
        """The session is over, and with it what was known of anybody's presence."""

    def put_presence(self, account: Address, sender: Address, xml: str) -> None:
        """Keep the newest presence of a full address, as it came."""

    def drop_presence(self, account: Address, sender: Address) -> None:
        """An address became unavailable; a bare one: with all its resources."""

    def presences(self, account: Address) -> Sequence[str]:
        """Every presence kept, oldest first."""


class Sealed(Protocol):
    """What protected messages, and what is still under a seal."""

    def protect(self, chat: ChatKey, id: str, protection: Protection) -> Message | None:
        """Note what protects an own message; returns it as it is now."""

    def seal(self, number: int, xml: str) -> None:
        """Put the final stanza of an entry of the outbox (`Pending.number`) in place of the readable one."""

    def put(self, row: int, xml: str) -> None:
        """Keep the sealed stanza of a message that could not be read."""

    def get(self, row: int) -> str | None:
        """The sealed stanza of a message; None: it was read, or never was sealed."""

    def waiting(self, account: Address) -> Sequence[Message]:
        """Every message of an account that could not be read, oldest first."""

    def reveal(self, row: int, body: str, protection: Protection) -> Message:
        """A message could be read after all: its text takes the place of the reason, and its seal goes."""


class Ledger(Protocol):
    """What was spent, hour by hour."""

    def add(self, spent: Sequence[Spent]) -> None:
        """Add amounts to what is kept of the same account, hour, category and chat, in one transaction."""

    def spent(self, since: datetime, until: datetime) -> Sequence[Spent]:
        """Everything of the hours that begin from `since` on and before `until`, oldest first."""

    def forget(self, before: datetime) -> None:
        """Put the chats of older hours together, so that what is kept does not grow without end."""


class KeyValue(Protocol):
    """Small facts that outlive the process: endpoints, capability hashes, best SASL mechanism."""

    def get(self, space: str, key: str) -> str | None:
        """The value, or None."""

    def put(self, space: str, key: str, value: str) -> None:
        """Keep a value."""

    def delete(self, space: str, key: str) -> None:
        """Forget a value; unknown keys are no error."""

    def clear(self, space: str, *, but: tuple[str, ...]) -> None:
        """Forget all values of a space, but those whose key begins with one of these."""


class Vault(Protocol):
    """Secrets: in the system keyring, in our own encrypted vault or in memory, nowhere else."""

    async def password(self, account: Account) -> str | None:
        """From memory, `password_command` or where passwords are kept; None: ask the user.

        Raises `VaultError` when the command fails.
        """

    async def remember(self, account: Address, password: str, *, keep: bool) -> str:
        """Hold it in memory; `keep`: also for the next start. Returns a sentence when that cannot be."""

    async def forget(self, account: Address) -> None:
        """Drop it, and the token, from memory and where it is kept."""

    async def token(self, account: Address) -> Token | None:
        """What stands for the password at the next sign-in (XEP-0484); None: there is none."""

    async def keep_token(self, account: Address, token: Token | None) -> None:
        """Keep a token in place of the last one; None: drop it. Where the password is, or in memory only."""

    async def secret(self, name: str) -> str | None:
        """A secret of another kind, like a key; None: there is none.

        Raises `VaultError` when the place where it would be cannot be asked.
        """

    async def keep_secret(self, name: str, secret: str | None) -> None:
        """Keep it for the next start, None: forget it. Raises `VaultError`: then it is as it was."""


class Configuration(Protocol):
    """The config file."""

    def load(self) -> Settings:
        """Read and check it; a missing file is an empty configuration. Raises `ConfigError`."""

    def add_account(self, account: Account) -> Settings:
        """Append or replace an `[[account]]`, keeping comments; returns the new settings."""

    def set_value(self, table: str, key: str, value: str | bool | int) -> Settings:
        """Change one key of a table like `ui`, keeping comments; returns the new settings."""


class ConfigError(Exception):
    """The config file is not right; the text names file, line and what to write instead."""


class StorageError(Exception):
    """The disk failed us: full, read-only, corrupt, in use; the text says what to do."""


class VaultError(Exception):
    """What keeps secrets failed, or a `password_command`; the text says how, and what to do."""


class WrongPassphrase(VaultError):
    """The vault does not open for this passphrase: it may be asked for again."""


class AlreadyRunning(StorageError):
    """Another instance holds this data directory."""


class Clock(Protocol):
    """Time, so that tests can turn it."""

    def now(self) -> datetime:
        """The time of day, UTC, aware."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
