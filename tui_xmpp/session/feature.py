"""What a feature is: one capability in one file, with its manifest and its hooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from xml.etree import ElementTree as ET

from ..core.account import Account
from ..core.address import Address
from ..core.chat import ChatKey, ChatKind
from ..core.commands import Command
from ..core.events import Event
from ..core.link import LinkProfile
from ..core.message import Message
from ..core.ports import Archive, Cache, Clock, KeyValue
from ..core.settings import Settings
from ..core.world import World

if TYPE_CHECKING:
    from slixmpp import ClientXMPP

    from ..core.attachment import Attachment
    from .draft import Draft
    from .http_files import HttpFiles
    from .metering import Metering
    from .pacing import Pacing
    from .pricing import Pricing
    from .sealing import Sealing
    from .strangers import StrangerLimits


class Context(Protocol):
    """What a feature may use of the account it belongs to; a test hands it a fake."""

    account: Account
    world: World
    archive: Archive
    cache: Cache
    facts: KeyValue
    settings: Settings
    clock: Clock
    pacing: Pacing
    pricing: Pricing
    metering: Metering
    sealing: Sealing
    files: HttpFiles
    strangers: StrangerLimits

    @property
    def own(self) -> Address:
        """Our bare address."""

    @property
    def full(self) -> Address | None:
        """Our bound address; None while offline."""

    @property
    def stream(self) -> ClientXMPP | None:
        """The stream, None while there is none; only for what `send` and `request` cannot do."""

    @property
    def stream_features(self) -> frozenset[str]:
        """Tags (`{namespace}name`) of what the server offered after authentication."""

    @property
    def announced(self) -> frozenset[str]:
        """Every namespace our features announce now (XEP-0030); another link profile may announce others."""

    @property
    def online(self) -> bool:
        """A session is being opened or stands, and there is a link to write to."""

    @property
    def inlined(self) -> frozenset[str]:
        """Namespaces of what the sign-in itself has enabled in this session (XEP-0386 §4)."""

    @property
    def server_caps(self) -> str:
        """`node#ver` of the server's own capabilities (XEP-0115 §6.3); empty: it did not say."""

    def together(self, *, durable: bool) -> AbstractContextManager[None]:
        """One transaction: what is told and sent in it, is told and sent once it stands, or never."""

    def once_kept(self, act: Callable[[], None]) -> None:
        """Do something once the transaction stands; at once where there is none."""

    def send(self, stanza: ET.Element, *, background: bool = False) -> None:
        """Write a `{jabber:client}` message or presence now; dropped without complaint while offline.

        `background`: nobody waits for it, all else goes first.
        """

    def send_along(self, stanza: ET.Element, seconds: float, leaves: Callable[[], None]) -> None:
        """Write a stanza with the next packet that leaves anyway, or alone after so many seconds.

        *leaves* is called as it is written; never, if the session is over before.
        """

    def request(
        self,
        kind: str,
        payload: ET.Element,
        *,
        to: Address | None = None,
        timeout: float | None = None,
        background: bool = False,
    ) -> Awaitable[ET.Element]:
        """Write an iq of type `get` or `set` at once; awaited, it gives the whole result iq.

        `to` None: our own account at the server. Waits `timeout` seconds, by default as many as the link
        needs; raises `Failed` with a sentence. `background`: nobody waits for it, all else goes first.
        Never await it in a hook that runs in the inbox: `spawn` the work instead.
        """

    async def silence(self, sender: Address) -> None:
        """Return once a bare address that was telling much has said nothing for too long on this link."""

    def emit(self, *events: Event) -> None:
        """Apply events to the world and tell every front end."""

    def open_chat(self, key: ChatKey, kind: ChatKind, name: str = "") -> None:
        """Make sure a chat is remembered, on the list and numbered."""

    async def submit(self, outgoing: Outgoing) -> None:
        """Hand a message to the outbox: returns when it is on disk."""

    def settled(self, chat: ChatKey | None) -> None:
        """The archive of the account (None) or of a room has told what it could of messages of unknown fate.

        What was not found goes again. For a room it must be said after each join: nothing goes out before.
        Raises `StorageError`, and then it has not been said.
        """

    def unsettled(self) -> Mapping[ChatKey, datetime]:
        """The chats that hold messages of unknown fate, and when the oldest of each was said."""

    def is_under_way(self, room: ChatKey | None) -> bool:
        """Whether the server has yet to confirm something of ours that it may have put into the archive of a
        room, or (None) into our own.
        """

    async def fetched(self, archive: Address, results: list[ET.Element], *, seen: bool = False) -> int:
        """Hand a page of `<result/>` elements of an archive to the inbox; returns how many messages were new.

        `seen`: they count as read.
        """

    def collect(self, archive: Address, query_id: str, results: list[ET.Element] | None) -> None:
        """Collect this query's `<result/>` elements, from this archive only, into the list; None: stop."""

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run in the background until the session is over; a failure becomes a notice."""

    def new_id(self) -> str:
        """A fresh id, not to be guessed."""


class Failed(Exception):
    """A request failed: the text is a sentence for the user."""

    def __init__(self, text: str, condition: str = "", error: ET.Element | None = None) -> None:
        super().__init__(text)
        self.condition = condition
        """The stanza error's condition (RFC 6120 §8.3.3); `timeout` or `offline` where there was none."""
        self.error = error
        """The `<error/>` element."""


