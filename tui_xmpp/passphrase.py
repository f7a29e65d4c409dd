"""Asks for the vault's passphrase, once a start: in the terminal for commands, on a screen for the screen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .cli import output
from .cli.exit_codes import ExitCode, Failure
from .core.ports import VaultError, WrongPassphrase

if TYPE_CHECKING:
    from .cli.parser import Options
    from .storage.paths import Paths
    from .storage.unlocking import Unlock
    from .storage.vault_file import OpenVault, VaultFile
    from .ui.unlock import UnlockApp

_TRIES = 3


def ask_in_terminal(file: VaultFile) -> OpenVault | None:
    """Open the vault; None: there is no terminal to ask on, and it stays closed.

    Raises Failure after three wrong passphrases, without one, and when the file cannot be used.
    """
    if not sys.stdin.isatty():
        output.words("The vault stays closed: its passphrase can only be asked for in a terminal.")
        return None
    for _ in range(_TRIES):
        typed = read_hidden("Passphrase of the vault: ")
        if not typed:
            break
        try:
            return file.open(typed)
        except WrongPassphrase as error:
            output.words(str(error))
        except VaultError as error:
            raise Failure(str(error)) from None
    raise Failure("The vault was not opened.", ExitCode.REFUSED)


class Left(Exception):
    """The user left the program in place of opening the vault."""


def ask_on_screen(options: Options, paths: Paths) -> Unlock:
    """What asks with a screen of its own, drawn as the settings say; it raises `Left`."""

    def ask(file: VaultFile) -> OpenVault | None:
        import asyncio

        from .storage.config_file import ConfigFile
        from .storage.encryption import is_encrypted
        from .ui.unlock import UnlockApp

        opened: list[OpenVault] = []

        async def unlock(passphrase: str) -> None:
            opened.append(await asyncio.to_thread(file.open, passphrase))

        app = UnlockApp(
            unlock,
            ConfigFile(paths.config_file).load().ui,
            may_skip=not is_encrypted(paths.database),
            theme_folder=paths.config / "themes",
            terminal=options.terminal,
            stock_driver=options.stock_driver,
        )
        asyncio.run(_until_left(app))
        if app.return_value is None:
            raise Left
        return opened[-1] if opened else None

    return ask


async def _until_left(app: UnlockApp) -> None:
    import asyncio
    import signal

    for number in (signal.SIGHUP, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, app.exit)
    await app.run_async()


def ask_for_new(what: str) -> str:
    """A new passphrase, typed twice. Raises Failure when there is none."""
    from .storage.vault_file import unfit

    if not sys.stdin.isatty():
        raise Failure("A passphrase can only be asked for in a terminal. Run it in one.", ExitCode.USAGE)
    while typed := read_hidden(f"{what}: "):
        if words := unfit(typed):
            output.words(words)
        elif read_hidden("The same again: ") == typed:
            return typed
        else:
            output.words("Those were two different ones. Try again.")
    raise Failure("There was no passphrase, and nothing was changed.", ExitCode.REFUSED)


def read_hidden(prompt: str) -> str:
    """What is typed, unseen; empty at the end of the input."""
    import getpass

    try:
        return getpass.getpass(prompt)
    except EOFError:
        return ""
