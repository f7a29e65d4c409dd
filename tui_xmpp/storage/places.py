"""Where a secret can be kept for the next start: the system keyring, or our own vault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from tui_xmpp.core.ports import VaultError
from tui_xmpp.core.value import value

from .keyring_access import Keyring, KeyringThread, KeyringTrouble, NoKeyring, allowed_backend
from .vault_file import OpenVault

KEYRING_SECONDS = 10.0
"""How long a keyring is waited for: it may ask the user to unlock it."""


class Kind(Enum):
    """What a secret is. The value is the keyring's `service`, and never changes."""

    PASSWORD = "tui-xmpp"
    TOKEN = "tui-xmpp token"
    OTHER = "tui-xmpp secret"


@value
class Entry:
    """The name of one secret."""

    kind: Kind
    who: str
    """The account's address, or what it is for."""


class Place(Protocol):
    """Keeps secrets; what fails in it is a `VaultError`."""

    @property
    def name(self) -> str:
        """As the configuration calls it."""

    async def get(self, entry: Entry) -> str | None:
        """The secret, or None where there is none."""

    async def put(self, entry: Entry, secret: str) -> None:
        """Keep it; what was kept is read back."""

    async def delete(self, entry: Entry) -> None:
        """Forget it; an unknown one is no error."""


class KeyringPlace:
    """The system keyring, as far as it is one that encrypts."""

    name = "keyring"

    def __init__(
        self,
        find_backend: Callable[[], Keyring | None] = allowed_backend,
        seconds: float = KEYRING_SECONDS,
        lacking: str = "There is no safe keyring here.",
    ) -> None:
        """*find_backend* is first called when a secret is wanted, in a thread; *seconds* are waited at most.

        *lacking*: what is said where there is none.
        """
        self._find_backend = find_backend
        self._thread = KeyringThread(seconds)
        self._lacking = lacking

    async def get(self, entry: Entry) -> str | None:
        """As `Place.get`."""
        return await self._ask(lambda keyring: keyring.get_password(entry.kind.value, entry.who))

    async def put(self, entry: Entry, secret: str) -> None:
        """As `Place.put`."""

        def keep(keyring: Keyring) -> str | None:
            keyring.set_password(entry.kind.value, entry.who, secret)
            return keyring.get_password(entry.kind.value, entry.who)

        if await self._ask(keep) != secret:
            raise KeyringTrouble(
                "The keyring did not keep the password. It is kept only until the program ends."
            )

    async def delete(self, entry: Entry) -> None:
        """As `Place.delete`."""

        def delete(keyring: Keyring) -> None:
            if keyring.get_password(entry.kind.value, entry.who) is not None:
                keyring.delete_password(entry.kind.value, entry.who)

        await self._ask(delete)

    async def _ask(self, question: Callable[[Keyring], str | None]) -> str | None:
        def work() -> str | None:
            keyring = self._find_backend()
            if keyring is None:
                raise NoKeyring(self._lacking)
            return question(keyring)

        return await self._thread.ask(work)


class VaultPlace:
    """Our own vault, open."""

    name = "vault"

    def __init__(self, vault: OpenVault) -> None:
        """Keep secrets in *vault*; its file is written in a thread, one change after the other."""
        self._vault = vault
        self._turn = asyncio.Lock()

    async def get(self, entry: Entry) -> str | None:
        """As `Place.get`."""
        return self._vault.get(_name(entry))

    async def put(self, entry: Entry, secret: str) -> None:
        """As `Place.put`; it is read back from the file."""
        async with self._turn:
            await asyncio.to_thread(self._vault.put, _name(entry), secret)
            if await asyncio.to_thread(self._vault.on_disk, _name(entry)) != secret:
                raise VaultError("The disk did not keep what was written to the vault. Check the disk.")

    async def delete(self, entry: Entry) -> None:
        """As `Place.delete`."""
        async with self._turn:
            await asyncio.to_thread(self._vault.put, _name(entry), None)

    def entries(self) -> list[Entry]:
        """Everything in it."""
        return [one for one in map(_entry, self._vault.names) if one is not None]


class NoPlace:
    """Keeps nothing: secrets end with the program."""

    name = "memory"

    def __init__(self, why: str) -> None:
        """*why*: the sentence that is said when something is to be kept."""
        self._why = why

    async def get(self, entry: Entry) -> str | None:
        """As `Place.get`: there is none."""
        return None

    async def put(self, entry: Entry, secret: str) -> None:
        """Raise `VaultError`."""
        raise VaultError(self._why)

    async def delete(self, entry: Entry) -> None:
        """As `Place.delete`."""


def _name(entry: Entry) -> str:
    return f"{entry.kind.name.lower()} {entry.who}"


def _entry(name: str) -> Entry | None:
    kind, _, who = name.partition(" ")
    return Entry(Kind[kind.upper()], who) if kind.upper() in Kind.__members__ else None
