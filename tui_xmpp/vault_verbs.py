"""`tui-xmpp vault`: says where secrets are, without showing them, and moves them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .cli import output
from .cli.exit_codes import ExitCode, Failure
from .cli.parser import Options
from .core.account import Account
from .core.ports import AlreadyRunning, VaultError
from .passphrase import ask_for_new, ask_in_terminal
from .storage.config_file import ConfigFile
from .storage.instance_lock import InstanceLock
from .storage.keyring_access import NoKeyring
from .storage.moving import entries_of, move
from .storage.paths import Paths, secure
from .storage.places import Entry, KeyringPlace, Kind, Place, VaultPlace
from .storage.unlocking import ARCHIVE_KEY
from .storage.vault_file import OpenVault, VaultFile

_NAMES = {Kind.PASSWORD: "password", Kind.TOKEN: "token", Kind.OTHER: "key"}


@contextmanager
def alone(paths: Paths) -> Iterator[None]:
    """Secure the directories, and see that no instance runs meanwhile.

    Raises `AlreadyRunning`, with what to do, and `StorageError`.
    """
    secure(paths)
    try:
        lock = InstanceLock(paths.lock)
    except AlreadyRunning:
        raise AlreadyRunning(
            f"This cannot be done while tui-xmpp runs with {paths.data}. Leave it first, then try again."
        ) from None
    try:
        VaultFile(paths.vault).tidy()
        yield
    finally:
        lock.release()


def status(options: Options, paths: Paths) -> None:
    """Say where each account's secrets are."""
    settings = ConfigFile(paths.config_file).load()
    file = VaultFile(paths.vault)
    places, closed = _places(file)
    output.data(f'Kept by: [secrets] store = "{settings.secrets.store}"')
    output.data(f"Vault: {file.path if file.exists else 'none'}{' (closed)' if closed else ''}")
    for account in settings.accounts:
        output.data(f"{account.address}: {_of_account(account, places, closed)}")
    output.data(f"archive: {_of([ARCHIVE_KEY], places) or 'no key'}")


def create(options: Options, paths: Paths) -> None:
    """Make the vault, and keep secrets in it from now on."""
    with alone(paths):
        configuration, file = ConfigFile(paths.config_file), VaultFile(paths.vault)
        accounts = [one.address for one in configuration.load().accounts]
        if file.exists:
            raise VaultError(f"There is a vault already: {file.path}. Move it away to make another.")
        output.words("Whoever forgets the passphrase has to type the passwords again: nobody can restore it.")
        file.create(ask_for_new("A passphrase for the vault"))
        configuration.set_value("secrets", "store", "vault")
        output.words(f"Made {file.path}. Passwords and keys are kept in it from now on.")
        if _where(entries_of(accounts), [KeyringPlace()]):
            output.words("What the keyring has stays there until you run: tui-xmpp vault move --to vault")


def passphrase(options: Options, paths: Paths) -> None:
    """Encrypt the vault anew, for another passphrase."""
    with alone(paths):
        _opened(VaultFile(paths.vault)).change(ask_for_new("The new passphrase"))
        output.words("The vault opens for the new passphrase only. Copies of it open for the old one.")


def move_all(options: Options, paths: Paths) -> None:
    """Move every secret, and keep them there from now on."""
    with alone(paths):
        configuration = ConfigFile(paths.config_file)
        accounts = [one.address for one in configuration.load().accounts]
        vault = VaultPlace(_opened(VaultFile(paths.vault)))
        keyring = KeyringPlace()
        source: Place = keyring if options.to == "vault" else vault
        target: Place = vault if options.to == "vault" else keyring
        entries = entries_of(accounts) if source is keyring else vault.entries()

        def settle() -> None:
            configuration.set_value("secrets", "store", options.to)

        try:
            moved = asyncio.run(move(entries, source, target, settle))
        except NoKeyring:
            if target is keyring:
                raise
            moved = []
            settle()
        for entry in moved:
            output.data(f"{entry.who}: {_NAMES[entry.kind]} moved to the {options.to}")
        if not moved:
            output.words(f"There was nothing to move. The {options.to} is used from now on.")


def forget(options: Options, paths: Paths) -> None:
    """Forget an account's password and token, wherever they are."""
    from .cli.addressing import parsed

    with alone(paths):
        own = parsed(options.address).bare
        places, _ = _places(VaultFile(paths.vault), must=True)
        mine = [Entry(kind, str(own)) for kind in (Kind.PASSWORD, Kind.TOKEN)]
        gone = _where(mine, places)
        for entry, place in gone:
            asyncio.run(place.delete(entry))
            output.data(f"{own}: {_NAMES[entry.kind]} forgotten in the {place.name}")
        if not gone:
            raise Failure(f"Nothing is kept for {own}.")


def _places(file: VaultFile, *, must: bool = False) -> tuple[list[Place], bool]:
    """The places there are, and whether the vault stays closed; *must*: that is a failure."""
    opened = ask_in_terminal(file) if file.exists else None
    if must and file.exists and opened is None:
        raise Failure("Without the vault nothing was changed. Run it in a terminal.", ExitCode.USAGE)
    places: list[Place] = [KeyringPlace()]
    if opened is not None:
        places.append(VaultPlace(opened))
    return places, file.exists and opened is None


def _opened(file: VaultFile) -> OpenVault:
    if not file.exists:
        raise VaultError("There is no vault yet. `tui-xmpp vault create` makes one.")
    opened = ask_in_terminal(file)
    if opened is None:
        raise Failure("Without the vault nothing was changed. Run it in a terminal.", ExitCode.USAGE)
    return opened


def _of_account(account: Account, places: list[Place], closed: bool) -> str:
    own = [Entry(kind, str(account.address)) for kind in (Kind.PASSWORD, Kind.TOKEN)]
    said = _of(own, places)
    if account.password_command:
        return ", ".join(filter(None, ["password from password_command", said]))
    return said or ("in the vault, if anywhere" if closed else "nothing kept, the password is asked for")


def _of(entries: list[Entry], places: list[Place]) -> str:
    return ", ".join(f"{_NAMES[one.kind]} in the {place.name}" for one, place in _where(entries, places))


def _where(entries: list[Entry], places: list[Place]) -> list[tuple[Entry, Place]]:
    """What there is of *entries*; a place that fails is named and asked no more."""
    found: list[tuple[Entry, Place]] = []
    for place in list(places):
        try:
            found += [(one, place) for one in entries if asyncio.run(place.get(one)) is not None]
        except NoKeyring:
            places.remove(place)
        except VaultError as error:
            output.words(str(error))
            places.remove(place)
    return found


VERBS: dict[str, Callable[[Options, Paths], None]] = {
    "status": status,
    "create": create,
    "passphrase": passphrase,
    "move": move_all,
    "forget": forget,
}
"""By the word on the command line."""
