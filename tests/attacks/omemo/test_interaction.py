"""E-06, E-07, E-11: whatever becomes of sealed messages, each is read once or refused in words."""

from __future__ import annotations

import random
import secrets
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.attacks.omemo.relay import Letter, Party, Relay
from tests.session.wire import ANNA, BERT, CARL
from tui_xmpp.core.security import Protection
from tui_xmpp.session.crypto.omemo_names import NEW, OLD

STEPS = 45
MOST_DEVICES = 4
VERSIONS = ((OLD,), (NEW,), (NEW, OLD))


class Play:
    """A schedule that a seed decides."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = random.Random(seed)
        self.folder = folder
        people = (ANNA, BERT, CARL)[: 2 + seed % 2]
        self.relay = Relay(people, VERSIONS[seed // 2 % len(VERSIONS)])
        self.said: dict[str, str] = {}
        """By the id of its message, what was said."""
        self.copies: dict[Letter, list[str]] = {}
        """The other ids under which a message was delivered again."""
        self.taken: set[bytes] = set()
        self._number = count()

    async def run(self) -> None:
        for one in self.relay.people:
            await self.relay.join(one, self.folder / f"{next(self._number)}")
        acts = [
            self.say,
            self.say,
            self.say,
            self.deliver,
            self.deliver,
            self.drop,
            self.replay,
            self.restart,
        ]
        for _ in range(STEPS):
            await self.rng.choice(acts)()
            if self.rng.random() < 0.05 and len(self.relay.parties) < MOST_DEVICES:
                owner = self.rng.choice(self.relay.people)
                await self.relay.join(owner, self.folder / f"{next(self._number)}")
        while self.relay.waiting:
            await self.deliver()

    def another(self, keys: list[bytes]) -> bytes:
        """A one-time key that nobody has: the second who takes one cannot be read."""
        key = self.rng.choice(sorted({*keys} - self.taken))
        self.taken.add(key)
        return key

    async def say(self) -> None:
        party = self.rng.choice(self.relay.parties)
        to = self.rng.choice(self.relay.others(party.own))
        text = f"the tulip {self.rng.getrandbits(64):016x} is under the stone"
        await party.say(to, text)
        await self.relay.quiet()
        (message,) = [one for one in party.chat(to) if one.body == text]
        assert message.protection is Protection.SEALED
        self.said[message.id] = text

    async def deliver(self) -> None:
        if self.relay.waiting:
            await self.relay.deliver(self.rng.choice(self.relay.waiting))

    async def drop(self) -> None:
        if self.relay.waiting:
            self.relay.waiting.remove(self.rng.choice(self.relay.waiting))

    async def replay(self) -> None:
        if self.relay.delivered:
            letter = self.rng.choice(self.relay.delivered)
            id = self.rng.choice(["", f"copy-{next(self._number)}"])
            self.copies.setdefault(letter, []).append(id)
            await self.relay.deliver(letter, id)

    async def restart(self) -> None:
        await self.relay.restart(self.rng.choice(self.relay.parties))

    async def close(self) -> None:
        for one in self.relay.parties:
            await one.end()

    # --- what has become of it ------------------------------------------------------------------------------

    def wrong(self) -> list[str]:
        """Deliveries that were neither read once nor refused in words."""
        found = []
        for letter in self.relay.delivered:
            text = self.said.get(letter.id)
            if text is not None:
                fault = self._fault(letter, letter.to, text)
                found += [f"{letter.id} for {letter.to.own}: {fault}"] if fault else []
        return found

    def _fault(self, letter: Letter, to: Party, text: str) -> str:
        came = [one for one in to.chat(letter.sender.own) if not one.outgoing]
        read = [one for one in came if one.body == text]
        ids = {letter.id, *self.copies.get(letter, [])}
        refused = [one for one in came if one.id in ids and one.body != text]
        if not all(one.protection is Protection.ATTENTION and " " in one.body for one in refused):
            return f"refused without a reason: {refused}"
        if len(read) > 1:
            return f"read {len(read)} times"
        if to.can_open(letter.stanza):
            return (
                "" if read else f"not read, {letter.times} times delivered: {[one.body for one in refused]}"
            )
        return "" if refused else "lost silently"


@pytest.mark.parametrize("seed", [*range(16), 20, 26, 28, 34])
async def test_what_was_delivered_is_read_once_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    play = Play(seed, tmp_path)
    chance = SimpleNamespace(choice=play.another, token_bytes=secrets.token_bytes)
    monkeypatch.setattr("x3dh.base_state.secrets", chance)
    await play.run()
    assert play.wrong() == []
    written = "".join(play.relay.bytes)
    assert all(text not in written for text in play.said.values())
    assert play.said
    await play.close()
