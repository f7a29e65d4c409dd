"""Passwords: from memory, a command of the user's or the system keyring, and kept nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from tui_xmpp.core.account import Account
from tui_xmpp.core.address import Address

from . import password_command
from .keyring_access import Keyring, KeyringThread, KeyringTrouble, allowed_backend

_SERVICE = "tui-xmpp"
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
        return found or None

    async def remember(self, account: Address, password: str, *, keep: bool) -> str:
        """As `Vault.remember`; what the keyring says it has kept is read back."""
        self._held[account] = password
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
        return ""

    async def forget(self, account: Address) -> None:
        """As `Vault.forget`; a keyring without it, or out of reach, is no error."""
        self._held.pop(account, None)

        def delete(keyring: Keyring) -> None:
            if keyring.get_password(_SERVICE, str(account)) is not None:
                keyring.delete_password(_SERVICE, str(account))

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
