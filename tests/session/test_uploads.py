"""Files are put on the server and told of, in clear as the chat is, and failures say why."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from tests.fakes.certificates import Authority
from tests.fakes.file_server import Answer, FileServer
from tests.session.files import use_loopback
from tests.session.upload_script import ITEMS, REQUEST, ended, give_slot, stores, tell_service
from tests.session.wire import ANNA, IN_ROOM, WITH_BERT, Wire, names, text
from tui_xmpp.core.attachment import TransferState
from tui_xmpp.core.commands import Answer as Decision
from tui_xmpp.core.commands import Refused, RetryMessage, SendMessage
from tui_xmpp.core.events import PriceAsked
from tui_xmpp.core.file_commands import CancelTransfer, SendFile
from tui_xmpp.core.file_events import TransferProgress
from tui_xmpp.core.message import Delivery
from tui_xmpp.session.upload_slots import UPLOAD

CONTENT = os.urandom(300_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "plan B.png"
    made.write_bytes(CONTENT)
    return made


@pytest_asyncio.fixture
async def server(wire: Wire, authority: Authority, good: ssl.SSLContext) -> AsyncIterator[FileServer]:
    """Where files of this account lie."""
    use_loopback(wire, authority.ca_file)
    async with FileServer(good, stores({})) as made:
        yield made


def messages(wire: Wire) -> list[ET.Element]:
    return [one for one in wire.stream.written if one.tag == "{jabber:client}message"]


async def test_a_file_goes_in_clear_with_all_that_is_known_of_it(
    wire: Wire, server: FileServer, file: Path
) -> None:
    await wire.do(SendFile(WITH_BERT, str(file)))
    await tell_service(wire)
    request = await give_slot(wire, server, "<header name='Authorization'>Bearer x</header>")
    assert (request.get("size"), request.get("content-type")) == (str(len(CONTENT)), "image/png")
    transfer = (await ended(wire)).transfer
    assert transfer.state is TransferState.DONE and transfer.done == transfer.total == len(CONTENT)
    (asked,) = server.asked
    assert asked.body == CONTENT and asked.headers["authorization"] == "Bearer x"
    assert asked.headers["content-type"] == "image/png"
    (message,) = messages(wire)
    assert text(message) == f"https://example.org:{server.port}/4a77/plan%20B.png"


async def test_what_the_other_side_is_told(
    wire: Wire, server: FileServer, file: Path, tmp_path: Path
) -> None:
    os.link(file, plain := tmp_path / "plan.png")
    await wire.do(SendFile(WITH_BERT, str(plain)))
    await tell_service(wire)
    await give_slot(wire, server)
    transfer = (await ended(wire)).transfer
    (message,) = messages(wire)
    url = text(message)
    assert message.findtext("{jabber:x:oob}x/{jabber:x:oob}url") == url
    sharing = message.find("{urn:xmpp:sfs:0}file-sharing")
    assert sharing is not None
    told = {one.tag.partition("}")[2]: one.text for one in sharing[0]}
    digest = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    assert told == {"media-type": "image/png", "name": "plan.png", "size": str(len(CONTENT)), "hash": digest}
    data = sharing.find(".//{http://jabber.org/protocol/url-data}url-data")
    assert data is not None and data.get("target") == url
    assert wire.messages()[-1].row == transfer.row
    # Sent again it is the same.
    wire.hear(
        f"<message type='error' from='bert@example.org' id='{message.get('id')}'><error type='cancel'>"
        "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )
    await wire.until(lambda: wire.messages()[-1].delivery is Delivery.FAILED)
    (again,) = await wire.do(RetryMessage(WITH_BERT, transfer.row))
    assert again.find("{urn:xmpp:sfs:0}file-sharing") is not None


async def test_the_service_is_asked_for_once_a_day(wire: Wire, server: FileServer, file: Path) -> None:
    for count in (1, 2):
        await wire.do(SendFile(WITH_BERT, str(file)))
        if count == 1:
            await tell_service(wire)
        await give_slot(wire, server)
        await ended(wire, count)
    wire.clock.turn(86_400)
    await wire.do(SendFile(WITH_BERT, str(file)))
    await wire.request(ITEMS)


async def test_what_is_too_large_is_not_begun(wire: Wire, server: FileServer, file: Path) -> None:
    await wire.do(SendFile(WITH_BERT, str(file)))
    await tell_service(wire, most=200_000)
    transfer = (await ended(wire)).transfer
    assert transfer.state is TransferState.FAILED
    assert transfer.reason == "Your server takes files of up to 200 kB, and this one has 300 kB."
    assert not server.asked and not messages(wire)


async def test_the_service_may_find_it_too_large_itself(wire: Wire, server: FileServer, file: Path) -> None:
    await wire.do(SendFile(WITH_BERT, str(file)))
    await tell_service(wire, most=None)
    wire.answer(
        await wire.request(REQUEST),
        "<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        f"<file-too-large xmlns='{UPLOAD}'><max-file-size>20000</max-file-size></file-too-large></error>",
        "error",
    )
    assert "up to 20 kB" in (await ended(wire)).transfer.reason
    await wire.do(SendFile(WITH_BERT, str(file)))
    assert "up to 20 kB" in (await ended(wire, 2)).transfer.reason


async def test_a_failed_upload_says_why_and_can_be_tried_again(
    wire: Wire, server: FileServer, file: Path
) -> None:
    keeps, server.script = server.script, lambda asked: Answer(507)
    await wire.do(SendFile(WITH_BERT, str(file)))
    await tell_service(wire)
    await give_slot(wire, server)
    transfer = (await ended(wire)).transfer
    assert transfer.state is TransferState.FAILED and "no room" in transfer.reason
    assert not messages(wire) and not wire.messages()
    server.script = keeps
    await wire.do(SendFile(WITH_BERT, transfer.file))
    await give_slot(wire, server)
    assert (await ended(wire, 2)).transfer.state is TransferState.DONE


async def test_no_service_is_said_so(wire: Wire, server: FileServer, file: Path) -> None:
    await wire.do(SendFile(WITH_BERT, str(file)))
    for _ in range(2):
        await wire.until(lambda: bool(wire.requests()))
        wire.answer_all()
    assert "no service for files" in (await ended(wire)).transfer.reason


async def test_a_transfer_can_be_stopped(wire: Wire, server: FileServer, file: Path) -> None:
    await wire.do(SendFile(WITH_BERT, str(file)))
    await wire.until(lambda: bool(wire.happened(TransferProgress)))
    await wire.do(CancelTransfer(ANNA, wire.happened(TransferProgress)[0].transfer.id))
    assert (await ended(wire)).transfer.state is TransferState.CANCELLED
    assert not messages(wire)
    await wire.do(CancelTransfer(ANNA, "nothing"))


async def test_the_end_of_the_session_is_told(wire: Wire, server: FileServer, file: Path) -> None:
    await wire.do(SendFile(WITH_BERT, str(file)))
    await wire.request(ITEMS)
    wire.account.life.end()
    transfer = (await ended(wire)).transfer
    assert transfer.state is TransferState.FAILED and "session ended" in transfer.reason


async def test_progress_is_told_a_few_times_a_second(wire: Wire, server: FileServer, file: Path) -> None:
    await wire.do(SendFile(WITH_BERT, str(file)))
    await tell_service(wire)
    await give_slot(wire, server)
    await ended(wire)
    # The clock stands still.
    assert len(wire.happened(TransferProgress)) == 1


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "empty"])
async def test_only_a_file_with_something_in_it_is_sent(wire: Wire, tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "empty":
        path.touch()
    with pytest.raises(Refused):
        await wire.account.do(SendFile(WITH_BERT, str(path)))
    assert not wire.requests()


async def test_what_is_dear_is_asked_for_first(
    tmp_path: Path, authority: Authority, good: ssl.SSLContext, file: Path
) -> None:
    lean = Wire(tmp_path, link="satellite")
    lean.account.life.timing._rate = 2400.0
    await lean.online()
    use_loopback(lean, authority.ca_file)
    await lean.do(SendFile(WITH_BERT, str(file)))
    await tell_service(lean)
    await lean.until(lambda: bool(lean.happened(PriceAsked)))
    question = lean.happened(PriceAsked)[0]
    assert (question.what, question.bytes) == ("Send plan B.png", len(CONTENT))
    await lean.do(Decision(question.id, yes=False))
    assert "you said so" in (await ended(lean)).transfer.reason
    assert not [one for one in lean.requests() if one.find(REQUEST) is not None]
    await lean.close()


async def test_a_file_goes_to_a_room_we_are_in(wire: Wire, server: FileServer, file: Path) -> None:
    wire.enter()
    wire.account.settled(IN_ROOM)
    await wire.do(SendFile(IN_ROOM, str(file)))
    await tell_service(wire)
    await give_slot(wire, server)
    assert (await ended(wire)).transfer.state is TransferState.DONE
    (message,) = messages(wire)
    assert message.get("type") == "groupchat" and "file-sharing" in names([message])


async def test_a_message_may_be_said_while_a_file_goes(wire: Wire, server: FileServer, file: Path) -> None:
    await wire.do(SendFile(WITH_BERT, str(file)))
    await tell_service(wire)
    await give_slot(wire, server)
    await wire.do(SendMessage(WITH_BERT, "meanwhile"))
    await ended(wire)
    await asyncio.sleep(0)
    assert text(messages(wire)[0]) == "meanwhile"
