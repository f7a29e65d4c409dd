"""What the message log costs: 100,000 messages, one more, another width, a screen up."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

from tests.bench import results
from tests.ui.log_values import CHAT, Host, message, page

pytestmark = pytest.mark.bench


def milliseconds(action: Callable[[], object], times: int = 30) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(taken), 3)


async def test_message_log() -> None:
    app = Host()
    async with app.run_test(size=(100, 40)) as pilot:
        log = app.log_widget
        log.show(CHAT, page([message(row, "word " * (row % 30)) for row in range(1, 2001)]))
        await pilot.pause()
        rows = iter(range(2001, 10_000_000))
        flood = [message(next(rows), "word " * (row % 30)) for row in range(100_000)]

        def drawn(action: Callable[[], object]) -> Callable[[], object]:
            return lambda: (action(), app.rows())

        figures = {
            "append_100000_ms": milliseconds(drawn(lambda: log.add(flood)), 1),
            "append_one_ms": milliseconds(drawn(lambda: log.add([message(next(rows))]))),
            "page_up_ms": milliseconds(drawn(lambda: log.scroll_pages(-1))),
            "new_look_ms": milliseconds(drawn(lambda: setattr(log, "look", log.look)), 10),
        }
    results.write("message_log", figures)
    assert figures["append_100000_ms"] < 500
    assert figures["append_one_ms"] < 10
    assert figures["page_up_ms"] < 20
    assert figures["new_look_ms"] < 60
