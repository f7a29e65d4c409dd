"""What a feature is: one capability in one file, with its manifest and its hooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from xml.etree import ElementTree as ET

from ..core.account import Account
from ..core.address import Address
from ..core.commands import Command
from ..core.events import Event
from ..core.link import LinkProfile, Weight
from ..core.message import Message
from ..core.ports import Archive, Cache, Clock, KeyValue
from ..core.settings import Settings
from ..core.world import World

if TYPE_CHECKING:
    from slixmpp import ClientXMPP
    from slixmpp.stanza import Iq
    from slixmpp.stanza import Message as MessageStanza

    from .draft import Draft


class Context(Protocol):
    """What a feature may use of the account it belongs to; a test hands it a fake."""

    account: Account
    world: World
    archive: Archive
    cache: Cache
    facts: KeyValue
    settings: Settings
    clock: Clock

    @property
    def own(self) -> Address:
        """Our bare address."""

    @property
    def full(self) -> Address | None:
        """Our bound address; None while offline."""

    @property
    def stream(self) -> ClientXMPP:
        """The stream, for plugins and handlers."""

    @property
    def profile(self) -> LinkProfile:
        """The link profile in force; only for amounts (pages), never for "if slow"."""

    @property
    def online(self) -> bool:
        """Signed in and bound."""

    def allows(self, weight: Weight) -> bool:
        """Whether pacing lets something of this weight out now."""

    def send(self, stanza: ET.Element) -> None:
        """Write a stanza now; dropped without complaint while offline."""

    async def request(self, iq: Iq, timeout: float = 30.0) -> Iq:
        """Send an iq and wait `timeout` seconds for its result; raises `Failed` with a sentence."""

    def emit(self, *events: Event) -> None:
        """Apply events to the world and tell every front end."""

    async def deliver(self, stanza: MessageStanza, *, chat_archive: Address, archive_id: str) -> None:
        """Hand a message from an archive page to the inbox."""

    def spawn(self, work: Awaitable[Any]) -> None:
        """Run in the background; a failure becomes a notice, never a lost traceback."""


class Failed(Exception):
    """A request failed: the text is a sentence for the user."""

    def __init__(self, text: str, condition: str = "") -> None:
        super().__init__(text)
        self.condition = condition
        """The stanza error's defined condition (RFC 6120 §8.3.3); `timeout` or `offline` where there was none."""


@dataclass(slots=True)
class Outgoing:
    """A message on its way out, as the stage `write` hands it to each feature."""

    message: Message
    corrects: str = ""
    """Id of the own message this one replaces."""
    retracts: str = ""
    reacts: tuple[str, tuple[str, ...]] | None = None


Handler = Callable[[Any], Awaitable[None]]


class Feature:
    """Base of all features. Every hook may be left as it is."""

    XEPS: ClassVar[tuple[str, ...]] = ()
    """Documents it implements, `XEP-0184`; the README's table is made from them."""
    PLUGINS: ClassVar[tuple[str, ...]] = ()
    """slixmpp plugins to register on the stream."""
    WEIGHT: ClassVar[Weight] = Weight.ESSENTIAL
    """How dear it is on a bad link."""
    NAMESPACES: ClassVar[tuple[str, ...]] = ()
    """What we announce by XEP-0030 because of it."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """The commands it carries out."""
        return {}

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Awaitable[Any]]]:
        """The questions (`core.questions`) it answers."""
        return {}

    def on_stream(self, stream: ClientXMPP) -> None:
        """A new stream object was made: register handlers and event handlers."""

    def read(self, stanza: MessageStanza, draft: Draft) -> None:
        """Read the own element of an incoming message into the draft."""

    def write(self, outgoing: Outgoing, stanza: MessageStanza) -> None:
        """Add the own element to an outgoing message."""

    async def on_ready(self) -> None:
        """Signed in and bound, in the order of `ALL`; presence is sent by the feature that owns it."""

    def on_stop(self) -> None:
        """The stream is gone."""
