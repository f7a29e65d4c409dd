"""Themes: one TOML file with ten tokens each, read from the package, beside it and from the user's folder."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from rich.color import Color
from rich.style import Style
from textual.theme import Theme as TextualTheme

from tui_xmpp.core.terminal import TerminalProfile

TOKENS = ("background", "text", "dim", "accent", "ok", "warn", "error", "own", "mention", "selection")
"""Everything that is ever painted."""

ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse")

_PALETTE = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
PALETTE_NAMES = frozenset(
    ["ansi_default", *(f"ansi_{name}" for name in _PALETTE), *(f"ansi_bright_{name}" for name in _PALETTE)]
)
"""The colours of the terminal's own palette, by Textual's names."""

_RGB = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_DEFAULT_COLOUR = "ansi_default"


class ThemeError(Exception):
    """A theme file is not right; the text names the file and what to write instead."""


@dataclass(frozen=True)
class Theme:
    """Ten tokens.

    Each is a colour (`#rrggbb` or a palette name like `ansi_blue`), attributes (`bold`, `dim`, `italic`,
    `underline`, `reverse`) or both. The colour of `background` and `selection` is a background.
    """

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

    def colour(self, token: str) -> str:
        """Return the colour of a token by Textual's name; `ansi_default` when it has only attributes."""
        return next((word for word in self._words(token) if word not in ATTRIBUTES), _DEFAULT_COLOUR)

    def attributes(self, token: str) -> str:
        """Return the attributes of a token as Textual's `text-style` takes them: `bold reverse` or `none`."""
        return " ".join(word for word in self._words(token) if word in ATTRIBUTES) or "none"

    def style(self, token: str) -> Style:
        """Return the Rich style of one of `TOKENS`."""
        return _style(self.colour(token), self.attributes(token), token in ("background", "selection"))

    @cached_property
    def is_palette(self) -> bool:
        """Whether the terminal's own palette is used, so that nothing is known about real colours."""
        return not self.colour("background").startswith("#")

    @cached_property
    def is_mono(self) -> bool:
        """Whether attributes alone tell things apart."""
        return all(self.colour(token) == _DEFAULT_COLOUR for token in TOKENS)

    def _words(self, token: str) -> list[str]:
        if token not in TOKENS:
            raise KeyError(token)
        words: str = getattr(self, token)
        return words.split()


class Themes(dict[str, Theme]):
    """Themes by name; `errors` are sentences about the files that were left out."""

    errors: tuple[str, ...] = ()


@lru_cache(256)
def _style(colour: str, attributes: str, background: bool) -> Style:
    rich_name = colour.removeprefix("ansi_") if colour.startswith("ansi_") else colour
    found = Color.parse(rich_name)
    style = Style(bgcolor=found) if background else Style(color=found)
    return style if attributes == "none" else style + Style.parse(attributes)


