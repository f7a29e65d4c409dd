"""What the terminal is sent for what happens on the screen, beside others."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.bench import poezio as poezio_tool
from tests.bench import results
from tests.bench.screens import PAGE_UP, Counts, Ours, Screen, poezio, profanity
from tests.bench.test_login import Bars
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tests.server.test_rooms import InRoom
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import SendMessage

pytestmark = pytest.mark.bench

SIZES = ((80, 24), (200, 50))
HALL = "hall@rooms.localhost"
LINE = "the ferry leaves at nine from the quay, "
MINUTE = 60.0
WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "juniper", "kelp",
    "lichen", "maple", "nettle", "otter",
)  # fmt: skip


def text_of(number: int) -> str:
    """A message that is unlike the one before."""
    some = [WORDS[(number * step + step) % len(WORDS)] for step in (1, 4, 7, 11)]
    return f"{number:03} " + " ".join(some)


class Sender:
    """Bob, who writes to whoever is measured."""

    def __init__(self, person: Person, loop: asyncio.AbstractEventLoop, to: str) -> None:
        self._person, self._loop = person, loop
        self._key = ChatKey(person.address, Address.parse(to))
        self.sent = 0

    def say(self) -> None:
        """Send the next message; from another thread."""
        self._say(self._key)

    def say_in_hall(self) -> None:
        """Send it to the room."""
        self._say(ChatKey(self._person.address, Address.parse(HALL)))

    def _say(self, key: ChatKey) -> None:
        self.sent += 1
        command = SendMessage(key, text_of(self.sent))
        asyncio.run_coroutine_threadsafe(self._person.do(command), self._loop).result(20)


def measure(screen: Screen, sender: Sender, bob: str, other: str) -> Counts:
    """All but the idle minute, for one client."""

    def costs_of(say: Callable[[], None]) -> list[int]:
        return [screen.meter.cost(say) for _ in range(5)]

    def receive() -> float:
        return statistics.median(costs_of(sender.say))

    def receive_many(say: Callable[[], None]) -> None:
        for _ in range(100):
            say()
            screen.meter.during(0.05)

    def receive_in_hall() -> float:
        # Until the last line is reached none has to make room for another.
        screen.meter.cost(lambda: receive_many(sender.say_in_hall))
        return statistics.median(costs_of(sender.say_in_hall))

    def type_many() -> None:
        for number in range(100):
            for letter in text_of(number):
                screen.meter.terminal.send(letter)
                screen.meter.during(0.003)
            screen.meter.terminal.send("\r")
            screen.meter.during(0.1)

    screen.start()
    screen.talk_to(other)
    screen.quit()
    screen.start()
    costs: Counts = {"start": len(screen.meter.terminal.raw)}
    screen.talk_to(other)
    screen.talk_to(bob)
    screen.meter.cost(sender.say)
    screen.meter.keys("\r")
    costs["key"] = screen.meter.each(LINE, 0.1)
    costs["sent"] = screen.meter.keys("\r")
    costs["100 received"] = screen.meter.cost(lambda: receive_many(sender.say))
    costs["message"] = receive()
    costs["100 typed"] = screen.meter.cost(type_many)
    costs["page"] = screen.meter.keys(PAGE_UP)
    screen.meter.keys("\x1b[6~")
    costs |= screen.extras(receive, HALL, receive_in_hall)
    costs["switch"] = statistics.median(screen.switch(number) for number in (0, 1, 0, 1))
    # The link's figures come to rest.
    screen.meter.settle(6.0)
    return costs


def table(figures: dict[str, dict[str, Counts]]) -> list[list[Any]]:
    whats = ["start", "key", "message", "message_panel", "switch", "page", "focus", "toast", "palette"]
    whats += ["100 received", "100 typed", "idle_minute"]
    rows: list[list[Any]] = [["size", "client", *(what.replace("_", " ") for what in whats)]]
    for size, clients in figures.items():
        for name, costs in clients.items():
            cells = (costs.get(what) for what in whats)
            rows.append([size, name, *("" if cell is None else f"{cell:,.0f}" for cell in cells)])
    return rows


def screens(
    size: tuple[int, int], folder: Path, server: ChatServer, make: Callable[[], Any]
) -> list[tuple[Screen, Any]]:
    """Every client, each with an account of its own."""
    made: list[tuple[Screen, Any]] = []

    def place(kind: str) -> tuple[Path, Any]:
        return folder / f"{kind}-{size[0]}", make()

    ours = (("tui-xmpp", True), ("tui-xmpp, margins", True), ("tui-xmpp, local", False), ("stock", True))
    for name, ssh in ours:
        where, account = place(name.replace(", ", "-"))
        made.append((Ours(where, account, server, size, name=name, ssh=ssh), account))
    for other in (profanity, poezio) if poezio_tool.version() else (profanity,):
        where, account = place(other.__name__)
        made.append((other(where, account, server, size), account))
    return made


async def test_bytes(prosody: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    bob, other, *people = await asyncio.to_thread(
        accounts, prosody, "bob", "olga", *(f"c{number:02}" for number in range(12)), friends=False
    )

    def make() -> Any:
        (one,) = accounts(prosody, "anna", friends=False)
        for person in (bob, other, *people):
            prosody.befriend(one.user, person.user)
        return one

    loop = asyncio.get_running_loop()
    # Every client is read at the same time when nothing happens.
    loop.set_default_executor(ThreadPoolExecutor(16))
    figures: dict[str, dict[str, Counts]] = {"{}x{}".format(*size): {} for size in SIZES}
    plan = [(size, await asyncio.to_thread(screens, size, tmp_path, prosody, make)) for size in SIZES]

    async def measure_size(person: Person, size: str, clients: list[tuple[Screen, Any]]) -> None:
        for screen, account in clients:
            sender = Sender(person, loop, account.address)
            costs = await asyncio.to_thread(measure, screen, sender, bob.address, other.address)
            figures[size][screen.name] = costs
            print(size, screen.name, costs, flush=True)
        idle = await asyncio.gather(
            *(asyncio.to_thread(screen.meter.during, MINUTE) for screen, _ in clients)
        )
        for (screen, _), count in zip(clients, idle, strict=True):
            figures[size][screen.name]["idle_minute"] = count

    try:
        async with Person(bob, prosody, tmp_path / "bob") as person:
            await person.online()
            await InRoom.of(person, Address.parse(HALL)).make("bob")
            await asyncio.gather(*(measure_size(person, "{}x{}".format(*size), made) for size, made in plan))
    finally:
        for _, clients in plan:
            for screen, _ in clients:
                screen.close()
    bars = Bars()
    for size, costs in figures.items():
        ours, theirs = costs["tui-xmpp"], costs["profanity"]
        bars.at_most(f"{size}: message", ours["message"], theirs["message"])
        bars.at_most(f"{size}: message with the list", ours["message_panel"], 2 * theirs["message_panel"])
        bars.at_most(f"{size}: key", ours["key"], 8)
        bars.at_most(f"{size}: idle minute", ours["idle_minute"], 0)
        for what in ("100 received", "100 typed"):
            bars.at_most(f"{size}: {what}", ours[what], 1.5 * theirs[what])
    bars.at_most("80x24: start", figures["80x24"]["tui-xmpp"]["start"], 5000)
    title = "Bytes to the terminal (margins: to one that moves parts of rows, mode 69)"
    results.write("terminal", {"title": title, "table": table(figures), **figures, "bars": bars.all})
    print(f"\n{bars.all}")
    assert not bars.missed
