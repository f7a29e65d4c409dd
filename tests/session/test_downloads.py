"""Files are fetched when the user says so, go on where they were cut off, and are checked as a whole."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import ssl
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fakes.certificates import Authority
from tests.fakes.file_server import Answer, Asked, FileServer, ranged
from tests.session.files import use_loopback
from tests.session.upload_script import ended
from tests.session.wire import ANNA, WITH_BERT, Wire
from tui_xmpp.core.attachment import Transfer, TransferState
from tui_xmpp.core.commands import Answer as Decision
from tui_xmpp.core.commands import Refused
from tui_xmpp.core.events import MessageKept, PriceAsked
from tui_xmpp.core.file_commands import CancelTransfer, Download
from tui_xmpp.core.file_events import TransferProgress
from tui_xmpp.core.settings import Files

CONTENT = os.urandom(400_000)
DIGEST = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()


@pytest_asyncio.fixture
async def server(wire: Wire, authority: Authority, good: ssl.SSLContext) -> AsyncIterator[FileServer]:
    """Where the file lies."""
    use_loopback(wire, authority.ca_file)
    async with FileServer(good, lambda asked: ranged(asked, CONTENT)) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "got"


async def told(wire: Wire, url: str, more: str = "", body: str | None = None) -> int:
    """A message with a file comes; return its row."""
    count = len(wire.messages())
    said = url if body is None else body
    await wire.take(
        f"<message from='bert@example.org/x' type='chat' id='m{count}'>"
        f"{f'<body>{said}</body>' if said else ''}{more}</message>"
    )
    return wire.messages()[-1].row


def sharing(url: str, *, size: int = len(CONTENT), digest: str = DIGEST, name: str = "plan.png") -> str:
    return (
        "<file-sharing xmlns='urn:xmpp:sfs:0'><file xmlns='urn:xmpp:file:metadata:0'>"
        f"<name>{name}</name><size>{size}</size>"
        f"<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{digest}</hash></file>"
        f"<sources><url-data xmlns='http://jabber.org/protocol/url-data' target='{url}'/></sources>"
        "</file-sharing>"
    )


async def fetch(wire: Wire, row: int, folder: Path, count: int = 1) -> Transfer:
    await wire.do(Download(WITH_BERT, row, str(folder)))
    return (await ended(wire, count)).transfer


def content(transfer: Transfer) -> bytes:
    return Path(transfer.file).read_bytes()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def listed(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


def parts(folder: Path) -> list[Path]:
    return list(folder.glob("*.part"))


async def test_nothing_is_fetched_before_the_user_says_so(
    wire: Wire, server: FileServer, folder: Path
) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url, sharing(url))
    assert not server.begun.is_set()
    transfer = await fetch(wire, row, folder)
    assert transfer.state is TransferState.DONE and transfer.name == "plan.png"
    assert transfer.file == str(folder / "plan.png") and content(transfer) == CONTENT
    assert (mode(folder / "plan.png"), mode(folder)) == (0o600, 0o700)
    assert listed(folder) == ["plan.png"]
    # What the message has said already is not asked.
    assert [one.method for one in server.asked] == ["GET"]


async def test_an_address_alone_is_a_file_too(wire: Wire, server: FileServer, folder: Path) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url)
    transfer = await fetch(wire, row, folder)
    assert content(transfer) == CONTENT
    assert [one.method for one in server.asked] == ["HEAD", "GET"]


async def test_a_message_without_words_is_its_file(wire: Wire, server: FileServer, folder: Path) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url, sharing(url), body="")
    assert wire.messages()[-1].body == url
    row = await told(wire, url, f"<x xmlns='jabber:x:oob'><url>{url}</url></x>", body="see this")
    assert (await fetch(wire, row, folder)).state is TransferState.DONE


async def test_a_message_with_no_file_has_none(wire: Wire, folder: Path) -> None:
    for body in ("hello", "http://example.org/a"):
        row = await told(wire, body)
        with pytest.raises(Refused, match="no file"):
            await wire.account.do(Download(WITH_BERT, row, str(folder)))
    with pytest.raises(Refused, match="no file"):
        await wire.account.do(Download(WITH_BERT, 999, str(folder)))


async def test_it_goes_on_where_it_was_cut_off(wire: Wire, server: FileServer, folder: Path) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url, sharing(url))
    whole = server.script
    server.script = lambda asked: Answer(200, CONTENT, {"ETag": '"one"'}, cut=150_000)
    transfer = await fetch(wire, row, folder)
    assert transfer.state is TransferState.FAILED and "broke the transfer off" in transfer.reason
    (part,) = parts(folder)
    had = part.stat().st_size
    assert 0 < had <= 150_000 and mode(part) == 0o600
    server.script = whole
    transfer = await fetch(wire, row, folder, 2)
    asked = server.asked[-1]
    assert (asked.headers["range"], asked.headers["if-range"]) == (f"bytes={had}-", '"one"')
    assert content(transfer) == CONTENT and not parts(folder)


async def test_another_file_in_its_place_is_fetched_from_the_beginning(
    wire: Wire, server: FileServer, folder: Path
) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url)
    first = os.urandom(300_000)
    server.script = lambda asked: Answer(200, first, {"ETag": '"old"'}, cut=150_000)
    assert (await fetch(wire, row, folder)).state is TransferState.FAILED
    server.script = lambda asked: ranged(asked, CONTENT)
    assert content(await fetch(wire, row, folder, 2)) == CONTENT


async def test_a_server_that_knows_no_parts_sends_it_all_again(
    wire: Wire, server: FileServer, folder: Path
) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url)
    server.script = lambda asked: Answer(200, CONTENT, cut=150_000)
    await fetch(wire, row, folder)
    server.script = lambda asked: Answer(200, CONTENT)
    assert content(await fetch(wire, row, folder, 2)) == CONTENT


async def test_a_part_of_nothing_is_begun_anew(wire: Wire, server: FileServer, folder: Path) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url)
    server.script = lambda asked: Answer(200, CONTENT * 2, {"ETag": '"one"'}, cut=700_000)
    await fetch(wire, row, folder)

    def script(asked: Asked) -> Answer:
        return ranged(asked, CONTENT)

    server.script = script
    assert content(await fetch(wire, row, folder, 2)) == CONTENT


@pytest.mark.parametrize("told_range", ["bytes 5-9/10", "nonsense", ""])
async def test_a_part_nobody_asked_for_is_not_taken(
    wire: Wire, server: FileServer, folder: Path, told_range: str
) -> None:
    row = await told(wire, f"https://example.org:{server.port}/a/plan.png")
    server.script = lambda asked: Answer(206, b"12345", {"Content-Range": told_range} if told_range else {})
    transfer = await fetch(wire, row, folder)
    assert transfer.state is TransferState.FAILED and "plan.png" not in listed(folder)


@pytest.mark.parametrize("changed", [{"digest": DIGEST[::-1]}, {"digest": "no base64"}, {"size": 400_001}])
async def test_what_is_not_what_was_sent_is_not_kept(
    wire: Wire, server: FileServer, folder: Path, changed: dict[str, str]
) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url, sharing(url, **changed))  # type: ignore[arg-type]
    transfer = await fetch(wire, row, folder)
    assert transfer.state is TransferState.FAILED and "Nothing of it was kept" in transfer.reason
    assert not listed(folder)


async def test_more_than_was_said_is_not_fetched(wire: Wire, server: FileServer, folder: Path) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url, sharing(url, size=100_000))
    assert "more than" in (await fetch(wire, row, folder)).reason


async def test_a_fetch_can_be_stopped_and_leaves_nothing(
    wire: Wire, server: FileServer, folder: Path
) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url, sharing(url))
    never = asyncio.Event()
    server.script = lambda asked: Answer(200, CONTENT, wait=never)
    await wire.do(Download(WITH_BERT, row, str(folder)))
    await wire.until(server.begun.is_set)
    with pytest.raises(Refused, match="already"):
        await wire.account.do(Download(WITH_BERT, row, str(folder)))
    await wire.do(CancelTransfer(ANNA, wire.happened(TransferProgress)[0].transfer.id))
    assert (await ended(wire)).transfer.state is TransferState.CANCELLED
    assert not listed(folder)


async def test_what_is_dear_is_asked_for_first(
    tmp_path: Path, authority: Authority, good: ssl.SSLContext, folder: Path
) -> None:
    lean = Wire(tmp_path, link="satellite")
    lean.account.life.timing._rate = 2400.0
    await lean.online()
    use_loopback(lean, authority.ca_file)
    async with FileServer(good, lambda asked: ranged(asked, CONTENT)) as server:
        row = await told(lean, f"https://example.org:{server.port}/a/plan.png")
        await lean.do(Download(WITH_BERT, row, str(folder)))
        await lean.until(lambda: bool(lean.happened(PriceAsked)))
        question = lean.happened(PriceAsked)[0]
        assert (question.what, question.bytes) == ("Fetch plan.png", len(CONTENT))
        await lean.do(Decision(question.id, yes=False))
        assert "you said so" in (await ended(lean)).transfer.reason
        assert [one.method for one in server.asked] == ["HEAD"]
    await lean.close()


async def test_a_link_in_the_way_is_not_followed(wire: Wire, server: FileServer, folder: Path) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url, sharing(url))
    server.script = lambda asked: Answer(200, CONTENT, cut=150_000)
    await fetch(wire, row, folder)
    (part,) = parts(folder)
    precious = folder.parent / "precious"
    precious.write_text("mine")
    part.unlink()
    part.symlink_to(precious)
    server.script = lambda asked: ranged(asked, CONTENT)
    assert (await fetch(wire, row, folder, 2)).state is TransferState.FAILED
    part.unlink()
    os.link(precious, part)
    assert "in the way" in (await fetch(wire, row, folder, 3)).reason
    assert precious.read_text() == "mine"


async def test_what_was_said_of_a_file_is_read_with_its_message(wire: Wire, server: FileServer) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url, sharing(url), body="the plan")
    kept = wire.messages()[-1].attachment
    assert kept is not None and (kept.name, kept.size) == ("plan.png", len(CONTENT))
    (live,) = [one.message for one in wire.happened(MessageKept) if one.message.row == row]
    assert live.attachment == kept


async def test_it_is_put_where_the_configuration_says(
    wire: Wire, server: FileServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"https://example.org:{server.port}/a/plan.png"
    row = await told(wire, url, sharing(url))
    settings = replace(wire.account.settings, files=Files(downloads=str(folder)))
    monkeypatch.setattr(wire.account, "settings", settings)
    await wire.account.do(Download(WITH_BERT, row))
    transfer = (await ended(wire)).transfer
    file = folder / "plan.png"
    assert (transfer.state, transfer.file) == (TransferState.DONE, str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.read_bytes() == CONTENT
