"""A thousand messages each way over a link that is cut thirty times, between programs killed five times."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.bench import results
from tests.link.conftest import make_pair
from tests.link.conversation import Conversation
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts

pytestmark = pytest.mark.bench

MESSAGES = 1000
CUTS = 30
KILLS = 5
SEED = 20
AFTERWARDS = 180.0
"""Seconds that messages may be on their way after the last was written."""
KEYS = ("sent", "lost", "doubled", "misordered", "falsely_sent", "cuts", "kills")


async def talk(server: ChatServer, accounts: Accounts, folder: Path) -> dict[str, Any]:
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        pair = await make_pair(stack, server, accounts, folder)
        conversation = Conversation(pair, random.Random(SEED), messages=MESSAGES, cuts=CUTS, kills=KILLS)
        await conversation.run()
        # What is missing then is counted as lost.
        with suppress(AssertionError):
            await conversation.arrived(AFTERWARDS)
        verdict = pair.verdict()
        return {
            "sent": verdict.sent,
            "lost": verdict.lost,
            "doubled": verdict.doubled,
            "misordered": verdict.misordered,
            "falsely_sent": verdict.falsely_sent,
            "cuts": conversation.cuts,
            "kills": conversation.kills,
            "cuts_by_kind": dict(Counter(one.broken.value for one in pair.link.connections if one.broken)),
            "connections": len(pair.link.connections),
            "bytes_up": pair.link.counts.up,
            "bytes_down": pair.link.counts.down,
            "seconds": round(time.monotonic() - began, 1),
        }


async def test_loss(prosody: ChatServer, ejabberd: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    servers = (prosody, ejabberd)
    # One after the other: neither is to wait for the processor that the other one needs.
    taken = [await talk(server, accounts, tmp_path / server.kind) for server in servers]
    figures = {server.kind: figure for server, figure in zip(servers, taken, strict=True)}
    total = {key: sum(figure[key] for figure in taken) for key in KEYS}
    results.write(
        "loss",
        {
            "title": f"{MESSAGES} messages each way while the link is cut {CUTS} times (reset, silent, "
            f"half open) and a program is killed {KILLS} times",
            "table": [
                ["server", *(key.replace("_", " ") for key in KEYS)],
                *([kind, *(figure[key] for key in KEYS)] for kind, figure in figures.items()),
            ],
            **total,
            **figures,
        },
    )
    print(f"\n{total}")
    assert total["sent"] == 2 * MESSAGES * len(servers)
    assert (total["cuts"], total["kills"]) == (CUTS * len(servers), KILLS * len(servers))
    assert not [total[key] for key in KEYS[1:5] if total[key]]
