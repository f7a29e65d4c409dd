"""A thin and long line to the terminal, one that takes nothing, and what drawing costs the processor."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any

import pytest

from tests.bench import results
from tests.bench.test_login import Bars
from tests.ui.terminal.steering import STOCK, Program
from tests.ui.terminal.thin_line import ThinTerminal

pytestmark = pytest.mark.bench

SIZES = ((80, 24), (200, 50))
RATE, ROUND_TRIP = 1800, 0.6
REMOTE = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
CLIENTS = {"tui-xmpp": REMOTE, "stock": {**REMOTE, **STOCK}}
MESSAGES, SECONDS = 40, 8.0
PATIENCE = 150.0
STALL = 8.0
Figures = dict[str, Any]


def over_thin_line(env: dict[str, str], columns: int, rows: int) -> Figures:
    """Messages come, then a key is pressed: seconds until the last and the key are seen, None: too long."""
    thin = partial(ThinTerminal, rate=RATE, round_trip=ROUND_TRIP)
    with Program(columns=columns, rows=rows, env=env, terminal=thin, profile="auto") as program:
        terminal = program.terminal
        assert isinstance(terminal, ThinTerminal)
        terminal.wait_shown("Which platform", PATIENCE)
        terminal.drain()
        before = len(terminal.raw)
        for number in range(1, MESSAGES + 1):
            program.tell(
                "receive", chat="ava", body=f"message {number} of {MESSAGES}, with some words to read"
            )
            terminal.read(SECONDS / MESSAGES)
        terminal.send("z")
        last = terminal.wait_shown(f"message {MESSAGES} of", PATIENCE)
        key = terminal.wait_shown("(?m)> z", PATIENCE - last) if last is not None else None
        return {
            "last_message": None if last is None else round(last, 2),
            "key_echo": None if last is None or key is None else round(last + key, 2),
            "bytes": len(terminal.raw) - before,
        }


def processor(env: dict[str, str], columns: int, rows: int) -> float:
    """Milliseconds of processor time for one message, of a hundred that are drawn one by one."""
    with Program(columns=columns, rows=rows, env=env) as program:
        program.draw()
        before = program.do("cpu")
        for number in range(100):
            program.tell("receive", chat="ava", body=f"{number} words to read, as many as people write")
            until = time.monotonic() + 0.05
            while (left := until - time.monotonic()) > 0:
                program.terminal.read(left)
        return float(program.do("cpu") - before) * 10


def lag(env: dict[str, str]) -> float:
    with Program(env=env) as program:
        program.draw()
        return program.stalled(STALL)["longest"]


async def test_thin_line() -> None:
    plan = [(size, name) for size in SIZES for name in CLIENTS]
    thin = await asyncio.gather(
        *(asyncio.to_thread(over_thin_line, CLIENTS[name], *size) for size, name in plan)
    )
    # One by one: nothing else has the processor meanwhile.
    milliseconds = [await asyncio.to_thread(processor, CLIENTS[name], *size) for size, name in plan]
    lags = {name: round(await asyncio.to_thread(lag, env), 1) for name, env in CLIENTS.items()}
    figures: dict[str, dict[str, Figures]] = {}
    for (size, name), seconds, cpu in zip(plan, thin, milliseconds, strict=True):
        of_size = figures.setdefault("{}x{}".format(*size), {})
        of_size[name] = {**seconds, "cpu_ms_per_message": round(cpu, 2)}
    bars = Bars()
    for size_name, clients in figures.items():
        ours, stock = clients["tui-xmpp"], clients["stock"]
        echo = ours["key_echo"] if ours["key_echo"] is not None else PATIENCE
        bars.at_most(
            f"{size_name}: seconds until a key is seen, beyond its round trip", echo - ROUND_TRIP, 1.0
        )
        ratio = ours["cpu_ms_per_message"] / stock["cpu_ms_per_message"]
        bars.at_most(f"{size_name}: processor time for a message, times stock", ratio, 1.5)
    bars.at_most("milliseconds the event loop is late while nobody reads", lags["tui-xmpp"], 50)
    line = f"{RATE:,} B/s and {ROUND_TRIP * 1000:.0f} ms"
    title = f"{MESSAGES} messages in {SECONDS:.0f} s to a terminal over {line}, then a key"
    table = [
        ["size", "client", "last message, s", "key, s", "bytes", "CPU ms a message", "loop late, ms"],
        *(row(where, name, cost, lags) for where, some in figures.items() for name, cost in some.items()),
    ]
    told = {"title": title, "table": table, **figures, "loop_late_ms": lags, "bars": bars.all}
    results.write("terminal_line", told)
    print(f"\n{bars.all}")
    assert not bars.missed


def row(size: str, name: str, cost: Figures, lags: dict[str, float]) -> list[object]:
    """One line of the table."""
    late = f"over {PATIENCE:.0f}"
    seconds = [late if cost[what] is None else cost[what] for what in ("last_message", "key_echo")]
    return [size, name, *seconds, f"{cost['bytes']:,}", cost["cpu_ms_per_message"], lags[name]]
