"""The `[link]` table and the link profiles of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tui_xmpp.core.link import PROFILES, Markers, Receive
from tui_xmpp.core.ports import ConfigError
from tui_xmpp.core.settings import Link, Settings
from tui_xmpp.storage.config_file import ConfigFile


def loaded(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "config.toml").write_text(text)
    return ConfigFile(tmp_path / "config.toml").load()


def test_profiles_are_complete_and_may_build_on_each_other(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """
[[account]]
address = "me@example.org"
link = "tunnel"

[link]
auto = "switch"
budget = 300

[link.profiles.train]
inherits = "mobile"
receive = "groups"
groups = ["Family"]
notify = []
markers = "own"
coalesce = 1
page = 5

[link.profiles.tunnel]
inherits = "train"
page = 1
""",
    )
    train = replace(
        PROFILES["mobile"],
        name="train",
        receive=Receive.GROUPS,
        groups=("Family",),
        notify=frozenset(),
        markers=Markers.OWN,
        coalesce=1.0,
        page=5,
    )
    assert settings.link == Link(
        "switch", 300, {"train": train, "tunnel": replace(train, name="tunnel", page=1)}
    )
    assert settings.accounts[0].link == "tunnel"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[link]\nauto = "yes"', 2, 'auto must be one of "suggest", "switch", "off".'),
        ("[link]\nbudget = -1", 2, "budget must be a whole number from 0 to 1000000."),
        ("[link]\nbugdet = 1", 2, "unknown key bugdet; the nearest known one is budget."),
        ("[link]\nprofiles = 3", 2, "write profiles as tables, like [link.profiles.train]."),
        (
            "[link.profiles.train]\npage = 5",
            1,
            'train must inherit of one of full, mobile, metered, satellite, radio, like inherits = "mobile".',
        ),
        (
            '[link.profiles.train]\ninherits = "mobil"',
            2,
            'train must inherit of one of full, mobile, metered, satellite, radio, like inherits = "mobile";'
            " the nearest one is mobile.",
        ),
        (
            '[link.profiles.train]\ninherits = "mobile"\n# fewer\npagse = 5',
            4,
            "unknown cell pagse; the nearest known one is page.",
        ),
        (
            '[link.profiles.train]\ninherits = "mobile"\nack_delay = 90',
            3,
            "ack_delay must be a number from 0 to 50.",
        ),
        (
            '[link.profiles.radio]\ninherits = "mobile"',
            1,
            "radio is the name of a shipped profile; choose another one.",
        ),
        (
            '[[account]]\naddress = "a@b.example"\nlink = "trian"\n'
            '[link.profiles.train]\ninherits = "mobile"',
            3,
            'link must be one of "full", "mobile", "metered", "satellite", "radio", "train".',
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / 'config.toml'}, line {line}: {words}"
