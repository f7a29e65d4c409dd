"""`tui-xmpp archive`: encrypting what is on this disk, and what it says about the rest."""

from __future__ import annotations

import sys
from contextlib import closing

import pytest

from tests.cli.secret_folder import WORDS, Person, person, without_keyring
from tests.storage.samples import AVA, incoming
from tui_xmpp import passphrase
from tui_xmpp.cli.exit_codes import ExitCode
from tui_xmpp.storage import encryption
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.instance_lock import InstanceLock

__all__ = ["person", "without_keyring"]


@pytest.fixture(autouse=True)
def messages(person: Person) -> None:
    with closing(Database(person.paths.database)) as database:
        SqliteArchive(database).keep_all([incoming("canary one"), incoming("canary two", 1)])


def clear_text(person: Person) -> list[str]:
    folder = person.paths.data
    return [one.name for one in folder.rglob("*") if one.is_file() and b"canary" in one.read_bytes()]


def test_with_the_key_in_the_keyring(person: Person) -> None:
    screen = person.paths.cache / "screen"
    screen.write_text("the last screen, with a canary in it")
    assert person.run("archive", "status") == 0
    assert person.out.startswith("plain:")
    assert person.run("archive", "encrypt") == 0
    assert "2 messages" in person.said and "keyring" in person.said
    assert "Not encrypted" in person.out
    assert clear_text(person) == []
    ((service, who),) = person.ring.kept
    assert (service, who) == ("tui-xmpp secret", "archive")
    key = person.ring.kept[service, who]
    assert len(bytes.fromhex(key)) == 32 and key not in person.out + person.said
    assert person.run("archive", "status") == 0
    assert person.out.startswith("encrypted:")
    assert person.run("history", str(AVA)) == 0
    assert "canary one" in person.out
    assert person.run("link") == 0
    assert person.run("archive", "encrypt") == 1
    assert "already" in person.said
    assert person.run("archive", "decrypt") == 0
    assert person.run("history", str(AVA)) == 0
    assert "canary two" in person.out
    assert person.run("archive", "decrypt") == 1
    # The same key again: copies of the archive can still be opened.
    assert person.run("archive", "encrypt") == 0
    assert person.ring.kept == {(service, who): key}


@pytest.mark.usefixtures("without_keyring")
def test_with_the_key_in_the_vault(person: Person) -> None:
    assert person.run("archive", "encrypt") == 1
    assert "nothing was encrypted" in person.said and "vault create" in person.said
    assert not encryption.is_encrypted(person.paths.database)
    person.run("vault", "create", typing=[WORDS, WORDS])
    assert person.run("archive", "encrypt", typing=[WORDS]) == 0
    assert person.vault().names == ["other archive"]
    assert person.run("history", str(AVA), typing=["wrong", WORDS]) == 0
    assert "canary one" in person.out
    assert person.run("history", str(AVA), typing=["wrong", "wrong", "wrong"]) == ExitCode.REFUSED
    assert "canary" not in person.out
    assert person.run("archive", "decrypt", typing=[WORDS]) == 0
    assert person.run("history", str(AVA)) == 0
    assert len(person.out.splitlines()) == 2


def test_the_key_goes_with_the_passwords(person: Person) -> None:
    person.run("archive", "encrypt")
    person.run("vault", "create", typing=[WORDS, WORDS])
    # It is still in the keyring, and found there.
    assert person.run("history", str(AVA), typing=[WORDS]) == 0
    assert person.run("vault", "move", "--to", "vault", typing=[WORDS]) == 0
    assert "archive: key moved to the vault" in person.out
    assert person.ring.kept == {}
    assert person.run("history", str(AVA), typing=[WORDS]) == 0
    assert len(person.out.splitlines()) == 2


def test_a_key_that_is_gone_is_a_sentence_and_the_archive_stays(person: Person) -> None:
    person.run("archive", "encrypt")
    before = person.paths.database.read_bytes()
    person.ring.kept = {}
    for words in (("history", str(AVA)), ("archive", "decrypt"), ("link",)):
        assert person.run(*words) == 1
        assert "key was not found" in person.said
    assert person.paths.database.read_bytes() == before


def test_where_nothing_is_kept_no_key_is_made(person: Person) -> None:
    with person.paths.config_file.open("a") as file:
        file.write('\n[secrets]\nstore = "memory"\n')
    assert person.run("archive", "encrypt") == 1
    assert "memory" in person.said
    assert not encryption.is_encrypted(person.paths.database)


def test_while_an_instance_runs_it_is_refused(person: Person) -> None:
    lock = InstanceLock(person.paths.lock)
    try:
        for action in ("encrypt", "decrypt"):
            assert person.run("archive", action) == ExitCode.ALREADY_RUNNING
            assert "Leave it first" in person.said
        assert person.run("archive", "status") == 0
    finally:
        lock.release()


def test_without_the_library_nothing_is_asked(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    assert person.run("archive", "encrypt") == 1
    assert "encrypted-archive" in person.said
    assert person.ring.kept == {}


def test_without_a_terminal_the_vault_stays_closed(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.run("vault", "create", typing=[WORDS, WORDS])
    monkeypatch.setattr(passphrase.sys.stdin, "isatty", lambda: False, raising=False)
    assert person.run("archive", "encrypt") == 1
    assert "vault is not open" in person.said
    assert not encryption.is_encrypted(person.paths.database)


def test_before_the_first_message_it_can_begin_encrypted(person: Person) -> None:
    person.paths.database.unlink()
    assert person.run("archive", "status") == 0
    assert person.out.startswith("none:")
    assert person.run("archive", "encrypt") == 0
    key = encryption.read_key(person.ring.kept["tui-xmpp secret", "archive"])
    with closing(Database(person.paths.database, key=key)) as database:
        SqliteArchive(database).keep(incoming("canary"))
    assert clear_text(person) == []
