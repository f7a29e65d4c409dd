"""The second face on a real server: watch, send and history as processes of their own."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terminal import Terminal
from tui_xmpp.cli.demo_server import PrivateProsody, RosterItem

pytestmark = pytest.mark.server

SECONDS = 60.0


class Person:
    """One user with folders of their own."""

    def __init__(self, folder: Path, server: PrivateProsody, user: str, password: str = "secret") -> None:
        self.address = f"{user}@{server.domain}"
        self._options = ["--config", str(folder / user), "--data", str(folder / user / "data")]
        (folder / user).mkdir()
        (folder / user / "config.toml").write_text(
            f'[[account]]\naddress = "{self.address}"\nhost = "127.0.0.1"\nport = {server.ports.direct_tls}\n'
            f'tls = "direct"\nca_file = "{server.ca_file}"\npassword_command = "echo {password}"\n'
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "tui_xmpp", *self._options, *arguments]

    def run(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), input=text, capture_output=True, text=True, timeout=SECONDS
        )


class Watch:
    """A running `watch --json`."""

    def __init__(self, person: Person) -> None:
        self.process = subprocess.Popen(
            person.command("watch", "--json"), stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._records: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._records.put(json.loads(line))

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while True:
            record = self._records.get(timeout=max(0.0, deadline - time.monotonic()))
            if wanted(record):
                return record

    def stop(self) -> int:
        self.process.terminate()
        status = self.process.wait(20)
        self._reader.join(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivateProsody]:
    server = PrivateProsody(tmp_path / "server")
    for user, friend in (("alice", "bob"), ("bob", "alice")):
        server.add_account(user, "secret")
        server.set_roster(user, [RosterItem(f"{friend}@{server.domain}")])
    with server:
        yield server


def online(record: dict[str, Any]) -> bool:
    return record["type"] == "connection" and record["state"] == "online"


def says(body: str) -> Callable[[dict[str, Any]], bool]:
    return lambda record: record["type"] == "message" and record["body"] == body


def test_send_watch_and_history(tmp_path: Path, server: PrivateProsody) -> None:
    alice, bob = Person(tmp_path, server, "alice"), Person(tmp_path, server, "bob")
    watch = Watch(bob)
    try:
        watch.until(online)
        # Alone: a session of its own, ended when the receipt is there.
        sent = alice.run("send", bob.address, "-", "--wait", "delivered", text="two\nlines ☂")
        assert (sent.returncode, sent.stdout, sent.stderr) == (0, "", "")
        told = watch.until(says("two\nlines ☂"))
        assert (told["from"], told["chat"]) == (alice.address, alice.address)
        # Through the running `watch`: the same session, which tells of it.
        assert bob.run("send", alice.address, "through you").returncode == 0
        assert watch.until(says("through you"))["delivery"] == "queued"
    finally:
        assert watch.stop() == 130
    lines = bob.run("history", alice.address, "--json").stdout.splitlines()
    assert [json.loads(line)["body"] for line in lines] == ["two\nlines ☂", "through you"]
    readable = bob.run("history", alice.address, "--limit", "1").stdout
    assert readable.endswith("through you\n")


def test_while_the_screen_runs_everything_goes_through_it(tmp_path: Path, server: PrivateProsody) -> None:
    alice, bob = Person(tmp_path, server, "alice"), Person(tmp_path, server, "bob")
    with Terminal(alice.command(), columns=100, rows=30) as terminal:
        terminal.wait_for("alice ●", 30)
        watch = Watch(alice)
        try:
            assert watch.until(lambda record: record["type"] == "connection")["state"] == "online"
            assert alice.run("send", bob.address, "from a script").returncode == 0
            watch.until(says("from a script"))
        finally:
            watch.stop()
        with Terminal(alice.command(), columns=100, rows=30) as second:
            assert second.wait_exit() == 3
            while second.read():
                pass
            assert f"process {terminal.process.pid}" in second.text().replace("\n", "")
        terminal.send("\x11")
        assert terminal.wait_exit() == 0
    with Terminal(alice.command(), columns=100, rows=30) as again:
        again.wait_for("from a script", 30)
        again.send("\x11")
        assert again.wait_exit() == 0


def test_a_wrong_password_is_refused_in_words(tmp_path: Path, server: PrivateProsody) -> None:
    mallory = Person(tmp_path, server, "alice", password="wrong")
    done = mallory.run("send", f"bob@{server.domain}", "hi")
    assert done.returncode == 4
    assert "password" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_a_message_to_nobody_fails_with_the_reason(tmp_path: Path, server: PrivateProsody) -> None:
    alice = Person(tmp_path, server, "alice")
    done = alice.run("send", f"bob@nowhere.{server.domain}", "hi", "--wait", "delivered", "--timeout", "20")
    assert done.returncode == 1
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_many_at_once_all_arrive(tmp_path: Path, server: PrivateProsody) -> None:
    alice, bob = Person(tmp_path, server, "alice"), Person(tmp_path, server, "bob")
    texts = [f"number {number}" for number in range(4)]
    started = [subprocess.Popen(alice.command("send", bob.address, text)) for text in texts]
    assert [one.wait(SECONDS) for one in started] == [0] * len(texts)
    kept = alice.run("history", bob.address, "--json").stdout.splitlines()
    assert sorted(json.loads(line)["body"] for line in kept) == texts


def test_a_room_is_joined_and_the_message_reflected(tmp_path: Path, server: PrivateProsody) -> None:
    alice, bob = Person(tmp_path, server, "alice"), Person(tmp_path, server, "bob")
    room = f"shed@{server.rooms_domain}"
    assert alice.run("send", room, "first").returncode == 0
    assert bob.run("send", room, "second").returncode == 0
    bodies = [json.loads(line)["body"] for line in bob.run("history", room, "--json").stdout.splitlines()]
    assert bodies == ["first", "second"]