class Unserved(Exception):
    """An incoming iq gets this error condition (RFC 6120 §8.3.3) instead of an answer."""

    def __init__(self, condition: str = "service-unavailable", kind: str = "cancel") -> None:
        super().__init__(condition)
        self.condition = condition
        self.kind = kind


@dataclass(slots=True)
class Outgoing:
    """A message on its way out, as the stage `write` hands it to each feature."""

    message: Message
    corrects: str = ""
    """Id of the own message this one replaces."""
    retracts: str = ""
    reacts: tuple[str, tuple[str, ...]] | None = None
    is_room: bool = False
    """To a whole room (`type='groupchat'`)."""
    kept: bool = True
    """Stored as a message of its own; corrections, retractions and reactions are not."""
    again: bool = False
    """Stored before; it failed, and goes again with the same id."""
    receipt: bool = False
    """The user wants to know that it was delivered."""
    attachment: Attachment | None = None
    """The file that the body is the address of."""
    change: Callable[[], Message | None] | None = None
    """What it changes in our own archive, both or neither; returns the changed message."""


Handler = Callable[[Any], Awaitable[None]]

IqHandler = Callable[[ET.Element], ET.Element | None]
"""Takes the iq, returns the payload of the result; raises `Unserved`."""

PepHandler = Callable[[ET.Element], None]
"""Takes the `<items/>` element of an event of our own account (XEP-0163 §4)."""


class Feature:
    """Base of all features. Every hook may be left as it is."""

    XEPS: ClassVar[tuple[str, ...]] = ()
    """Documents it implements, `XEP-0184`; the README's table is made from them."""
    PLUGINS: ClassVar[tuple[str, ...]] = ()
    """slixmpp plugins to register on the stream; most features need none."""
    NAMESPACES: ClassVar[tuple[str, ...]] = ()
    """What we announce by XEP-0030 because of it."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @property
    def namespaces(self) -> tuple[str, ...]:
        """What of `NAMESPACES` is announced as things are."""
        return self.NAMESPACES

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """The commands it carries out; several features may share one, each ignoring what is not its own."""
        return {}

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Awaitable[Any]]]:
        """The questions (`core.questions`) it answers."""
        return {}

    @property
    def iqs(self) -> Mapping[tuple[str, str], IqHandler]:
        """Incoming requests it serves, by type (`get`, `set`) and payload tag; called in order of arrival."""
        return {}

    @property
    def pep(self) -> Mapping[str, PepHandler]:
        """PEP nodes of our own account whose events it takes; only our own bare address is let through."""
        return {}

    @property
    def others_pep(self) -> Mapping[str, Callable[[Address, ET.Element], None]]:
        """PEP nodes of others whose events it takes: each with the bare address that the event is from."""
        return {}

    def on_stream(self, stream: ClientXMPP) -> None:
        """A new stream object was made, not connected yet."""

    def presence(self, stanza: ET.Element) -> bool:
        """See an incoming presence, in the order of `ALL`; True: it is ours, nobody else needs to see it."""
        return False

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read the own element of an incoming message into the draft; `draft.dropped` ends it there."""

    def refused(self, stanza: ET.Element, draft: Draft) -> None:
        """See an error that answers a message, kept or not: `draft.id` names it, `draft.failure` says why."""

    def kept(self, draft: Draft, message: Message) -> None:
        """A message that was not known before is in the archive and was told; `draft.old` when fetched."""

    def told(self, event: Event) -> None:
        """See an event of this account, after the world took it in."""

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Add the own element to an outgoing message."""

    def unsent(self, chat: ChatKey, stanza: ET.Element) -> str:
        """A message that changed another one here will never be sent: undo it, in the caller's transaction.

        Returns in words what became of it, without the reason; empty: the own element is not in there.
        """
        return ""

    def on_ready(self) -> None:
        """A session is being opened: ask, in the order of `ALL`, all that must be asked.

        What is written in here leaves in the packet that binds the address; answers come once it is bound.
        """

    def on_resumed(self) -> None:
        """The session of an earlier process goes on: the server remembers all that it was told.

        Ask nothing; take from disk what is needed. The newest presences of the session follow, through
        `presence`. A link that is resumed by the process that lost it calls no hook.
        """

    def on_doubt(self) -> None:
        """The session goes on, and what became of some messages is not known: `context.unsettled`.

        Called where this process lost the link itself; otherwise `on_resumed` is.
        """

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """Another link profile is in use while the session goes on: do and undo what follows from it.

        What the profile means is asked of `context.pacing`, which has the new one. What all features write
        in here leaves in one packet, so nothing may be waited for. Not called where a session begins: then
        `on_ready` does it all.
        """

    def on_stop(self) -> None:
        """The session is over; a lost link that may be resumed is not the end of it."""
