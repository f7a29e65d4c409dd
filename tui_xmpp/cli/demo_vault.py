"""The demo's passwords: one for all, made for one run, never on disk."""

from __future__ import annotations

from ..core.account import Account, Token
from ..core.address import Address


class OnePassword:
    """A vault that knows one password for every account (`core.ports.Vault`)."""

    def __init__(self, password: str) -> None:
        self._password = password
        self._tokens: dict[Address, Token] = {}
        self._secrets: dict[str, str] = {}

    async def password(self, account: Account) -> str | None:
        """The one."""
        return self._password

    async def remember(self, account: Address, password: str, *, keep: bool) -> str:
        """Nothing is kept: the accounts end with the program."""
        return "The demo keeps no passwords." if keep else ""

    async def forget(self, account: Address) -> None:
        """Of its secrets only the token can go."""
        self._tokens.pop(account, None)

    async def token(self, account: Address) -> Token | None:
        """What a server gave in this run."""
        return self._tokens.get(account)

    async def keep_token(self, account: Address, token: Token | None) -> None:
        """Until the program ends."""
        if token is None:
            self._tokens.pop(account, None)
        else:
            self._tokens[account] = token

    async def secret(self, name: str) -> str | None:
        """One of this run."""
        return self._secrets.get(name)

    async def keep_secret(self, name: str, secret: str | None) -> None:
        """Until the program ends."""
        if secret is None:
            self._secrets.pop(name, None)
        else:
            self._secrets[name] = secret
