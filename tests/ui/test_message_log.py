from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from textual import events
from textual.pilot import Pilot

from tests.ui.log_values import CHAT, START, Host, look, message, page
from tui_xmpp.core.message import Delivery, Gap, Message, Reply
from tui_xmpp.ui.widgets.message_log import WINDOW, MessageLog

SIZE = (80, 24)


def many(first: int, last: int, **more: object) -> list[Message]:
    return [message(row, **more) for row in range(first, last + 1)]  # type: ignore[arg-type]


async def opened(pilot: Pilot[None], messages: list[Message], **more: object) -> tuple[Host, MessageLog]:
    app = pilot.app
    assert isinstance(app, Host)
    start = bool(more.pop("start", True))
    end = bool(more.pop("end", True))
    app.log_widget.show(CHAT, page(messages, start=start, end=end), peer="Ava", own_nick="alice", **more)  # type: ignore[arg-type]
    await pilot.pause()
    return app, app.log_widget


async def test_an_empty_chat_speaks() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, [])
        assert "No messages yet" in app.screen_text()
        log.add([message(1, "hello")])
        await pilot.pause()
        assert "No messages yet" not in app.screen_text() and "hello" in app.screen_text()


async def test_a_short_chat_stands_at_the_bottom_and_a_long_one_shows_its_end() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 2))
        assert app.rows()[0] == "" and "message 2" in app.rows()[-1]
        app, log = await opened(pilot, many(1, 1000))
        assert "message 1000" in app.rows()[-1] and "message 977" in app.rows()[0]
        assert log.following


async def test_it_can_be_filled_before_it_is_laid_out() -> None:
    class Early(Host):
        def on_mount(self) -> None:
            self.log_widget.show(CHAT, page(many(1, 300)), unread_from=message(290).place)
            self.log_widget.add([message(301)])
            self.log_widget.select_last()
            self.log_widget.add_notice("ava joined", message(302).at, "join")
            self.log_widget.replace(message(301, "message 301 changed"))
            self.log_widget.jump_start()

    app = Early()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "message 301 changed" in app.screen_text() and "11 new" in app.screen_text()


async def test_new_messages_are_followed_at_the_end_and_counted_elsewhere() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 100))
        log.add([message(101)])
        await pilot.pause()
        assert "message 101" in app.rows()[-1] and log.new_below == 0
        log.scroll_pages(-1)
        await pilot.pause()
        before = app.rows()
        log.add([message(102), message(103, own=True)])
        await pilot.pause()
        assert app.rows() == before
        assert log.new_below == 1 and not log.following
        assert [one.count for one in app.of(MessageLog.NewBelow)] == [1]
        app.posted.clear()
        log.jump_end()
        await pilot.pause()
        assert "message 103" in app.rows()[-1] and log.new_below == 0
        assert len(app.of(MessageLog.ReachedEnd)) == 1


async def test_messages_that_come_late_stand_where_they_belong_and_none_twice() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, [one for one in many(1, 50) if one.row != 45])
        log.add([message(51), message(45), message(50)])
        await pilot.pause()
        assert [one.row for one in log.messages()] == list(range(1, 52))
        shown = [row.split()[-1] for row in app.rows() if "message" in row]
        assert shown == [str(row) for row in range(28, 52)]


async def test_old_messages_fill_a_gap_without_counting_as_new() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, [*many(1, 40), *many(61, 100)])
        log.jump(message(70).place)
        await pilot.pause()
        before = app.rows()
        log.add(many(41, 60))
        await pilot.pause()
        assert log.new_below == 0 and not app.of(MessageLog.NewBelow)
        assert [one.row for one in log.messages()] == list(range(1, 101))
        assert app.rows()[3:] == before[3:] and "message 60" in app.rows()[1]


async def test_messages_older_than_the_window_wait_for_their_page() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        _, log = await opened(pilot, many(301, 400), start=False)
        log.add([message(5), message(401)])
        assert log.messages()[0].row == 301 and log.messages()[-1].row == 401
        _, log = await opened(pilot, many(301, 400), end=False)
        log.jump(message(301).place)
        log.add([message(900)])
        assert log.messages()[-1].row == 400 and log.new_below == 1


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("hours", [-12, 12])
async def test_claimed_times_of_other_ages_do_no_harm(year: int, hours: int) -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 5))
        log.look = replace(log.look, zone=timezone(timedelta(hours=hours)))
        day = datetime(year, 1, 1, tzinfo=UTC) if year == 1 else datetime(year, 12, 31, tzinfo=UTC)
        log.add([replace(message(row), at=day + timedelta(hours=hour)) for row, hour in ((6, 1), (7, 23))])
        await pilot.pause()
        assert "message 6" in app.screen_text() and "message 7" in app.screen_text()


