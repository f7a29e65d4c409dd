"""OpenPGP for a front end: keys as they are shown, what may be asked and commanded, and what is told."""

from __future__ import annotations

from datetime import datetime

from .address import Address
from .commands import Command
from .events import Question as Asked
from .questions import Question
from .security import Method
from .value import value


@value
class OpenPgpKey:
    """A public key of ours or of a contact."""

    fingerprint: str
    """Of the primary key: 40 hexadecimal digits, upper case (XEP-0373 §4.1)."""
    announced: bool = False
    """Its owner's account names it (XEP-0373 §4.2)."""
    here: bool = False
    """It is in the key ring of gpg."""
    pinned: tuple[Method, ...] = ()
    """What the user has accepted it for."""
    verified: bool = False
    """The user has compared the fingerprint."""
    names: tuple[str, ...] = ()
    """The user ids, as their owner wrote them: never a reason to trust it. Not cleaned."""
    fault: str = ""
    """Why nothing can be sealed for it, as `expired` or `revoked`; empty: nothing is wrong."""
    created: datetime | None = None
    """When its owner says that it was made, UTC (RFC 4880 §5.5.2); None: not known."""
    expires: datetime | None = None
    """UTC; None: never, or not known."""
    secret: bool = False
    """gpg has the secret part of it: it may be ours."""


@value
class KeysOf(Question[tuple[OpenPgpKey, ...]]):
    """The OpenPGP keys that an account announces, and those accepted for it (XEP-0373 §4.3).

    Of our own account also those that gpg has the secret part of.
    """

    owner: Address
    """Bare address."""


@value
class PresenceSignature:
    """What a contact's presence is signed by (XEP-0027 §Signing)."""

    signer: str = ""
    """Fingerprint of the primary key; empty: see `fault`."""
    accepted: bool = False
    """The user has accepted that key for the contact."""
    at: datetime | None = None
    """When it says that it was signed, UTC: a server may repeat an old one."""
    fault: str = ""
    """Why it proves nothing, as a sentence; empty: it is a good signature."""


@value
class PresenceSignatureOf(Question[PresenceSignature | None]):
    """What a contact's presence is signed by, where several resources are the one signed last; None: nothing.

    No key is fetched for it.
    """

    owner: Address
    """Bare address."""


@value
class BackUpKey(Question[str]):
    """Keep our secret key at the server, sealed; the answer is the code that opens it (XEP-0373 §5).

    It is told once, and kept nowhere.
    """

    passphrase: str = ""
    """Of the key, where it has one: the sealed copy must be without (§5.4)."""

    def __repr__(self) -> str:
        return f"BackUpKey({self.account})"


@value
class ChooseKey(Command):
    """Use a key that gpg has the secret part of as ours.

    It is kept in the configuration, and announced by our account (XEP-0373 §4).
    """

    account: Address
    fingerprint: str


@value
class SignPresence(Command):
    """Sign our presence with our key from now on, or no more; kept in the configuration (XEP-0027)."""

    account: Address
    on: bool


@value
class PinKey(Command):
    """Accept a key for a contact: it is fetched from their account where gpg does not have it."""

    account: Address
    owner: Address
    """Bare address."""
    fingerprint: str
    method: Method = Method.OPENPGP
    """`OPENPGP` or `PGP`."""
    verified: bool = False
    """The user has compared the fingerprint."""


@value
class UnpinKey(Command):
    """Accept a key no more; it stays in the key ring of gpg."""

    account: Address
    owner: Address
    """Bare address."""
    fingerprint: str
    method: Method = Method.OPENPGP


@value
class RestoreKey(Command):
    """Fetch the sealed secret key from the server, and give it to gpg (XEP-0373 §5)."""

    account: Address
    code: str
    """The backup code, with its dashes."""

    def __repr__(self) -> str:
        return f"RestoreKey({self.account})"


@value
class PassphraseWanted(Asked):
    """gpg has to ask for a passphrase in the terminal; answered by `LendTerminal` with this id.

    Once gpg is done `events.QuestionSettled` comes, and the terminal may be drawn on again.
    """

    what: str
    """What it is for, as a sentence."""
    at_once: bool
    """The user has just asked for something that takes it; else something came in, and can wait."""


@value
class LendTerminal(Command):
    """Let gpg have the terminal until the question is settled; the screen is off it by now."""

    account: Address
    id: str
    terminal: str
    """Its device, as `/dev/pts/3`; empty: there is none to lend, and what needs it fails."""
