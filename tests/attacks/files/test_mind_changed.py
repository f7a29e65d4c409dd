"""A file never leaves readable where it was to be sealed, nor its key, whenever the chat is changed."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.file_server import Answer, Asked, FileServer
from tests.session.files import use_loopback
from tests.session.upload_script import ended, give_slot, tell_service
from tests.session.wire import ANNA, BERT, WITH_BERT, Wire
from tui_xmpp.core.attachment import TransferState
from tui_xmpp.core.events import DevicesChanged
from tui_xmpp.core.file_commands import SendFile
from tui_xmpp.core.security import Device, Encrypt, Trust
from tui_xmpp.core.settings import Encryption, Settings

CONTENT = os.urandom(100_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "a.txt"
    made.write_bytes(CONTENT)
    return made


class Mind:
    """Whether the chat is sealed, as the test has it; a cipher that could."""

    def __init__(self, wire: Wire, monkeypatch: pytest.MonkeyPatch, must: bool) -> None:
        self.must = must
        sealing = wire.account.sealing
        monkeypatch.setattr(sealing, "must_seal", lambda chat: self.must)
        monkeypatch.setattr(sealing, "cipher", lambda method: SimpleNamespace(can_seal=lambda chat: True))


async def test_a_chat_that_is_sealed_meanwhile_gets_no_readable_file(
    wire: Wire, authority: Authority, good: ssl.SSLContext, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_loopback(wire, authority.ca_file)
    mind = Mind(wire, monkeypatch, must=False)
    async with FileServer(good, lambda asked: Answer(201)) as server:
        await wire.do(SendFile(WITH_BERT, str(file)))
        await tell_service(wire)
        mind.must = True
        await give_slot(wire, server)
        assert "encryption of the chat was changed" in (await ended(wire)).transfer.reason
        assert not server.begun.is_set() and not wire.messages()


async def test_a_key_is_not_told_in_a_chat_that_is_readable_meanwhile(
    wire: Wire, authority: Authority, good: ssl.SSLContext, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_loopback(wire, authority.ca_file)
    mind = Mind(wire, monkeypatch, must=True)

    def script(asked: Asked) -> Answer:
        mind.must = False
        return Answer(201)

    async with FileServer(good, script) as server:
        await wire.do(SendFile(WITH_BERT, str(file)))
        await tell_service(wire)
        request = await give_slot(wire, server)
        assert "encryption of the chat was changed" in (await ended(wire)).transfer.reason
        (asked,) = server.asked
        # Neither what is in it nor its name is the server's business.
        assert len(asked.body) == len(CONTENT) + 16 and CONTENT[:32] not in asked.body
        assert request.get("filename", "").endswith(".txt") and request.get("filename") != "a.txt"
        assert request.get("content-type") == "application/octet-stream"
        assert not wire.messages() and not [
            one for one in wire.stream.written if one.tag.endswith("}message")
        ]


async def test_nothing_is_carried_for_a_device_that_waits_for_a_decision(
    wire: Wire, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message that tells of it would be held back, and the bytes of a thin link were spent."""
    Mind(wire, monkeypatch, must=True)
    known = (Device(BERT, 1, "ab" * 32, Trust.VERIFIED), Device(BERT, 2, "cd" * 32, Trust.UNDECIDED))
    wire.account.emit(DevicesChanged(ANNA, BERT, known))
    await wire.do(SendFile(WITH_BERT, str(file)))
    transfer = (await ended(wire)).transfer
    assert transfer.state is TransferState.FAILED and "new device" in transfer.reason
    assert not wire.requests()


async def test_what_cannot_be_sealed_does_not_leave(tmp_path: Path, file: Path) -> None:
    settings = Settings(encryption=Encryption(omemo=False, contacts=Encrypt.ALWAYS))
    wire = Wire(tmp_path, settings=settings)
    await wire.online()
    await wire.do(SendFile(WITH_BERT, str(file)))
    transfer = (await ended(wire)).transfer
    assert transfer.state is TransferState.FAILED and "OMEMO is turned off" in transfer.reason
    assert not wire.requests()
    await wire.close()
