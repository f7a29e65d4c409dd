"""Secrets of the running program: from memory, a command of the user's, and the place chosen for them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tui_xmpp.core.account import Account, Token
from tui_xmpp.core.address import Address
from tui_xmpp.core.ports import VaultError

from . import password_command
from .places import Entry, KeyringPlace, Kind, NoPlace, Place, VaultPlace
from .vault_file import OpenVault

_FOR_NOW = "so the password is kept only until the program ends"
_NO_KEYRING = f"There is no safe keyring here, {_FOR_NOW}."
_OFFER = f"{_NO_KEYRING} `tui-xmpp vault create` makes an encrypted place for it."
_NO_VAULT = f"There is no vault yet, {_FOR_NOW}. `tui-xmpp vault create` makes one."
_LOCKED = f"The vault was not opened, {_FOR_NOW}."
_MEMORY = f'The configuration says [secrets] store = "memory", {_FOR_NOW}.'


def place(store: str, vault: OpenVault | None = None, *, locked: bool = False) -> Place:
    """Where secrets are kept when `[secrets] store` is *store*.

    *vault*: the open one; *locked*: there is one, and the user has not opened it.
    """
    match store:
        case "memory":
            return NoPlace(_MEMORY)
        case "vault" if vault is not None:
            return VaultPlace(vault)
        case "vault":
            return NoPlace(_LOCKED if locked else _NO_VAULT)
        case "keyring":
            return KeyringPlace(lacking=_NO_KEYRING)
        case _:
            return KeyringPlace(lacking=_OFFER)


class SystemVault:
    """`core.ports.Vault`; `password` raises `VaultError` when the account's `password_command` fails."""

    def __init__(self, kept: Place, *, command_seconds: float = 60.0) -> None:
        """Hold nothing yet; *kept* is where the next start finds what the user lets us keep."""
        self._place = kept
        self._command_seconds = command_seconds
        self._held: dict[Address, str] = {}
        self._tokens: dict[Address, Token | None] = {}
        self._entrusted: set[Address] = set()
        """Accounts whose secrets the user has let us keep, or has given to a command."""

    async def password(self, account: Account) -> str | None:
        """As `Vault.password`; a keyring that does not answer counts as one without the password."""
        held = self._held.get(account.address)
        if held is not None:
            return held
        if account.password_command:
            found: str | None = await password_command.run(account.password_command, self._command_seconds)
        else:
            try:
                found = await self._place.get(_password(account.address))
            except VaultError:
                return None
        if found:
            self._held[account.address] = found
            self._entrusted.add(account.address)
        return found or None

    async def remember(self, account: Address, password: str, *, keep: bool) -> str:
        """As `Vault.remember`; what a place says it has kept is read back."""
        self._held[account] = password
        self._entrusted.discard(account)
        if not keep:
            return ""
        try:
            await self._place.put(_password(account), password)
        except VaultError as trouble:
            return str(trouble)
        self._entrusted.add(account)
        return ""

    async def forget(self, account: Address) -> None:
        """As `Vault.forget`; a place without it, or out of reach, is no error."""
        self._held.pop(account, None)
        self._tokens[account] = None
        self._entrusted.discard(account)
        await self._delete(_password(account))
        await self._delete(_token(account))

    async def token(self, account: Address) -> Token | None:
        """As `Vault.token`; what is kept and nobody can read counts as none."""
        if account not in self._tokens:
            found: str | None = None
            try:
                found = await self._place.get(_token(account))
            except VaultError:
                return None
            self._tokens[account] = _read(found)
            if found:
                self._entrusted.add(account)
        token = self._tokens[account]
        if token is not None and token.expires is not None and token.expires <= datetime.now(UTC):
            await self.keep_token(account, None)
            return None
        return token

    async def keep_token(self, account: Address, token: Token | None) -> None:
        """As `Vault.keep_token`; it is kept only where the password is not typed each time."""
        self._tokens[account] = token
        if token is None:
            await self._delete(_token(account))
        elif account in self._entrusted:
            try:
                await self._place.put(_token(account), _write(token))
            except VaultError:
                return

    async def secret(self, name: str) -> str | None:
        """As `Vault.secret`."""
        return await self._place.get(Entry(Kind.OTHER, name))

    async def keep_secret(self, name: str, secret: str | None) -> None:
        """As `Vault.keep_secret`."""
        entry = Entry(Kind.OTHER, name)
        if secret is None:
            await self._place.delete(entry)
        else:
            await self._place.put(entry, secret)

    async def _delete(self, entry: Entry) -> None:
        try:
            await self._place.delete(entry)
        except VaultError:
            return


def _password(account: Address) -> Entry:
    return Entry(Kind.PASSWORD, str(account))


def _token(account: Address) -> Entry:
    return Entry(Kind.TOKEN, str(account))


def _write(token: Token) -> str:
    expires = token.expires.isoformat() if token.expires is not None else None
    return json.dumps([token.mechanism, token.secret, expires])


def _read(found: str | None) -> Token | None:
    try:
        mechanism, secret, expires = json.loads(found or "")
        until = datetime.fromisoformat(expires).astimezone(UTC) if expires else None
        return Token(str(mechanism), str(secret), until)
    except (ValueError, TypeError):
        return None
