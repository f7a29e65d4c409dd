"""The program as a process: what it says, where, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui_xmpp.cli.exit_codes import MEANINGS, ExitCode
from tui_xmpp.cli.parser import parse


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui_xmpp", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **env},
        timeout=60,
    )


def test_help_says_every_exit_status() -> None:
    help = run("--help").stdout
    for code, meaning in MEANINGS.items():
        assert f"{int(code):>3}  {meaning}" in help
    assert set(MEANINGS) == set(ExitCode)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("send", "ava@example.org"),
        ("send", "a@b", "x", "--timeout", "-1"),
        ("send", "a@b", "x", "--timeout", "nan"),
        ("history", "a@b", "--limit", "-3"),
        ("history", "a@b", "--before", "yesterday"),
        ("--password", "secret"),
        ("send", "a@b", "x", "--pass", "secret"),
    ],
)
def test_wrong_usage_ends_with_two_and_words_on_stderr(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert not done.stdout
    assert "tui-xmpp" in done.stderr


def test_options_stand_before_or_after_the_command() -> None:
    assert parse(["--data", "/d", "watch"]) == parse(["watch", "--data", "/d"])
    assert parse(["--account", "a@b", "send", "x@y", "hi"]).account == "a@b"


def test_a_date_without_an_offset_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert parse(["history", "a@b", "--after", "2026-05-31"]).after == datetime(
            2026, 5, 30, 22, tzinfo=UTC
        )
    finally:
        monkeypatch.undo()
        time.tzset()


def test_only_the_commands_for_people_are_named() -> None:
    assert "demo-bots" not in run("--help").stdout
    assert "demo-bots" not in run("nonsense").stderr


def test_without_a_terminal_there_is_no_screen() -> None:
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert "not a terminal" in done.stderr


def test_history_without_an_archive_says_so(tmp_path: Path) -> None:
    done = run("--data", str(tmp_path / "none"), "history", "ava@example.org", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("tui-xmpp: ")
    assert "Traceback" not in done.stderr


def test_a_wrong_configuration_is_told_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[[account]]\naddress = "a@example.org"\nprot = 5222\n')
    done = run("--config", str(tmp_path), "--data", str(tmp_path / "data"), "send", "b@example.org", "hi")
    assert done.returncode == 2
    assert "config.toml" in done.stderr
    assert "3" in done.stderr
    assert "port" in done.stderr
    assert "Traceback" not in done.stderr


def test_send_without_an_account_says_what_to_do(tmp_path: Path) -> None:
    done = run("--config", str(tmp_path), "--data", str(tmp_path / "data"), "send", "b@example.org", "hi")
    assert done.returncode == 2
    assert "No account" in done.stderr


def test_a_second_instance_ends_with_three(tmp_path: Path) -> None:
    from tui_xmpp.storage.opening import open_storage
    from tui_xmpp.storage.paths import locate

    storage = open_storage(locate(tmp_path, tmp_path / "data"))
    try:
        done = run("--config", str(tmp_path), "--data", str(tmp_path / "data"), "watch", "--json")
    finally:
        storage.close()
    assert (done.returncode, done.stdout) == (3, "")
    assert str(os.getpid()) in done.stderr


def test_files_are_for_the_owner_alone_and_memory_is_not_dumped() -> None:
    code = (
        "import os, resource, sys; from tui_xmpp.__main__ import main\n"
        "os.umask(0o022)\n"
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "print(oct(os.umask(0)), resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0o77 0"


def test_a_reader_who_has_seen_enough_is_no_mistake() -> None:
    code = (
        "import sys\n"
        "from tui_xmpp import assemble\n"
        "from tui_xmpp.__main__ import main\n"
        "from tui_xmpp.cli import output\n"
        "def run(options):\n"
        "    while True: output.data('x' * 1000)\n"
        "assemble.run = run\n"
        "sys.exit(main(['watch']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(30) == 1
        assert running.stderr.read() == b""


def test_version_is_quick() -> None:
    bare = min(_seconds("-c", "pass") for _ in range(5))
    version = min(_seconds("-m", "tui_xmpp", "--version") for _ in range(5))
    assert version <= 1.5 * bare + 0.1


def _seconds(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


@pytest.mark.parametrize(
    ("arguments", "terminal"),
    [
        ([], ""),
        (["--slow"], "slow"),
        (["--screen-reader"], "reader"),
        (["--terminal", "ssh"], "ssh"),
        (["--terminal", "auto"], "auto"),
        (["demo", "--slow"], "slow"),
    ],
)
def test_the_terminal_can_be_named(arguments: list[str], terminal: str) -> None:
    assert parse(arguments).terminal == terminal


def test_the_stock_driver_is_asked_for_by_name_alone() -> None:
    assert parse(["--stock-driver"]).stock_driver
    assert not parse(["--slow"]).stock_driver


@pytest.mark.parametrize("arguments", [["--terminal", "fast"], ["--slow", "--screen-reader"]])
def test_no_terminal_is_made_up(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == ExitCode.USAGE
    assert "--terminal" in capsys.readouterr().err or "--slow" in arguments
