"""One account of the engine: its session, its link and what the user typed for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ..core.account import Token
from ..core.commands import Answer
from ..core.ports import Vault
from .account import AccountSession, Link


@dataclass(slots=True)
class Running:
    """One account with what keeps it connected."""

    account: AccountSession
    link: Link | None = None
    typed: str | None = None
    """A password the user typed, until the server has accepted it."""
    remember: bool = False
    """Keep the typed password in the vault."""
    is_new: bool = False
    """Written to the configuration once the server has accepted it."""
    asked: dict[str, asyncio.Future[Answer]] = field(default_factory=dict)
    """Open questions for a password, by id."""
    vault: Vault | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Who comes back waits until what is forgotten is forgotten."""

    async def token(self) -> Token | None:
        """As `credentials.Tokens.token`."""
        return None if self.vault is None else await self.vault.token(self.account.own)

    async def keep_token(self, token: Token | None) -> None:
        """As `credentials.Tokens.keep_token`."""
        if self.vault is not None:
            await self.vault.keep_token(self.account.own, token)
