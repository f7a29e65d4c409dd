"""What an account signs in with: a token of the server's, or the password, asked for only when needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from ..core.account import Token
from .failure import Refused


class Tokens(Protocol):
    """Where the account's token is kept (XEP-0484)."""

    async def token(self) -> Token | None:
        """Return the token kept for the account; None: there is none."""

    async def keep_token(self, token: Token | None) -> None:
        """Keep *token* in place of the one before; None: forget that one."""


class NoTokens:
    """Keeps none: the password signs in each time."""

    async def token(self) -> Token | None:
        """As `Tokens.token`."""
        return None

    async def keep_token(self, token: Token | None) -> None:
        """As `Tokens.keep_token`."""


class Credentials:
    """One account's; made once, for all its tries to sign in.

    *ask* takes a reason (empty at first, else why the last password was refused) and returns a password, or
    None when the user gave none.
    """

    def __init__(
        self,
        ask: Callable[[str], Awaitable[str | None]],
        tokens: Tokens | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.keeps_tokens = tokens is not None
        """Whether it is of use to ask the server for a token."""
        self._ask = ask
        self._tokens: Tokens = tokens or NoTokens()
        self._now = now
        self._password: str | None = None
        self._reason = ""
        self._refused: str | None = None

    async def prepare(self) -> None:
        """Have something to sign in with before a link is opened, for a server does not wait while one types.

        Raises Refused when the user gave no password.
        """
        if await self.token() is None:
            await self.password()

    async def token(self) -> Token | None:
        """Return the token to try; one that has expired is forgotten."""
        token = await self._tokens.token()
        if token is not None and token.expires is not None and self._now and token.expires <= self._now():
            await self._tokens.keep_token(None)
            return None
        return token

    async def keep_token(self, token: Token | None) -> None:
        """Keep what the server gave, in place of the one before; None: it refused that one."""
        await self._tokens.keep_token(token)

    @property
    def knows_password(self) -> bool:
        """Whether the password can be had without asking for it."""
        return self._password is not None

    async def password(self) -> str:
        """Return the password, asked for once in a try; raises Refused when the user gave none."""
        if self._password is None:
            given = await self._ask(self._reason)
            if given is None:
                raise Refused(self._reason or "A password is needed. Connect to enter it.")
            if given == self._refused:
                self._refused = None
                raise Refused("The server did not accept the password. Change it, then connect again.")
            self._password = given
        return self._password

    def refused(self, sentence: str) -> None:
        """The server did not accept the password; *sentence* says so."""
        self._reason, self._refused, self._password = sentence, self._password, None

    def accepted(self) -> None:
        """The server accepted what it was given."""
        self._reason, self._refused, self._password = "", None, None

    def forget(self) -> None:
        """The try is over: keep the password no longer than that."""
        self._password = None
