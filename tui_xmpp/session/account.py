"""One account at work: its session, its features, its inbox and outbox."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from xml.etree import ElementTree as ET

from slixmpp.xmlstream import tostring
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath
from slixmpp.xmlstream.xmlstream import NotConnectedError

from ..core.account import Account
from ..core.address import Address
from ..core.chat import Chat, ChatKey, ChatKind
from ..core.commands import Command, Refused
from ..core.events import ChatChanged, Event, Level, Notice
from ..core.link import LinkProfile, Weight
from ..core.ports import Archive, Cache, Clock, Custody, KeyValue, StorageError
from ..core.questions import Unanswered
from ..core.settings import Settings
from ..core.world import World
from . import convert
from .acknowledging import Acknowledging
from .failure import Failure
from .feature import Failed, Feature, Handler, Outgoing
from .inbox import Inbox
from .lanes import Lane, Lanes, Parcel
from .opening import Resumption, SignedIn
from .outbox import Outbox
from .pacing import Pacing
from .requests import Requests
from .stream_management import ENABLE, OFFERED, SM, StreamManagement

if TYPE_CHECKING:
    from slixmpp import ClientXMPP
    from slixmpp.xmlstream.stanzabase import StanzaBase

    from .stream import Stream

log = logging.getLogger("tui-xmpp")

_MUC_USER = "http://jabber.org/protocol/muc#user"
_REQUEST_SECONDS = 30.0
_ROOM_BYTES = 1500
"""More than this may not wait in front of the network."""
_CHAT_MARKS = ("urn:xmpp:receipts", "urn:xmpp:chat-markers:0")
"""What is said about messages is worth saying in the next session, where the last one lost it."""
_STANZAS = ("message", "presence", "iq")
_SLIXMPP_HANDLERS = ("IM", "IMError", "Presence", "Roster Update")
"""What slixmpp would do with stanzas by itself; all of it is done by our features."""


class Link(Protocol):
    """What keeps an account connected; the connector is one."""

    def start(self) -> None:
        """Begin to connect, and again after every loss."""

    def connect_now(self) -> None:
        """End a wait or a refusal."""

    async def stop(self, *, leave: bool = True) -> None:
        """Stay offline; *leave*: the session ends, else the server keeps it for a while (XEP-0198 §5)."""


class AccountSession:
    """The context of the features of one account (`feature.Context`), and its session (`opening.Opener`).

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
        facts: KeyValue,
        settings: Settings,
        clock: Clock,
        boot: str,
        tell: Callable[[Event], None],
    ) -> None:
        self.account = account
        self.world = world
        self.archive = archive
        self.cache = cache
        self.custody = custody
        self.facts = facts
        self.settings = settings
        self.clock = clock
        self._tell = tell
        self._pacing = Pacing(account)
        self._stream: Stream | None = None
        self._full: Address | None = None
        self._opened = False
        """The features have begun a session."""
        self._confirmed = False
        """That session stands at the server, with or without a link."""
        self._worker: asyncio.Task[None] | None = None
        self._offered: frozenset[str] = frozenset()
        self.inlined: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._held: list[Event] | None = None
        """What happens in a transaction is told once it stands."""
        self._unposted: list[Parcel] = []
        self.patience: Callable[[], float] = lambda: _REQUEST_SECONDS
        """How long a request may take, in seconds."""
        self.requests = Requests(account.address, self._write_request)
        self.outbox = Outbox(self)
        self.management = StreamManagement(account.address, custody, clock, boot, self._arrived)
        self.acknowledging = Acknowledging(self.management, self._write, lambda: self.profile.ack_delay)
        self.lanes = Lanes(self._put_on_wire, self._has_room, lambda: self.management.holds(Lane.BACKGROUND))
        self.inbox = Inbox(self)
        self.features: tuple[Feature, ...] = tuple(made(self) for made in features)
        self.announced = frozenset(name for one in self.features for name in one.NAMESPACES)
        self.iqs = {key: serve for one in self.features for key, serve in one.iqs.items()}
        self.pep = {node: take for one in self.features for node, take in one.pep.items()}
        self._handlers: dict[type[Command], list[Handler]] = {}
        for one in self.features:
            for command, handler in one.handles.items():
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
        return self._full

    @property
    def stream(self) -> ClientXMPP | None:
        """The stream there is."""
        return self._stream

    @property
    def stream_features(self) -> frozenset[str]:
        """Tags of what the server offered last."""
        return self._offered if self._stream is None else self._stream.offered

    @property
    def server_caps(self) -> str:
        """`node#ver` of the server's capabilities; empty: it did not say."""
        return "" if self._stream is None else self._stream.server_caps

    @property
    def profile(self) -> LinkProfile:
        """The link profile in force."""
        return self._pacing.profile

    @property
    def online(self) -> bool:
        """A session is being opened or stands, and there is a link."""
        return self._opened and self._stream is not None

    @property
    def alive(self) -> bool:
        """The session stands at the server, be there a link or not."""
        return self._confirmed

    def allows(self, weight: Weight) -> bool:
        """Whether pacing lets something of this weight out now."""
        return self._pacing.allows(weight)

    def send(self, stanza: ET.Element) -> None:
        """Write a stanza; dropped while offline."""
        if self.online:
            self.post(Parcel(_text(stanza), Lane.MESSAGE))

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
        patience = self.patience() if timeout is None else timeout
        return self.requests.ask(self.short_id(), kind, payload, to, patience, lane)

    def emit(self, *events: Event) -> None:
        """Apply events to the world and tell every front end."""
        for event in events:
            self.world.apply(event)
            if self._held is None:
                self._tell(event)
            else:
                self._held.append(event)
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

    def unsettled(self) -> Sequence[ChatKey]:
        """Chats that hold something of unknown fate."""
        return self.outbox.unsettled()

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
        task.add_done_callback(self._tasks.discard)

    def new_id(self) -> str:
        """A fresh id of 16 characters, not to be guessed."""
        return secrets.token_urlsafe(12)

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
        for feature in self.features:
            answer = feature.answers.get(type(question))
            if answer is not None:
                try:
                    return await answer(question)
                except Failed as failed:
                    raise Unanswered(str(failed)) from None
        raise Unanswered("This program cannot ask that yet.")

    # --- a session, as the sign-in opens it -------------------------------------------------------

    def on_stream(self, stream: Stream) -> None:
        """A new stream object was made, not connected yet."""
        self._stream = stream
        stream.lost.add_done_callback(lambda _: self._ended(stream))
        stream.sent = lambda text: self.post(Parcel(text, Lane.REQUEST))
        stream.on_drained = self.lanes.run
        stream.before_packet = self.acknowledging.before_packet
        stream.last_words = self.acknowledging.last_words
        for name in _SLIXMPP_HANDLERS:
            stream.remove_handler(name)
        for name in _STANZAS:
            self._register(stream, f"{{{convert.CLIENT}}}{name}", self.receive)
        self._register(stream, f"{{{SM}}}enabled", self._on_enabled)
        self._register(stream, f"{{{SM}}}failed", lambda _: self.management.end())
        self._register(stream, f"{{{SM}}}a", self._on_ack)
        # Answered behind what came before, so that it is on the disk by then.
        self._register(stream, f"{{{SM}}}r", lambda _: self.inbox.put(self.acknowledging.owe))
        for feature in self.features:
            for plugin in feature.PLUGINS:
                stream.register_plugin(plugin)
            feature.on_stream(stream)

    def resumption(self) -> Resumption | None:
        """What to resume."""
        return self.management.resumption()

    def open(self, inlined: frozenset[str]) -> None:
        """Ask for all that a new session needs, in one packet."""
        self._stop_features()
        self.inlined = inlined
        if SM in inlined or OFFERED in self.stream_features:
            self.management.begin()
            if SM not in inlined:
                self._write(ENABLE)
        self._opened = True
        self.lanes.open()
        self._start_worker()
        for feature in self.features:
            self._call(feature.on_ready)

    def established(self, signed_in: SignedIn) -> None:
        """The session stands: a new one, or an old one again."""
        self._full = signed_in.bound
        self._start_worker()
        try:
            if signed_in.resumed is None:
                self._confirm(signed_in)
            elif not self._go_on(signed_in.resumed):
                return
        except StorageError as error:
            self.give_up(str(error))
            return
        self._confirmed = True
        self.lanes.open()
        self.outbox.flush()

    def _confirm(self, signed_in: SignedIn) -> None:
        if signed_in.enabled is not None:
            self.management.on_enabled(signed_in.enabled)
        left = self.management.confirm(signed_in.bound, signed_in.failed)
        self.outbox.renew()
        for parcel in left:
            if parcel.pending is None and any(mark in parcel.text for mark in _CHAT_MARKS):
                self.post(parcel)

    def _go_on(self, h: int) -> bool:
        again = self.management.on_resumed(h)
        if again is None:
            self._absurd()
            return False
        if not self._opened:
            self._take_up()
        for parcel in again:
            self._put_on_wire(parcel)
        return True

    def _take_up(self) -> None:
        """This process did not have the session before."""
        self._opened = True
        self.outbox.renew()
        for feature in self.features:
            self._call(feature.on_resumed)
        stanzas = [ET.fromstring(text) for text in self.custody.presences(self.own)]
        # A room is entered once our own presence comes (XEP-0045 §7.2.2): those of the others before it.
        for stanza in sorted(stanzas, key=_is_own_occupant):
            self.inbox.replay(stanza)

    def _ended(self, stream: Stream) -> None:
        if self._stream is stream:
            self.on_lost()

    def on_lost(self) -> None:
        """The link is gone; the session may go on."""
        if self._stream is None:
            return
        self._offered, self._stream = self._stream.offered, None
        self.lanes.close()
        self.acknowledging.stop()
        self.inbox.clear()
        if not self._confirmed and self._opened:
            self.management.abandon()
            self._stop_features()
        elif self._confirmed:
            self.management.lost()
            if self.management.state is None:
                self._stop_features()

    def rest(self) -> None:
        """Do no more in this process; the session stays at the server, and on the disk."""
        self.on_lost()
        self._stop_features()

    def end(self) -> None:
        """The session is over at the server too."""
        self.rest()
        self.management.end()
        self.outbox.renew()

    def give_up(self, sentence: str) -> None:
        """Cut the link because we cannot go on; the connector tries again later."""
        self.emit(Notice(sentence, Level.ERROR, self.own))
        if self._stream is not None:
            self._stream.fail(Failure(sentence))

    def receive(self, stanza: ET.Element) -> None:
        """Take one stanza from the stream: the only way in."""
        if not self._opened:
            return
        counts = self.management.enabled
        if stanza.tag == f"{{{convert.CLIENT}}}message" and self.requests.collected(stanza):
            self.inbox.put(None, counts=counts)
        elif stanza.tag == f"{{{convert.CLIENT}}}iq" and stanza.get("type") in ("result", "error"):
            self.requests.answered(stanza, self._full)
            self.inbox.put(None, counts=counts)
        else:
            self.inbox.put(stanza, counts=counts)

    # --- on the way out ---------------------------------------------------------------------------

    def post(self, parcel: Parcel) -> None:
        """Let a stanza go when its turn has come; what a transaction posts goes once it stands."""
        if self._held is None:
            self.lanes.put(parcel)
        else:
            self._unposted.append(parcel)

    @contextmanager
    def together(self, *, durable: bool) -> Iterator[None]:
        """One transaction: what is told and sent in it, is told and sent once it stands, or never."""
        if self._held is not None:
            yield
            return
        self._held = []
        try:
            with self.custody.transaction(durable=durable):
                yield
        except BaseException:
            self._held, self._unposted = None, []
            self._recall_chats()
            raise
        held, self._held = self._held, None
        posted, self._unposted = self._unposted, []
        for event in held:
            self._tell(event)
        for parcel in posted:
            self.lanes.put(parcel)

    def _recall_chats(self) -> None:
        """The disk did not take it: what the world has counted is what it was before."""
        with suppress(StorageError):
            for chat in self.archive.chats():
                if chat.key.account == self.own and self.world.chats.get(chat.key) != chat:
                    self.emit(ChatChanged(chat))

    def _put_on_wire(self, parcel: Parcel) -> None:
        """Number a stanza and write it: the order of the numbers is the order on the wire."""
        pending = parcel.pending
        try:
            if pending is None:
                self.management.number(parcel)
            else:
                with self.together(durable=False):
                    self.management.number(parcel)
                    self.outbox.written(pending)
        except StorageError as error:
            self.give_up(str(error))
            return
        self._write(parcel.text)
        if pending is None:
            return
        self.acknowledging.want()
        if not self.management.counting:
            self.spawn(self.outbox.ask_by_ping(pending))

    def _write(self, text: str) -> None:
        if self._stream is not None:
            with suppress(NotConnectedError, Failure):
                self._stream.write(text)

    def _write_request(self, iq: ET.Element, lane: Lane) -> bool:
        if not self.online:
            return False
        self.post(Parcel(_text(iq), lane))
        return True

    def _has_room(self) -> bool:
        return self._stream is not None and self._stream.waiting < _ROOM_BYTES

    # --- inside -----------------------------------------------------------------------------------

    def _register(self, stream: Stream, tag: str, take: Callable[[ET.Element], None]) -> None:
        def pass_on(stanza: StanzaBase) -> None:
            take(stanza.xml)

        stream.register_handler(Callback(f"session {tag}", MatchXPath(tag), pass_on, instream=True))

    def _arrived(self, entries: Sequence[Any]) -> None:
        self.outbox.arrived(entries)

    def _on_enabled(self, element: ET.Element) -> None:
        if self._confirmed and self._full is not None:
            self.management.enabled_late(element, self._full)
        else:
            self.management.on_enabled(element)

    def _on_ack(self, element: ET.Element) -> None:
        if self.management.on_ack(element):
            self.acknowledging.answered()
            self.lanes.run()
        else:
            self._absurd()

    def _absurd(self) -> None:
        """XEP-0198 §4: a count beyond what was sent cannot be believed; the session cannot go on."""
        self.management.end()
        self.give_up("The server claims more of what you sent than was sent. A new session is begun.")

    def _start_worker(self) -> None:
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self.inbox.run())

    def _stop_features(self) -> None:
        """The session is over for us."""
        was_open, self._opened, self._confirmed, self._full = self._opened, False, False, None
        if not was_open:
            return
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        self.requests.stop()
        self.inbox.clear()
        self.lanes.clear()
        for feature in self.features:
            self._call(feature.on_stop)

    def _call(self, hook: Callable[[], None]) -> None:
        try:
            hook()
        except (Failed, StorageError) as error:
            self.emit(Notice(str(error), Level.ERROR, self.own))
        except Exception:
            # What waits to be sent, and everything else, must not wait for a fault of one feature.
            log.exception("%s failed", hook.__qualname__)

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


def _text(stanza: ET.Element) -> str:
    return tostring(convert.make_safe(stanza), xmlns=convert.CLIENT)


def _is_own_occupant(stanza: ET.Element) -> bool:
    return any(one.get("code") == "110" for one in stanza.iter(f"{{{_MUC_USER}}}status"))
