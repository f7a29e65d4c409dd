"""A real dino on a display and a network of its own: its window is typed into, its database is read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from tests.server import dino_inside
from tests.server.chat_server import Account, ChatServer

PROGRAMS = ("dino-im", "xdotool", "Xvfb", "dbus-run-session")
PRIVATE = ("unshare", "-r", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
SECONDS = 30.0
POLL = 0.05
OMEMO = 2
"""The number that OMEMO has in dino's tables (its `Encryption`)."""


def missing() -> str:
    """Return why dino cannot be driven here; empty: it can."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            return f"{program} is not installed"
    mount = ("mount", "-t", "tmpfs", "none", str(dino_inside.CERTIFICATES))
    tried = subprocess.run([*PRIVATE, *mount], capture_output=True, text=True, timeout=30)
    return (
        f"a user may not have namespaces of his own here: {tried.stderr.strip()}" if tried.returncode else ""
    )


class Dino:
    """One dino with folders of its own; as a context it is ended, and what it started with it.

    It cannot be told a host, a port or an authority. So it runs where the port of its domain, which is
    `localhost`, leads to the server, and where nothing but the authority of the server is trusted.
    """

    def __init__(self, folder: Path, account: Account, server: ChatServer) -> None:
        self._home = folder
        self._account = account
        self._server = server
        self._process: subprocess.Popen[str] | None = None
        self._opened = ""

    async def __aenter__(self) -> Dino:
        # The path of a socket must be short (108 bytes), which pytest's folders are not.
        self._short = tempfile.TemporaryDirectory(prefix="dino-")
        place = Path(self._short.name)
        shutil.copy(self._server.ca_file, place / dino_inside.AUTHORITY)
        self._way = await asyncio.start_unix_server(self._lead, place / dino_inside.SOCKET)
        self._home.mkdir(parents=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._end)
        self._way.close()
        self._short.cleanup()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await asyncio.open_connection("127.0.0.1", self._server.c2s_port)
        await dino_inside.join(reader, writer, answers, asks)

    async def connect(self, other: str) -> None:
        """Start it signed in, with the chat with the address `other` on its screen, sealed by OMEMO."""
        # It makes its tables at its first start, and looks for accounts at the start only.
        await self._start("")
        made = "SELECT int_val FROM _meta WHERE name = 'version'"
        await self._until(lambda: self._rows(made), "its tables")
        await asyncio.to_thread(self._end)
        with contextlib.closing(self._tables(mode="rw")) as tables, tables:
            tables.execute(
                "INSERT INTO account (bare_jid, resourcepart, password, alias, enabled, roster_version)"
                " VALUES (?, 'dino', ?, '', 1, '')",
                (self._account.address, self._account.password),
            )
            tables.execute("INSERT INTO jid (id, bare_jid) VALUES (1, ?)", (other,))
            tables.execute(
                "INSERT INTO conversation (account_id, jid_id, active, type, encryption)"
                " VALUES (1, 1, 1, 0, ?)",
                (OMEMO,),
            )
        self._opened = f"xmpp:{other}?message"
        await self._start(self._opened)

    async def restart(self) -> None:
        """End it and start it again, with the same chat.

        It seals for its own account too, and for that wants its own keys from the server. While it publishes
        them it does not ask for them, and a message of that time is never sent.
        """
        await asyncio.to_thread(self._end)
        await self._start(self._opened)

    async def read(self, body: str) -> int:
        """Return what sealed the message with this text, once it is in dino's database."""
        query = f"SELECT encryption FROM message WHERE body = '{body}'"
        await self._until(lambda: self._rows(query), f"the message {body!r}")
        ((sealed_by,),) = self._rows(query)
        return int(sealed_by)

    async def say(self, text: str) -> None:
        """Type `text` and Enter into its window."""
        focus = ["search", "--sync", "--onlyvisible", "--class", "dino", "windowfocus", "--sync"]
        for words in (focus, ["type", text], ["key", "Return"]):
            said = await asyncio.wait_for(asyncio.to_thread(self._ask, ["xdotool", *words]), SECONDS)
            assert said == "0", (words, self._output())

    def _ask(self, argv: list[str]) -> str:
        """Have a command run beside it; returns its exit status."""
        assert self._process is not None and self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(argv) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    # --- its process --------------------------------------------------------------------------------------

    async def _start(self, opened: str) -> None:
        there = await asyncio.wait_for(asyncio.to_thread(self._run, opened), SECONDS)
        assert there, self._output()

    def _run(self, opened: str) -> str:
        argv = [*PRIVATE, sys.executable, dino_inside.__file__, self._short.name, opened]
        with (self._home / "output.log").open("ab") as log:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self._environment(),
                start_new_session=True,
            )
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def _end(self) -> None:
        if self._process is not None:
            # It goes when its standard input ends, and as the first of its namespace takes all along.
            process, self._process = self._process, None
            try:
                process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                raise

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self._home),
            "XDG_CONFIG_HOME": str(self._home / "config"),
            "XDG_DATA_HOME": str(self._home / "data"),
            "XDG_CACHE_HOME": str(self._home / "cache"),
            "XDG_RUNTIME_DIR": self._short.name,
            # A network with no way out is a network.
            "GIO_USE_NETWORK_MONITOR": "base",
            "GSETTINGS_BACKEND": "memory",
        }

    def _output(self) -> str:
        return f"it said:\n{(self._home / 'output.log').read_text()[-3000:]}"

    # --- its tables ---------------------------------------------------------------------------------------

    def _tables(self, mode: str = "ro") -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._home}/data/dino/dino.db?mode={mode}", uri=True)

    def _rows(self, query: str) -> list[tuple[object, ...]]:
        try:
            tables = self._tables()
        except sqlite3.OperationalError:
            # It is not there yet.
            return []
        try:
            return tables.execute(query).fetchall()
        except sqlite3.OperationalError:
            # Nor are the tables in it, or it is being written to.
            return []
        finally:
            tables.close()

    async def _until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"dino did not show {what} in {SECONDS:.0f} s; {self._output()}")
            await asyncio.sleep(POLL)
