"""Keeps the program in step with its configuration folder: what changes there counts at once."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_xmpp.core.commands import ConfigureLink
from tui_xmpp.core.events import Level
from tui_xmpp.core.ports import ConfigError, StorageError
from tui_xmpp.core.settings import Settings
from tui_xmpp.ui import themes
from tui_xmpp.ui.keymap import Keymap

if TYPE_CHECKING:
    from tui_xmpp.ui.app import ChatApp


class Reloading:
    """Watches config.toml and the theme files, and brings changes of them to the screen."""

    def __init__(self, app: ChatApp) -> None:
        self._app = app
        self._themes: dict[Path, int] = {}
        self._config = 0
        self.seen()

    def seen(self) -> None:
        """Everything is as it was read."""
        self._themes, self._config = self._theme_times(), self._config_time()

    def look(self) -> bool:
        """Read again what changed on the disk; False: nothing did."""
        config = self._config_time() != self._config
        if not config and self._theme_times() == self._themes:
            return False
        if self.read(config=config) and config:
            self._app.main.say("config.toml was read again.")
        return True

    def read(self, *, config: bool = True) -> bool:
        """Read the themes, and *config*: the configuration too; False: something is wrong, which is told."""
        app = self._app
        self.seen()
        app.load_themes()
        wrong = list(app.themes.errors)
        name = app.theme_name
        if config:
            try:
                name = self._apply(app.config.load())
                wrong += app.keymap_table.errors
            except (ConfigError, StorageError) as error:
                wrong.append(self._first(error))
        app.use_theme(name if name in app.themes else "quiet-dark", keep=False)
        app.refresh_css(animate=False)
        for words in wrong:
            app.main.say(words, Level.ERROR)
        return not wrong

    def keep(self, key: str, value: str, table: str = "ui") -> None:
        """Write a value of this table; a file that cannot be written is told, and it counts until the end."""
        app = self._app
        try:
            app.config.set_value(table, key, value)
        except (ConfigError, StorageError) as error:
            app.main.say(self._first(error), Level.ERROR)
        part = replace(getattr(app.settings, table), **{key: value})
        self._use(replace(app.settings, **{table: part}))
        self._config = self._config_time()

    def _use(self, settings: Settings) -> None:
        """What is read from the settings is read from these; the session hears of what it has to know."""
        app = self._app
        before, app.settings = app.settings, settings
        app.main.settings = settings
        if settings.link != before.link:
            app.main.later(ConfigureLink(settings.link))

    def _apply(self, settings: Settings) -> str:
        """Use new settings; return the name of the theme they mean."""
        app = self._app
        before = app.settings
        # The session knows the accounts, and has them from the start.
        settings = replace(settings, accounts=before.accounts)
        self._use(settings)
        app.keymap_table = app.main.keymap = Keymap(settings.keys)
        app.main.writer.send_key = settings.ui.send_key
        app.main.lists.model.sort = settings.ui.sort
        if settings.ui.mouse != before.ui.mouse:
            app.terminal.mouse()
        app.terminal.configured()
        if settings.ui.theme == before.ui.theme:
            return app.theme_name
        return settings.ui.theme or app.terminal.default_theme()

    def follow_ground(self) -> None:
        """The terminal told the colour of its ground: wear a theme that suits it, unless one was chosen."""
        app = self._app
        if not app.settings.ui.theme and (name := app.terminal.default_theme()) != app.theme_name:
            app.use_theme(name, keep=False)

    def _first(self, error: Exception) -> str:
        """Return the first line of an error, without the folder: the line on the screen is short."""
        return str(error).split("\n")[0].removeprefix(f"{self._app.config_folder}{os.sep}")

    def _theme_times(self) -> dict[Path, int]:
        folder = self._app.config_folder
        return themes.changed_files(folder / "themes" if folder else None)

    def _config_time(self) -> int:
        folder = self._app.config_folder
        try:
            return (folder / "config.toml").stat().st_mtime_ns if folder else 0
        except OSError:
            return 0
