"""Brings the vault and the archive's key together before the disk is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tui_xmpp.core.ports import StorageError, VaultError
from tui_xmpp.core.value import value

from . import encryption
from .paths import Paths
from .places import Entry, KeyringPlace, Kind, Place, VaultPlace
from .vault import place
from .vault_file import OpenVault, VaultFile

Unlock = Callable[[VaultFile], OpenVault | None]
"""Asks the user for the passphrase until it fits; None: the vault stays closed."""
ARCHIVE_KEY = Entry(Kind.OTHER, encryption.SECRET)


@value
class Unlocked:
    """What the start has opened."""

    place: Place
    """Where secrets are kept."""
    vault: OpenVault | None
    key: bytes | None
    """The archive's; None: it is plain."""


def stay_locked(file: VaultFile) -> OpenVault | None:
    """Ask nobody."""
    return None


def unlock_all(paths: Paths, store: str, unlock: Unlock = stay_locked) -> Unlocked:
    """Open what is kept by *store* (`[secrets] store`), and find the archive's key; may wait for the user.

    The vault is opened once, where it keeps the secrets or the key. Raises `StorageError` when the archive
    is encrypted and there is no key, and what *unlock* raises.
    """
    file = VaultFile(paths.vault)
    opened = unlock(file) if store == "vault" and file.exists else None
    key = None
    if encryption.is_encrypted(paths.database):
        key, opened = _key(paths, file, opened, unlock, asked=store == "vault")
    return Unlocked(place(store, opened, locked=opened is None and file.exists), opened, key)


def archive_key(paths: Paths, store: str, unlock: Unlock = stay_locked) -> bytes | None:
    """The key alone, for what only reads; None: the archive is plain. Raises as `unlock_all`."""
    if not encryption.is_encrypted(paths.database):
        return None
    key, _ = _key(paths, VaultFile(paths.vault), None, unlock, keyring_first=store != "vault")
    return key


def _key(
    paths: Paths,
    file: VaultFile,
    opened: OpenVault | None,
    unlock: Unlock,
    *,
    asked: bool = False,
    keyring_first: bool = True,
) -> tuple[bytes, OpenVault | None]:
    """The key from wherever it is: secrets may have been moved, or the configuration changed by hand."""
    reasons: list[str] = []
    if opened is not None and (key := _in(VaultPlace(opened), paths, reasons)):
        return key, opened
    if keyring_first and (key := _in(KeyringPlace(), paths, reasons)):
        return key, opened
    if opened is None and not asked and file.exists:
        opened = unlock(file)
        if opened is not None and (key := _in(VaultPlace(opened), paths, reasons)):
            return key, opened
    if not keyring_first and (key := _in(KeyringPlace(), paths, reasons)):
        return key, opened
    if opened is None and file.exists:
        reasons.append("The vault was not opened.")
    raise StorageError(
        f"The archive {paths.database} is encrypted, and its key was not found. "
        + " ".join(dict.fromkeys(reasons or ["It is neither in the keyring nor in the vault."]))
    )


def _in(kept: Place, paths: Paths, reasons: list[str]) -> bytes | None:
    try:
        found = asyncio.run(kept.get(ARCHIVE_KEY))
    except VaultError as error:
        reasons.append(str(error))
        return None
    key = encryption.read_key(found)
    if key is None:
        return None
    try:
        if encryption.is_key(paths.database, key):
            return key
    except OSError as error:
        raise StorageError(
            f"{encryption.marker(paths.database)}: {(error.strerror or '').lower()}."
        ) from error
    reasons.append(f"The key in the {kept.name} is that of another archive.")
    return None
