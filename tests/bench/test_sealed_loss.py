"""E-11: two who talk sealed, each killed forty times: what is lost, doubled, or sealed twice."""

from __future__ import annotations

import random
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.bench import results
from tests.link.conftest import make_pair
from tests.link.conversation import Conversation
from tests.link.test_sealed import back_in_clear, reused, unopened
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts

pytestmark = pytest.mark.bench

MESSAGES = 200
KILLS = 80
CUTS = 2
SEED = 40
AFTERWARDS = 180.0
"""Seconds that messages may be on their way after the last was written."""
BAD = ("lost", "doubled", "misordered", "falsely_sent", "keys_used_twice", "back_in_clear", "unopened")
KEYS = ("sent", *BAD, "cuts", "kills")


async def talk(server: ChatServer, accounts: Accounts, folder: Path) -> dict[str, Any]:
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        pair = await make_pair(stack, server, accounts, folder, omemo=True)
        conversation = Conversation(
            pair, random.Random(SEED), messages=MESSAGES, cuts=CUTS, kills=KILLS, in_turn=True
        )
        await conversation.run()
        # What is missing then is counted as lost.
        with suppress(AssertionError):
            await conversation.arrived(AFTERWARDS)
        verdict, left = pair.verdict(), unopened(pair)
        # Their words tell why.
        print(f"\n{server.kind}: {left}")
        return {
            "sent": verdict.sent,
            "lost": verdict.lost,
            "doubled": verdict.doubled,
            "misordered": verdict.misordered,
            "falsely_sent": verdict.falsely_sent,
            "keys_used_twice": len(reused(pair)),
            "back_in_clear": len(back_in_clear(pair)),
            "unopened": len(left),
            "cuts": conversation.cuts,
            "kills": conversation.kills,
            "seconds": round(time.monotonic() - began, 1),
        }


async def test_sealed_loss(
    prosody: ChatServer, ejabberd: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    servers = (prosody, ejabberd)
    # One after the other: neither is to wait for the processor that the other one needs.
    taken = [await talk(server, accounts, tmp_path / server.kind) for server in servers]
    figures = {server.kind: figure for server, figure in zip(servers, taken, strict=True)}
    total = {key: sum(figure[key] for figure in taken) for key in KEYS}
    results.write(
        "sealed_loss",
        {
            "title": f"{MESSAGES} messages each way, sealed by OMEMO, while each of the two is killed "
            f"{KILLS // 2} times and the link is cut {CUTS} times",
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
    assert not [key for key in BAD if total[key]]
