"""One account at work: its stream, its features, its inbox and outbox."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from xml.etree import ElementTree as ET

from slixmpp.exceptions import XMPPError
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
from ..core.ports import Archive, Cache, Clock, KeyValue, StorageError
from ..core.questions import Unanswered
from ..core.settings import Settings
from ..core.world import World
from . import convert
from .acks import OFFERED, SM, Acks
from .failure import Failure
from .feature import Failed, Feature, Handler, Outgoing
from .inbox import Inbox
from .outbox import Outbox
from .pacing import Pacing
from .requests import Requests

if TYPE_CHECKING:
    from slixmpp import ClientXMPP
    from slixmpp.xmlstream.stanzabase import StanzaBase

    from .stream import Stream

log = logging.getLogger("tui-xmpp")

_STANZAS = ("message", "presence", "iq")
_SLIXMPP_HANDLERS = ("IM", "IMError", "Presence", "Roster Update")
"""What slixmpp would do with stanzas by itself; all of it is done by our features."""


class Link(Protocol):
    """What keeps an account connected; the connector is one."""

    def start(self) -> None:
        """Begin to connect, and again after every loss."""

    def connect_now(self) -> None:
        """End a wait or a refusal."""

    async def stop(self) -> None:
        """Leave the server and stay offline."""


class AccountSession:
    """The context of the features of one account (`feature.Context`)."""

    def __init__(
        self,
        account: Account,
        *,
        features: Sequence[type[Feature]],
        world: World,
        archive: Archive,
        cache: Cache,
        facts: KeyValue,
        settings: Settings,
        clock: Clock,
        tell: Callable[[Event], None],
    ) -> None:
        self.account = account
        self.world = world
        self.archive = archive
        self.cache = cache
        self.facts = facts
        self.settings = settings
        self.clock = clock
        self._tell = tell
        self._pacing = Pacing(account)
        self._stream: Stream | None = None
        self._full: Address | None = None
        self._offered: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.requests = Requests(account.address, self.write)
        self.acks = Acks(self._write_element, self._taken)
        self.inbox = Inbox(self, self.acks.handled)
        self.outbox = Outbox(self)
        self.features: tuple[Feature, ...] = tuple(made(self) for made in features)
        self.announced = frozenset(name for one in self.features for name in one.NAMESPACES)
        self.iqs = {key: serve for one in self.features for key, serve in one.iqs.items()}
        self.pep = {node: take for one in self.features for node, take in one.pep.items()}
        self._handlers: dict[type[Command], list[Handler]] = {}
        for one in self.features:
            for command, handler in one.handles.items():
                self._handlers.setdefault(command, []).append(handler)

    # --- what features see ------------------------------------------------------------------------

    @property
    def own(self) -> Address:
        """Our bare address."""
        return self.account.address

    @property
    def full(self) -> Address | None:
        """Our bound address; None while offline."""
        return self._full

    @property
    def stream(self) -> ClientXMPP | None:
        """The stream there is."""
        return self._stream

    @property
    def stream_features(self) -> frozenset[str]:
        """Tags of what the server offered last."""
        return self._offered

    @property
    def profile(self) -> LinkProfile:
        """The link profile in force."""
        return self._pacing.profile

    @property
    def online(self) -> bool:
        """Signed in and bound."""
        return self._full is not None

    def allows(self, weight: Weight) -> bool:
        """Whether pacing lets something of this weight out now."""
        return self._pacing.allows(weight)

    def send(self, stanza: ET.Element) -> None:
        """Write a stanza; dropped while offline."""
        self.write(stanza)

    def write(self, stanza: ET.Element, message_id: str = "") -> bool:
        """Write a stanza and count it; False when there is no stream to write to."""
        if not self.online or not self._write_element(stanza):
            return False
        self.acks.sent(stanza, message_id)
        return True

    def request_ack(self) -> bool:
        """Ask the server what it has; False when it cannot tell."""
        if self.acks.enabled:
            self.acks.request()
        return self.acks.enabled

    async def request(
        self, kind: str, payload: ET.Element, *, to: Address | None = None, timeout: float = 30.0
    ) -> ET.Element:
        """Send an iq and wait for its result."""
        return await self.requests.ask(self.new_id(), kind, payload, to, timeout)

    def emit(self, *events: Event) -> None:
        """Apply events to the world and tell every front end."""
        for event in events:
            self._tell(event)
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

    def flush(self, chat: ChatKey | None = None) -> None:
        """Write what the outbox holds and this stream has not seen."""
        self.outbox.flush(chat)

    async def fetched(self, archive: Address, results: list[ET.Element], *, seen: bool = False) -> int:
        """Hand a page of archive results to the inbox."""
        return await self.inbox.put_page(archive, results, seen=seen)

    def collect(self, archive: Address, query_id: str, results: list[ET.Element] | None) -> None:
        """Collect the results of an archive query; None: the query is over."""
        self.requests.collect(archive, query_id, results)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run in the background until the stream is gone."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def new_id(self) -> str:
        """A fresh id of 16 characters, not to be guessed."""
        return secrets.token_urlsafe(12)

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

    # --- what the connector tells -----------------------------------------------------------------

    def on_stream(self, stream: Stream) -> None:
        """A new stream object was made, not connected yet."""
        self._stream = stream
        for name in _SLIXMPP_HANDLERS:
            stream.remove_handler(name)
        for name in _STANZAS:
            self._register(stream, f"{{{convert.CLIENT}}}{name}", self.receive)
        self._register(stream, f"{{{SM}}}enabled", lambda _: self.acks.on_enabled())
        self._register(stream, f"{{{SM}}}failed", lambda _: self.acks.on_failed())
        self._register(stream, f"{{{SM}}}a", self.acks.on_ack)
        # Answered by the worker, so that only what is on disk is counted.
        self._register(stream, f"{{{SM}}}r", lambda _: self.inbox.put(self.acks.answer))
        for feature in self.features:
            for plugin in feature.PLUGINS:
                stream.register_plugin(plugin)
            feature.on_stream(stream)

    def on_ready(self, full: Address) -> None:
        """Signed in and bound."""
        self._full = full
        self._offered = self._stream.offered if self._stream is not None else frozenset()
        if OFFERED in self._offered:
            self.acks.start()
        self.spawn(self.inbox.run())
        self.spawn(self._prepare())

    def on_lost(self) -> None:
        """The stream is gone; without effect when there was none."""
        was_online, self._full, self._stream = self.online, None, None
        if not was_online:
            return
        self._offered = frozenset()
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self.requests.stop()
        self.inbox.clear()
        self.outbox.stop()
        self.acks.stop()
        for feature in self.features:
            feature.on_stop()

    def give_up(self, sentence: str) -> None:
        """Cut the link because we cannot go on; the connector tries again later."""
        self.emit(Notice(sentence, Level.ERROR, self.own))
        self.acks.stop()
        if self._stream is not None:
            self._stream.fail(Failure(sentence))

    def receive(self, stanza: ET.Element) -> None:
        """Take one stanza from the stream: the only way in."""
        if not self.online:
            return
        if stanza.tag == f"{{{convert.CLIENT}}}message" and self.requests.collected(stanza):
            self.inbox.put(self.acks.handled)
        elif stanza.tag == f"{{{convert.CLIENT}}}iq" and stanza.get("type") in ("result", "error"):
            self.requests.answered(stanza, self._full)
            self.inbox.put(self.acks.handled)
        else:
            self.inbox.put(stanza)

    # --- inside -----------------------------------------------------------------------------------

    def _register(self, stream: Stream, tag: str, take: Callable[[ET.Element], None]) -> None:
        def pass_on(stanza: StanzaBase) -> None:
            take(stanza.xml)

        stream.register_handler(Callback(f"session {tag}", MatchXPath(tag), pass_on, instream=True))

    def _write_element(self, element: ET.Element) -> bool:
        if self._stream is None:
            return False
        text = tostring(convert.make_safe(element), xmlns=convert.CLIENT)
        try:
            self._stream.send_raw(text)
        except (NotConnectedError, ConnectionError):
            return False
        return True

    def _taken(self, ids: Any) -> None:
        self.outbox.taken(ids)

    async def _prepare(self) -> None:
        for feature in self.features:
            try:
                await feature.on_ready()
            except Failed as failed:
                log.info("%s did not start: %s", type(feature).__name__, failed)
            except (StorageError, XMPPError) as error:
                self.emit(Notice(str(error), Level.ERROR, self.own))
            except Exception:
                # What waits to be sent, and everything else, must not wait for a fault of one feature.
                log.exception("%s did not start", type(feature).__name__)
        self.flush()

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
