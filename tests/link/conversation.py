"""A long conversation in which the link is cut and the two are killed, at moments that a seed decides."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tests.link.client import Client
from tests.link.judge import Verdict, is_taken, judge
from tests.link.proxy import Link
from tests.link.shape import Break

# Most cuts are told to both sides: a silent one takes the time that a client waits before it gives up.
WAYS = (Break.RESET, Break.RESET, Break.RESET, Break.RESET, Break.HOLE, Break.HALF_OPEN)
PAUSE = 0.1
"""Seconds between two messages of one person, on average."""
AHEAD = 5
"""Messages that are said while a disaster is due: in silence nobody notices that a link is dead."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Anna behind a link, and Bert straight at the server."""

    link: Link
    anna: Client
    bert: Client

    def verdict(self) -> Verdict:
        """Of both directions."""
        return judge(self.anna, self.bert) + judge(self.bert, self.anna)


async def arrived(sender: Client, receiver: Client, *texts: str, seconds: float = 60.0) -> None:
    """Wait until all of `texts` are with the receiver, and shown to the sender as taken."""
    wanted = set(texts)
    every = 0.05 if len(wanted) < 100 else 0.5

    def missing() -> set[str]:
        return wanted - {one.body for one in receiver.archive(sender)}

    def waiting() -> set[str]:
        return wanted - {one.body for one in sender.archive(receiver) if is_taken(one)}

    try:
        await receiver.until(lambda: not missing(), "messages to arrive", seconds, every=every)
        await sender.until(lambda: not waiting(), "the server to take messages", seconds, every=every)
    except AssertionError as error:
        last = "\n".join(map(str, sender.told[-15:]))
        error.add_note(f"missing: {sorted(missing())}\nnot taken: {sorted(waiting())}")
        error.add_note(f"the sender told last:\n{last}\n{sender.errors()}")
        raise


class Conversation:
    """Both write to each other while disasters happen."""

    def __init__(
        self,
        pair: Pair,
        rng: random.Random,
        *,
        messages: int,
        cuts: int,
        kills: int,
        in_turn: bool = False,
    ) -> None:
        """`messages`: of each of the two; `cuts` and `kills` fall somewhere between them.

        `in_turn`: the two are killed by turns, where otherwise Anna is more often.
        """
        self._pair = pair
        self._rng = rng
        self._messages = messages
        self._in_turn = in_turn
        disasters: list[Callable[[], Coroutine[Any, Any, None]]] = [self._cut] * cuts + [self._kill] * kills
        rng.shuffle(disasters)
        self._moments = sorted(rng.sample(range(messages), len(disasters)))
        self._disasters = disasters
        self._happened = 0
        self._written = asyncio.Condition()
        self._progress = 0
        self._lives = {pair.anna: asyncio.Lock(), pair.bert: asyncio.Lock()}
        self.cuts = 0
        self.kills = 0
        self.texts: dict[Client, list[str]] = {pair.anna: [], pair.bert: []}

    async def run(self) -> None:
        """Return when everything is said and every disaster has happened; much may still be on its way."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._talk(self._pair.anna, self._pair.bert, "anna"))
            group.create_task(self._talk(self._pair.bert, self._pair.anna, "bert"))
            group.create_task(self._strike())

    async def arrived(self, seconds: float) -> None:
        """Wait until everything is where it belongs."""
        anna, bert = self._pair.anna, self._pair.bert
        await arrived(anna, bert, *self.texts[anna], seconds=seconds)
        await arrived(bert, anna, *self.texts[bert], seconds=seconds)

    async def _talk(self, speaker: Client, listener: Client, name: str) -> None:
        for number in range(self._messages):
            due = bisect_left(self._moments, number - AHEAD)
            async with self._written:
                # Nobody runs far ahead of a disaster that is due: it would fall into silence.
                while self._happened < due:
                    await self._written.wait()
                self._progress = max(self._progress, number)
                self._written.notify_all()
            self.texts[speaker].append(text := f"{name} {number:04}")
            async with self._lives[speaker]:
                speaker.say(listener, text)
            await speaker.takes(text)
            await asyncio.sleep(self._rng.uniform(0, 2 * PAUSE))

    async def _strike(self) -> None:
        for moment, disaster in zip(self._moments, self._disasters, strict=True):
            async with self._written:
                while self._progress < moment:
                    await self._written.wait()
            await asyncio.sleep(self._rng.uniform(0, PAUSE))
            await disaster()
            async with self._written:
                self._happened += 1
                self._written.notify_all()

    async def _cut(self) -> None:
        link = self._pair.link
        while not link.cut(self._rng.choice(WAYS)):
            link.moved.clear()
            await asyncio.wait_for(link.moved.wait(), 150)
            # Not always at the first packet of a connection.
            await asyncio.sleep(self._rng.uniform(0, 0.5))
        self.cuts += 1
        link.refuse()
        await asyncio.sleep(self._rng.uniform(0, 0.5))
        link.accept()

    async def _kill(self) -> None:
        victim, other = self._pair.anna, self._pair.bert
        if self.kills % 2 if self._in_turn else self._rng.random() < 0.3:
            victim, other = other, victim
        async with self._lives[victim]:
            await victim.kill()
            unheard = victim.unheard(other)
            await victim.start()
            for text in unheard:
                victim.say(other, text)
        self.kills += 1
