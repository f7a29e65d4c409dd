"""The sign-in screen: fields, steps, mistakes."""

from __future__ import annotations

import pytest

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import Driven, driven
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account, Connection, TlsMode


async def _fill(seen: Driven) -> None:
    await seen.type("alice@example.org")
    await seen.press("enter")
    await seen.type("hunter2")


async def test_without_an_account_the_program_asks_for_one() -> None:
    async with driven(FakeEngine(account=False)) as seen:
        assert "Sign in" in seen.text
        assert "Address" in seen.text
        assert "CA file" not in seen.text
        await seen.press("f2")
        await seen.shows("CA file")


async def test_the_password_is_never_on_the_screen_and_reaches_the_engine() -> None:
    async with driven(FakeEngine(account=False)) as seen:
        await _fill(seen)
        assert "hunter2" not in seen.text
        await seen.press("enter")
        assert seen.engine.done(cmd.AddAccount) == [cmd.AddAccount(Account(ME), "hunter2", False)]


async def test_each_step_is_ticked_and_the_chat_screen_follows() -> None:
    async with driven(FakeEngine(account=False)) as seen:
        await _fill(seen)
        await seen.press("enter")
        for state, words in (
            (Connection.RESOLVING, "looking up example.org"),
            (Connection.SECURING, "certificate from Example CA, valid 61 days"),
            (Connection.AUTHENTICATING, "signing in with SCRAM-SHA-256"),
        ):
            seen.engine.emit(ev.ConnectionChanged(ME, state, words))
            await seen.shows(f"… {words}")
        assert "✓ looking up example.org" in seen.text
        seen.engine.emit(ev.ConnectionChanged(ME, Connection.ONLINE))
        await seen.hides("Address")
        assert seen.app.screen is seen.main


async def test_an_error_takes_the_place_of_its_step_and_the_fields_stay() -> None:
    async with driven(FakeEngine(account=False)) as seen:
        await _fill(seen)
        await seen.press("enter")
        seen.engine.emit(ev.ConnectionChanged(ME, Connection.AUTHENTICATING, "signing in"))
        seen.engine.emit(
            ev.ConnectionChanged(ME, Connection.REFUSED, "The password is wrong. Write it again, then Enter.")
        )
        await seen.shows("✗ The password is wrong.")
        assert "… signing in" not in seen.text
        assert "alice@example.org" in seen.text


async def test_a_second_password_answers_the_question_of_the_first() -> None:
    async with driven(FakeEngine(account=False)) as seen:
        await _fill(seen)
        await seen.press("enter")
        seen.engine.emit(ev.PasswordNeeded("q1", ME, "The password is wrong."))
        await seen.shows("✗ The password is wrong.")
        await seen.type("3")
        await seen.press("enter")
        assert seen.engine.done(cmd.Answer) == [cmd.Answer("q1", True, "hunter23", False)]
        assert len(seen.engine.done(cmd.AddAccount)) == 1


@pytest.mark.parametrize(
    ("address", "words"), [("example.org", "before the @"), ("@@", "✗"), ("a b@example.org", "✗")]
)
async def test_a_wrong_address_is_told_before_anything_is_asked(address: str, words: str) -> None:
    async with driven(FakeEngine(account=False)) as seen:
        await seen.type(address)
        await seen.press("enter")
        await seen.type("x")
        await seen.press("enter")
        await seen.shows(words)
        assert not seen.engine.done(cmd.AddAccount)


async def test_the_advanced_fields_are_part_of_the_account() -> None:
    async with driven(FakeEngine(account=False)) as seen:
        await _fill(seen)
        await seen.press("f2", "down", "down")
        await seen.type("127.0.0.1")
        await seen.press("down")
        await seen.type("5223")
        await seen.press("down")
        await seen.type("direct")
        await seen.press("enter")
        (added,) = seen.engine.done(cmd.AddAccount)
        assert added.account == Account(ME, host="127.0.0.1", port=5223, tls=TlsMode.DIRECT)
