"""What the link costs and carries, on the screen: status line, popup, one key, and what changed in a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import Driven, FakeConfig, driven
from tests.ui.world import AVA, DEV, peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.budget_events import BudgetReached
from tui_xmpp.core.link import PROFILES, Receive
from tui_xmpp.core.questions import SpentHere
from tui_xmpp.core.settings import Link, Settings, Ui
from tui_xmpp.core.traffic import Amount, Category, Rates, Report, Spent
from tui_xmpp.ui.render.link import change_words, plot
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.themes import load_themes

RATES = Rates(200, 1100, 0.64, 3, 2.0, Amount(4200, 8200))
SATELLITE = ev.LinkChanged(ME, PROFILES["satellite"])


class FakeLedger:
    """Of this hour and of another month."""

    def __init__(self) -> None:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        chat = Spent(ME, hour, Category.CHAT, AVA, Amount(2000, 4000), Amount(200, 400), Amount(), Amount())
        self.kept = [
            chat,
            replace(chat, category=Category.ROOMS, chat=DEV, xml=Amount(0, 1000), spared=Amount(0, 110_000)),
            replace(chat, hour=hour - timedelta(days=40), xml=Amount(10**9, 0)),
        ]

    def add(self, spent: Sequence[Spent]) -> None:
        self.kept += spent

    def spent(self, since: datetime, until: datetime) -> Sequence[Spent]:
        return [one for one in self.kept if since <= one.hour < until]

    def forget(self, before: datetime) -> None:
        pass


def metered() -> FakeEngine:
    engine = peopled()
    engine.answers[SpentHere] = Report((), (*range(59), 900), 2)
    engine.emit(SATELLITE)
    return engine


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("/link au", ["/link auto "]),
        ("/link auto ", ["/link auto on ", "/link auto suggest ", "/link auto off "]),
        ("/link auto s", ["/link auto suggest "]),
        ("/link set carb", ["/link set carbons "]),
        (
            "/link set carbons o",
            ["/link set carbons on ", "/link set carbons others ", "/link set carbons off "],
        ),
        ("/link set receive ", [f"/link set receive {one.value} " for one in Receive]),
        ("/link set client_state ", ["/link set client_state on ", "/link set client_state off "]),
        ("/link set page ", ["/link set page "]),
        ("/link set nothing ", ["/link set nothing "]),
        ("/link satellite ", ["/link satellite "]),
        # It takes nothing.
        ("/receipt ", ["/receipt "]),
    ],
)
async def test_tab_knows_what_the_command_takes(typed: str, becomes: list[str]) -> None:
    async with driven(metered()) as seen:
        await seen.type(typed)
        for text in becomes:
            await seen.press("tab")
            assert seen.composer == text


async def opened(seen: Driven) -> None:
    seen.main.ledger = FakeLedger()
    await seen.type("/link")
    await seen.press("enter")
    await seen.shows("ava 6.6k")


async def test_the_status_line_has_profile_rates_way_queue_and_today() -> None:
    engine = metered()
    async with driven(engine) as seen:
        engine.emit(ev.RatesChanged(ME, RATES))
        await seen.shows("satellite  ↑0.2k ↓1.1k/s  640ms  q3 2s  12.4k")


async def test_over_a_line_the_figures_do_not_change_with_each_message() -> None:
    engine = metered()
    more = replace(RATES, up=301, today=Amount(5210, 8200))
    async with driven(engine, terminal="ssh") as seen:
        engine.emit(ev.RatesChanged(ME, RATES))
        await seen.shows("q3 2s  12.4k")
        engine.emit(ev.RatesChanged(ME, replace(more, queued=4)))
        engine.receive(AVA, "on my way")
        await seen.shows("on my way")
        await seen.shows("↑0.2k ↓1.1k/s  640ms  q4 2s  12.4k")
        seen.main.use(replace(seen.main.profile, figures=0.0))
        await seen.shows("↑0.3k ↓1.1k/s  640ms  q4 2s  13.4k")


async def test_over_a_line_what_passes_while_nothing_happens_is_not_drawn() -> None:
    engine = metered()
    async with driven(engine, terminal="ssh") as seen:
        engine.emit(ev.RatesChanged(ME, RATES))
        await seen.shows("↑0.2k ↓1.1k/s  640ms  q3 2s  12.4k")
        seen.main.use(replace(seen.main.profile, figures=1e-9))
        engine.emit(ev.RatesChanged(ME, replace(RATES, round_trip=0.7, today=Amount(4260, 8200))))
        engine.receive(AVA, "on my way")
        await seen.shows("on my way")
        assert "↑0.2k ↓1.1k/s  640ms  q3 2s  12.4k" in seen.text
        engine.emit(ev.RatesChanged(ME, replace(RATES, up=301, round_trip=0.7, today=Amount(4260, 8200))))
        await seen.shows("↑0.3k ↓1.1k/s  700ms  q3 2s  12.5k")


async def test_for_a_screen_reader_it_is_words() -> None:
    engine = metered()
    engine.emit(ev.RatesChanged(ME, RATES))
    async with driven(engine, terminal="reader") as seen:
        await opened(seen)
        assert "up 0.2k down 1.1k a second" in seen.text and "█" not in seen.text
        await seen.press("escape", "alt+s")
        await seen.shows("link satellite, 12.4k today")


async def test_what_rounds_to_the_same_is_not_drawn_again() -> None:
    engine = metered()
    async with driven(engine) as seen:
        engine.emit(ev.RatesChanged(ME, RATES))
        await seen.shows("12.4k")
        drawn = []
        seen.main.status.refresh = lambda *_, **__: drawn.append(1)  # type: ignore[method-assign]
        engine.emit(ev.RatesChanged(ME, replace(RATES, up=201, today=Amount(4210, 8200))))
        await seen.settle()
        assert not drawn
        engine.emit(ev.RatesChanged(ME, replace(RATES, up=300)))
        await seen.until(lambda: drawn)


async def test_the_popup_shows_what_was_spent_and_on_what() -> None:
    async with driven(metered(), settings=Settings(ui=Ui(theme="quiet-dark"), link=Link(budget=1))) as seen:
        await opened(seen)
        for words in (
            "Link of alice@example.org: satellite",
            "this month",
            "chat 80%, rooms 20%",
            "ava 6.6k, dev 1.6k",
            "≈ rooms 110.0k",
            "at most 0.9k in a minute",
            "2 cuts",
            "8.2k of 1.0M this month, 1 %",
            "in use: seen as offline, nobody's presence",
        ):
            assert words in seen.text


async def test_enter_uses_a_profile_and_u_undoes() -> None:
    async with driven(metered()) as seen:
        await opened(seen)
        await seen.press("up", "enter")
        assert seen.engine.done(cmd.UseLink) == [cmd.UseLink(ME, "metered")]
        await opened(seen)
        await seen.press("u")
        assert seen.engine.done(cmd.UndoLink) == [cmd.UndoLink(ME)]


async def test_the_popup_says_which_cells_are_others() -> None:
    engine = metered()
    engine.emit(ev.LinkChanged(ME, replace(PROFILES["satellite"], page=7, receive=Receive.ALL)))
    async with driven(engine) as seen:
        await opened(seen)
        assert "satellite, 2 cells changed" in seen.text


async def test_the_cursor_begins_on_the_profile_in_use() -> None:
    engine = metered()
    engine.emit(ev.LinkChanged(ME, PROFILES["satellite"]))
    async with driven(engine) as seen:
        await opened(seen)
        await seen.press("up", "enter")
        assert engine.done(cmd.UseLink) == [cmd.UseLink(ME, "metered")]


async def test_how_it_follows_the_link_is_said_and_set_by_a_command_and_kept() -> None:
    config = FakeConfig()
    async with driven(peopled(), configuration=config) as seen:

        async def said(line: str, words: str) -> None:
            await seen.type(line)
            await seen.press("enter")
            await seen.shows(words)

        await said("/link auto", "is suggested, never used by itself")
        await said("/link auto on", "follows what is measured")
        assert config.link == {"auto": "switch"}
        assert [one.link.auto for one in seen.engine.done(cmd.ConfigureLink)] == ["switch"]
        await said("/link auto maybe", "/link auto takes on, suggest, off.")
        assert not seen.engine.done(cmd.UseLink)


async def test_a_receipt_is_given_by_a_command() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/receipt")
        await seen.press("enter")
        assert seen.engine.done(cmd.SendReceipt) == [cmd.SendReceipt(AVA)]


async def test_one_key_goes_to_the_last_lean_profile_and_back() -> None:
    engine, config = peopled(), FakeConfig()
    async with driven(engine, configuration=config) as seen:
        await seen.press("f9")
        assert engine.done(cmd.UseLink) == [cmd.UseLink(ME, "metered")]
        await seen.type("/link radio")
        await seen.press("enter")
        await seen.until(lambda: config.ui == {"lean": "radio"})
        engine.emit(ev.LinkChanged(ME, PROFILES["radio"]))
        await seen.shows("Link radio: seen as offline, nobody's presence")
        await seen.press("f9")
        engine.emit(ev.LinkChanged(ME, PROFILES["full"]))
        await seen.shows("Link full: seen with all you do")
        await seen.press("f9")
        assert [one.profile for one in engine.done(cmd.UseLink)] == ["metered", "radio", "full", "radio"]


async def test_a_suggestion_is_said_and_taken_by_the_key() -> None:
    engine = peopled()
    async with driven(engine) as seen:
        engine.emit(ev.LinkSuggested(ME, "satellite", "The round trip is 700 ms."))
        await seen.shows("The round trip is 700 ms. F9 uses the link profile satellite.")
        await seen.press("f9")
        assert engine.done(cmd.UseLink) == [cmd.UseLink(ME, "satellite")]


async def test_a_cell_is_set_and_undone_by_commands() -> None:
    async with driven(peopled()) as seen:
        for line in ("/link set page 7", "/link set page", "/link undo"):
            await seen.type(line)
            await seen.press("enter")
        assert seen.engine.done(cmd.SetLinkCell) == [
            cmd.SetLinkCell(ME, "page", "7"),
            cmd.SetLinkCell(ME, "page", ""),
        ]
        assert seen.engine.done(cmd.UndoLink) == [cmd.UndoLink(ME)]
        await seen.type("/link set pages 7")
        await seen.press("enter")
        await seen.shows("A profile has:")


async def test_a_budget_that_is_nearly_spent_is_a_warning() -> None:
    engine = peopled()
    async with driven(engine) as seen:
        engine.emit(BudgetReached(ME, 4_100_000, 5_000_000, 0.8))
        await seen.shows("80% of the month's 5.0M is spent: 4.1M.")


def test_only_what_is_another_is_said() -> None:
    full, mobile = PROFILES["full"], PROFILES["mobile"]
    assert change_words(full, full) == ""
    words = change_words(full, mobile)
    assert "seen here or away" in words and "20 messages at a time" in words and "rooms" not in words


def test_a_plot_in_plain_ascii() -> None:
    look = Look(load_themes(None)["quiet-dark"])
    assert plot(look, (0, 1, 50, 100), 4) == " ▁▅█"
    assert plot(replace(look, ascii=True), (0, 1, 50, 100), 4) == " _=#"
    assert plot(look, (1, 1, 2, 2), 2) == "▅█"
