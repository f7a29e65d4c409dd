"""`tui-xmpp archive`: encrypts what is kept on this disk, or makes it plain again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .cli import output
from .cli.exit_codes import Failure
from .core.ports import VaultError
from .passphrase import ask_in_terminal
from .storage import encryption
from .storage.config_file import ConfigFile
from .storage.connecting import sqlcipher
from .storage.converting import decrypt as decrypt_archive
from .storage.converting import encrypt as encrypt_archive
from .storage.converting import tidy
from .storage.paths import Paths
from .storage.places import KeyringPlace, Place, VaultPlace
from .storage.unlocking import ARCHIVE_KEY, archive_key, unlock_all
from .storage.wiping import wipe
from .vault_verbs import alone

_NEVER = (
    "Not encrypted, whatever you choose:",
    "  the settings, with your addresses, and the names, sizes and times of all files;",
    "  what you export, copy, notify by a command or write to a status file;",
    "  what the servers keep, the program's memory while it runs, and swap.",
)
_CHOOSE = "`tui-xmpp vault create` makes a place for it; a system keyring is another."
_LEFT_OVER = (
    "The plain file was overwritten. What was deleted from it earlier, and copies that a file system with"
    " snapshots or a flash disk made of it, cannot be reached from here: on such a disk encrypt all of it."
)


def status(paths: Paths) -> None:
    """Say whether it is encrypted, and what never is."""
    if encryption.is_encrypted(paths.database):
        output.data(f"encrypted: {paths.database}")
        output.data("Encrypted by SQLCipher: messages, contacts, rooms, drafts, what waits to be sent.")
    elif paths.database.exists():
        output.data(f"plain: {paths.database}")
        output.data("`tui-xmpp archive encrypt` encrypts messages, contacts, rooms and drafts.")
    else:
        output.data(f"none: there is no archive at {paths.database} yet")
    for line in _NEVER:
        output.data(line)


def encrypt(paths: Paths) -> None:
    """Encrypt it; the key is made now, or the one of the last time."""
    with alone(paths):
        # An old Python environment should say so before anything is asked.
        sqlcipher()
        tidy(paths.database)
        if encryption.is_encrypted(paths.database):
            raise Failure("The archive is encrypted already.")
        store = ConfigFile(paths.config_file).load().secrets.store
        place = _place_for_key(paths, store)
        key = asyncio.run(_kept_key(place))
        messages = encrypt_archive(paths.database, key)
        # The last screen is in clear.
        wipe(paths.cache / "screen")
        output.words(f"The archive is encrypted: {messages} messages. Its key is in the {place.name}.")
        output.words(
            "Without that key nobody can read it, not even you: keep a copy of the vault or keyring."
        )
        output.words(_LEFT_OVER)
        for line in _NEVER:
            output.data(line)


def decrypt(paths: Paths) -> None:
    """Make it plain; the key stays where it is, for copies of the encrypted one."""
    with alone(paths):
        tidy(paths.database)
        store = ConfigFile(paths.config_file).load().secrets.store
        key = archive_key(paths, store, ask_in_terminal)
        if key is None:
            raise Failure("The archive is plain already.")
        messages = decrypt_archive(paths.database, key)
        output.words(
            f"The archive is plain: {messages} messages. Its key stays where it is, for copies of the"
            " encrypted one, and is used again when you encrypt it again."
        )


def _place_for_key(paths: Paths, store: str) -> Place:
    if store == "memory":
        raise Failure(f'[secrets] store = "memory" keeps nothing, and the key must be kept. {_CHOOSE}')
    if store != "vault":
        return KeyringPlace()
    opened = unlock_all(paths, store, ask_in_terminal).vault
    if opened is None:
        raise Failure(f"The vault is not open, and the key must be kept. {_CHOOSE}")
    return VaultPlace(opened)


async def _kept_key(kept: Place) -> bytes:
    """The key where secrets are kept, made if there is none. Raises `VaultError` when it cannot be kept."""
    try:
        known = encryption.read_key(await kept.get(ARCHIVE_KEY))
        if known is not None:
            return known
        key = encryption.new_key()
        await kept.put(ARCHIVE_KEY, key.hex())
        if encryption.read_key(await kept.get(ARCHIVE_KEY)) != key:
            raise VaultError(f"The {kept.name} did not keep it.")
    except VaultError as error:
        raise VaultError(
            f"The key of the archive cannot be kept, so nothing was encrypted. {error} {_CHOOSE}"
        ) from None
    return key


VERBS: dict[str, Callable[[Paths], None]] = {"status": status, "encrypt": encrypt, "decrypt": decrypt}
"""By the word on the command line."""
