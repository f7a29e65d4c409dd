"""F-03: a service that gives out places for files cannot have us say what it likes to whom it likes."""

from __future__ import annotations

import ssl
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.file_server import Answer, FileServer
from tests.session.files import use_loopback
from tests.session.upload_script import REQUEST, ended, give_slot, slot, tell_service
from tests.session.wire import WITH_BERT, Wire
from tui_xmpp.core.attachment import TransferState
from tui_xmpp.core.file_commands import SendFile
from tui_xmpp.session.upload_slots import slot_headers

HOSTILE = (
    "<header name='Host'>evil.example</header>"
    "<header name='Content-Length'>0</header>"
    "<header name='Transfer-Encoding'>chunked</header>"
    "<header name='Authorization'>Bearer&#13;&#10;X-Evil: yes</header>"
    "<header name='Cookie&#13;&#10;X-Evil'>yes</header>"
    "<header name='X-Forwarded-For'>127.0.0.1</header>"
    "<header name='expires'>soon</header>"
    "<header name='Expires'>later</header>"
)


def headers(*given: tuple[str, str]) -> dict[str, str]:
    made = []
    for name, content in given:
        one = ET.Element("header", name=name)
        one.text = content
        made.append(one)
    return slot_headers(made)


def test_only_three_headers_are_said() -> None:
    three = {"Authorization": "Basic eA==", "Cookie": "a=b", "Expires": "0"}
    assert headers(*three.items()) == three
    for name in (
        "Host",
        "Content-Length",
        "Content-Type",
        "Range",
        "",
        "Authorization:",
        "Proxy-Authorization",
    ):
        assert not headers((name, "x"))


@pytest.mark.parametrize("content", ["a\x00b", "a\x0bb", "a\tb", "é", "", "\r\n", "a" * 9000])
def test_what_no_header_can_hold_is_left_out(content: str) -> None:
    assert not headers(("Cookie", content))


def test_line_ends_are_taken_out() -> None:
    assert headers(("Cookie", "a\r\nX-Evil: b")) == {"Cookie": "aX-Evil: b"}


async def test_a_put_says_nothing_that_the_service_slipped_in(
    wire: Wire, authority: Authority, good: ssl.SSLContext, tmp_path: Path
) -> None:
    use_loopback(wire, authority.ca_file)
    file = tmp_path / "a.txt"
    file.write_text("content")
    async with FileServer(good, lambda asked: Answer(201)) as server:
        await wire.do(SendFile(WITH_BERT, str(file)))
        await tell_service(wire)
        await give_slot(wire, server, HOSTILE)
        assert (await ended(wire)).transfer.state is TransferState.DONE
        (asked,) = server.asked
        assert set(asked.headers) == {"host", "content-length", "content-type", "authorization", "expires"}
        assert asked.headers["host"] == f"example.org:{server.port}"
        assert asked.headers["authorization"] == "BearerX-Evil: yes"
        assert asked.headers["expires"] == "soon" and asked.body == b"content"


@pytest.mark.parametrize(
    ("put", "get"),
    [
        ("http://example.org/a", "https://example.org/a"),
        ("https://example.org/a", "http://example.org/a"),
        ("https://example.org/a", "aesgcm://example.org/a"),
        ("file:///tmp/a", "https://example.org/a"),
        ("", "https://example.org/a"),
        ("https://10.0.0.1/a", "https://example.org/a"),
    ],
)
async def test_a_place_must_be_one_by_https(wire: Wire, tmp_path: Path, put: str, get: str) -> None:
    file = tmp_path / "a.txt"
    file.write_text("content")
    await wire.do(SendFile(WITH_BERT, str(file)))
    await tell_service(wire)
    wire.answer(await wire.request(REQUEST), slot(put, get))
    assert (await ended(wire)).transfer.state is TransferState.FAILED
    assert not wire.messages()
