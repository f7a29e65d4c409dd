"""The demo's passwords: one for all, made for one run, never on disk."""

from __future__ import annotations

from ..core.account import Account
from ..core.address import Address


class OnePassword:
    """A vault that knows one password for every account (`core.ports.Vault`)."""

    def __init__(self, password: str) -> None:
        self._password = password

    async def password(self, account: Account) -> str | None:
        """The one."""
        return self._password

    async def remember(self, account: Address, password: str, *, keep: bool) -> str:
        """Nothing is kept: the accounts end with the program."""
        return "The demo keeps no passwords." if keep else ""

    async def forget(self, account: Address) -> None:
        """There is nothing to forget."""
