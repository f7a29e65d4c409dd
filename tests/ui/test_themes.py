from __future__ import annotations

import os
from pathlib import Path

import pytest
from rich.color import Color
from textual.app import App, ComposeResult
from textual.widgets import Input, OptionList, Static

from tui_xmpp.core.terminal import first_profile
from tui_xmpp.ui.themes import (
    TOKENS,
    Theme,
    changed_files,
    default_theme,
    load_themes,
    to_textual,
    variable_defaults,
)

SHIPPED = load_themes(None)


def _luminance(colour: str) -> float:
    triplet = Color.parse(colour).get_truecolor()
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in triplet.normalized
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_all_promised_themes_are_there() -> None:
    assert not SHIPPED.errors
    assert set(SHIPPED) == {
        "quiet-dark", "quiet-light", "ansi", "high-contrast", "paper", "amber", "mono",
    }  # fmt: skip


RGB = [theme for theme in SHIPPED.values() if not theme.is_palette]


@pytest.mark.parametrize("theme", RGB, ids=lambda theme: theme.name)
def test_contrast(theme: Theme) -> None:
    background = theme.colour("background")
    for token in ("text", "accent", "ok", "warn", "error", "own", "mention"):
        assert contrast(theme.colour(token), background) >= 4.5, token
    assert contrast(theme.colour("dim"), background) >= 3
    assert contrast(theme.colour("text"), theme.colour("selection")) >= 4.5
    assert theme.dark == (_luminance(background) < 0.2)


@pytest.mark.parametrize("theme", SHIPPED.values(), ids=lambda theme: theme.name)
def test_css_variables_come_from_the_tokens_alone(theme: Theme) -> None:
    allowed = {theme.colour(token) for token in TOKENS}
    system = to_textual(theme).to_color_system().generate()
    painted = {**system, **to_textual(theme).variables}
    for name, value in painted.items():
        if name.endswith("-style") or "-style-" in name:
            continue
        assert value in allowed, (name, value)


@pytest.mark.parametrize("theme", SHIPPED.values(), ids=lambda theme: theme.name)
async def test_textual_takes_every_theme(theme: Theme) -> None:
    class Shown(App[None]):
        CSS = "Static { color: $dim; background: $selection; text-style: $selection-style; }"

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return variable_defaults()

        def compose(self) -> ComposeResult:
            yield Static("x")
            yield Input()
            yield OptionList("a", "b")

    app = Shown()
    async with app.run_test() as pilot:
        app.register_theme(to_textual(theme))
        app.theme = theme.name
        await pilot.pause()
        shown = app.query_one(Static).rich_style
        assert shown.bgcolor is not None and shown.color is not None


def test_mono_has_no_colour_and_tells_things_apart() -> None:
    mono = SHIPPED["mono"]
    assert mono.is_mono
    assert not SHIPPED["ansi"].is_mono
    assert mono.style("selection").reverse
    assert len({str(mono.style(token)) for token in ("text", "dim", "error", "mention")}) == 4


def test_the_user_overrides_a_theme(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "themes" / "amber.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace("#ffb84d", "#ffffff"))
    assert load_themes(tmp_path)["amber"].text == "#ffffff"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('text = "#ffb84d"', "", "`text` is missing"),
        ("#ffb84d", "orange", "does not know 'orange'"),
        ("#ffb84d", "#ffb84d #000000", "more than one colour"),
        ("dark = true", "dark = 1", "`dark = true`"),
        ("dark = true", "dark = true\nborder = 1", "`border` is not known"),
        ("dark = true", "dark = ", "not TOML"),
        ('name = "amber"', 'name = "../x"', "`name` takes"),
    ],
)
def test_a_wrong_file_is_left_out_with_a_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (Path(__file__).parents[2] / "themes" / "amber.toml").read_text()
    assert old in text
    path = tmp_path / "broken.toml"
    path.write_text(text.replace(old, new))
    themes = load_themes(tmp_path)
    assert set(themes) == set(SHIPPED)
    (error,) = themes.errors
    assert str(path) in error and said in error


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("x")
    before = changed_files(tmp_path)
    assert changed_files(tmp_path) == before
    path.write_text("y")
    os.utime(path, ns=(1, 1))
    assert changed_files(tmp_path) != before


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "quiet-dark"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "SSH_CONNECTION": "1 2 3 4"}, "ansi"),
        ({"TERM": "xterm-256color"}, "ansi"),
        ({"TERM": "linux"}, "ansi"),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "mono"),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": ""}, "quiet-dark"),
    ],
)
def test_the_default_follows_the_terminal(environ: dict[str, str], name: str) -> None:
    profile = first_profile(environ)
    assert default_theme(environ, profile) == name
    assert default_theme(environ, profile, light=True) == name.replace("quiet-dark", "quiet-light")
