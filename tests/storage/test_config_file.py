"""The config file: read, refused with lines, and written without losing a comment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tui_xmpp.core.account import Account, TlsMode, TransportKind
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Notify
from tui_xmpp.core.ports import ConfigError, StorageError
from tui_xmpp.core.settings import Settings
from tui_xmpp.storage.config_file import ConfigFile

ME = Address.parse("me@example.org")
WORK = Address.parse("work@example.org")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def errors(file: Path, text: str) -> list[str]:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        ConfigFile(file).load()
    return str(caught.value).splitlines()


def test_no_file_is_the_defaults(file: Path) -> None:
    assert ConfigFile(file).load() == Settings()
    file.touch()
    assert ConfigFile(file).load() == Settings()


def test_every_table(file: Path) -> None:
    (file.parent / "ca.pem").touch()
    file.write_text(
        """
[[account]]
address = "Me@Example.org"
password_command = "pass show xmpp"
host = "127.0.0.1"
port = 5223
tls = "direct"
ca_file = "ca.pem"
transport = "tcp"
link = "radio"
allow_plain = true

[[account]]
address = "work@example.org"
enabled = false

[ui]
theme = "paper"
sort = "name"
mouse = false
text_width = 80

[privacy]
send_typing = false

[notify]
default = "none"
words = ["tui", "tea"]

[keys]
jump = "ctrl+k,ctrl+p"
"chat.next" = "alt+n"
"""
    )
    settings = ConfigFile(file).load()
    assert settings.accounts == (
        Account(
            ME,
            "pass show xmpp",
            "127.0.0.1",
            5223,
            TlsMode.DIRECT,
            str(file.parent / "ca.pem"),
            TransportKind.TCP,
            link="radio",
            allow_plain=True,
        ),
        Account(WORK, enabled=False),
    )
    ui = settings.ui
    assert (ui.theme, ui.sort, ui.mouse, ui.text_width) == ("paper", "name", False, 80)
    assert not settings.privacy.send_typing
    assert (settings.notify.default, settings.notify.words) == (Notify.NONE, ("tui", "tea"))
    assert settings.keys == {"jump": "ctrl+k,ctrl+p", "chat.next": "alt+n"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('adress = "x"', "unknown key adress; the nearest known one is address."),
        ('password = "x"', "unknown key password; the nearest known one is password_command."),
        ('port = "5222"', "port must be a whole number."),
        ("port = true", "port must be a whole number."),
        ("port = 65536", "port must be a whole number from 0 to 65535."),
        ('tls = "none"', 'tls must be one of "direct", "starttls".'),
        ("tls = 1", 'tls must be one of "direct", "starttls".'),
        ('transport = "smtp"', 'transport must be one of "auto", "tcp", "websocket", "bosh".'),
        ('link = "lte"', 'link must be one of "full", "mobile", "metered", "satellite", "radio".'),
        ("host = 7", "host must be text in quotes."),
        ('enabled = "yes"', "enabled must be true or false."),
        ('ca_file = "gone.pem"', "ca_file {folder}/gone.pem does not exist."),
        (
            'openpgp_key = "8CAC2A9678548E35"',
            "openpgp_key must be a whole fingerprint: the 40 digits that `gpg --list-keys` shows.",
        ),
    ],
)
def test_a_wrong_account_key_is_named_with_its_line(file: Path, line: str, words: str) -> None:
    (found,) = errors(file, f'# settings\n\n[[account]]\naddress = "me@example.org"\n{line}\n\n[ui]\n')
    assert found == f"{file}, line 5: {words.format(folder=file.parent)}"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[ui]\nsort = "size"', 2, 'sort must be one of "activity", "name".'),
        ('[encryption]\ngpg_home = "/nowhere"', 2, "gpg_home /nowhere is not a folder."),
        (
            '[files]\ndownloads = "got"',
            2,
            'downloads must be a whole path, like "~/Downloads", not "got".',
        ),
        ('[ui]\nsend_key = "tab"', 2, 'send_key must be one of "enter", "alt+enter".'),
        ('[ui]\nterminal = "fast"', 2, 'terminal must be one of "auto", "local", "ssh", "slow", "reader".'),
        ("[ui]\ntext_width = 1", 2, "text_width must be a whole number from 20 to 1000."),
        ("[notify]\nwords = [1]", 2, 'words must be a list of texts, like ["one", "two"].'),
        ('[notify]\nrooms = "loud"', 2, 'rooms must be one of "all", "mentions", "none".'),
        ("[notify]\nterminal = 9", 2, "terminal must be text in quotes."),
        ('[notify]\nterminal = "8"', 2, 'terminal must be one of "auto", "off", "9", "99", "777".'),
        ('[notify]\ntext = "all"', 2, 'text must be one of "none", "sender", "message".'),
        ("\n[keys]\njump = 7", 3, 'jump must be keys in quotes, like "ctrl+k,ctrl+p".'),
        ("\n[accounts]\n", 2, "unknown key accounts; the nearest known one is account."),
        ("ui = 3", 1, "ui must be a table: [ui]."),
        ('ui.theem = "x"', 1, "unknown key theem; the nearest known one is theme."),
        ("[account]", 1, "write accounts as [[account]], with two brackets on each side."),
        ('[[account]]\nhost = "x"', 1, 'this account has no address; write address = "you@example.org".'),
        (
            '[[account]]\naddress = "a@b.example"\n[[account]]\n# again\naddress = "A@b.example"',
            5,
            "a@b.example is already configured above.",
        ),
        (
            '[[account]]\naddress = "example.org"',
            2,
            'address must have a name before the domain, like "you@example.org".',
        ),
        (
            '[[account]]\naddress = "a@b.example/c"',
            2,
            "address must be without a resource; write that as resource = .",
        ),
        (
            '[ui]\neditor = """\n[privacy]\nsend_typing = 1\n"""\nmouse = 1',
            6,
            "mouse must be true or false.",
        ),
    ],
)
def test_other_wrong_things(file: Path, text: str, line: int, words: str) -> None:
    assert errors(file, text) == [f"{file}, line {line}: {words}"]


def test_a_bad_address_is_a_sentence(file: Path) -> None:
    (found,) = errors(file, '[[account]]\naddress = "a@@b"')
    assert found.startswith(f"{file}, line 2: address is not an address: ")


def test_all_errors_are_told_together_in_the_order_of_the_file(file: Path) -> None:
    found = errors(file, '[ui]\nsort = 1\n\n[[account]]\nadress = "x"\n\n[notify]\nbel = true\n')
    assert [one.split(": ")[0].rsplit(" ", 1)[1] for one in found] == ["2", "4", "5", "8"]


def test_broken_toml_names_the_line(file: Path) -> None:
    (found,) = errors(file, "[ui]\nsort = \n")
    assert "line 2" in found
    assert str(file) in found


def test_bytes_that_are_not_utf8(file: Path) -> None:
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        ConfigFile(file).load()


COMMENTED = """# mine
[ui]
theme = "paper"  # easy on the eyes