async def test_a_change_redraws_the_message_and_keeps_the_view() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 100))
        log.scroll_pages(-2)
        await pilot.pause()
        top = app.rows()[0]
        assert log.replace(message(10, "a long one " * 50))
        await pilot.pause()
        assert app.rows()[0] == top
        visible = log.visible_messages()[3]
        assert log.replace(replace(visible, body="changed", edited=True))
        await pilot.pause()
        assert "changed edited" in app.screen_text()
        assert not log.replace(message(5000))


async def test_a_delivery_state_changes_in_place() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        own = message(2, "hi", own=True, delivery=Delivery.QUEUED)
        app, log = await opened(pilot, [message(1), own])
        assert app.rows()[-1].endswith("◌")
        log.replace(replace(own, delivery=Delivery.DELIVERED, at=own.at + timedelta(seconds=1)))
        await pilot.pause()
        assert app.rows()[-1].endswith("✓✓")
        log.replace(replace(own, delivery=Delivery.FAILED, failure="No."))
        await pilot.pause()
        assert "No." in app.rows()[-1] and app.rows()[-2].endswith("✗")


async def test_older_messages_are_asked_for_once_and_the_view_stays() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(301, 400, minutes=None), start=False)
        log.jump_start()
        log.scroll_lines(3)
        await pilot.pause()
        assert len(app.of(MessageLog.OlderWanted)) == 1
        before = app.rows()[1:]
        log.prepend(page(many(1, 300), start=True))
        await pilot.pause()
        assert [row for row in before if row in app.rows()] == before
        log.jump_start()
        await pilot.pause()
        assert "message 1" in app.screen_text()
        assert len(app.of(MessageLog.OlderWanted)) == 1


async def test_what_is_read_stays_while_blocks_above_are_measured() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        long = [
            message(row, f"message {row} " + "word " * (row % 60 if row < 700 else 2))
            for row in range(1, 1500)
        ]
        app, log = await opened(pilot, long)
        log.jump(long[500].place)
        await pilot.pause()
        for _ in range(400):
            before = app.rows()
            log.scroll_lines(-1)
            assert app.rows()[1:] == before[:-1]
        for _ in range(200):
            before = app.rows()
            log.scroll_lines(1)
            assert app.rows()[:-1] == before[1:]


async def test_the_window_lets_the_far_end_go_and_asks_again() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 100))
        for start in range(101, 6000, 100):
            log.add(many(start, start + 99))
        await pilot.pause()
        assert WINDOW <= len(log.messages()) <= WINDOW + 400
        assert "message 6000" in app.rows()[-1]
        app.posted.clear()
        log.jump_start()
        await pilot.pause()
        assert app.of(MessageLog.OlderWanted)
        oldest = log.messages()[0].row
        while oldest > 1000:
            log.prepend(page(many(oldest - 500, oldest - 1), start=False))
            log.jump_start()
            oldest = log.messages()[0].row
        await pilot.pause()
        assert len(log.messages()) <= WINDOW + 400
        assert log.messages()[-1].row < 6000
        log.add([message(6001)])
        assert log.new_below == 1 and log.messages()[-1].row != 6001
        log.jump_end()
        await pilot.pause()
        assert app.of(MessageLog.NewestWanted)
        log.scroll_to(y=log.max_scroll_y, animate=False, force=True)
        await pilot.pause()
        assert app.of(MessageLog.NewerWanted) and not log.following
        newest = log.messages()[-1].row
        log.append_page(page(many(newest + 1, 6001), start=False, end=True))
        await pilot.pause()
        log.jump_end()
        await pilot.pause()
        assert "message 6001" in app.rows()[-1] and log.following


async def test_the_unread_line() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        messages = many(1, 100)
        app, log = await opened(pilot, messages, unread_from=messages[60].place)
        assert "39 new" in app.screen_text() and "message 62" in app.screen_text()
        log.jump_end()
        log.add([message(101)])
        await pilot.pause()
        assert "new" not in app.screen_text()
        assert log.jump_unread()
        await pilot.pause()
        assert "40 new" in app.screen_text()
        log.set_unread_line(messages[70].place)
        log.jump_unread()
        await pilot.pause()
        text = app.screen_text()
        assert text.index("message 71") < text.index("30 new") < text.index("message 72")
        log.set_unread_line(None)
        await pilot.pause()
        assert " new " not in app.screen_text() and not log.jump_unread()


