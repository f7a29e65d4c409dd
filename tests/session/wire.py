"""One account on a scripted wire: stanzas go in as text, what is written comes out as elements."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

from tests.fakes.clock import FakeClock
from tui_xmpp.core.account import Account
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import Command
from tui_xmpp.core.contact import Contact, Subscription
from tui_xmpp.core.events import AccountAdded, ContactChanged, Event, RoomChanged
from tui_xmpp.core.message import Message
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.settings import Encryption, Settings
from tui_xmpp.core.world import World
from tui_xmpp.session import convert
from tui_xmpp.session.account import AccountSession
from tui_xmpp.session.budget import Budget
from tui_xmpp.session.failure import Failure
from tui_xmpp.session.feature import Feature
from tui_xmpp.session.features import ALL
from tui_xmpp.session.listener import Listener
from tui_xmpp.session.meter import Meter
from tui_xmpp.session.opening import SignedIn
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.cache import SqliteCache
from tui_xmpp.storage.custody import SqliteCustody
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.generation import Generation
from tui_xmpp.storage.keyvalue import SqliteKeyValue
from tui_xmpp.storage.ledger import SqliteLedger
from tui_xmpp.storage.sealed import SqliteSealed

E = TypeVar("E", bound=Event)
ANNA = Address.parse("anna@example.org")
BERT = Address.parse("bert@example.org")
CARL = Address.parse("carl@elsewhere.example")
ROOM = Address.parse("garden@rooms.example.org")
FULL = Address.parse("anna@example.org/here")
WITH_BERT = ChatKey(ANNA, BERT)
IN_ROOM = ChatKey(ANNA, ROOM)
SM = "{urn:xmpp:sm:3}sm"
_DEADLINE = 5.0


@dataclass(slots=True)
class ScriptedStream:
    """What the account sees of a stream."""

    offered: frozenset[str] = frozenset()
    written: list[ET.Element] = field(default_factory=list)
    handlers: dict[str, Any] = field(default_factory=dict)

    failure: str = ""
    server_caps: str = ""
    not_inline: frozenset[str] = frozenset()
    waiting: int = 0
    packets: int = 0
    """Turns of the loop in which anything was written: each is one packet on the wire."""
    listener: Any = field(default_factory=Listener)
    is_full: Any = None
    meter: Any = field(default_factory=Meter)
    read_bytes: int = 0
    secure: bool = True
    heard_at: float = 0.0
    sessionstarted: bool = False
    inline: frozenset[str] = frozenset()
    on_started: list[Callable[[object], None]] = field(default_factory=list)
    wire: Any = None
    _is_packing: bool = False
    lost: asyncio.Future[Failure] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fail(self, failure: Exception) -> None:
        self.failure = str(failure)

    def remove_handler(self, name: str) -> None:
        self.handlers.pop(name, None)

    def register_handler(self, handler: Any) -> None:
        self.handlers[handler.name] = handler

    def add_event_handler(self, name: str, handler: Callable[[object], None]) -> None:
        assert name == "session_start"
        self.on_started.append(handler)

    def start_session(self) -> None:
        self.sessionstarted = True
        for handler in self.on_started:
            handler(None)

    def write(self, *elements: str) -> None:
        if not self._is_packing:
            self._is_packing = True
            self.packets += 1
            asyncio.get_running_loop().call_later(self.listener.may_wait(), self._left)
        for text in elements:
            self._write(text)
        # Each turn of the loop is one packet on the wire; here each write is.
        for text in self.listener.takes_along():
            self._write(text)

    def _left(self) -> None:
        self._is_packing = False

    def _write(self, text: str) -> None:
        self.written.append(ET.fromstring(f"<stream xmlns='jabber:client'>{text}</stream>")[0])


class Wire:
    """An account, its storage, and both ends of its stream."""

    def __init__(
        self,
        folder: Path,
        *,
        own: Address = ANNA,
        settings: Settings | None = None,
        features: Sequence[type[Feature]] = ALL,
        link: str = "full",
        boot: str = "this one",
    ) -> None:
        self.folder = folder
        self.own = own
        self.full = own.with_resource("here")
        self.clock = FakeClock()
        self.world = World()
        self.events: list[Event] = []
        path = folder / "archive.db"
        self.database = Database(path, generation=Generation(path))
        self.archive = SqliteArchive(self.database)
        self.cache = SqliteCache(self.database)
        self.custody = SqliteCustody(self.database)
        self.facts = SqliteKeyValue(self.database)
        self.ledger = SqliteLedger(self.database)
        settings = settings or Settings(encryption=Encryption(omemo=False))
        self.account = AccountSession(
            Account(own, link=link),
            features=features,
            world=self.world,
            archive=self.archive,
            cache=self.cache,
            custody=self.custody,
            sealed=SqliteSealed(self.database),
            facts=self.facts,
            settings=settings,
            clock=self.clock,
            boot=boot,
            tell=self.events.append,
            budget=Budget(settings.link.budget, self.ledger, self.facts, self.clock),
        )
        self.account.emit(AccountAdded(self.account.account))
        self.stream = ScriptedStream()
        self._answered: set[str] = set()

    async def close(self) -> None:
        self.account.life.rest()
        await asyncio.sleep(0)
        self.database.close()

    def reborn(self, boot: str = "this one", link: str = "full") -> Wire:
        """This process was killed; what another one finds on the same disk."""
        self.account.life.stream = None
        self.account.life._stop_features()
        self.database.close()
        return Wire(self.folder, boot=boot, link=link)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the account work until something is so."""
        async with asyncio.timeout(_DEADLINE):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0)

    # --- the server's side ------------------------------------------------------------------------

    def connect(self, offered: frozenset[str] = frozenset({SM})) -> None:
        """A link stands; nothing is said yet."""
        self.stream = ScriptedStream(offered)
        self.account.life.on_stream(self.stream)  # type: ignore[arg-type]

    async def online(
        self,
        *,
        offered: frozenset[str] = frozenset({SM}),
        answers: bool = True,
        enabled: str = "<enabled xmlns='urn:xmpp:sm:3'/>",
    ) -> None:
        """Sign in; `answers`: the server answers all that is asked at sign-in with nothing."""
        self.connect(offered)
        self.account.life.open(frozenset())
        if SM in offered:
            self.hear(enabled)
        self.account.life.established(SignedIn(self.full))
        self.stream.start_session()
        if answers:
            for _ in range(12):
                await asyncio.sleep(0)
                self.answer_all()
            await self.settle()
            self.stream.written.clear()

    def hear(self, text: str) -> None:
        """Something comes from the server."""
        stanza = ET.fromstring(f"<stream xmlns='jabber:client'>{text}</stream>")[0]
        if stanza.tag.startswith("{jabber:client}"):
            self.account.life.receive(stanza)
            return
        for handler in self.stream.handlers.values():
            if handler.name == f"session {stanza.tag}":
                handler._pointer(_Parsed(stanza))

    async def settle(self) -> None:
        """Until what was heard has been dealt with."""
        await asyncio.wait_for(self.account.inbox._queue.join(), _DEADLINE)
        for _ in range(5):
            await asyncio.sleep(0)

    async def take(self, text: str) -> list[ET.Element]:
        """Hear something, and return what was written because of it."""
        before = len(self.stream.written)
        self.hear(text)
        await self.settle()
        return self.stream.written[before:]

    def answer_all(self) -> None:
        """Answer every open request with an empty result; archive queries with an empty page."""
        for iq in self.requests():
            body = ""
            if convert.child(iq, "urn:xmpp:mam:2", "query") is not None:
                body = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>"
            self.answer(iq, body)

    def requests(self) -> list[ET.Element]:
        """Requests that were not answered yet."""
        return [
            one
            for one in self.stream.written
            if one.tag == "{jabber:client}iq"
            and one.get("type") in ("get", "set")
            and one.get("id") not in self._answered
        ]

    def answer(self, iq: ET.Element, body: str = "", kind: str = "result", sender: str | None = None) -> None:
        self._answered.add(iq.get("id", ""))
        of = sender or iq.get("to")
        from_ = f" from='{of}'" if of else ""
        self.hear(f"<iq type='{kind}' id='{iq.get('id')}'{from_} to='{self.full}'>{body}</iq>")

    async def request(self, tag: str) -> ET.Element:
        """Wait for a request whose payload has this tag."""
        async with asyncio.timeout(_DEADLINE):
            while True:
                for iq in self.requests():
                    if iq.find(f".//{tag}") is not None:
                        return iq
                await asyncio.sleep(0)

    def lose(self) -> None:
        self.account.life.on_lost()

    # --- our side ---------------------------------------------------------------------------------

    async def do(self, command: Command) -> list[ET.Element]:
        before = len(self.stream.written)
        await self.account.do(command)
        await self.settle()
        return self.stream.written[before:]

    def happened(self, kind: type[E]) -> list[E]:
        return [one for one in self.events if isinstance(one, kind)]

    def messages(self, chat: ChatKey = WITH_BERT) -> tuple[Message, ...]:
        return self.archive.page(chat).messages

    def befriend(self, address: Address = BERT, **fields: Any) -> None:
        contact = Contact(self.own, address, subscription=Subscription.BOTH)
        self.account.emit(ContactChanged(replace(contact, **fields)))

    def enter(self, room: ChatKey = IN_ROOM, nick: str = "Anna") -> None:
        self.account.emit(RoomChanged(room, state=RoomState.JOINED, nick=nick))


@dataclass(frozen=True, slots=True)
class _Parsed:
    xml: ET.Element


def names(stanzas: Sequence[ET.Element]) -> list[str]:
    """The local names of all elements, in order."""
    return [one.tag.partition("}")[2] for stanza in stanzas for one in stanza.iter()]


def text(stanza: ET.Element) -> str:
    """The body of a message."""
    return convert.text_of(stanza, "body")
