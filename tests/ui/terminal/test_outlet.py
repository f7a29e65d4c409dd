"""The way out: a terminal that does not read is not waited for."""

from __future__ import annotations

import asyncio
import os
import pty
import time
import tty
from collections.abc import Iterator

import pytest

from tui_xmpp.ui.terminal.outlet import Outlet

MUCH = "x" * 300_000


@pytest.fixture
def line() -> Iterator[tuple[int, int]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, slave
    for one in (master, slave):
        try:
            os.close(one)
        except OSError:
            continue


def opened(slave: int, told: list[str], drained: asyncio.Event) -> Outlet:
    def all_taken() -> None:
        told.append("drained")
        drained.set()

    return Outlet(slave, drained=all_taken, gone=lambda: told.append("gone"))


async def test_what_the_terminal_does_not_take_now_follows_when_it_does(line: tuple[int, int]) -> None:
    master, slave = line
    told: list[str] = []
    drained = asyncio.Event()
    outlet = opened(slave, told, drained)
    began = time.monotonic()
    outlet.write(MUCH)
    outlet.write("end")
    assert time.monotonic() - began < 0.5
    assert outlet.busy
    assert not told
    got = bytearray()
    whole = asyncio.Event()

    def read() -> None:
        got.extend(os.read(master, 65536))
        if got.endswith(b"end"):
            whole.set()

    asyncio.get_running_loop().add_reader(master, read)
    async with asyncio.timeout(10):
        await drained.wait()
        await whole.wait()
    assert got.decode() == MUCH + "end"
    assert not outlet.busy
    outlet.close("", 1)
    asyncio.get_running_loop().remove_reader(master)


async def test_a_terminal_that_went_is_told_once_and_swallows_the_rest(line: tuple[int, int]) -> None:
    master, slave = line
    gone = asyncio.Event()
    told: list[str] = []

    def lost() -> None:
        told.append("gone")
        gone.set()

    outlet = Outlet(slave, drained=lambda: None, gone=lost)
    outlet.write(MUCH)
    os.close(master)
    outlet.write("more")
    async with asyncio.timeout(10):
        await gone.wait()
    outlet.write("and more")
    outlet.close("last", 1)
    assert told == ["gone"]


async def test_the_end_does_not_wait_for_ever(line: tuple[int, int]) -> None:
    _, slave = line
    outlet = opened(slave, [], asyncio.Event())
    outlet.write(MUCH)
    began = time.monotonic()
    outlet.close("last", 0.3)
    assert 0.2 < time.monotonic() - began < 2


async def test_others_on_the_same_terminal_still_block(line: tuple[int, int]) -> None:
    _, slave = line
    outlet = opened(slave, [], asyncio.Event())
    assert os.get_blocking(slave)
    outlet.close("", 1)
