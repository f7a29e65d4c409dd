"""Themes: one TOML file with ten tokens each, read from the package, beside it and from the user's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.style import Style
from textual.theme import Theme as TextualTheme

TOKENS = ("background", "text", "dim", "accent", "ok", "warn", "error", "own", "mention", "selection")
"""Everything that is ever painted."""


class ThemeError(Exception):
    """A theme file is not right; the text names the file and what to write instead."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Ten tokens; each is a colour (`#rrggbb` or a palette name like `ansi_blue`), attributes (`bold`,
    `dim`, `italic`, `underline`, `reverse`) or both."""

    name: str
    dark: bool
    background: str
    text: str
    dim: str
    accent: str
    ok: str
    warn: str
    error: str
    own: str
    mention: str
    selection: str

    def style(self, token: str) -> Style:
        """Return the Rich style of one of `TOKENS`."""
        raise NotImplementedError


def load_themes(user_folder: Path | None) -> dict[str, Theme]:
    """Return every theme by name, the user's before the shipped; raises ThemeError."""
    raise NotImplementedError


def to_textual(theme: Theme) -> TextualTheme:
    """Return what `App.register_theme` takes; every CSS variable comes from the ten tokens."""
    raise NotImplementedError


def default_theme(environ: Mapping[str, str]) -> str:
    """Return the name of the theme to use when none was chosen."""
    raise NotImplementedError


def changed_files(user_folder: Path | None, seen: Mapping[Path, float]) -> dict[Path, float]:
    """Return the theme files with their times in seconds; equal to *seen* when nothing changed."""
    raise NotImplementedError
