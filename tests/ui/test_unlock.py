"""The screen before the first: the passphrase, until it fits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.fake_terminal import FakeTerminal
from tui_xmpp.core.ports import VaultError, WrongPassphrase
from tui_xmpp.core.settings import Ui
from tui_xmpp.ui.terminal.port import terminal_of
from tui_xmpp.ui.unlock import UnlockApp

RIGHT = "four words"


class Vault:
    """Opens for one passphrase, when it is let."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.done = asyncio.Event()
        self.done.set()

    async def __call__(self, passphrase: str) -> None:
        self.tried.append(passphrase)
        await self.done.wait()
        if passphrase == "broken":
            raise VaultError("The vault is not well, which takes many words to say. " * 2 + "It is damaged.")
        if passphrase != RIGHT:
            raise WrongPassphrase("That is not the passphrase of the vault. Try again.")


class Seen:
    def __init__(self, app: UnlockApp, vault: Vault, pilot: Pilot[Any]) -> None:
        self.app, self.vault, self.pilot = app, vault, pilot

    @property
    def lines(self) -> list[str]:
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    async def answer(self, text: str) -> None:
        await self.pilot.press(*("space" if letter == " " else letter for letter in text))
        await self.pilot.press("enter")

    async def shows(self, text: str) -> None:
        async with asyncio.timeout(5):
            while text not in "\n".join(self.lines):
                await self.pilot.pause()


@asynccontextmanager
async def unlocking(*, may_skip: bool = True, terminal: str = "") -> AsyncIterator[Seen]:
    vault = Vault()
    app = UnlockApp(
        vault, Ui(theme="quiet-dark"), may_skip=may_skip, terminal=terminal, driver_class=FakeTerminal
    )
    async with app.run_test(size=(80, 24), headless=False) as pilot:
        await pilot.pause()
        yield Seen(app, vault, pilot)


@pytest.mark.parametrize("terminal", ["", "reader"])
async def test_a_wrong_one_is_asked_for_again_and_none_is_ever_shown(terminal: str) -> None:
    async with unlocking(terminal=terminal) as seen:
        await seen.shows("Unlock the vault")
        await seen.pilot.press(*"canary")
        assert "canary" not in "\n".join(seen.lines)
        await seen.pilot.press("enter")
        await seen.shows("not the passphrase")
        assert seen.app.is_running
        await seen.answer("broken")
        await seen.shows("damaged")
        await seen.answer(RIGHT)
        assert seen.vault.tried == ["canary", "broken", RIGHT]
    assert seen.app.return_value is True


@pytest.mark.parametrize("terminal", ["", "reader"])
async def test_while_it_opens_keys_go_on_and_a_second_try_waits(terminal: str) -> None:
    async with unlocking(terminal=terminal) as seen:
        seen.vault.done.clear()
        await seen.answer(RIGHT)
        await seen.shows("opening the vault")
        await seen.answer("another")
        assert seen.vault.tried == [RIGHT]
        await seen.pilot.press("ctrl+q")
    assert seen.app.return_value is None


async def test_for_a_reader_what_was_said_stands_and_the_question_comes_again() -> None:
    async with unlocking(terminal="reader") as seen:
        before = [line for line in seen.lines[:-1] if line]
        assert before == [
            "Unlock the vault. Enter answers, Esc goes on without it, Ctrl+Q leaves.",
            "Passphrase:",
        ]
        terminal = terminal_of(seen.app)
        assert isinstance(terminal, FakeTerminal)
        assert terminal.place == (0, 23)
        await seen.answer("wrong")
        await seen.shows("not the passphrase")
        assert [line for line in seen.lines[:-1] if line][: len(before)] == before
        assert [line for line in seen.lines[:-1] if line][-1] == "Passphrase:"


async def test_without_it_the_program_goes_on_only_where_that_is_of_use() -> None:
    async with unlocking() as seen:
        assert "Esc goes on without it" in "\n".join(seen.lines)
        await seen.pilot.press("escape")
    assert seen.app.return_value is False
    async with unlocking(may_skip=False) as seen:
        assert "Esc" not in "\n".join(seen.lines)
        await seen.pilot.press("escape")
        assert seen.app.is_running
        await seen.pilot.press("ctrl+q")
    assert seen.app.return_value is None
