"""What a domain's web server says of other ways to its chat, honest or not."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl

import pytest

from tests.fakes.certificates import Authority
from tests.session.link.conftest import authority, good
from tests.session.transport.test_bosh import served
from tui_xmpp.core.account import TransportKind
from tui_xmpp.session import host_meta
from tui_xmpp.session.failure import Failure
from tui_xmpp.session.host_meta import HostMeta, Link
from tui_xmpp.session.transport import tls

__all__ = ["authority", "good"]

WEBSOCKET, BOSH, TCP = TransportKind.WEBSOCKET, TransportKind.BOSH, TransportKind.TCP
REL = "urn:xmpp:alt-connections:"
XRD = (
    "<?xml version='1.0'?><!-- mine --><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"
    f"<Link rel='{REL}xbosh' href='https://web.example.com:5280/bosh'/>"
    f"<Link rel='{REL}websocket' href='wss://web.example.com/ws'/></XRD>"
)
BOTH = (Link(BOSH, "https://web.example.com:5280/bosh"), Link(WEBSOCKET, "wss://web.example.com/ws"))


def jrd(*links: object, **more: object) -> bytes:
    return json.dumps({"links": list(links), **more}).encode()


def test_both_formats_say_the_same() -> None:
    read = host_meta.read_xml(XRD.encode())
    assert read.links == BOTH
    links = [
        {"rel": f"{REL}{name}", "href": one.url}
        for name, one in zip(("xbosh", "websocket"), BOTH, strict=True)
    ]
    assert host_meta.read_json(jrd(*links)) == read


def test_addresses_names_and_time_are_taken_over() -> None:
    more = {"ips": ["192.0.2.1", "fd00::1", "evil", 7], "priority": 15, "weight": 50, "sni": "example.org"}
    read = host_meta.read_json(
        jrd(
            {"rel": f"{REL}websocket", "href": "wss://o.example/ws", **more},
            {"rel": f"{REL}tls", "port": 443, **more},
            {"rel": f"{REL}quic", "port": 443, **more},
            xmpp={"ttl": 3000},
        )
    )
    found = ("192.0.2.1", "fd00::1")
    assert read.seconds == 3000
    assert read.links == (
        Link(WEBSOCKET, "wss://o.example/ws", 0, "example.org", found, 15, 50),
        Link(TCP, "", 443, "example.org", found, 15, 50),
    )
    assert host_meta.read_json(jrd(xmpp={"ttl": 10**9})).seconds == 7 * 24 * 3600


@pytest.mark.parametrize(
    "link",
    [
        {"rel": f"{REL}websocket", "href": "ws://example.org/"},
        {"rel": f"{REL}xbosh", "href": "http://example.org/"},
        {"rel": f"{REL}xbosh", "href": "wss://example.org/"},
        {"rel": f"{REL}websocket", "href": "wss://me:secret@example.org/"},
        {"rel": f"{REL}websocket", "href": "wss:///"},
        {"rel": f"{REL}websocket", "href": 7},
        {"rel": f"{REL}websocket"},
        {"rel": f"{REL}tls", "port": 443},
        {"rel": f"{REL}tls", "port": 443000, "sni": "example.org"},
        {"rel": ["x"], "href": "wss://example.org/"},
        "link",
    ],
)
def test_what_is_not_safe_or_makes_no_sense_is_left_out(link: object) -> None:
    assert host_meta.read_json(jrd(link)).links == ()


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"[" * 60_000, b"\xff\xfe", b"null"])
def test_what_is_no_jrd_is_an_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        host_meta.read_json(text)


@pytest.mark.parametrize("text", [b"", b"<a>", b"<!DOCTYPE a [<!ENTITY e 'e'>]><a>&e;</a>"])
def test_what_is_no_xrd_is_an_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        host_meta.read_xml(text)


async def asked(port: int, authority: Authority, domain: str = "example.org") -> HostMeta:
    async def dial() -> socket.socket:
        made = socket.create_connection(("127.0.0.1", port))
        made.setblocking(False)
        return made

    context = tls.context(str(authority.ca_file), direct=False)
    return await host_meta.ask(domain, dial, context, timeout=5)


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""])
    return head.encode() + body


async def test_xml_is_asked_for_where_there_is_no_json(authority: Authority, good: ssl.SSLContext) -> None:
    answers = [http("404 Not Found"), http("200 OK", XRD.encode())]

    async def answer(_: str) -> bytes:
        return answers.pop(0)

    async with served(good, answer) as (fake, port):
        assert (await asked(port, authority)).links == BOTH
        assert [head.split()[1] for head in fake.heads] == [
            "/.well-known/host-meta.json",
            "/.well-known/host-meta",
        ]


@pytest.mark.parametrize(
    "given",
    [
        http("302 Found", b"", "Location: http://example.org/.well-known/host-meta.json"),
        http("302 Found", b"", "Location: https://example.org/elsewhere"),
        http("200 OK", jrd({"rel": f"{REL}websocket", "href": "wss://e.example/"}) + b" " * 65536),
        b"nonsense\r\n\r\n",
    ],
)
async def test_a_redirect_or_too_much_is_no_answer(
    given: bytes, authority: Authority, good: ssl.SSLContext
) -> None:
    async def answer(_: str) -> bytes:
        return given

    async with served(good, answer) as (fake, port):
        with pytest.raises(Failure):
            await asked(port, authority)
        assert len(fake.heads) == 1


async def test_only_the_domain_itself_is_believed(authority: Authority, good: ssl.SSLContext) -> None:
    async def answer(_: str) -> bytes:
        return http("200 OK", jrd())

    async with served(good, answer) as (fake, port):
        with pytest.raises(Failure):
            await asked(port, authority, "other.example")
        assert fake.heads == []
        for _turn in range(5):
            await asyncio.sleep(0)
