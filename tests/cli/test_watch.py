from __future__ import annotations

import pytest

from tests.cli.scripted_engine import CHAT, ME, NOON, ScriptedEngine, message
from tui_xmpp.cli.exit_codes import ExitCode, Failure
from tui_xmpp.cli.watch import watch
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey

BOB = Address.parse("bob@example.net")


async def test_the_connections_come_first_and_nothing_is_missed_after_them() -> None:
    engine = ScriptedEngine(ME, BOB)
    lines = watch(engine, now=lambda: NOON)
    first = await anext(lines)
    engine.emit(ev.QuestionSettled("nothing to say"))
    engine.emit(ev.MessageKept(message("hi")))
    told = [first, await anext(lines), await anext(lines)]
    assert [(one["type"], one["account"]) for one in told] == [
        ("connection", str(ME)),
        ("connection", str(BOB)),
        ("message", str(ME)),
    ]


async def test_of_one_account_only() -> None:
    engine = ScriptedEngine(ME, BOB)
    lines = watch(engine, str(BOB))
    assert (await anext(lines))["account"] == str(BOB)
    engine.emit(ev.MessageKept(message("not ours")))
    engine.emit(ev.MessageKept(message("ours", chat=ChatKey(BOB, CHAT.address))))
    assert (await anext(lines))["body"] == "ours"


async def test_an_unknown_account_is_wrong_usage() -> None:
    with pytest.raises(Failure) as caught:
        await anext(watch(ScriptedEngine(), "x@y"))
    assert caught.value.code is ExitCode.USAGE
