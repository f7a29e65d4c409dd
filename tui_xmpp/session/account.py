"""One account at work: its session, its features, its inbox and outbox."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from xml.etree import ElementTree as ET

from ..core.account import Account
from ..core.address import Address
from ..core.chat import Chat, ChatKey, ChatKind
from ..core.commands import Answer, Command, Refused
from ..core.events import ChatChanged, Event, Level, Notice
from ..core.ports import Archive, Cache, Clock, Custody, KeyValue, Sealed, StorageError
from ..core.questions import SpentHere, Unanswered
from ..core.settings import Settings
from ..core.world import World
from . import convert, which_network
from .adapting import Adapting
from .budget import Budget
from .feature import Failed, Feature, Handler, Outgoing
from .holding import Holding
from .http_files import HttpFiles
from .inbox import Inbox
from .lanes import Lane, Parcel, is_mark
from .lifetime import Lifetime
from .metering import Metering
from .outbox import Outbox
from .pacing import Pacing
from .pricing import Pricing
from .requests import Requests
from .sealing import Sealing
from .silence import Silence
from .strangers import StrangerLimits
from .switching import Switching

if TYPE_CHECKING:
    from slixmpp import ClientXMPP


log = logging.getLogger("tui-xmpp")


class Link(Protocol):
    """What keeps an account connected; the connector is one."""

    def start(self) -> None:
        """Begin to connect, and again after every loss."""

    def connect_now(self) -> None:
        """End a wait or a refusal."""

    def surroundings_changed(self) -> None:
        """The network of this computer changed, or it woke up: do not wait any longer."""

    async def forget_token(self) -> None:
        """Take the token back that signs in, here and at the server (XEP-0484 §3.6); raises Failure."""

    async def stop(self, *, leave: bool = True) -> None:
        """Stay offline; *leave*: the session ends, else the server keeps it for a while (XEP-0198 §5)."""


class AccountSession:
    """The context of the features of one account (`feature.Context`).

    *tell* hands an event to those who listen; the world has taken it in by then.
    """

    def __init__(
        self,
        account: Account,
        *,
        features: Sequence[type[Feature]],
        world: World,
        archive: Archive,
        cache: Cache,
        custody: Custody,
        sealed: Sealed,
        facts: KeyValue,
        settings: Settings,
        clock: Clock,
        boot: str,
        tell: Callable[[Event], None],
        budget: Budget,
    ) -> None:
        self.account = account
        self.world = world
        self.archive = archive
        self.cache = cache
        self.custody = custody
        self.sealed = sealed
        self.facts = facts
        self.settings = settings
        self.clock = clock
        self._holding = Holding(custody, tell, self._recall_chats)
        self.pacing = Pacing(account, settings.link.profiles, facts)
        self.switching = Switching(self)
        self.metering = Metering(self, budget)
        self.pricing = Pricing(self, budget)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.requests = Requests(
            account.address,
            self._post_request,
            self._withdraw,
            self._heard_at,
            patience=lambda: self.life.timing.overdue,
            overdue=lambda: self.life.acknowledging.ask_once(),
        )
        self.sealing = Sealing(self)
        self.outbox = Outbox(self)
        self.life = Lifetime(self, boot)
        self.files = HttpFiles(self)
        self.silences = Silence(lambda: self.life.timing.silence, self._heard_at)
        self.adapting = Adapting(
            self,
            self.life.timing,
            use=lambda name: self.switching.use(name, automatic=True),
            networks=lambda: which_network.keys(facts),
        )
        self.strangers = StrangerLimits(self.own, world, facts, self.emit)
        self.inbox = Inbox(self)
        self.features: tuple[Feature, ...] = tuple(made(self) for made in features)
        self.iqs = {key: serve for one in self.features for key, serve in one.iqs.items()}
        self.pep = {node: take for one in self.features for node, take in one.pep.items()}
        self.others_pep = {node: take for one in self.features for node, take in one.others_pep.items()}
        self._handlers: dict[type[Command], list[Handler]] = {Answer: [self.pricing.answered]}
        for handles in (self.switching.handles, *(one.handles for one in self.features)):
            for command, handler in handles.items():
                self._handlers.setdefault(command, []).append(handler)
        self.outbox.renew()

    # --- what features see ------------------------------------------------------------------------

    @property
    def own(self) -> Address:
        """Our bare address."""
        return self.account.address

    @property
    def full(self) -> Address | None:
        """Our bound address; None while there is none."""
        return self.life.full

    @property
    def stream(self) -> ClientXMPP | None:
        """The stream there is."""
        return self.life.stream

    @property
    def stream_features(self) -> frozenset[str]:
        """Tags of what the server offered last."""
        stream = self.life.stream
        return self.life.offered if stream is None else stream.offered

    @property
    def server_caps(self) -> str:
        """`node#ver` of the server's capabilities; empty: it did not say."""
        return "" if self.life.stream is None else self.life.stream.server_caps

    @property
    def inlined(self) -> frozenset[str]:
        """Namespaces of what the sign-in itself has enabled."""
        return self.life.inlined

    @property
    def online(self) -> bool:
        """A session is being opened or stands, and there is a link."""
        return self.life.online

    @property
    def announced(self) -> frozenset[str]:
        """Every namespace our features announce, those of events that are not wanted left out."""
        names = {name for one in self.features for name in one.namespaces}
        return frozenset(one for one in names if self._is_wanted(one))

    def _is_wanted(self, namespace: str) -> bool:
        # XEP-0163 §4.3: "+notify" behind a node asks for its events.
        node = namespace.removesuffix("+notify")
        return node == namespace or self.pacing.wants_news(node)

    @property
    def alive(self) -> bool:
        """The session stands at the server, be there a link or not."""
        return self.life.confirmed

    def send(self, stanza: ET.Element, *, background: bool = False) -> None:
        """Write a stanza; while the link is away it waits if it tells more than a passing state."""
        text = convert.wire_text(stanza)
        if self.online or (self.alive and (text.startswith("<presence") or is_mark(text))):
            self.post(Parcel(text, Lane.BACKGROUND if background else Lane.MESSAGE))

    def send_along(self, stanza: ET.Element, seconds: float, leaves: Callable[[], None]) -> None:
        """Write a stanza with the next packet, or alone after so many seconds."""
        parcel = Parcel(convert.wire_text(stanza), Lane.MESSAGE, leaves=leaves)
        self.once_kept(lambda: self.life.riding.put(parcel, seconds))

    def request(
        self,
        kind: str,
        payload: ET.Element,
        *,
        to: Address | None = None,
        timeout: float | None = None,
        background: bool = False,
    ) -> Awaitable[ET.Element]:
        """Write an iq; awaited, it gives its result."""
        lane = Lane.BACKGROUND if background else Lane.REQUEST
        patience = self.life.timing.timeout() if timeout is None else timeout
        return self.requests.ask(self.short_id(), kind, payload, to, patience, lane)

    async def silence(self, sender: Address) -> None:
        """Return once a bare address has said nothing for too long."""
        await self.silences.of(sender)

    def emit(self, *events: Event) -> None:
        """Apply events to the world and tell every front end."""
        for event in events:
            self.world.apply(event)
            self._holding.tell(event)
            self.adapting.told(event)
            for feature in self.features:
                feature.told(event)

    def open_chat(self, key: ChatKey, kind: ChatKind, name: str = "") -> None:
        """Make sure a chat is remembered, on the list and numbered."""
        known = self.world.chats.get(key)
        if known is None:
            # What was said before the chat was known here has been read elsewhere, or never will be.
            wanted = Chat(key, kind, name, read_at=self.clock.now(), number=self._free_number())
        else:
            number = known.number if known.open and known.number else self._free_number()
            wanted = replace(known, kind=kind, name=name or known.name, open=True, number=number)
        if wanted != known:
            self.archive.put_chat(wanted)
            self.emit(ChatChanged(wanted))

    def remember_chat(self, key: ChatKey) -> None:
        """Keep what the world knows of a chat, and number it when a message has put it on the list."""
        chat = self.world.chats.get(key)
        if chat is None:
            return
        if chat.open and not chat.number:
            chat = replace(chat, number=self._free_number())
            self.emit(ChatChanged(chat))
        self.archive.put_chat(chat)

    async def submit(self, outgoing: Outgoing) -> None:
        """Hand a message to the outbox."""
        await self.outbox.submit(outgoing)

    def settled(self, chat: ChatKey | None) -> None:
        """The archive has told what it could."""
        self.outbox.settle(chat)

    def unsettled(self) -> Mapping[ChatKey, datetime]:
        """Chats that hold something of unknown fate, and since when."""
        return self.outbox.unsettled()

    def is_under_way(self, room: ChatKey | None) -> bool:
        """Whether something of ours may stand in an archive without our knowing where."""
        return self.outbox.is_under_way(room)

    async def fetched(self, archive: Address, results: list[ET.Element], *, seen: bool = False) -> int:
        """Hand a page of archive results to the inbox."""
        return await self.inbox.put_page(archive, results, seen=seen)

    def collect(self, archive: Address, query_id: str, results: list[ET.Element] | None) -> None:
        """Collect the results of an archive query; None: the query is over."""
        self.requests.collect(archive, query_id, results)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run in the background until the session is over."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        # One that is dropped before its first step would never be awaited.
        task.add_done_callback(lambda _: work.close())
        task.add_done_callback(self._tasks.discard)

    def new_id(self) -> str:
        """A fresh id of 16 characters, not to be guessed; of 9 where every byte counts."""
        return self.short_id() if self.pacing.short_ids else secrets.token_urlsafe(12)

    def short_id(self) -> str:
        """A fresh id of 9 characters, 54 bits: nobody can guess it while it is open."""
        return secrets.token_urlsafe(7)[:9]

    # --- what the session asks --------------------------------------------------------------------

    async def do(self, command: Command) -> None:
        """Carry out a command; raises `Refused`."""
        handlers = self._handlers.get(type(command))
        if handlers is None:
            raise Refused("This program cannot do that yet.")
        for handler in handlers:
            try:
                await handler(command)
            except Failed as failed:
                raise Refused(str(failed)) from None
            except StorageError as error:
                raise Refused(str(error)) from None

    async def ask(self, question: Any) -> Any:
        """Answer a question; raises `Unanswered`."""
        if isinstance(question, SpentHere):
            return self.metering.report()
        for feature in self.features:
            answer = feature.answers.get(type(question))
            if answer is not None:
                try:
                    return await answer(question)
                except Failed as failed:
                    raise Unanswered(str(failed)) from None
        raise Unanswered("This program cannot ask that yet.")

    # --- on the way out ---------------------------------------------------------------------------

    def post(self, parcel: Parcel) -> None:
        """Let a stanza go when its turn has come; what a transaction posts goes once it stands."""
        self.once_kept(lambda: self.life.lanes.put(parcel))

    def once_kept(self, act: Callable[[], None]) -> None:
        """Do something once the transaction stands, and never if it does not; at once where there is none."""
        self._holding.once_kept(act)

    def together(self, *, durable: bool) -> AbstractContextManager[None]:
        """One transaction: what is told and sent in it, is told and sent once it stands, or never."""
        return self._holding.together(durable=durable)

    def _recall_chats(self) -> None:
        """The disk did not take it: what the world has counted is what it was before."""
        with suppress(StorageError):
            for chat in self.archive.chats():
                if chat.key.account == self.own and self.world.chats.get(chat.key) != chat:
                    self.emit(ChatChanged(chat))

    def _heard_at(self) -> float:
        return 0.0 if self.life.stream is None else self.life.stream.heard_at

    def _post_request(self, iq: ET.Element, lane: Lane) -> Parcel | None:
        if not self.online:
            return None
        parcel = Parcel(convert.wire_text(iq), lane)
        self.post(parcel)
        return parcel

    def _withdraw(self, parcel: Parcel) -> None:
        self.life.lanes.withdraw(parcel)

    # --- inside -----------------------------------------------------------------------------------

    def drop_tasks(self) -> None:
        """The session is over: nothing goes on in the background."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except (Failed, StorageError) as failed:
            self.emit(Notice(str(failed), Level.WARN, self.own))
        except Exception:
            log.exception("work in the background failed")
            self.emit(Notice("Something went wrong inside; the log says more.", Level.ERROR, self.own))

    def _free_number(self) -> int:
        taken = {chat.number for chat in self.world.chats.values() if chat.open}
        number = 1
        while number in taken:
            number += 1
        return number
