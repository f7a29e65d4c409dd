"""What changes in the configuration folder counts at once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.ui.driving import Driven, driven
from tests.ui.world import peopled
from tui_xmpp.core.commands import ConfigureLink
from tui_xmpp.storage.config_file import ConfigFile


@asynccontextmanager
async def configured(folder: Path, text: str, **more: object) -> AsyncIterator[Driven]:
    file = folder / "config.toml"
    file.write_text(text)
    config = ConfigFile(file)
    async with driven(peopled(), settings=config.load(), config=folder, configuration=config) as seen:
        yield seen


def change(folder: Path, text: str) -> None:
    file = folder / "config.toml"
    file.write_text(text)
    # Two writes may fall into one tick of a coarse clock.
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 1_000_000_000))


async def test_keys_theme_and_time_change_while_the_program_runs(tmp_path: Path) -> None:
    async with configured(tmp_path, '[ui]\ntheme = "quiet-dark"\n') as seen:
        change(tmp_path, '[ui]\ntheme = "paper"\ntime = "%Hh%M"\n[keys]\njump = "f5"\n')
        await seen.shows("config.toml was read again.")
        assert seen.app.theme == "paper"
        assert "12h" in seen.text
        await seen.press("f5")
        await seen.shows("Go to")


async def test_the_budget_of_the_link_counts_at_once(tmp_path: Path) -> None:
    async with configured(tmp_path, "[link]\nbudget = 5\n") as seen:
        change(tmp_path, '[ui]\ntime = "%Hh%M"\n[link]\nbudget = 5\n')
        await seen.shows("config.toml was read again.")
        assert not seen.engine.done(ConfigureLink)
        change(tmp_path, "[link]\nbudget = 7\n")
        await seen.until(lambda: [one.link.budget for one in seen.engine.done(ConfigureLink)] == [7])


async def test_a_mistake_in_the_file_is_told_and_changes_nothing(tmp_path: Path) -> None:
    async with configured(tmp_path, '[ui]\ntheme = "quiet-dark"\n') as seen:
        change(tmp_path, '[ui]\nthem = "paper"\n')
        await seen.type("/reload")
        await seen.press("enter")
        await seen.shows("them")
        assert "config.toml" in seen.text and "line 2" in seen.text
        assert seen.app.theme == "quiet-dark"


async def test_a_key_that_is_none_is_told(tmp_path: Path) -> None:
    async with configured(tmp_path, "") as seen:
        change(tmp_path, '[keys]\njump = "banana"\n')
        await seen.shows("is no key")
        await seen.press("ctrl+k")
        await seen.shows("Go to")


async def test_the_order_of_the_list_is_changed_by_a_command_and_kept(tmp_path: Path) -> None:
    async with configured(tmp_path, "") as seen:
        await seen.type("/sort name")
        await seen.press("enter")
        await seen.shows("Sorted by name.")
        await seen.press("ctrl+b")
        names = [name for line in seen.lines for name in ("#dev", "ava", "bram") if f" {name} " in line[:24]]
        assert names[:3] == ["ava", "bram", "#dev"]
        assert ConfigFile(tmp_path / "config.toml").load().ui.sort == "name"


async def test_a_file_that_cannot_be_written_does_not_end_the_program(tmp_path: Path) -> None:
    async with configured(tmp_path, "") as seen:
        change(tmp_path, "this is not TOML")
        await seen.type("/theme paper")
        await seen.press("enter")
        assert seen.app.theme == "paper"
        await seen.shows("not TOML")