async def test_own_messages_are_never_new() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, _ = await opened(
            pilot, [message(1), message(2, own=True), message(3)], unread_from=message(1).place
        )
        text = app.screen_text()
        assert text.index("message 2") < text.index("1 new") < text.index("message 3")


async def test_jump_to_a_place() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 1000))
        assert log.jump(message(500).place)
        await pilot.pause()
        row = next(number for number, text in enumerate(app.rows()) if text.endswith("message 500"))
        assert 8 <= row <= 15
        app, log = await opened(pilot, many(401, 500), start=False, end=False, at=message(450).place)
        assert any(text.endswith("message 450") for text in app.rows()[8:16])
        assert not log.jump(message(3).place)


async def test_selecting() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 100))
        log.select_previous()
        await pilot.pause()
        assert log.selected is not None and log.selected.row == 100
        assert app.rows()[-1].startswith(" >")
        log.select_previous()
        log.select_previous()
        log.select_next()
        assert log.selected.row == 99
        for _ in range(40):
            log.select_previous()
        await pilot.pause()
        assert log.selected.row == 59 and any(row.startswith(" >") for row in app.rows())
        cursor = app.cursor_position
        assert app.rows()[cursor.y].startswith(" >") and cursor.x == 1
        log.select_first()
        await pilot.pause()
        assert log.selected.row == 1 and "message 1" in app.screen_text()
        log.select_last()
        await pilot.pause()
        assert log.selected.row == 100
        log.clear_selection()
        await pilot.pause()
        assert log.selected is None and not any(row.startswith(" >") for row in app.rows())
        assert app.of(MessageLog.SelectionChanged)[-1].message is None


async def test_a_selected_message_shows_its_change() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        _, log = await opened(pilot, many(1, 10))
        log.select(message(5))
        log.replace(message(5, "changed"))
        await pilot.pause()
        assert log.selected is not None and log.selected.body == "changed"


async def test_unfolding_a_long_message() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, [message(1, "".join(f"line {n}\n" for n in range(300)))])
        assert "press Enter" in app.screen_text()
        log.select_last()
        assert log.unfold() and not log.unfold()
        await pilot.pause()
        log.jump_end()
        await pilot.pause()
        assert "line 299" in app.screen_text()
        log.select(message(1))
        log.replace(message(1, "short"))
        assert not log.unfold()


async def test_gaps_are_shown_and_told_once() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, [*many(1, 40), *many(5000, 5040)])
        gap = Gap(7, CHAT, message(40).at, "", message(5000).at, "")
        log.set_gaps([gap])
        await pilot.pause()
        assert not app.of(MessageLog.GapReached)
        log.jump(message(5000).place)
        await pilot.pause()
        text = app.screen_text()
        assert (
            text.index("message 40")
            < text.index("days of messages may be missing")
            < text.index("message 5000")
        )
        log.scroll_lines(-1)
        await pilot.pause()
        assert [one.gap for one in app.of(MessageLog.GapReached)] == [gap]
        log.set_gaps([gap], filling={7})
        await pilot.pause()
        assert "filling" in app.screen_text()
        log.set_gaps([])
        await pilot.pause()
        assert "filling" not in app.screen_text()


@pytest.mark.parametrize(
    ("after", "before", "said", "place"),
    [(None, 1, "older messages are on the server", "start"), (40, None, "what came after", "end")],
)
async def test_gaps_at_the_ends(after: int | None, before: int | None, said: str, place: str) -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 40))
        log.set_gaps([
            Gap(1, CHAT, after and message(after).at, "", before and message(before).at, ""),
        ])  # fmt: skip
        if place == "start":
            log.jump_start()
        await pilot.pause()
        assert said in (app.rows()[0] if place == "start" else app.rows()[-1])


async def test_joins_collapse_unfold_and_hide() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 5))
        for number in range(6):
            log.add_notice(f"n{number} joined", START + timedelta(minutes=6), "join")
        log.add_notice("The room is now moderated.", START + timedelta(minutes=7))
        log.add([message(8)])
        await pilot.pause()
        assert app.rows()[-3].endswith("⋯ 6") and "moderated" in app.rows()[-2]
        log.unfold_notices()
        await pilot.pause()
        assert sum("joined" in row for row in app.rows()) == 6
        log.unfold_notices()
        await pilot.click(MessageLog, offset=(30, 21))
        assert sum("joined" in row for row in app.rows()) == 6
        log.notices_shown = False
        await pilot.pause()
        assert "joined" not in app.screen_text() and "message 8" in app.rows()[-1]


