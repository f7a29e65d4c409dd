"""`tui-xmpp vault`: secrets are named and moved, and never shown."""

from __future__ import annotations

import sys
from contextlib import closing

import pytest

from tests.cli.secret_folder import ME, WORDS, Person, person, without_keyring
from tui_xmpp import passphrase
from tui_xmpp.cli.exit_codes import ExitCode
from tui_xmpp.core.ports import WrongPassphrase
from tui_xmpp.storage.instance_lock import InstanceLock

__all__ = ["person", "without_keyring"]
IN_RING = {("tui-xmpp", str(ME)): "canary", ("tui-xmpp token", str(ME)): "canary too"}


def test_a_vault_is_made_and_used_from_then_on(person: Person) -> None:
    assert person.run("vault", "create", typing=["short", WORDS, "other", WORDS, WORDS]) == 0
    assert (
        "8 characters" in person.said
        and "two different" in person.said
        and "nobody can restore" in person.said
    )
    assert person.store == "vault"
    assert person.vault().names == []
    assert person.run("vault", "create") == 1
    assert "already" in person.said


def test_without_a_passphrase_nothing_is_made(person: Person) -> None:
    assert person.run("vault", "create", typing=[""]) == ExitCode.REFUSED
    assert not person.paths.vault.exists()
    assert person.store == "auto"


def test_there_and_back(person: Person) -> None:
    person.ring.kept = dict(IN_RING)
    assert person.run("vault", "create", typing=[WORDS, WORDS]) == 0
    assert "move --to vault" in person.said
    assert person.run("vault", "move", "--to", "vault", typing=["wrong", WORDS]) == 0
    assert "Try again" in person.said
    assert person.out.splitlines() == [
        f"{ME}: password moved to the vault",
        f"{ME}: token moved to the vault",
    ]
    assert person.ring.kept == {}
    assert person.vault().get(f"password {ME}") == "canary"
    assert person.run("vault", "status", typing=[WORDS]) == 0
    assert f"{ME}: password in the vault, token in the vault" in person.out
    assert 'store = "vault"' in person.out
    assert "canary" not in person.out + person.said
    assert person.run("vault", "move", "--to", "keyring", typing=[WORDS]) == 0
    assert (person.ring.kept, person.store) == (IN_RING, "keyring")
    assert person.vault().names == []
    assert person.run("vault", "status", typing=[WORDS]) == 0
    assert f"{ME}: password in the keyring, token in the keyring" in person.out


def test_nothing_to_move_is_no_failure_and_says_so(person: Person) -> None:
    person.run("vault", "create", typing=[WORDS, WORDS])
    assert person.run("vault", "move", "--to", "keyring", typing=[WORDS]) == 0
    assert "nothing to move" in person.said
    assert person.store == "keyring"


@pytest.mark.usefixtures("without_keyring")
def test_where_there_is_no_keyring_nothing_is_lost(person: Person) -> None:
    assert person.run("vault", "move", "--to", "vault") == 1
    assert "vault create" in person.said
    person.run("vault", "create", typing=[WORDS, WORDS])
    person.vault().put(f"password {ME}", "canary")
    assert person.run("vault", "move", "--to", "keyring", typing=[WORDS]) == 1
    assert "no safe keyring" in person.said
    assert person.vault().names == [f"password {ME}"]
    assert person.store == "vault"
    assert person.run("vault", "move", "--to", "vault", typing=[WORDS]) == 0


def test_another_passphrase(person: Person) -> None:
    person.run("vault", "create", typing=[WORDS, WORDS])
    person.vault().put(f"password {ME}", "canary")
    assert person.run("vault", "passphrase", typing=[WORDS, "another one", "another one"]) == 0
    assert person.vault("another one").names == [f"password {ME}"]
    with pytest.raises(WrongPassphrase):
        person.vault()
    assert person.run("vault", "passphrase", typing=["no", "no", "no"]) == ExitCode.REFUSED
    assert person.vault("another one").names == [f"password {ME}"]


def test_an_account_is_forgotten_everywhere(person: Person) -> None:
    person.run("vault", "create", typing=[WORDS, WORDS])
    person.vault().put(f"password {ME}", "canary")
    person.vault().put("other archive", "key")
    person.ring.kept = dict(IN_RING)
    assert person.run("vault", "forget", f"{ME}/phone", typing=[WORDS]) == 0
    assert person.vault().names == ["other archive"]
    assert person.ring.kept == {}
    assert person.run("vault", "forget", str(ME), typing=[WORDS]) == 1
    assert "Nothing is kept" in person.said
    assert person.run("vault", "forget", "@@") == 2


def test_while_an_instance_runs_only_the_status_is_told(person: Person) -> None:
    person.run("vault", "create", typing=[WORDS, WORDS])
    with closing(_Held(person)):
        for words in (("create",), ("passphrase",), ("move", "--to", "vault"), ("forget", str(ME))):
            assert person.run("vault", *words) == ExitCode.ALREADY_RUNNING
            assert "Leave it first" in person.said
        assert person.run("vault", "status", typing=[WORDS]) == 0


class _Held:
    def __init__(self, person: Person) -> None:
        self.close = InstanceLock(person.paths.lock).release


def test_without_a_terminal_nothing_waits(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert person.run("vault", "status") == 0
    assert "nothing kept" in person.out
    person.run("vault", "create", typing=[WORDS, WORDS])
    monkeypatch.setattr(passphrase.sys.stdin, "isatty", lambda: False, raising=False)
    assert person.run("vault", "status") == 0
    assert "(closed)" in person.out and f"{ME}: in the vault, if anywhere" in person.out
    for words in (("passphrase",), ("move", "--to", "vault"), ("forget", str(ME))):
        assert person.run("vault", *words) == ExitCode.USAGE
        assert "in a terminal" in person.said


def test_a_keyring_that_fails_is_named_and_the_rest_is_told(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.run("vault", "create", typing=[WORDS, WORDS])
    person.vault().put(f"password {ME}", "canary")

    def broken(self: object, service: str, username: str) -> str | None:
        raise RuntimeError("D-Bus")

    monkeypatch.setattr(type(person.ring), "get_password", broken)
    assert person.run("vault", "status", typing=[WORDS]) == 0
    assert person.said.count("keyring failed") == 1
    assert f"{ME}: password in the vault" in person.out
    assert person.run("vault", "move", "--to", "vault", typing=[WORDS]) == 1
    assert person.run("vault", "forget", str(ME), typing=[WORDS]) == 0
    assert person.vault().names == []


def test_the_words_of_the_command_line(person: Person, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (
        ["vault"],
        ["vault", "move"],
        ["vault", "move", "--to", "file"],
        ["vault", "forget"],
        ["archive"],
    ):
        with pytest.raises(SystemExit) as ended:
            person.run(*wrong)
        assert ended.value.code == 2
    capsys.readouterr()


def test_a_password_of_a_command_is_named(person: Person) -> None:
    text = person.paths.config_file.read_text().replace(
        "[[account]]", '[[account]]\npassword_command = "pass x"'
    )
    person.paths.config_file.write_text(text)
    person.run("vault", "status")
    assert f"{ME}: password from password_command" in person.out


def test_the_status_needs_neither_screen_nor_session() -> None:
    import subprocess

    script = (
        "import sys; from tui_xmpp.__main__ import main; main(['vault', 'status']); "
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    loaded = set(done.stderr.split())
    assert "tui_xmpp.vault_verbs" in loaded
    assert not loaded & {"textual", "rich", "slixmpp", "tui_xmpp.session", "sqlcipher3", "tui_xmpp.ui"}
