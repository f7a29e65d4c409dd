"""F-04 and G8: no server sends a file where it was not to go, or more than it was said to be."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.file_server import Answer, Asked, FileServer
from tests.session.files import use_loopback
from tests.session.test_http_files import get, put
from tests.session.wire import Wire
from tui_xmpp.session.feature import Failed


async def test_a_put_follows_no_redirect(wire: Wire, authority: Authority, good: ssl.SSLContext) -> None:
    use_loopback(wire, authority.ca_file)

    def script(asked: Asked) -> Answer:
        return Answer(307, headers={"Location": "/elsewhere"})

    async with FileServer(good, script) as server:
        with pytest.raises(Failed, match="not followed"):
            await put(wire, f"https://example.org:{server.port}/a")
        assert [one.path for one in server.asked] == ["/a"]


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "http://example.org/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://inside.example.org/",
        "ftp://example.org/",
        "//169.254.169.254/latest",
        "https://user:word@example.org/",
    ],
)
async def test_a_get_is_not_sent_inside(
    wire: Wire, authority: Authority, good: ssl.SSLContext, location: str
) -> None:
    names = use_loopback(wire, authority.ca_file)
    names.known["inside.example.org"] = ("192.168.1.1",)
    async with FileServer(good, lambda asked: Answer(302, headers={"Location": location})) as server:
        with pytest.raises(Failed):
            await get(wire, f"https://example.org:{server.port}/a")
        assert len(server.asked) == 1


async def test_a_get_follows_three_redirects_and_looks_each_up(
    wire: Wire, authority: Authority, good: ssl.SSLContext
) -> None:
    names = use_loopback(wire, authority.ca_file)

    def script(asked: Asked) -> Answer:
        step = int(asked.path[1:])
        return (
            Answer(302, headers={"Location": f"/{step + 1}#{'0' * 88}"}) if step < 3 else Answer(200, b"it")
        )

    async with FileServer(good, script) as server:
        assert await get(wire, f"https://example.org:{server.port}/0") == (0, b"it")
        assert [one.path for one in server.asked] == ["/0", "/1", "/2", "/3"]
        assert names.asked == ["example.org"] * 4
        with pytest.raises(Failed, match="too often"):
            await get(wire, f"https://example.org:{server.port}/-1")


async def test_loopback_is_refused_where_our_server_is_not(
    wire: Wire, authority: Authority, good: ssl.SSLContext
) -> None:
    use_loopback(wire, authority.ca_file, own=False)
    async with FileServer(good, lambda asked: Answer(200, b"it")) as server:
        for ask in (get, put):
            with pytest.raises(Failed, match="private"):
                await ask(wire, f"https://example.org:{server.port}/a")
        assert not server.begun.is_set()


async def test_more_than_was_said_is_cut_off(wire: Wire, authority: Authority, good: ssl.SSLContext) -> None:
    use_loopback(wire, authority.ca_file)
    async with FileServer(good, lambda asked: Answer(200, b"x" * 500_000)) as server:
        with pytest.raises(Failed, match="more than"):
            await get(wire, f"https://example.org:{server.port}/a", most=100_000)


async def test_a_certificate_must_be_right(wire: Wire, authority: Authority, tmp_path: Path) -> None:
    use_loopback(wire, authority.ca_file)
    others = Authority(tmp_path / "other")
    for context in (authority.issue(["evil.example"]), others.issue(["example.org"])):
        async with FileServer(context, lambda asked: Answer(200, b"it")) as server:
            with pytest.raises(Failed, match="certificate"):
                await get(wire, f"https://example.org:{server.port}/a")
            assert not server.asked
