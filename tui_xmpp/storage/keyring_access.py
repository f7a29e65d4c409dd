"""The system keyring: only kinds known to be safe, and never waited for without an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol

from tui_xmpp.core.ports import VaultError

_ALLOWED = frozenset(
    {
        ("keyring.backends.SecretService", "Keyring"),
        ("keyring.backends.libsecret", "Keyring"),
        ("keyring.backends.kwallet", "DBusKeyring"),
        ("keyring.backends.kwallet", "DBusKeyringKWallet4"),
        ("keyring.backends.macOS", "Keyring"),
        ("keyring.backends.Windows", "WinVaultKeyring"),
    }
)
"""Module and class of the backends that encrypt what they keep."""

_SILENT = "The keyring does not answer. Unlock it; until then the password is kept only in memory."


class Keyring(Protocol):
    """The part of `keyring.backend.KeyringBackend` that is used."""

    def get_password(self, service: str, username: str) -> str | None:
        """The password, or None."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget a password."""


class KeyringTrouble(VaultError):
    """The keyring cannot be used; the text is a sentence for the user."""


class NoKeyring(KeyringTrouble):
    """This machine has none that is safe."""


def allowed_backend() -> Keyring | None:
    """The best safe keyring of this machine, whatever a configuration of `keyring` would choose.

    Takes a while: the library looks for the system's services.
    """
    from keyring.backend import get_all_keyring

    safe = [one for one in get_all_keyring() if is_allowed(type(one)) and one.priority > 0]
    return max(safe, key=lambda one: one.priority) if safe else None


def is_allowed(backend: type) -> bool:
    """Whether a backend is one of those that encrypt; the class itself counts, not one derived from it."""
    return (backend.__module__, backend.__name__) in _ALLOWED


class KeyringThread:
    """Asks the keyring one question at a time, in threads that cannot hold up the end of the program."""

    def __init__(self, seconds: float) -> None:
        """Wait at most *seconds* for an answer."""
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._hanging: threading.Thread | None = None

    async def ask(self, work: Callable[[], str | None]) -> str | None:
        """What *work* returns.

        Raises `KeyringTrouble` when it fails or is not done in time: a locked Secret Service waits for
        ever. While one question hangs, the next fails at once.
        """
        async with self._turn:
            if self._hanging is not None and self._hanging.is_alive():
                raise KeyringTrouble(_SILENT)
            answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
            thread = threading.Thread(target=_run, args=(work, answer), name="keyring", daemon=True)
            thread.start()
            try:
                return await asyncio.wait_for(answer, self._seconds)
            except TimeoutError:
                self._hanging = thread
                raise KeyringTrouble(_SILENT) from None
            except KeyringTrouble:
                raise
            # Backends raise errors of their own libraries.
            except Exception as error:
                raise KeyringTrouble(
                    f"The keyring failed ({type(error).__name__}). The password is kept only in memory."
                ) from error


def _run(work: Callable[[], str | None], answer: asyncio.Future[str | None]) -> None:
    try:
        result = work()
    except Exception as error:
        _tell(answer, error)
    else:
        _tell(answer, result)


def _tell(answer: asyncio.Future[str | None], outcome: str | Exception | None) -> None:
    def settle() -> None:
        if answer.done():
            return
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    try:
        answer.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:
        return  # The loop has ended; nobody waits any more.
