"""What a front end may ask for about encryption: frozen values; `Engine.do` takes them."""

from __future__ import annotations

from .address import Address
from .chat import ChatKey
from .commands import Command
from .security import Encrypt, Method, Trust
from .value import value


@value
class SetEncryption(Command):
    """Choose when what is said in a chat is sealed, and by what; the only way back to clear text."""

    chat: ChatKey
    encrypt: Encrypt | None
    """None: as the settings have it."""
    method: Method = Method.OMEMO


@value
class SetTrust(Command):
    """Say what is thought of a key; of a contact's or of another device of ours."""

    account: Address
    owner: Address
    """Bare address."""
    fingerprint: str
    """64 hexadecimal digits (`Device.fingerprint`)."""
    trust: Trust


@value
class RemoveDevice(Command):
    """Take another device of ours off the published list: nothing is sealed for it then (XEP-0384 §5.3)."""

    account: Address
    device: int


@value
class RepairDevice(Command):
    """Fetch the keys of a device anew and begin a new session with it (XEP-0384 §5.4)."""

    account: Address
    owner: Address
    device: int


@value
class Reopen(Command):
    """Try once more to read a sealed message that could not be read, asking for what was missing."""

    chat: ChatKey
    row: int
