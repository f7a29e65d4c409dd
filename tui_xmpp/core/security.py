"""What protects a message, and what its mark in column 0 says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from .address import Address
from .value import value


class Protection(Enum):
    """How a stored message was protected on its way."""

    CLEAR = "clear"
    """Readable by the servers; no mark."""
    SEALED = "sealed"
    """End-to-end encrypted by a device that is trusted or undecided: `-`."""
    VERIFIED = "verified"
    """End-to-end encrypted by a verified device: `=`."""
    SIGNED = "signed"
    """Readable by the servers, and signed by a key that was accepted: `!`."""
    UNPROVEN = "unproven"
    """End-to-end encrypted, and signed by nobody: who wrote it is not known: `!`."""
    ATTENTION = "attention"
    """Something to look at: clear in an encrypted chat, undecryptable, a doubtful sender: `!`."""

    @property
    def mark(self) -> str:
        """The one character for column 0."""
        return _MARKS[self]

    @property
    def is_doubtful(self) -> bool:
        """Whether there is something to look at, which is said in words as well."""
        return self.mark == "!"


class Encrypt(Enum):
    """When what is said in a chat is sealed."""

    ALWAYS = "always"
    """What cannot be sealed is not sent."""
    POSSIBLE = "possible"
    """Where the other side is found to have keys; from then on always."""
    ASK = "ask"
    """Once the user has turned it on for the chat."""
    OFF = "off"


class Method(Enum):
    """What seals a chat."""

    OMEMO = "OMEMO"
    """XEP-0384."""
    OPENPGP = "OpenPGP"
    """XEP-0373 and XEP-0374."""
    PGP = "legacy PGP"
    """XEP-0027, for old programs only: who writes and when is not protected."""


class Trust(Enum):
    """What is thought of a key."""

    VERIFIED = "verified"
    """The user has compared the fingerprint."""
    TRUSTED = "trusted"
    """The user said so without comparing."""
    BLIND = "not verified"
    """Taken as it came, because no device of that contact was verified before."""
    UNDECIDED = "undecided"
    """Nothing is sealed for it before the user has decided."""
    DISTRUSTED = "distrusted"
    """Nothing is sealed for it, and what it sends is not shown."""

    @property
    def seals(self) -> bool:
        """Whether messages are sealed for such a key."""
        return self in (Trust.VERIFIED, Trust.TRUSTED, Trust.BLIND)


@value
class Device:
    """A device of ours or of a contact that takes part in OMEMO (XEP-0384 §3)."""

    owner: Address
    """Bare address."""
    id: int
    fingerprint: str
    """The public identity key in 64 hexadecimal digits; empty: not fetched yet."""
    trust: Trust
    active: bool = True
    """On the owner's list of devices now."""
    label: str = ""
    """As its owner calls it, signed by it (XEP-0384 §5.3.1)."""
    this: bool = False
    """The one this program is."""
    seen: datetime | None = None
    """When it was first heard of, UTC."""
    told: bool = False
    """It was not the user here who decided about it: a verified device said so (XEP-0450)."""


def waiting(devices: Sequence[Device]) -> Sequence[Device]:
    """Return the devices of one account that nothing is sealed for before the user decides.

    Where none was verified a new one is taken as it comes, with the next message.
    """
    if not any(one.trust is Trust.VERIFIED and not one.this for one in devices):
        return ()
    return [one for one in devices if one.active and one.trust is Trust.UNDECIDED]


@value
class ChatSecurity:
    """How a chat is protected, as far as it is not what the settings say."""

    encrypt: Encrypt | None = None
    """The user's choice for this chat; None: as the settings have it."""
    method: Method = Method.OMEMO
    sealed: bool = False
    """Something sealed was sent or received: it does not go back to clear by itself."""
    since: datetime | None = None
    """Since when, UTC: what was said before was rightly in clear."""


@value
class Preflight:
    """What stands in the way of sealing a chat, in sentences, and for whom it would be sealed."""

    problems: tuple[str, ...] = ()
    """Empty: nothing."""
    for_whom: tuple[Device, ...] = ()
    """The devices that could read it."""


_MARKS = {
    Protection.CLEAR: " ",
    Protection.SEALED: "-",
    Protection.VERIFIED: "=",
    Protection.SIGNED: "!",
    Protection.UNPROVEN: "!",
    Protection.ATTENTION: "!",
}
