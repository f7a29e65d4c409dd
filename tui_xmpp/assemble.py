"""The composition root: builds storage, session and one front end of `parts`; it knows them all.

Every import of a package with a library of its own stands inside the function that needs it: what a command
does not use is never loaded.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from .cli import output
from .cli.exit_codes import ExitCode, Failure
from .cli.parser import BOTS, Options
from .core.ports import AlreadyRunning, ConfigError, StorageError, VaultError
from .core.terminal import is_remote
from .parts import (
    chosen_settings,
    control_socket,
    find_paths,
    opened_storage,
    remembered_world,
    session_maker,
)
from .passphrase import Left, ask_on_screen

if TYPE_CHECKING:
    from pathlib import Path

    from .cli.demo import Stage
    from .core.events import PasswordNeeded
    from .core.ports import Engine, Vault
    from .core.settings import Settings
    from .lazy_engine import LazyEngine, Session
    from .storage.opening import Storage
    from .storage.paths import Paths
    from .ui.app import ChatApp
    from .ui.terminal.kept_frame import KeptFrame, Shown

_PATIENCE = 5.0
"""Seconds that `send` waits for another instance to come up or to go."""
_KEPT_SESSION = "Your session stays open at the server for some minutes. /quit offline ends it at once."


def run(options: Options) -> ExitCode:
    """Do what the command line asks for; raises Failure with a sentence and the exit status."""
    try:
        return _VERBS[options.verb](options)
    except Left:
        return ExitCode.OK
    except ConfigError as error:
        raise Failure(str(error), ExitCode.USAGE) from None
    except AlreadyRunning as error:
        raise Failure(str(error), ExitCode.ALREADY_RUNNING) from None
    except (StorageError, VaultError) as error:
        raise Failure(str(error), ExitCode.FAILED) from None


# --- the screen -----------------------------------------------------------------------------------


def _screen(options: Options) -> ExitCode:
    from .cli.surroundings import check_terminal

    check_terminal()
    return _open_screen(options, None)


def _open_screen(options: Options, stage: Stage | None) -> ExitCode:
    """Show the screen until the user leaves; `stage`: that of the demo."""
    from .storage.encryption import is_encrypted
    from .ui.terminal.kept_frame import KeptFrame

    paths = find_paths(options)
    kept = None
    if stage is None and options.as_usual:
        kept = KeptFrame(paths.cache / "screen", str(paths.config), str(paths.data))
    if kept is not None and is_encrypted(paths.database):
        kept.forget()
        kept = None
    # Where a passphrase may be asked for, nothing is shown before it.
    used = paths.config_file.exists() and paths.database.exists() and not paths.vault.exists()
    shown = kept.show() if kept is not None and used else None
    try:
        return _open_live_screen(options, paths, stage, kept, shown)
    finally:
        if shown is not None:
            shown.abandon()


def _open_live_screen(
    options: Options, paths: Paths, stage: Stage | None, kept: KeptFrame | None, shown: Shown | None
) -> ExitCode:
    import asyncio

    from . import collector

    collector.pause()
    _prepare_terminal_library()
    with opened_storage(paths, ask_on_screen(options, paths)) as storage:
        settings = chosen_settings(storage, options.account)
        world = remembered_world(storage, settings)

        from .lazy_engine import LazyEngine
        from .ui.app import ChatApp

        def load() -> Callable[[], Session]:
            if stage is not None:
                stage.wait()
            make = session_maker(storage, settings, world, stage.vault if stage is not None else None)
            collector.settle()
            return make

        engine = LazyEngine(world, load)

        class Painted(ChatApp):
            """Lets everything else come once the first frame is on the screen."""

            def on_ready(self) -> None:
                collector.settle()
                engine.start()

        app = Painted(
            engine,
            storage.archive,
            settings,
            config_folder=paths.config,
            config=storage.configuration,
            ledger=storage.ledger,
            kept=kept,
            shown=shown,
            terminal=options.terminal,
            stock_driver=options.stock_driver,
        )
        asyncio.run(_live(app, engine, control_socket(paths)))
        online = [own for own, state in world.accounts.items() if state.full_address]
        if not app.offline and any(storage.custody.stream(own) for own in online):
            output.words(_KEPT_SESSION)
        return ExitCode(app.return_code or 0)


async def _live(app: ChatApp, engine: LazyEngine, socket: Path) -> None:
    import asyncio
    import signal

    # The terminal is gone, or the machine goes down: keep what is unsent; the sessions may go on later.
    for number in (signal.SIGHUP, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, app.exit)
    serving = asyncio.create_task(_serve(engine, socket))
    try:
        await app.run_async()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await engine.close(leave=app.offline)


async def _serve(engine: LazyEngine, socket: Path) -> None:
    """Let `send` and `watch` come through this program, from the first paint until cancelled."""
    import asyncio

    await engine.wanted()

    from .cli.relay import Relay

    relay = Relay(engine, socket)
    # Without it `send` says that the program is running already; the screen works all the same.
    with suppress(OSError):
        await relay.start()
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await relay.close()


def _prepare_terminal_library() -> None:
    """Settings that Textual reads from the environment while it is imported; the user's own go first."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    if is_remote(os.environ):
        # Over a lossy link Esc and the key after it may arrive apart; pixel motion costs a packet a move.
        os.environ.setdefault("ESCDELAY", "250")
        os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")


