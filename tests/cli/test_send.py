from __future__ import annotations

import pytest

from tests.cli.scripted_engine import AVA, ME, ROOM, ScriptedEngine
from tui_xmpp.cli.exit_codes import ExitCode, Failure
from tui_xmpp.cli.send import Sending, send
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account, Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.contact import Contact
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.questions import RoomServices
from tui_xmpp.core.room import RoomState

BOB = Address.parse("bob@example.net")
GARDEN = ChatKey(ME, ROOM)


async def refused(engine: ScriptedEngine, sending: Sending, own: bool = True) -> Failure:
    with pytest.raises(Failure) as caught:
        await send(engine, sending, own=own)
    return caught.value


async def test_ends_when_the_server_has_taken_the_message() -> None:
    engine = ScriptedEngine()
    engine.send_reaches(Delivery.WRITTEN, Delivery.TAKEN)
    await send(engine, Sending(str(AVA), "hello"))
    assert [(one.chat, one.body) for one in engine.done(cmd.SendMessage)] == [(ChatKey(ME, AVA), "hello")]


async def test_written_to_the_stream_is_not_taken_by_the_server() -> None:
    engine = ScriptedEngine()
    engine.send_reaches(Delivery.WRITTEN)
    failure = await refused(engine, Sending(str(AVA), "hello", timeout=0.05))
    assert failure.code is ExitCode.TIMED_OUT
    assert "kept" in str(failure)


async def test_wait_delivered_waits_for_the_receipt() -> None:
    engine = ScriptedEngine()
    engine.send_reaches(Delivery.TAKEN)
    waiting = Sending(str(AVA), "hello", wait="delivered", timeout=0.05)
    assert (await refused(engine, waiting)).code is ExitCode.TIMED_OUT
    engine.send_reaches(Delivery.TAKEN, Delivery.DELIVERED)
    await send(engine, waiting)


async def test_a_failed_message_fails_with_its_reason() -> None:
    engine = ScriptedEngine()
    engine.send_reaches(Delivery.FAILED, failure="There is no such account.")
    failure = await refused(engine, Sending(str(AVA), "hello"))
    assert (failure.code, str(failure)) == (ExitCode.FAILED, "There is no such account.")


async def test_the_message_of_somebody_else_is_not_ours() -> None:
    engine = ScriptedEngine()

    def another(command: cmd.SendMessage) -> list[ev.Event]:
        from tests.cli.scripted_engine import message

        return [ev.MessageKept(message("x", id="other", outgoing=True, delivery=Delivery.TAKEN))]

    engine.on[cmd.SendMessage] = another
    assert (await refused(engine, Sending(str(AVA), "hello", timeout=0.05))).code is ExitCode.TIMED_OUT


async def test_a_room_is_joined_first() -> None:
    engine = ScriptedEngine()
    engine.answers[RoomServices] = (Address.parse("rooms.example.org"),)
    engine.on[cmd.JoinRoom] = lambda _: [ev.RoomChanged(GARDEN, RoomState.JOINED)]
    engine.send_reaches(Delivery.TAKEN)
    await send(engine, Sending(str(ROOM), "hello"))
    assert [type(one) for one in engine.commands] == [cmd.SetClientState, cmd.JoinRoom, cmd.SendMessage]


async def test_a_room_nobody_knows_is_joined_when_the_user_says_it_is_one() -> None:
    engine = ScriptedEngine()
    engine.on[cmd.JoinRoom] = lambda _: [ev.RoomChanged(GARDEN, RoomState.JOINED)]
    engine.send_reaches(Delivery.TAKEN)
    await send(engine, Sending(str(ROOM), "hello", room=True))
    assert engine.done(cmd.JoinRoom)


async def test_a_joined_room_is_not_joined_again() -> None:
    engine = ScriptedEngine()
    engine.emit(ev.RoomChanged(GARDEN, RoomState.JOINED))
    engine.send_reaches(Delivery.TAKEN)
    await send(engine, Sending(str(ROOM), "hello"))
    assert not engine.done(cmd.JoinRoom)


