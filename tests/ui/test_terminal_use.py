"""The terminal profile on the screen: chosen, measured, shown, and what follows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.driving import FakeConfig, driven
from tests.ui.fake_terminal import FakeTerminal, fake_terminal
from tests.ui.world import peopled
from tui_xmpp.core.events import LinkChanged
from tui_xmpp.core.link import PROFILES
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.ui.app import ChatApp
from tui_xmpp.ui.terminal.driver import ChatDriver

UNCHOSEN = Settings()


async def test_a_way_that_gets_late_makes_the_terminal_slow_and_is_shown() -> None:
    async with driven(peopled(), size=(120, 40), settings=UNCHOSEN, driver=FakeTerminal) as seen:
        terminal = fake_terminal(seen.app)
        assert terminal.profile is not None and terminal.profile.name == "local"
        assert terminal.takes_mouse
        assert "Friends" in seen.text
        terminal.round_trip = 0.62
        seen.app.terminal.look()
        await seen.shows("tty slow 600ms")
        await seen.hides("Friends")
        assert terminal.profile.name == "slow"
        assert not terminal.takes_mouse
        assert seen.app.theme_name == "ansi"


async def test_a_lag_is_shown_where_it_matters_and_not_where_it_does_not() -> None:
    async with driven(peopled(), driver=FakeTerminal) as seen:
        terminal = fake_terminal(seen.app)
        terminal.round_trip = 0.06
        seen.app.terminal.look()
        await seen.settle()
        assert "tty" not in seen.text
        terminal.round_trip = 0.18
        seen.app.terminal.look()
        await seen.shows("tty 200ms")


async def test_the_command_shows_and_sets_it() -> None:
    async with driven(peopled(), size=(120, 40), driver=FakeTerminal) as seen:
        await seen.type("/terminal")
        await seen.press("enter")
        await seen.shows("Terminal local, as the way is.")
        await seen.type("/terminal slow")
        await seen.press("enter")
        await seen.shows("Terminal slow, as you chose.")
        await seen.hides("Friends")
        assert seen.app.theme_name == "quiet-dark"
        await seen.type("/terminal auto")
        await seen.press("enter")
        await seen.shows("Friends")


async def test_a_slow_terminal_has_the_list_over_the_chat_at_any_width() -> None:
    async with driven(peopled(), size=(200, 40), terminal="slow") as seen:
        assert seen.main.log_widget.size.width == 200
        await seen.press("alt+3")
        assert "chiara" not in seen.lines[3]
        await seen.press("alt+m")
        await seen.until(lambda: any("chiara" in line[170:] for line in seen.lines), "the members")
        await seen.press("ctrl+b")
        await seen.shows("Friends")
        assert seen.main.log_widget.size.width == 200
        await seen.press("ctrl+b")
        await seen.hides("Friends")


async def test_a_slow_terminal_turns_half_pages() -> None:
    engine = peopled()
    for number in range(100):
        engine.receive(next(iter(engine.world.chats)), f"line {number:03}")
    async with driven(engine, terminal="slow") as seen:
        before = seen.main.log_widget.scroll_offset.y
        height = seen.main.log_widget.size.height
        await seen.press("pageup")
        assert before - seen.main.log_widget.scroll_offset.y == round((height - 1) / 2)


@pytest.mark.parametrize(
    ("ssh", "wanted", "theme"),
    [("", "", "quiet-dark"), ("1 2 3 4", "", "ansi"), ("", "slow", "ansi"), ("", "reader", "mono")],
)
async def test_the_profile_brings_a_theme_where_none_was_chosen(
    ssh: str, wanted: str, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", ssh)
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with driven(peopled(), settings=UNCHOSEN, terminal=wanted) as seen:
        assert seen.app.theme_name == theme
    async with driven(peopled(), settings=Settings(ui=Ui(theme="paper")), terminal=wanted) as seen:
        assert seen.app.theme_name == "paper"


async def test_the_configuration_chooses_and_the_command_line_goes_first() -> None:
    slow = Settings(ui=Ui(theme="quiet-dark", terminal="slow"))
    async with driven(peopled(), settings=slow) as seen:
        assert seen.app.terminal.choice.profile.name == "slow"
    async with driven(peopled(), settings=slow, terminal="local") as seen:
        assert seen.app.terminal.choice.profile.name == "local"


async def test_a_changed_configuration_counts_at_once() -> None:
    class Config(FakeConfig):
        def load(self) -> Settings:
            return replace(Settings(), ui=Ui(theme="quiet-dark", terminal="slow"))

    async with driven(peopled(), size=(120, 40), configuration=Config()) as seen:
        assert "Friends" in seen.text
        assert seen.app.reload()
        await seen.hides("Friends")


def test_the_stock_driver_is_textuals() -> None:
    engine = peopled()

    def app(stock: bool) -> ChatApp:
        return ChatApp(
            engine,
            engine.archive,
            UNCHOSEN,
            config_folder=None,
            config=FakeConfig(),
            stock_driver=stock,
        )

    assert issubclass(app(False).driver_class, ChatDriver)
    assert not issubclass(app(True).driver_class, ChatDriver)


async def test_it_follows_the_link_profile_where_the_program_runs_at_the_far_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
    async with driven(peopled(), size=(120, 40), settings=UNCHOSEN, driver=FakeTerminal) as seen:
        await seen.shows("Friends")
        for name, listed in (("satellite", False), ("full", True)):
            for account in seen.engine.world.accounts:
                seen.engine.emit(LinkChanged(account, PROFILES[name]))
            await seen.settle()
            seen.app.terminal.look()
            await (seen.shows if listed else seen.hides)("Friends")