# --- the pipe -------------------------------------------------------------------------------------


def _send(options: Options) -> ExitCode:
    from .cli.remote import NobodyThere, send_through
    from .cli.send import Sending, send

    text = sys.stdin.read() if options.text == "-" else options.text
    sending = Sending(options.address, text, options.account, options.wait, options.timeout, options.room)
    ask = _ask_password if sys.stdin.isatty() else None
    paths = find_paths(options)
    patience = time.monotonic() + _PATIENCE
    while True:
        with suppress(NobodyThere):
            send_through(control_socket(paths), sending)
            return ExitCode.OK
        try:
            _alone(paths, options.account, lambda engine: send(engine, sending, ask_password=ask))
            return ExitCode.OK
        except AlreadyRunning:
            # It has just begun and will listen in a moment, or is about to end.
            if time.monotonic() > patience:
                raise
            time.sleep(0.1)


def _watch(options: Options) -> ExitCode:
    from .cli.event_lines import json_line, readable_line
    from .cli.remote import NobodyThere, watch_through
    from .cli.watch import watch

    line = json_line if options.json else readable_line

    async def follow(engine: Engine) -> None:
        async for record in watch(engine, options.account):
            output.data(line(record))

    paths = find_paths(options)
    with suppress(NobodyThere):
        for record in watch_through(control_socket(paths), options.account):
            output.data(line(record))
        return ExitCode.OK
    _alone(paths, options.account, follow)
    return ExitCode.OK


def _on_disk(options: Options) -> ExitCode:
    from . import disk_verbs

    disk_verbs.VERBS[options.verb](options, find_paths(options))
    return ExitCode.OK


async def _ask_password(question: PasswordNeeded) -> str:
    import asyncio
    import getpass

    if question.reason:
        output.words(question.reason)
    with suppress(EOFError):
        return await asyncio.to_thread(getpass.getpass, f"Password of {question.account}: ")
    return ""


# --- the demo -------------------------------------------------------------------------------------


def _demo(options: Options) -> ExitCode:
    from .cli.demo import demo
    from .cli.surroundings import check_terminal

    check_terminal()

    own = replace(options, account="")
    return demo(lambda stage: _open_screen(replace(own, config=stage.config, data=stage.data), stage))


def _bots(options: Options) -> ExitCode:
    from .cli.demo import company
    from .cli.demo_bots import Bots
    from .core.settings import Settings

    assert options.folder is not None
    cast = company(options.folder)
    paths = find_paths(replace(options, config=cast.folder / "config", data=cast.folder / "data"))
    with opened_storage(paths) as storage:
        settings = Settings(accounts=cast.accounts)
        _run_alone(storage, settings, cast.vault, None, lambda engine: Bots(engine).run())
    return ExitCode.OK


# --- alone ---------------------------------------------------------------------------------------


def _alone(paths: Paths, account: str, use: Callable[[Engine], Awaitable[None]]) -> None:
    """Run a session of our own for one command, and serve others meanwhile."""
    with opened_storage(paths) as storage:
        _run_alone(storage, chosen_settings(storage, account), None, control_socket(paths), use)


def _run_alone(
    storage: Storage,
    settings: Settings,
    vault: Vault | None,
    socket: Path | None,
    use: Callable[[Engine], Awaitable[None]],
) -> None:
    import asyncio
    import signal

    from .cli.relay import Relay

    world = remembered_world(storage, settings)
    make = session_maker(storage, settings, world, vault)

    async def live() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        session = make()
        relay = Relay(session, socket) if socket is not None else None
        if relay is not None:
            with suppress(OSError):
                await relay.start()
        try:
            await session.start()
            await use(session)
            if relay is not None:
                await relay.finish()
        finally:
            if relay is not None:
                await relay.close()
            await session.close()

    try:
        asyncio.run(live())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


_VERBS: dict[str, Callable[[Options], ExitCode]] = {
    "": _screen,
    "send": _send,
    "watch": _watch,
    "history": _on_disk,
    "link": _on_disk,
    "vault": _on_disk,
    "archive": _on_disk,
    "demo": _demo,
    BOTS: _bots,
}