# at home
[[account]]
address = "me@example.org" # me
port = 5222  # firewall
tls = "starttls"

[keys]
jump = "ctrl+k"
"""


def test_adding_an_account_keeps_what_the_user_wrote(file: Path) -> None:
    file.write_text(COMMENTED)
    settings = ConfigFile(file).add_account(Account(WORK, host="10.0.0.1", tls=TlsMode.DIRECT))
    assert [account.address for account in settings.accounts] == [ME, WORK]
    assert ConfigFile(file).load() == settings
    text = file.read_text()
    for line in COMMENTED.splitlines():
        assert line in text.splitlines()
    assert text.startswith("# mine\n[ui]")
    assert 'host = "10.0.0.1"' in text
    assert "port = 0" not in text
    assert file.stat().st_mode & 0o777 == 0o600


def test_replacing_an_account_changes_only_what_differs(file: Path) -> None:
    file.write_text(COMMENTED)
    settings = ConfigFile(file).add_account(Account(ME, port=5222, link="radio"))
    assert settings.accounts == (Account(ME, port=5222, link="radio"),)
    text = file.read_text()
    assert "port = 5222  # firewall" in text
    assert 'address = "me@example.org" # me' in text
    assert "starttls" not in text


def test_a_fingerprint_may_be_written_with_blanks(file: Path) -> None:
    key = "1357 b018 65b2 503c 1845  3d20 8cac 2a96 7854 8e35"
    file.write_text(f'[[account]]\naddress = "me@example.org"\nopenpgp_key = "{key}"\n')
    (account,) = ConfigFile(file).load().accounts
    assert account.openpgp_key == "1357B01865B2503C18453D208CAC2A9678548E35"


def test_a_relative_ca_file_stays_as_it_was_written(file: Path) -> None:
    (file.parent / "ca.pem").touch()
    file.write_text('[[account]]\naddress = "me@example.org"\nca_file = "ca.pem"\n')
    (account,) = ConfigFile(file).load().accounts
    ConfigFile(file).add_account(replace(account, nick="moi"))
    assert 'ca_file = "ca.pem"' in file.read_text()


def test_the_first_account_makes_the_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    settings = ConfigFile(file).add_account(Account(ME))
    assert settings.accounts == (Account(ME),)
    assert file.read_text().strip() == '[[account]]\naddress = "me@example.org"'
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_one_key_of_the_screen(file: Path) -> None:
    file.write_text(COMMENTED)
    assert ConfigFile(file).set_value("ui", "theme", "ink").ui.theme == "ink"
    assert 'theme = "ink"  # easy on the eyes' in file.read_text()
    assert ConfigFile(file).set_value("ui", "mouse", False).ui.mouse is False


def test_one_key_of_the_link_beside_its_profiles(file: Path) -> None:
    file.write_text('[link.profiles.train]\ninherits = "mobile"\npage = 7\n')
    link = ConfigFile(file).set_value("link", "auto", "switch").link
    assert (link.auto, link.profiles["train"].page) == ("switch", 7)
    assert ConfigFile(file).load().link == link


def test_what_would_be_wrong_is_not_written(file: Path) -> None:
    file.write_text(COMMENTED)
    with pytest.raises(ConfigError):
        ConfigFile(file).set_value("ui", "theem", "ink")
    with pytest.raises(ConfigError):
        ConfigFile(file).add_account(Account(WORK, link="lte"))
    assert file.read_text() == COMMENTED
    file.write_text("[ui]\nsort = 1\n")
    with pytest.raises(ConfigError):
        ConfigFile(file).set_value("ui", "theme", "ink")
    assert file.read_text() == "[ui]\nsort = 1\n"


def test_a_linked_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(COMMENTED)
    file.symlink_to(real)
    ConfigFile(file).set_value("ui", "theme", "ink")
    assert file.is_symlink()
    assert "ink" in real.read_text()


def test_a_file_that_cannot_be_replaced_stays_whole(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    file.write_text(COMMENTED)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"no space left on device\. Nothing in it was changed"):
        ConfigFile(file).set_value("ui", "theme", "ink")
    assert file.read_text() == COMMENTED
    assert [one.name for one in file.parent.iterdir() if one.is_file()] == ["config.toml"]
