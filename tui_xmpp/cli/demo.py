"""The verb `demo`: a private server, some company in a second process, and the client signed in to it."""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tui_xmpp.core.value import value

from ..core.account import Account, TlsMode
from ..core.address import Address
from ..core.ports import Vault
from . import demo_cast as cast
from .demo_process import ServerProcess
from .demo_server import PrivateProsody, ProsodyMissing, RosterItem
from .demo_store import write_past
from .demo_vault import OnePassword
from .exit_codes import ExitCode, Failure
from .parser import BOTS

PASSWORD_VARIABLE = "TUI_XMPP_DEMO_PASSWORD"
"""How the company's process learns the password; it is made anew for every run."""
_PLACE_FILE = "place.json"


@value
class Stage:
    """What the screen of the demo is opened with."""

    config: Path
    data: Path
    vault: Vault
    wait: Callable[[], None]
    """Returns when the server answers, and calls the company; to be called once, from any thread.

    Raises ServerFailed.
    """


@value
class Company:
    """What the company's process needs."""

    folder: Path
    accounts: tuple[Account, ...]
    vault: Vault


def demo(open_screen: Callable[[Stage], ExitCode]) -> ExitCode:
    """Set everything up, open the screen, and take everything down when it closes.

    Raises Failure when there is no Prosody.
    """
    password = secrets.token_urlsafe(18)
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="tui-xmpp-demo-")))
        try:
            server = PrivateProsody(
                folder / "server",
                extra_modules=("http_file_share",),
                settings={"http_default_host": PrivateProsody.domain},
            )
        except ProsodyMissing as error:
            raise Failure(str(error)) from None
        _people(server, password)
        write_past(server.folder, datetime.now(UTC))
        ending.callback(server.stop)
        # The server starts while the screen does.
        starting = ending.enter_context(ThreadPoolExecutor(1)).submit(server.start)

        def wait() -> None:
            starting.result()
            ending.callback(_start_company(folder / "company", server, password).stop)

        return open_screen(_stage(folder, server, password, wait))


def company(folder: Path) -> Company:
    """The accounts of everybody but the user, for the process that `demo` started in `folder`."""
    place = json.loads((folder / _PLACE_FILE).read_text(encoding="utf-8"))
    waiting = (cast.STRANGER, *cast.GUESTS)
    accounts = tuple(
        Account(
            Address.parse(cast.address(user)),
            host="127.0.0.1",
            port=place["port"],
            tls=TlsMode.DIRECT,
            ca_file=place["ca_file"],
            enabled=user not in waiting,
        )
        for user in _everybody()
    )
    return Company(folder, accounts, OnePassword(os.environ[PASSWORD_VARIABLE]))


def _everybody() -> tuple[str, ...]:
    return (*(contact.user for contact in cast.CONTACTS), *cast.GUESTS)


def _people(server: PrivateProsody, password: str) -> None:
    for user in (cast.USER, *_everybody()):
        server.add_account(user, password)
    friends = [contact for contact in cast.CONTACTS if contact.user != cast.STRANGER]
    server.set_roster(
        cast.USER,
        [RosterItem(cast.address(friend.user), friend.name, (friend.group,)) for friend in friends],
    )
    for friend in friends:
        server.set_roster(friend.user, [RosterItem(cast.address(cast.USER), cast.USER.title())])


def _start_company(folder: Path, server: PrivateProsody, password: str) -> ServerProcess:
    folder.mkdir()
    place = {"port": server.ports.direct_tls, "ca_file": str(server.ca_file)}
    (folder / _PLACE_FILE).write_text(json.dumps(place), encoding="utf-8")
    return ServerProcess(
        [sys.executable, "-m", "tui_xmpp", BOTS, str(folder)],
        folder=folder,
        env={**os.environ, PASSWORD_VARIABLE: password},
    )


def _stage(folder: Path, server: PrivateProsody, password: str, wait: Callable[[], None]) -> Stage:
    config = folder / "config"
    config.mkdir()
    lines = (
        "[[account]]",
        f'address = "{cast.address(cast.USER)}"',
        'host = "127.0.0.1"',
        f"port = {server.ports.direct_tls}",
        'tls = "direct"',
        f"ca_file = {json.dumps(str(server.ca_file))}",
    )
    (config / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Stage(config, folder / "data", OnePassword(password), wait)
