"""The sign-in for a screen reader: lines that are never drawn twice, and a line to answer on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import Driven, driven
from tests.ui.fake_terminal import FakeTerminal, fake_terminal
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account, Connection, TlsMode


@asynccontextmanager
async def asked() -> AsyncIterator[Driven]:
    engine = FakeEngine(account=False)
    async with driven(engine, terminal="reader", driver=FakeTerminal) as seen:
        yield seen


async def answer(seen: Driven, *answers: str) -> None:
    for text in answers:
        await seen.type(text)
        await seen.press("enter")


def said(seen: Driven) -> list[str]:
    return [line for line in seen.lines[:-1] if line]


async def test_one_thing_is_asked_after_the_other_and_the_cursor_is_where_one_writes() -> None:
    async with asked() as seen:
        assert said(seen) == [
            "Sign in. Enter answers, F2 asks for more, Ctrl+Q leaves.",
            "Address, name@example.org:",
        ]
        assert fake_terminal(seen.app).place == (0, 23)
        await seen.type("alice@example.org")
        assert seen.lines[-1] == "alice@example.org"
        await seen.press("enter")
        await answer(seen, "hunter2")
        assert said(seen)[-3:] == [
            "Password:",
            "Password typed.",
            "Remember, y keeps the password for the next start:",
        ]
        assert "hunter2" not in seen.text
        await answer(seen, "y")
        assert seen.engine.done(cmd.AddAccount) == [cmd.AddAccount(Account(ME), "hunter2", True)]


async def test_what_was_said_moves_up_and_is_never_another() -> None:
    async with asked() as seen:
        before = said(seen)
        for text in ("alice@example.org", "hunter2", ""):
            await answer(seen, text)
            assert said(seen)[: len(before)] == before
            before = said(seen)
        for state, words in (
            (Connection.RESOLVING, "looking up example.org"),
            (Connection.SECURING, "certificate from Example CA, valid 61 days"),
            (Connection.SECURING, "certificate from Example CA, valid 61 days"),
        ):
            seen.engine.emit(ev.ConnectionChanged(ME, state, words))
            await seen.shows(words)
        assert said(seen) == [*before, "certificate from Example CA, valid 61 days"]
        seen.engine.emit(ev.ConnectionChanged(ME, Connection.ONLINE))
        await seen.until(lambda: seen.app.screen is seen.main)


async def test_a_wrong_password_is_asked_for_again_and_another_address_may_be_given() -> None:
    async with asked() as seen:
        await answer(seen, "alice@example.org", "hunter2", "")
        seen.engine.emit(ev.PasswordNeeded("q1", ME, "The password is wrong."))
        await seen.shows("Password, Enter keeps the one you typed:")
        await answer(seen, "hunter3", "")
        assert seen.engine.done(cmd.Answer) == [cmd.Answer("q1", True, "hunter3", False)]


async def test_a_mistake_is_said_and_asked_again() -> None:
    async with asked() as seen:
        await answer(seen, "example.org", "x", "")
        await seen.shows("like name@example.org.")
        assert said(seen)[-1] == "Address, Enter keeps example.org:"
        await answer(seen, "alice@example.org", "", "")
        assert seen.engine.done(cmd.AddAccount) == [cmd.AddAccount(Account(ME), "x", False)]


async def test_more_is_asked_on_demand() -> None:
    async with asked() as seen:
        await seen.press("f2")
        await answer(seen, "alice@example.org", "x", "", "127.0.0.1", "5223", "direct", "", "")
        (added,) = seen.engine.done(cmd.AddAccount)
        assert added.account == Account(ME, host="127.0.0.1", port=5223, tls=TlsMode.DIRECT)