def shipped_folder() -> Path:
    """Return the folder of the shipped themes: in the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def read_theme(path: Path) -> Theme:
    """Return the theme of one file; raises ThemeError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ThemeError(f"{path}: cannot be read: {error.strerror or error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ThemeError(f"{path}: this is not TOML: {error}.") from None
    name = table.pop("name", path.stem)
    dark = table.pop("dark", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ThemeError(f"{path}: `name` takes small letters, digits and hyphens.")
    if not isinstance(dark, bool):
        raise ThemeError(f"{path}: write `dark = true` or `dark = false`.")
    tokens = [_checked(path, token, table.pop(token, None)) for token in TOKENS]
    if table:
        raise ThemeError(f"{path}: `{min(table)}` is not known here. A theme has {', '.join(TOKENS)}.")
    return Theme(name, dark, *tokens)


def load_themes(user_folder: Path | None) -> Themes:
    """Return every theme by name; the user's go before the shipped ones of the same name.

    A file that is not right is left out and told in `errors`.
    """
    themes = Themes()
    errors: list[str] = []
    for path in _files(user_folder):
        try:
            theme = read_theme(path)
        except ThemeError as error:
            errors.append(str(error))
        else:
            themes[theme.name] = theme
    themes.errors = tuple(errors)
    return themes


def changed_files(user_folder: Path | None) -> dict[Path, int]:
    """Return the theme files with their times in nanoseconds: read again when it differs from last time."""
    times: dict[Path, int] = {}
    for path in _files(user_folder):
        try:
            times[path] = path.stat().st_mtime_ns
        except OSError:
            continue
    return times


def default_theme(environ: Mapping[str, str], profile: TerminalProfile, *, light: bool = False) -> str:
    """Return the name of the theme for a terminal of this profile when none was chosen.

    *light*: so is the terminal's ground.
    """
    # https://no-color.org: "when present and not an empty string (regardless of its value)".
    if environ.get("NO_COLOR"):
        return "mono"
    full = environ.get("COLORTERM", "").lower() in ("truecolor", "24bit")
    return profile.theme or (("quiet-light" if light else "quiet-dark") if full else "ansi")


def to_textual(theme: Theme) -> TextualTheme:
    """Return what `App.register_theme` takes; every CSS variable comes from the ten tokens.

    Besides Textual's own variables there are `$dim`, `$ok`, `$warn`, `$own`, `$mention` and `$selection`,
    and for each token its attributes as `$TOKEN-style`.
    """
    variables = {
        name: value if name.endswith("-style") or "-style-" in name else theme.colour(_token_of(name))
        for name, value in _textual_variables().items()
    }
    variables |= {token: theme.colour(token) for token in TOKENS}
    variables |= {f"{token}-style": theme.attributes(token) for token in TOKENS}
    return TextualTheme(
        name=theme.name,
        primary=theme.colour("accent"),
        secondary=theme.colour("accent"),
        warning=theme.colour("warn"),
        error=theme.colour("error"),
        success=theme.colour("ok"),
        accent=theme.colour("accent"),
        foreground=theme.colour("text"),
        background=theme.colour("background"),
        surface=theme.colour("background"),
        panel=theme.colour("background"),
        boost=theme.colour("background"),
        dark=theme.dark,
        variables=variables,
        ansi=theme.is_palette,
    )


def variable_defaults() -> dict[str, str]:
    """Return our own CSS variables for `App.get_theme_variable_defaults`, before a theme is set."""
    return {
        **dict.fromkeys(TOKENS, _DEFAULT_COLOUR),
        **{f"{token}-style": "none" for token in TOKENS},
    }


@lru_cache(1)
def _textual_variables() -> dict[str, str]:
    """Return all of Textual's variables: themes of the terminal's palette lack some that its CSS uses."""
    rgb = TextualTheme("rgb", primary="#ffffff", background="#000000", foreground="#ffffff")
    palette = TextualTheme("palette", primary=_DEFAULT_COLOUR, ansi=True)
    return palette.to_color_system().generate() | rgb.to_color_system().generate()


# What a Textual variable is made of, by the first word that stands in its name.
_BY_WORD = (
    ("selection-foreground", "text"),
    ("selection", "selection"),
    ("cursor-blurred-background", "background"),
    ("block-cursor-background", "selection"),
    ("input-cursor-background", "text"),
    ("input-cursor-foreground", "background"),
    ("link-background-hover", "selection"),
    ("background", "background"),
    ("surface", "background"),
    ("panel", "background"),
    ("boost", "background"),
    ("scrollbar-corner", "background"),
    ("scrollbar", "dim"),
    ("border-blurred", "dim"),
    ("muted", "dim"),
    ("disabled", "dim"),
    ("warning", "warn"),
    ("error", "error"),
    ("success", "ok"),
    ("key-foreground", "accent"),
    ("foreground", "text"),
    ("primary", "accent"),
    ("secondary", "accent"),
    ("accent", "accent"),
    ("border", "accent"),
    ("link", "accent"),
    ("markdown", "accent"),
)


def _token_of(variable: str) -> str:
    return next((token for word, token in _BY_WORD if word in variable), "text")


def _checked(path: Path, token: str, value: object) -> str:
    wanted = 'a colour like "#5fafd7" or "ansi_blue", attributes like "bold", or both'
    if not isinstance(value, str) or not value.split():
        raise ThemeError(f"{path}: `{token}` is missing. Write {wanted}.")
    colours = [word for word in value.split() if word not in ATTRIBUTES]
    if len(colours) > 1:
        raise ThemeError(f"{path}: `{token}` has more than one colour.")
    for word in colours:
        if not _RGB.fullmatch(word) and word not in PALETTE_NAMES:
            raise ThemeError(f"{path}: `{token}` does not know {word!r}. Write {wanted}.")
    return value


def _files(user_folder: Path | None) -> list[Path]:
    folders = [shipped_folder(), *([user_folder] if user_folder else [])]
    return [path for folder in folders for path in sorted(folder.glob("*.toml"))]
