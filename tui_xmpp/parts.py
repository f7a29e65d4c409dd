"""The parts a command is put together from: each found, opened or made for the command line it came with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from .cli.exit_codes import ExitCode, Failure
from .passphrase import ask_in_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from .cli.parser import Options
    from .core.ports import Vault
    from .core.settings import Settings
    from .core.world import World
    from .lazy_engine import Session
    from .storage.opening import Storage
    from .storage.paths import Paths
    from .storage.unlocking import Unlock


def find_paths(options: Options) -> Paths:
    """Where everything of this program is, by the command line and the environment."""
    from .storage.paths import locate

    return locate(options.config, options.data)


def control_socket(paths: Paths) -> Path:
    """Where a running program listens for `send` and `watch`."""
    return paths.runtime / "control"


@contextmanager
def opened_storage(paths: Paths, unlock: Unlock = ask_in_terminal) -> Iterator[Storage]:
    """Open what is on the disk, to be closed with the context; raises `AlreadyRunning`, `StorageError`.

    *unlock* asks for the passphrase where the key is in the vault.
    """
    from .storage.opening import open_storage

    with closing(open_storage(paths, unlock)) as storage:
        yield storage


def chosen_settings(storage: Storage, account: str) -> Settings:
    """The configuration, or only one account of it; raises Failure when that one is not there."""
    settings = storage.configuration.load()
    if not account:
        return settings
    from .cli.addressing import parsed

    wanted = parsed(account).bare
    chosen = tuple(one for one in settings.accounts if one.address == wanted)
    if not chosen:
        raise Failure(f"There is no account {wanted} in the configuration.", ExitCode.USAGE)
    return replace(settings, accounts=chosen)


def remembered_world(storage: Storage, settings: Settings) -> World:
    """What was known when the last process ended."""
    from .core.world import World, restore
    from .storage.opening import remembered

    return restore(World(), remembered(storage, settings))


def session_maker(
    storage: Storage, settings: Settings, world: World, vault: Vault | None
) -> Callable[[], Session]:
    """Import the session, which takes long, and return what makes one inside an event loop."""
    from .fault_log import log_to
    from .session.session import Session
    from .system_clock import SystemClock, boot_id

    log_to(storage.paths.data / "errors.log")
    return lambda: Session(
        settings,
        world=world,
        archive=storage.archive,
        cache=storage.cache,
        custody=storage.custody,
        sealed=storage.sealed,
        facts=storage.facts,
        ledger=storage.ledger,
        vault=vault or storage.vault,
        configuration=storage.configuration,
        clock=SystemClock(),
        boot=boot_id(),
    )
