"""Files by HTTPS: what is sent and fetched, what it may take, and what goes first."""

from __future__ import annotations

import asyncio
import io
import socket
import ssl
from dataclasses import replace

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.file_server import Answer, FileServer, ranged
from tests.session.files import use_loopback
from tests.session.wire import WITH_BERT, Wire
from tui_xmpp.core.network import Proxy
from tui_xmpp.core.traffic import Category
from tui_xmpp.session import http_files
from tui_xmpp.session.feature import Failed
from tui_xmpp.session.lanes import Lane, Parcel
from tui_xmpp.session.transfer_pace import TransferPace
from tui_xmpp.session.transport import tcp

CONTENT = bytes(range(256)) * 2000


async def put(wire: Wire, url: str, content: bytes = CONTENT, **headers: str) -> list[bytes]:
    passed: list[bytes] = []
    await wire.account.files.put(
        url, headers, io.BytesIO(content), len(CONTENT), chat=WITH_BERT, passed=passed.append
    )
    return passed


async def get(wire: Wire, url: str, most: int = 1 << 20, **headers: str) -> tuple[int, bytes]:
    async with wire.account.files.get(url, chat=WITH_BERT, size=None, headers=headers) as incoming:
        return incoming.start, b"".join([one async for one in incoming.blocks(most)])


async def test_a_file_is_put_and_fetched(wire: Wire, authority: Authority, good: ssl.SSLContext) -> None:
    use_loopback(wire, authority.ca_file)
    async with FileServer(good, lambda asked: Answer(201)) as server:
        url = f"https://example.org:{server.port}/a/b%20c?sign=%2B%7E"
        passed = await put(wire, url, Authorization="Bearer x")
        (asked,) = server.asked
        assert asked.body == CONTENT == b"".join(passed)
        assert (asked.method, asked.path) == ("PUT", "/a/b%20c?sign=%2B%7E")
        assert asked.headers["content-length"] == str(len(CONTENT))
        assert set(asked.headers) == {"host", "content-length", "authorization", "content-type"}
        server.script = lambda asked: ranged(asked, CONTENT)
        assert await get(wire, url) == (0, CONTENT)
        assert await get(wire, url, Range="bytes=500000-") == (500_000, CONTENT[500_000:])


async def test_what_a_file_takes_is_counted_as_files_of_the_chat(
    wire: Wire, authority: Authority, good: ssl.SSLContext
) -> None:
    use_loopback(wire, authority.ca_file)
    async with FileServer(good, lambda asked: ranged(asked, CONTENT)) as server:
        await get(wire, f"https://example.org:{server.port}/a")
    spent = {(one.category, one.chat): one.xml + one.tls for one in wire.account.metering.report().spent}
    whole = spent[Category.FILES, WITH_BERT]
    assert len(CONTENT) < whole.down < len(CONTENT) + 10_000 and 300 < whole.up < 5_000


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "does not allow"), (404, "does not have it"), (413, "too large"), (500, "fault")],
)
async def test_why_it_was_refused_is_said(
    wire: Wire, authority: Authority, good: ssl.SSLContext, status: int, words: str
) -> None:
    use_loopback(wire, authority.ca_file)
    async with FileServer(good, lambda asked: Answer(status)) as server:
        url = f"https://example.org:{server.port}/a"
        with pytest.raises(Failed, match=words):
            await put(wire, url)
        with pytest.raises(Failed, match=words):
            await get(wire, url)


async def test_a_server_that_breaks_off_is_said_so(
    wire: Wire, authority: Authority, good: ssl.SSLContext
) -> None:
    use_loopback(wire, authority.ca_file)
    async with FileServer(good, lambda asked: Answer(200, CONTENT, cut=100_000)) as server:
        with pytest.raises(Failed, match="broke the transfer off"):
            await get(wire, f"https://example.org:{server.port}/a")
    with pytest.raises(Failed, match="broke the transfer off"):
        await get(wire, f"https://example.org:{server.port}/a")


async def test_a_file_that_shrinks_while_it_is_sent_is_said_so(
    wire: Wire, authority: Authority, good: ssl.SSLContext
) -> None:
    use_loopback(wire, authority.ca_file)
    async with FileServer(good, lambda asked: Answer(201)) as server:
        with pytest.raises(Failed, match="shorter"):
            await put(wire, f"https://example.org:{server.port}/a", CONTENT[:1000])


async def test_a_server_that_says_nothing_more_is_given_up(
    wire: Wire, authority: Authority, good: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_loopback(wire, authority.ca_file)
    monkeypatch.setattr(type(wire.account.life.timing), "timeout", lambda *_: 0.2)
    never = asyncio.Event()
    async with FileServer(good, lambda asked: Answer(200, CONTENT, wait=never)) as server:
        with pytest.raises(Failed, match="does not answer any more"):
            await get(wire, f"https://example.org:{server.port}/a")


async def test_the_proxy_of_the_account_is_used_for_names_too(
    wire: Wire, authority: Authority, good: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = use_loopback(wire, authority.ca_file)
    wire.account.account = replace(wire.account.account, proxy="socks5://proxy.example:1080")
    reached: list[tuple[str, str, int]] = []
    async with FileServer(good, lambda asked: ranged(asked, CONTENT)) as server:

        async def through(proxy: Proxy, host: str, port: int, *, timeout: float) -> socket.socket:
            reached.append((str(proxy), host, port))
            return await tcp.open_socket(["127.0.0.1"], server.port, timeout=timeout)

        monkeypatch.setattr(http_files, "open_through", through)
        assert await get(wire, "https://example.org:8443/a") == (0, CONTENT)
    assert reached == [("socks5://proxy.example:1080", "example.org", 8443)] and not names.asked


async def test_what_is_typed_goes_first(wire: Wire) -> None:
    pace = TransferPace(wire.account)
    lanes = wire.account.life.lanes
    room = False
    lanes._room = lambda: room
    lanes.put(Parcel("<message/>", Lane.MESSAGE))
    turn = asyncio.ensure_future(pace.turn(1))
    await wire.settle()
    assert not turn.done()
    room = True
    lanes.run()
    await turn


async def test_the_background_holds_no_file_back(wire: Wire) -> None:
    lanes = wire.account.life.lanes
    lanes._room = lambda: False
    lanes.put(Parcel("<iq/>", Lane.BACKGROUND))
    async with asyncio.timeout(1):
        await TransferPace(wire.account).turn(1)


async def test_a_thin_link_keeps_room_for_words(wire: Wire) -> None:
    pace = TransferPace(wire.account)
    wire.account.life.timing._rate = 8000.0
    # `full` holds nothing back.
    assert (pace.block, pace.pause(1000)) == (64 * 1024, 0.0)
    wire.account.switching.use("satellite", automatic=False)
    assert (pace.block, pace.pause(750)) == (1024, 1.0)
    wire.account.life.timing._rate = 800_000.0
    assert (pace.block, pace.pause(75_000)) == (25_000, 1.0)
