"""One account: what the user configured, and what is known about it while the program runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from .address import Address
from .contact import OwnPresence
from .link import PROFILES, LinkProfile
from .traffic import Rates
from .value import value


class TlsMode(Enum):
    """How TLS is begun; there is no value for a stream in clear."""

    DIRECT = "direct"
    """TLS from the first byte (XEP-0368)."""
    STARTTLS = "starttls"
    """Upgrade by STARTTLS before anything else is said (RFC 6120 §5)."""


class TransportKind(Enum):
    """How the stream reaches the server."""

    AUTO = "auto"
    """What worked before, then direct TLS, STARTTLS, WebSocket, BOSH."""
    TCP = "tcp"
    """RFC 6120, by direct TLS or STARTTLS."""
    WEBSOCKET = "websocket"
    """RFC 7395, by wss only."""
    BOSH = "bosh"
    """XEP-0124 and XEP-0206, by https only."""


@value
class Token:
    """A secret of the server's that signs in without the password (XEP-0484)."""

    mechanism: str
    """The one it is for, like `HT-SHA-256-NONE`."""
    secret: str
    expires: datetime | None = None
    """UTC; None: the server did not say."""

    def __repr__(self) -> str:
        return f"Token({self.mechanism})"


@value
class Account:
    """The configuration of one account, as an `[[account]]` table holds it."""

    address: Address
    """The bare address; its domain is the name the certificate is checked for."""
    password_command: str = ""
    """A command whose first line of output is the password; empty: keyring, then a prompt."""
    host: str = ""
    """Connect here instead of asking DNS; the certificate is still checked for the address's domain."""
    port: int = 0
    """Port for `host`; 0: the usual one for `tls`."""
    tls: TlsMode | None = None
    """None: direct TLS first, then STARTTLS."""
    ca_file: str = ""
    """A PEM file of the only authorities to trust for this account; empty: the system's."""
    transport: TransportKind = TransportKind.AUTO
    url: str = ""
    """`wss://` or `https://` address for WebSocket or BOSH; empty: asked of the server (XEP-0156)."""
    proxy: str = ""
    """`socks5://[user:password@]host:port` or `http://…`: everything goes through it, name lookups too."""
    link: str = "full"
    """Name of the link profile (`core.link.PROFILES`)."""
    resource: str = ""
    """Wanted resource; empty: the server gives one."""
    nick: str = ""
    """Nick for rooms; empty: the local part of the address."""
    allow_plain: bool = False
    """Let the password itself be sent inside verified TLS when the server has no SCRAM (RFC 4616)."""
    openpgp_key: str = ""
    """Fingerprint of our key in gpg, 40 hexadecimal digits; empty: no OpenPGP for this account."""
    sign_presence: bool = False
    """Sign our presence with that key (XEP-0027), for old programs; 200 to 800 bytes on each."""
    enabled: bool = True
    """Connect when the program starts."""

    @property
    def room_nick(self) -> str:
        """The nick to use in rooms where none was chosen."""
        return self.nick or self.address.local


class Connection(Enum):
    """The states of one account's connection, in the order a sign-in passes them."""

    OFFLINE = "offline"
    """Not connected and not trying; a key press connects."""
    RESOLVING = "resolving"
    CONNECTING = "connecting"
    SECURING = "securing"
    AUTHENTICATING = "authenticating"
    BINDING = "binding"
    ONLINE = "online"
    WAITING = "waiting"
    """Lost or refused; the next try is scheduled."""
    REFUSED = "refused"
    """Stopped for a reason only the user can settle (wrong password, bad certificate, an attack)."""

    @property
    def is_trying(self) -> bool:
        """True while a sign-in is under way."""
        return self in _TRYING


_TRYING = frozenset(
    {
        Connection.RESOLVING,
        Connection.CONNECTING,
        Connection.SECURING,
        Connection.AUTHENTICATING,
        Connection.BINDING,
    }
)


@dataclass(slots=True)
class AccountState:
    """What is known about one account now; changed only by `World.apply`."""

    account: Account
    connection: Connection = Connection.OFFLINE
    reason: str = ""
    """One sentence: what is happening, or why not and what to do."""
    retry_at: datetime | None = None
    """When the next try starts, UTC; None when none is scheduled."""
    presence: OwnPresence = field(default_factory=OwnPresence)
    full_address: Address | None = None
    """The address with the resource the server bound."""
    abilities: frozenset[str] = frozenset()
    """Names of what the server can do: `Ability` values."""
    link: LinkProfile = PROFILES["full"]
    """The link profile in use, with its cells as they are now."""
    link_is_automatic: bool = False
    heard_groups: tuple[str, ...] | None = None
    """The roster groups whose presence the server sends; None: everybody's."""
    suggested: str = ""
    """The profile that the link looks like; empty: the one in use fits."""
    rates: Rates | None = None
    """None: nothing was measured yet."""


class Ability(Enum):
    """Things a server may or may not do that a front end wants to know of."""

    ARCHIVE = "archive"
    CARBONS = "carbons"
    BLOCKING = "blocking"
    PRE_APPROVAL = "pre-approval"
    PEP = "pep"
