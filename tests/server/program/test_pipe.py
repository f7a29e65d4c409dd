"""The second face on real servers: through the running screen, and alone."""

from __future__ import annotations

import json
import select
import signal

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import Program

pytestmark = pytest.mark.server


def bodies(ours: Program, address: str) -> list[str]:
    done = ours.run("history", address, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["body"] for line in done.stdout.splitlines()]


def test_send_watch_and_history_through_the_screen_and_without(
    server: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    annas, bobs = program(server, anna), program(server, bob)

    # Nobody has a screen yet.
    done = annas.run("send", bob.address, "from the pipe alone")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert bodies(annas, bob.address) == ["from the pipe alone"]

    screen = bobs.sign_in()
    screen.wait_for(r"Anna +from the pipe alone")
    done = annas.run("send", "--wait", "delivered", bob.address, "and delivered")
    assert done.returncode == 0, done.stderr
    screen.wait_for(r"and delivered")

    # Bob's commands go through his screen, which holds the directory.
    watch = bobs.begin("watch", "--json")
    try:
        assert watch.stdout is not None
        # It does not say from when on it listens.
        for _ in range(20):
            done = bobs.run("send", anna.address, "through the screen")
            assert done.returncode == 0, done.stderr
            if select.select([watch.stdout], [], [], 1.0)[0]:
                break
        screen.wait_for(r"me +through the screen +✓")
        assert json.loads(watch.stdout.readline())["account"] == bob.address
        assert bodies(bobs, anna.address)[-1] == "through the screen"
    finally:
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=20)
    assert watch.returncode == 130


def test_what_cannot_be_sent_has_its_exit_code(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    anna, bob = accounts(prosody, "anna", "bob")
    ours = program(prosody, anna)
    for code, arguments in (
        (2, ("send", "not an address@@", "text")),
        (2, ("--account", "nobody@example.org", "send", bob.address, "text")),
        (5, ("send", "--wait", "delivered", "--timeout", "2", bob.address, "to nobody at home")),
    ):
        done = ours.run(*arguments)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert done.stderr.startswith("tui-xmpp: ")
    ours.change("printf %s ", "printf wrong%s ")
    done = ours.run("send", bob.address, "text")
    assert done.returncode == 4
    assert "password" in done.stderr
