"""Opens all of the disk at once, and tells what was remembered as events."""

from __future__ import annotations

from tui_xmpp.core import events as ev
from tui_xmpp.core import link_choice
from tui_xmpp.core.events import Event
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.value import value

from .archive import SqliteArchive
from .archive_read import SqliteArchiveReader
from .cache import SqliteCache
from .config_file import ConfigFile
from .converting import tidy
from .custody import SqliteCustody
from .database import Database
from .encryption import is_encrypted
from .generation import Generation
from .instance_lock import InstanceLock
from .keyvalue import SqliteKeyValue
from .ledger import SqliteLedger
from .paths import Paths, secure
from .sealed import SqliteSealed
from .unlocking import Unlock, archive_key, stay_locked, unlock_all
from .vault import SystemVault
from .vault_file import VaultFile


@value
class Storage:
    """Everything on disk of one running instance."""

    paths: Paths
    archive: SqliteArchive
    cache: SqliteCache
    custody: SqliteCustody
    sealed: SqliteSealed
    facts: SqliteKeyValue
    ledger: SqliteLedger
    configuration: ConfigFile
    vault: SystemVault
    lock: InstanceLock
    database: Database

    def close(self) -> None:
        """Close the database and let another instance have the directory."""
        self.database.close()
        self.lock.release()


def open_storage(paths: Paths, unlock: Unlock = stay_locked) -> Storage:
    """Secure the directories, take the lock, open vault and database.

    *unlock* is called when the vault is needed. The thread that calls this is the only one that may write.
    Raises `AlreadyRunning`, `ConfigError`, `StorageError` and `VaultError`, and what *unlock* raises, with
    nothing left open.
    """
    secure(paths)
    lock = InstanceLock(paths.lock)
    configuration = ConfigFile(paths.config_file)
    try:
        tidy(paths.database)
        VaultFile(paths.vault).tidy()
        unlocked = unlock_all(paths, configuration.load().secrets.store, unlock)
        generation = Generation(paths.database)
        database = Database(paths.database, key=unlocked.key, generation=generation)
    except BaseException:
        lock.release()
        raise
    return Storage(
        paths=paths,
        archive=SqliteArchive(database),
        cache=SqliteCache(database),
        custody=SqliteCustody(database),
        sealed=SqliteSealed(database),
        facts=SqliteKeyValue(database),
        ledger=SqliteLedger(database),
        configuration=configuration,
        vault=SystemVault(unlocked.place),
        lock=lock,
        database=database,
    )


def open_reader(paths: Paths, unlock: Unlock = stay_locked) -> tuple[SqliteArchiveReader, Database]:
    """The archive for reading only, also while an instance runs; the caller closes the database.

    Raises `StorageError` when there is none, it is of another version or it has no key; and what *unlock*
    raises, which is called when the key is in the vault.
    """
    if not paths.database.exists():
        raise StorageError(f"There is no archive at {paths.database} yet. Start tui-xmpp and sign in first.")
    key = None
    if is_encrypted(paths.database):
        key = archive_key(paths, ConfigFile(paths.config_file).load().secrets.store, unlock)
    opened = Database(paths.database, read_only=True, key=key)
    return SqliteArchiveReader(opened), opened


def open_ledger(paths: Paths, unlock: Unlock = stay_locked) -> tuple[SqliteLedger, Database]:
    """What was spent, for reading only; the rest is as with `open_reader`."""
    _, opened = open_reader(paths, unlock)
    return SqliteLedger(opened), opened


def remembered(storage: Storage, settings: Settings) -> list[Event]:
    """The events that bring a `World` to what was known last time, of the configured accounts.

    Raises `StorageError`.
    """
    past: list[Event] = [ev.AccountAdded(account) for account in settings.accounts]
    profiles = link_choice.everything(settings.link.profiles)
    for account in settings.accounts:
        kept = storage.facts.get(link_choice.SPACE, str(account.address))
        used = link_choice.choice(account, profiles, kept).made(profiles)
        past.append(ev.LinkChanged(account.address, used))
    known = [account.address for account in settings.accounts]
    for address in known:
        _, contacts = storage.cache.roster(address)
        past.append(ev.RosterReplaced(address, tuple(contacts)))
        past.append(ev.BookmarksChanged(address, tuple(storage.cache.bookmarks(address))))
    past += [ev.ChatChanged(chat) for chat in storage.archive.chats() if chat.key.account in known]
    return past
