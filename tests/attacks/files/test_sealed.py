"""F-07: of a sealed file that was tampered with nothing is written, and its key never leaves."""

from __future__ import annotations

import io
import os
import ssl
from pathlib import Path

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.file_server import Answer, FileServer, ranged
from tests.session.files import use_loopback
from tests.session.test_downloads import content, fetch, listed, told
from tests.session.wire import WITH_BERT, Wire
from tui_xmpp.core.attachment import TransferState
from tui_xmpp.core.commands import Refused, SendMessage
from tui_xmpp.core.file_commands import Download
from tui_xmpp.session.aesgcm import FileKey, fresh, seal

CONTENT = os.urandom(200_000)


def sealed(key: FileKey) -> bytes:
    target = io.BytesIO()
    seal(io.BytesIO(CONTENT), len(CONTENT), target, key)
    return target.getvalue()


async def test_a_whole_file_is_opened_and_its_key_stays_here(
    wire: Wire, authority: Authority, good: ssl.SSLContext, tmp_path: Path
) -> None:
    use_loopback(wire, authority.ca_file)
    key, folder = fresh(), tmp_path / "got"
    async with FileServer(good, lambda asked: ranged(asked, sealed(key))) as server:
        row = await told(wire, f"aesgcm://example.org:{server.port}/a/plan.png#{key.fragment}")
        transfer = await fetch(wire, row, folder)
        assert transfer.state is TransferState.DONE
        assert content(transfer) == CONTENT
        assert listed(folder) == ["plan.png"]
        for asked in server.asked:
            assert "#" not in asked.raw and key.key.hex() not in asked.raw and key.iv.hex() not in asked.raw


@pytest.mark.parametrize("damage", ["first", "last", "tag", "short", "tagless", "empty", "other key"])
async def test_nothing_of_a_tampered_file_is_kept(
    wire: Wire, authority: Authority, good: ssl.SSLContext, tmp_path: Path, damage: str
) -> None:
    use_loopback(wire, authority.ca_file)
    key, folder = fresh(), tmp_path / "got"
    data = bytearray(sealed(key))
    if damage in ("first", "last", "tag"):
        data[{"first": 0, "last": -17, "tag": -1}[damage]] ^= 1
    elif damage in ("short", "tagless", "empty"):
        del data[{"short": 100_000, "tagless": -16, "empty": 0}[damage] :]
    else:
        key = fresh()
    body = bytes(data)
    async with FileServer(good, lambda asked: ranged(asked, body)) as server:
        row = await told(wire, f"aesgcm://example.org:{server.port}/a/plan.png#{key.fragment}")
        transfer = await fetch(wire, row, folder)
    assert transfer.state is TransferState.FAILED and "Nothing of it was kept" in transfer.reason
    assert not listed(folder)


@pytest.mark.parametrize("fragment", ["", "#", "#00ff", "#" + "g" * 88, "#" + "0" * 90])
async def test_a_bad_key_is_no_file(wire: Wire, tmp_path: Path, fragment: str) -> None:
    row = await told(wire, f"aesgcm://example.org/a/plan.png{fragment}")
    with pytest.raises(Refused, match="no file"):
        await wire.account.do(Download(WITH_BERT, row, str(tmp_path)))


async def test_a_redirect_does_not_get_the_key(
    wire: Wire, authority: Authority, good: ssl.SSLContext, tmp_path: Path
) -> None:
    use_loopback(wire, authority.ca_file)
    key = fresh()
    async with FileServer(
        good,
        lambda asked: (
            Answer(302, headers={"Location": "/b"}) if asked.path == "/a" else ranged(asked, sealed(key))
        ),
    ) as server:
        row = await told(wire, f"aesgcm://example.org:{server.port}/a#{key.fragment}")
        assert (await fetch(wire, row, tmp_path / "got")).state is TransferState.DONE
        assert all(key.key.hex() not in asked.raw for asked in server.asked)


async def test_an_address_with_a_key_never_goes_readable(wire: Wire) -> None:
    with pytest.raises(Refused, match="only sent sealed"):
        await wire.account.do(SendMessage(WITH_BERT, f"aesgcm://example.org/a#{fresh().fragment}"))
    assert not wire.stream.written and not wire.messages()


async def test_a_hostile_name_stays_in_the_directory(
    wire: Wire, authority: Authority, good: ssl.SSLContext, tmp_path: Path
) -> None:
    use_loopback(wire, authority.ca_file)
    key, folder = fresh(), tmp_path / "got"
    async with FileServer(good, lambda asked: ranged(asked, sealed(key))) as server:
        where = f"aesgcm://example.org:{server.port}/a/%2e%2e%2f%2e%2e%2f.bashrc#{key.fragment}"
        transfer = await fetch(wire, await told(wire, where), folder)
    assert Path(transfer.file).parent == folder and not Path(transfer.file).name.startswith(".")
