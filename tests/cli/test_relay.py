from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.scripted_engine import AVA, ScriptedEngine, message
from tui_xmpp.cli import relay as relay_module
from tui_xmpp.cli.exit_codes import ExitCode, Failure
from tui_xmpp.cli.relay import Relay
from tui_xmpp.cli.remote import NobodyThere, send_through, watch_through
from tui_xmpp.cli.send import Sending
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.message import Delivery


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control"


@pytest.fixture
async def engine(path: Path) -> AsyncIterator[ScriptedEngine]:
    engine = ScriptedEngine()
    relay = Relay(engine, path)
    await relay.start()
    yield engine
    await relay.close()
    assert not _there(path)


async def test_a_message_goes_through_the_running_engine(engine: ScriptedEngine, path: Path) -> None:
    engine.send_reaches(Delivery.TAKEN)
    await asyncio.to_thread(send_through, path, Sending(str(AVA), "hällo\n\x1b"))
    assert [one.body for one in engine.done(cmd.SendMessage)] == ["hällo\n\x1b"]


async def test_a_failure_comes_back_with_its_status(engine: ScriptedEngine, path: Path) -> None:
    engine.send_reaches(Delivery.FAILED, failure="They blocked you.")
    with pytest.raises(Failure) as caught:
        await asyncio.to_thread(send_through, path, Sending(str(AVA), "hi"))
    assert (caught.value.code, str(caught.value)) == (ExitCode.FAILED, "They blocked you.")


async def test_watch_tells_the_state_first_and_then_what_happens(engine: ScriptedEngine, path: Path) -> None:
    lines = watch_through(path, "")
    first = await asyncio.to_thread(next, lines)
    assert (first["type"], first["state"]) == ("connection", "online")
    engine.emit(ev.MessageKept(message("hello")))
    second = await asyncio.to_thread(next, lines)
    assert (second["type"], second["body"], second["delivery"]) == ("message", "hello", "incoming")
    close(lines)


async def test_two_clients_are_served_at_once(engine: ScriptedEngine, path: Path) -> None:
    engine.send_reaches(Delivery.TAKEN)
    lines = watch_through(path, "")
    await asyncio.to_thread(next, lines)
    await asyncio.to_thread(send_through, path, Sending(str(AVA), "hi"))
    assert (await asyncio.to_thread(next, lines))["body"] == "hi"
    close(lines)


async def test_the_end_of_the_running_program_is_told(path: Path) -> None:
    relay = Relay(ScriptedEngine(), path)
    await relay.start()
    lines = watch_through(path, "")
    await asyncio.to_thread(next, lines)
    await relay.close()
    with pytest.raises(Failure, match="ended"):
        await asyncio.to_thread(next, lines)


async def test_who_ends_lets_the_messages_of_others_go_out_first(path: Path) -> None:
    engine = ScriptedEngine()
    relay = Relay(engine, path)
    await relay.start()
    engine.send_reaches(Delivery.WRITTEN)
    sending = asyncio.create_task(asyncio.to_thread(send_through, path, Sending(str(AVA), "hi")))
    watching = watch_through(path, "")
    await asyncio.to_thread(next, watching)
    while not engine.done(cmd.SendMessage):  # noqa: ASYNC110
        await asyncio.sleep(0)
    finishing = asyncio.create_task(relay.finish())
    await asyncio.sleep(0)
    assert not finishing.done()
    id = engine.done(cmd.SendMessage)[0].id
    engine.emit(ev.MessageChanged(message("hi", id=id, outgoing=True, delivery=Delivery.TAKEN)))
    await finishing
    await sending
    await relay.close()
    close(watching)


async def test_only_the_owner_may_open_it(engine: ScriptedEngine, path: Path) -> None:
    assert _mode(path) == 0o600


async def test_another_user_is_sent_away(
    engine: ScriptedEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "peer_uid", lambda _: 12345)
    with pytest.raises((Failure, OSError)):
        await asyncio.to_thread(send_through, path, Sending(str(AVA), "hi"))
    assert not engine.commands


async def test_a_client_never_talks_to_a_socket_of_somebody_else(
    engine: ScriptedEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_xmpp.cli.remote.peer_uid", lambda _: 12345)
    with pytest.raises(Failure, match="somebody else"):
        await asyncio.to_thread(send_through, path, Sending(str(AVA), "hi"))


async def test_a_socket_left_by_a_crash_is_replaced(path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with pytest.raises(NobodyThere):
        send_through(path, Sending(str(AVA), "hi"))
    engine = ScriptedEngine()
    engine.send_reaches(Delivery.TAKEN)
    relay = Relay(engine, path)
    await relay.start()
    await asyncio.to_thread(send_through, path, Sending(str(AVA), "hi"))
    assert engine.done(cmd.SendMessage)
    await relay.close()


def test_a_file_that_is_no_socket_is_left_alone(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(OSError, match="in the way"):
        asyncio.run(Relay(ScriptedEngine(), path).start())
    assert path.read_text() == "precious"


@pytest.mark.parametrize("request_line", [b"\n", b"[]\n", b'{"verb": 3}\n', b'{"verb": "send"}\n', b"\xff\n"])
async def test_nonsense_is_answered_and_does_no_harm(
    engine: ScriptedEngine, path: Path, request_line: bytes
) -> None:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(request_line)
    assert b'"code":2' in await reader.readline()
    assert await reader.read() == b""
    writer.close()
    assert not engine.commands


async def test_nobody_there() -> None:
    with pytest.raises(NobodyThere):
        next(watch_through(Path("/nonexistent/control"), ""))


def _there(path: Path) -> bool:
    return path.exists()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def close(lines: Iterator[Any]) -> None:
    lines.close()  # type: ignore[attr-defined]