async def test_clicks_and_wheel() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(
            pilot,
            [
                *many(1, 50),
                message(51, "see https://example.org/x"),
                message(52, reply=Reply("1", text="what")),
            ],
        )
        await pilot.click(MessageLog, offset=(25, 21))
        assert [one.url for one in app.of(MessageLog.LinkClicked)] == ["https://example.org/x"]
        await pilot.click(MessageLog, offset=(19, 22))
        assert [one.message.row for one in app.of(MessageLog.ReplyClicked)] == [52]
        await pilot.click(MessageLog, offset=(25, 23))
        assert [one.message.row for one in app.of(MessageLog.Clicked)] == [52]
        top = log.scroll_offset.y
        await pilot._post_mouse_events([events.MouseScrollUp], log)
        await pilot.pause()
        assert log.scroll_offset.y == top - 3


async def test_resizing_keeps_the_place() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        long = [message(row, f"message {row} " + "word " * (row % 60)) for row in range(1, 600)]
        _, log = await opened(pilot, long)
        for width in (40, 120, 20, 80):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            assert log.following and log.messages()[-1] in log.visible_messages()
        log.jump(long[300].place)
        await pilot.pause()
        for width, height in ((40, 24), (120, 40), (80, 10), (80, 24)):
            first = log.visible_messages()[0]
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert first == log.visible_messages()[0]


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (12, 3), (20, 4), (200, 60)])
async def test_any_size_works(size: tuple[int, int]) -> None:
    async with Host().run_test(size=size) as pilot:
        app, log = await opened(
            pilot, [message(row, "some words 漢字 " * 5, own=row % 2 == 0) for row in range(50)]
        )
        log.select_previous()
        log.scroll_pages(-1)
        await pilot.pause()
        assert len(app.rows()) == size[1]


async def test_another_look_repaints_in_place() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, [message(row, own=True) for row in range(1, 200)])
        log.scroll_pages(-2)
        await pilot.pause()
        before = [one.row for one in log.visible_messages()]
        assert "✓" in app.screen_text()
        log.look = look("mono", ascii=True, time="%H:%M:%S")
        await pilot.pause()
        assert "✓" not in app.screen_text() and ":00 " in app.screen_text()
        assert [one.row for one in log.visible_messages()] == before


async def test_a_new_long_name_widens_the_column() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 100))
        log.add([message(101, "hi", nick="bartholomew-the-third")])
        await pilot.pause()
        assert app.rows()[-1] == "  11:22 bartholomew… hi"
        assert app.rows()[-2].index("message") == app.rows()[-1].index("hi")


@pytest.mark.parametrize(
    "hostile", ["[/", "[/x]", "[red on", "$var", "[@click=app.quit]x[/]", "\x1b]0;x\x07\x9b2J"]
)
async def test_markup_is_text(hostile: str) -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, [message(1, hostile, nick=hostile)], unread_from=None)
        log.add_notice(hostile, START + timedelta(minutes=2), "warning")
        log.select_previous()
        await pilot.pause()
        await pilot.click(MessageLog, offset=(18, 22))
        assert app.is_running
        if hostile.isprintable():
            assert hostile in app.rows()[-2] and hostile in app.rows()[-1]
        assert not any("\x1b" in row or "\x9b" in row for row in app.rows())


def longest(action: Callable[[], object], times: int = 5) -> float:
    """The best of some tries, in seconds: what it costs, not what else the machine does."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return min(taken)


@pytest.mark.parametrize("body", ["x" * 1_000_000, "\n" * 100_000, "*a* " * 250_000, "漢\u0301" * 300_000])
async def test_huge_bodies_do_not_block(body: str) -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 10))
        row = iter(range(11, 100))

        def add() -> None:
            log.add([message(next(row), body)])
            app.rows()

        assert longest(add, 3) < 0.1


async def test_ten_thousand_at_once_do_not_block() -> None:
    async with Host().run_test(size=SIZE) as pilot:
        app, log = await opened(pilot, many(1, 10))
        flood = many(11, 10_010)
        start = time.perf_counter()
        log.add(flood)
        app.rows()
        assert time.perf_counter() - start < 0.3
        assert "message 10010" in app.rows()[-1]


async def test_appending_costs_the_same_however_many_there_are() -> None:
    async with Host().run_test(size=(100, 40)) as pilot:
        app, log = await opened(pilot, many(1, 2000))
        rows = iter(range(2001, 10_000_000))

        def add() -> None:
            log.add([message(next(rows))])
            app.rows()

        assert longest(add, 20) < 0.01
        for _ in range(20):
            log.add([message(next(rows)) for _ in range(1000)])
        assert longest(add, 20) < 0.01
        assert longest(lambda: setattr(log, "look", log.look), 3) < 0.06
