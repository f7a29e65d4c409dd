"""Passwords: from memory, a command of the user's or the system keyring, and kept nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from tui_xmpp.core.account import Account, Token
from tui_xmpp.core.address import Address

from . import password_command
from .keyring_access import Keyring, KeyringThread, KeyringTrouble, allowed_backend

_SERVICE = "tui-xmpp"
_TOKENS = "tui-xmpp token"
_NO_KEYRING = "There is no safe keyring here, so the password is kept only until the program ends."


class SystemVault:
    """`core.ports.Vault`; `password` raises `VaultError` when the account's `password_command` fails."""

    def __init__(
        self,
        *,
        find_backend: Callable[[], Keyring | None] = allowed_backend,
        keyring_seconds: float = 10.0,
        command_seconds: float = 60.0,
    ) -> None:
        """Hold nothing yet; *find_backend* is first called when a keyring is needed, in a thread."""
        self._find_backend = find_backend
        self._keyring = KeyringThread(keyring_seconds)
        self._command_seconds = command_seconds
        self._held: dict[Address, str] = {}
        self._tokens: dict[Address, Token | None] = {}
        self._entrusted: set[Address] = set()
        """Accounts whose secrets the user has given to the keyring, or to a command."""

    async def password(self, account: Account) -> str | None:
        """As `Vault.password`; a keyring that does not answer counts as one without the password."""
        held = self._held.get(account.address)
        if held is not None:
            return held
        if account.password_command:
            found: str | None = await password_command.run(account.password_command, self._command_seconds)
        else:
            user = str(account.address)
            try:
                found = await self._ask(lambda keyring: keyring.get_password(_SERVICE, user))
            except KeyringTrouble:
                return None
        if found:
            self._held[account.address] = found
            self._entrusted.add(account.address)
        return found or None

    async def remember(self, account: Address, password: str, *, keep: bool) -> str:
        """As `Vault.remember`; what the keyring says it has kept is read back."""
        self._held[account] = password
        self._entrusted.discard(account)
        if not keep:
            return ""

        def store(keyring: Keyring) -> str | None:
            keyring.set_password(_SERVICE, str(account), password)
            return keyring.get_password(_SERVICE, str(account))

        try:
            kept = await self._ask(store)
        except KeyringTrouble as trouble:
            return str(trouble)
        if kept != password:
            return "The keyring did not keep the password. It is kept only until the program ends."
        self._entrusted.add(account)
        return ""

    async def forget(self, account: Address) -> None:
        """As `Vault.forget`; a keyring without it, or out of reach, is no error."""
        self._held.pop(account, None)
        self._tokens[account] = None
        self._entrusted.discard(account)
        await self._delete(_SERVICE, account)
        await self._delete(_TOKENS, account)

    async def token(self, account: Address) -> Token | None:
        """As `Vault.token`; what the keyring holds and nobody can read counts as none."""
        if account not in self._tokens:
            found: str | None = None
            try:
                found = await self._ask(lambda keyring: keyring.get_password(_TOKENS, str(account)))
            except KeyringTrouble:
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
        """As `Vault.keep_token`; it goes to the keyring only where the password is not typed each time."""
        self._tokens[account] = token
        if token is None:
            await self._delete(_TOKENS, account)
        elif account in self._entrusted:
            written = _write(token)
            try:
                await self._ask(lambda keyring: keyring.set_password(_TOKENS, str(account), written))
            except KeyringTrouble:
                return

    async def _delete(self, service: str, account: Address) -> None:
        def delete(keyring: Keyring) -> None:
            if keyring.get_password(service, str(account)) is not None:
                keyring.delete_password(service, str(account))

        try:
            await self._ask(delete)
        except KeyringTrouble:
            return

    async def _ask(self, question: Callable[[Keyring], str | None]) -> str | None:
        def work() -> str | None:
            keyring = self._find_backend()
            if keyring is None:
                raise KeyringTrouble(_NO_KEYRING)
            return question(keyring)

        return await self._keyring.ask(work)


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