async def test_a_room_that_lets_us_not_in_is_told_and_nothing_is_sent() -> None:
    engine = ScriptedEngine()
    engine.emit(ev.RoomChanged(GARDEN, RoomState.LEFT))
    engine.on[cmd.JoinRoom] = lambda _: [ev.RoomChanged(GARDEN, RoomState.FAILED, "You are banned.")]
    failure = await refused(engine, Sending(str(ROOM), "hello"))
    assert (failure.code, str(failure)) == (ExitCode.REFUSED, "You are banned.")
    assert not engine.done(cmd.SendMessage)


async def test_rooms_have_no_receipts() -> None:
    engine = ScriptedEngine()
    engine.emit(ev.RoomChanged(GARDEN, RoomState.JOINED))
    failure = await refused(engine, Sending(str(ROOM), "hello", wait="delivered"))
    assert failure.code is ExitCode.USAGE
    assert not engine.done(cmd.SendMessage)


async def test_waits_for_the_sign_in() -> None:
    engine = ScriptedEngine(online=False)
    engine.send_reaches(Delivery.TAKEN)
    with pytest.raises(Failure) as caught:
        await send(engine, Sending(str(AVA), "hello", timeout=0.05))
    assert caught.value.code is ExitCode.TIMED_OUT
    assert str(caught.value).startswith("Nothing was sent")
    assert not engine.done(cmd.SendMessage)


@pytest.mark.parametrize("own", [True, False])
async def test_only_an_engine_of_its_own_is_told_that_nobody_looks(own: bool) -> None:
    engine = ScriptedEngine()
    engine.send_reaches(Delivery.TAKEN)
    await send(engine, Sending(str(AVA), "hello"), own=own)
    assert engine.done(cmd.SetClientState) == ([cmd.SetClientState(active=False)] if own else [])


async def test_a_refused_sign_in_says_why() -> None:
    engine = ScriptedEngine(online=False)
    engine.emit(ev.ConnectionChanged(ME, Connection.REFUSED, "The password is wrong."))
    failure = await refused(engine, Sending(str(AVA), "hello"))
    assert (failure.code, str(failure)) == (ExitCode.REFUSED, "The password is wrong.")


async def test_an_account_that_a_person_stopped_is_not_started_by_a_script() -> None:
    engine = ScriptedEngine(online=False)
    engine.emit(ev.AccountAdded(Account(ME, enabled=False)))
    failure = await refused(engine, Sending(str(AVA), "hello"), own=False)
    assert failure.code is ExitCode.REFUSED
    assert not engine.commands


async def test_a_password_nobody_can_give_ends_it() -> None:
    engine = ScriptedEngine(online=False)
    engine.emit(ev.PasswordNeeded("q1", ME))
    failure = await refused(engine, Sending(str(AVA), "hello"))
    assert failure.code is ExitCode.REFUSED
    assert "password_command" in str(failure)


async def test_a_password_that_is_given_signs_in() -> None:
    engine = ScriptedEngine(online=False)
    engine.emit(ev.PasswordNeeded("q1", ME))
    engine.on[cmd.Answer] = lambda _: [ev.ConnectionChanged(ME, Connection.ONLINE)]
    engine.send_reaches(Delivery.TAKEN)

    async def ask(question: ev.PasswordNeeded) -> str:
        return "secret"

    await send(engine, Sending(str(AVA), "hello"), ask_password=ask)
    assert [one.text for one in engine.done(cmd.Answer)] == ["secret"]


async def test_of_two_accounts_the_one_that_knows_the_contact_sends() -> None:
    engine = ScriptedEngine(ME, BOB)
    engine.emit(ev.ContactChanged(Contact(BOB, AVA)))
    engine.send_reaches(Delivery.TAKEN)
    await send(engine, Sending(str(AVA), "hello"))
    assert engine.done(cmd.SendMessage)[0].chat == ChatKey(BOB, AVA)


async def test_of_two_accounts_that_do_not_know_the_contact_none_is_guessed() -> None:
    engine = ScriptedEngine(ME, BOB)
    failure = await refused(engine, Sending(str(AVA), "hello"))
    assert failure.code is ExitCode.USAGE
    assert "alice@example.org, bob@example.net" in str(failure)


@pytest.mark.parametrize(
    "sending", [Sending("@@", "x"), Sending(str(AVA), " \n"), Sending(str(AVA), "x", "no@x")]
)
async def test_nonsense_is_wrong_usage(sending: Sending) -> None:
    engine = ScriptedEngine()
    assert (await refused(engine, sending)).code is ExitCode.USAGE
    assert not engine.commands
