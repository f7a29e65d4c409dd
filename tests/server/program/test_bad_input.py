"""What goes wrong in daily life, on the real program: a sentence that says what to do, nothing typed lost."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import ONLINE, enter, write
from tui_xmpp.cli.demo_certificates import make_certificates
from tui_xmpp.cli.demo_process import free_ports

pytestmark = pytest.mark.server


# --- the connection -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password_command": "printf wrong"}, "did not accept the password"),
        ({"password_command": "exit 7"}, "password_command"),
        ({"host": "no-such-host.invalid"}, r"no-such-host\.invalid"),
        ({"port": 0}, "refuses connections"),
        ({"ca_file": "other"}, "certificate"),
    ],
    ids=["wrong password", "password command fails", "unknown host", "refused", "certificate"],
)
def test_the_reason_is_said_and_the_draft_stays(
    prosody: ChatServer,
    accounts: Accounts,
    program: OpenProgram,
    tmp_path: Path,
    changes: dict[str, str | int],
    sentence: str,
) -> None:
    (anna,) = accounts(prosody, "anna")
    if "port" in changes:
        changes = {"port": free_ports(1)[0]}
    if "ca_file" in changes:
        changes = {"ca_file": str(make_certificates(tmp_path / "other", (prosody.domain,)).ca_file)}
    ours = program(prosody)
    ours.add(anna, prosody, **changes)
    screen = ours.open()
    write(screen, "half a thought")
    screen.wait_for(sentence)
    screen.wait_for("half a thought")
    screen.send("\x11")
    assert screen.wait_exit() == 0


def test_the_certificate_shown_can_be_compared(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram, tmp_path: Path
) -> None:
    (anna,) = accounts(prosody, "anna")
    ours = program(prosody)
    other = make_certificates(tmp_path / "other", (prosody.domain,)).ca_file
    ours.add(anna, prosody, ca_file=str(other))
    done = ours.run("send", anna.address, "to myself")
    assert done.returncode == 4
    assert "certificate" in done.stderr
    assert "SHA-256" in done.stderr


# --- rooms ----------------------------------------------------------------------------------------


def test_rooms_that_do_not_let_us_in(
    server: ChatServer, accounts: Accounts, profanity: OpenProfanity, program: OpenProgram
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    bobs = profanity(bob, server)
    room = f"kitchen-{bob.user}@{server.rooms_domain}"
    bobs.create_room(room, "Bob")
    screen = program(server, anna).sign_in()
    enter(screen, f"/join {room} Bob")
    screen.wait_for(r"The nick Bob is taken in this room\. Join with another one: /join")
    screen.wait_for(rf"{room} Bob_")
    bobs.type(f"/affiliation set outcast {anna.address}")
    bobs.wait_for(re.compile("(?i)affiliation"))
    enter(screen, f"/join {room} Anna")
    screen.wait_for(r"You are banned from this room\. Ask its owner to let you in again\.")
    enter(screen, f"/join kitchen@nowhere.{server.domain} Anna")
    # A server that talks to no other says so in its own words.
    screen.wait_for(r"There is no (server nowhere\.|such room).*")


# --- the disk and the machine ---------------------------------------------------------------------


def test_a_second_instance_says_so(prosody: ChatServer, accounts: Accounts, program: OpenProgram) -> None:
    (anna,) = accounts(prosody, "anna")
    ours = program(prosody, anna)
    first = ours.sign_in()
    second = ours.open()
    second.wait_for(rf"(?s)already.*{first.process.pid}")
    assert second.wait_exit() == 3
    enter(first, "/help")


def test_a_broken_database_is_named_and_left_alone(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    (anna,) = accounts(prosody, "anna")
    ours = program(prosody, anna)
    ours.data.mkdir()
    database = ours.data / "archive.db"
    database.write_bytes(b"this is no database at all" * 1000)
    screen = ours.open()
    # The path may be too long for a line.
    screen.wait_for("start again")
    assert screen.wait_exit() == 1
    assert "Traceback" not in screen.text()
    assert "archive.db" in screen.text().replace("\n", "")
    assert re.search(r"(?i)damaged|not a database|broken", screen.text().replace("\n", " "))
    assert database.read_bytes().startswith(b"this is no database")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, where one may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    arguments = [mount or "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if mount is None or subprocess.run(arguments, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_said_and_the_text_stays(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram, small_disk: Path
) -> None:
    anna, bob = accounts(prosody, "anna", "bob")
    ours = program(prosody, anna)
    ours.data = small_disk / "data"
    screen = ours.sign_in()
    enter(screen, f"/msg {bob.address} first")
    screen.wait_for(r"me +first +✓")
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    long = "x" * 1200
    screen.send(f"\x1b[200~{long} the end\x1b[201~")
    screen.wait_for("the end")
    screen.rest()
    screen.send("\r")
    screen.wait_for(r"(?i)disk is full|no space|full")
    screen.wait_for("the end")
    filler.unlink()
    screen.send("\r")
    screen.wait_for(r"the end +✓", 30)


# --- the terminal ---------------------------------------------------------------------------------


def test_a_terminal_too_small_says_so_and_grows_back(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    (anna,) = accounts(prosody, "anna")
    tiny = program(prosody, anna, columns=30, rows=8).open()
    sentence = "This terminal has 30×8 cells; 40×15 are needed. Make the window larger."
    tiny.wait_until(lambda: sentence in tiny.text().replace("\n", ""), sentence)
    assert tiny.wait_exit() == 2

    ours = program(prosody, anna)
    screen = ours.sign_in()
    write(screen, "still here")
    screen.resize(30, 8)
    screen.wait_gone(ONLINE)
    screen.wait_for("still here")
    screen.resize(100, 30)
    screen.wait_for(ONLINE)
    screen.wait_for("still here")


def test_without_utf8_it_says_what_to_set(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    (anna,) = accounts(prosody, "anna")
    # Python would make UTF-8 of the C locale by itself (PEP 538 and 540).
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    screen = program(prosody, anna).open(env=plain)
    screen.wait_for(r"(?s)UTF-8.*LC_ALL=C\.UTF-8")
    assert screen.wait_exit() == 2


# --- the config file ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("host =", "hots =", r"config\.toml, line 3: unknown key hots; the nearest known one is host\."),
        ("[[account]]", "[[account", r"config\.toml: this is not TOML.*line 1"),
        ("ca.pem", "gone.pem", r"config\.toml, line 6: ca_file \S*gone\.pem"),
    ],
    ids=["unknown key", "syntax", "no CA file"],
)
def test_a_config_error_names_file_line_and_remedy(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram, old: str, new: str, sentence: str
) -> None:
    (anna,) = accounts(prosody, "anna")
    ours = program(prosody, anna, columns=200)
    ours.change(old, new)
    screen = ours.open()
    # A long path may end a row of the terminal anywhere.
    screen.wait_until(
        lambda: any(re.search(sentence, screen.text().replace("\n", gap)) for gap in ("", " ")), sentence
    )
    assert screen.wait_exit() == 2
    assert "Traceback" not in screen.text()
