"""A stream over BOSH, with a server that does not do what it should."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.fakes.certificates import Authority
from tests.session.link.rig import OWN, Facts
from tests.session.transport.conftest import Heard
from tui_xmpp.core.account import Account, TlsMode, TransportKind
from tui_xmpp.session import reaching
from tui_xmpp.session.endpoints import Endpoint
from tui_xmpp.session.failure import BadCertificate, Failure, Refused, Violation
from tui_xmpp.session.reader import Limits
from tui_xmpp.session.stream import Stream
from tui_xmpp.session.transport import tls
from tui_xmpp.session.transport.bosh import BoshWire
from tui_xmpp.session.transport.wire import Closing, Opening, Wire

BODY = "<body xmlns='http://jabber.org/protocol/httpbind'"
CREATED = f"{BODY} sid='s1' wait='60' requests='2' hold='1' inactivity='30'/>"
EMPTY = f"{BODY}/>"
OPENING = Opening("example.org", "juliet@example.org")

Answer = Callable[[str], Awaitable[str | bytes | list[bytes] | None]]
"""From a request's body to a body, to a whole HTTP answer in bytes, or to None: break the connection.

What comes in a list comes piece by piece, APART seconds one after the other.
"""
APART = 0.15


class BoshServer:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.bodies: list[str] = []
        self.heads: list[str] = []
        self.under_way = self.most_under_way = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"(?i)content-length: (\d+)", head)
                body = (await reader.readexactly(int(length[1]) if length else 0)).decode()
                self.heads.append(head)
                self.bodies.append(body)
                self.under_way += 1
                self.most_under_way = max(self.most_under_way, self.under_way)
                answer = await self._answer(body)
                self.under_way -= 1
                if answer is None:
                    return
                if isinstance(answer, str):
                    raw = answer.encode()
                    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(raw), raw)
                for number, piece in enumerate(answer if isinstance(answer, list) else [answer]):
                    await asyncio.sleep(APART if number else 0)
                    writer.write(piece)
                    await writer.drain()
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self.tasks.discard(task)


@asynccontextmanager
async def served(context: ssl.SSLContext, answer: Answer) -> AsyncIterator[tuple[BoshServer, int]]:
    fake = BoshServer(answer)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0, ssl=context)
    try:
        yield fake, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(fake.tasks):
            task.cancel()
        await asyncio.gather(*fake.tasks, return_exceptions=True)
        for _turn in range(5):
            await asyncio.sleep(0)


async def opened(port: int, authority: Authority, *, name: str = "example.org", timeout: float = 5) -> Wire:
    place = Endpoint(
        name,
        port,
        TlsMode.DIRECT,
        ("127.0.0.1",),
        kind=TransportKind.BOSH,
        url=f"https://{name}:{port}/bind",
    )
    return await reaching.open_wire(
        place,
        lambda: reaching.open_socket(place, Account(OWN), timeout=5),
        context=tls.context(str(authority.ca_file), direct=False),
        timeout=timeout,
    )


async def gone(wire: Wire, heard: Heard) -> None:
    wire.abort()
    await ended(wire, heard)


async def ended(wire: Wire, heard: Heard) -> None:
    """Wait until the stream was told, and nothing is left of the connections."""
    await heard.until(lambda one: bool(one.errors))
    assert isinstance(wire, BoshWire) and wire._ending is not None
    await wire._ending


def rid(body: str) -> int:
    found = re.search(r"rid='(\d+)'", body)
    assert found
    return int(found[1])


async def test_a_session_begins_restarts_and_ends(authority: Authority, good: ssl.SSLContext) -> None:
    held: list[asyncio.Future[str]] = []
    holding = asyncio.Event()

    async def answer(body: str) -> str:
        if "sid=" not in body:
            return CREATED
        if "terminate" in body:
            return f"{BODY} type='terminate'/>"
        if "restart" in body:
            return f"{BODY} xmlns:stream='http://etherx.jabber.org/streams'><stream:features/></body>"
        if re.fullmatch(r"<body[^>]*/>", body):
            held.append(asyncio.get_running_loop().create_future())
            holding.set()
            return await held[-1]
        # XEP-0124 §7.1: with hold='1' a second request frees the first.
        for one in held:
            if not one.done():
                one.set_result(EMPTY)
        return f"{BODY}><message/></body>"

    async with served(good, answer) as (fake, port):
        wire = await opened(port, authority)
        assert wire.certificate()
        heard = Heard()
        wire.attach(heard)
        wire.write([OPENING])
        await heard.until(lambda one: one.data.count(b"<stream:stream") == 1)
        wire.write(["<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"])
        await heard.until(lambda one: b"<message/>" in one.data)
        wire.write([OPENING])
        await heard.until(lambda one: one.data.endswith(b"<stream:features/>"))
        assert heard.data.count(b"<stream:stream") == 2
        async with asyncio.timeout(5):
            await holding.wait()
        # One request waits at the server, another carries both stanzas.
        wire.write(["<presence/>", "<message xmlns='jabber:client'/>"])
        await heard.until(lambda one: one.data.endswith(b"<message/>"))
        wire.write(["<presence type='unavailable'/>", Closing()])
        await heard.until(lambda one: one.data.endswith(b"</stream:stream>"))
        await heard.until(lambda one: one.errors == [None])
        assert wire.bytes_in > sum(map(len, (CREATED, EMPTY)))
        assert wire.bytes_out == sum(map(len, fake.heads)) + sum(map(len, fake.bodies))
    rids = [rid(body) for body in fake.bodies]
    assert rids == list(range(rids[0], rids[0] + len(rids)))
    assert 2**32 <= rids[0] < 2**53
    assert fake.most_under_way == 2
    assert 'from="juliet@example.org"' in fake.bodies[0]
    assert "<presence xmlns='jabber:client'/><message xmlns='jabber:client'/>" in "".join(fake.bodies)
    assert "type='terminate'><presence xmlns='jabber:client' type='unavailable'/>" in fake.bodies[-1]
    names = {line.split(":")[0] for head in fake.heads for line in head.splitlines()[1:] if line}
    assert names == {"Host", "Content-Type", "Content-Length"}


async def test_a_request_whose_connection_broke_is_sent_again(
    authority: Authority, good: ssl.SSLContext
) -> None:
    broken: list[str] = []

    async def answer(body: str) -> str | None:
        if "sid=" not in body:
            return CREATED
        if "<message" in body:
            broken.append(body)
            return f"{BODY}><message/></body>" if len(broken) > 2 else None
        return await asyncio.get_running_loop().create_future()

    async with served(good, answer) as (_, port):
        wire = await opened(port, authority)
        heard = Heard()
        wire.attach(heard)
        wire.write([OPENING, "<message/>"])
        await heard.until(lambda one: one.data.endswith(b"<message/>"))
        await gone(wire, heard)
    assert len(broken) == 3
    assert len(set(broken)) == 1


async def test_an_answer_may_take_as_long_as_it_goes_on_coming(
    authority: Authority, good: ssl.SSLContext
) -> None:
    """What takes minutes on a thin link is not asked for again, nor the link given up."""
    whole = CREATED.encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(whole)

    async def answer(body: str) -> list[bytes] | None:
        if "sid=" in body:
            return await asyncio.get_running_loop().create_future()
        return [head, *(whole[at : at + 20] for at in range(0, len(whole), 20))]

    async with served(good, answer) as (fake, port):
        wire = await opened(port, authority, timeout=3 * APART)
        heard = Heard()
        wire.attach(heard)
        began = asyncio.get_running_loop().time()
        wire.write([OPENING])
        await heard.until(lambda one: b"<stream:stream" in one.data)
        assert asyncio.get_running_loop().time() - began > 4 * APART
        assert not heard.errors
        assert len([one for one in fake.bodies if "sid=" not in one]) == 1
        await gone(wire, heard)


async def test_an_answer_that_stops_coming_ends_the_link(authority: Authority, good: ssl.SSLContext) -> None:
    async def answer(body: str) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<body"

    async with served(good, answer) as (_, port):
        wire = await opened(port, authority, timeout=3 * APART)
        heard = Heard()
        wire.attach(heard)
        wire.write([OPENING])
        await ended(wire, heard)


async def test_answers_are_read_in_the_order_of_the_requests(
    authority: Authority, good: ssl.SSLContext
) -> None:
    second = asyncio.Event()

    async def answer(body: str) -> str:
        if "sid=" not in body:
            return CREATED
        if "id='2'" in body:
            second.set()
            return f"{BODY}><message id='b'/></body>"
        if "id='1'" in body:
            await second.wait()
            # The other answer is well on its way.
            await asyncio.sleep(0.1)
            return f"{BODY}><message id='a'/></body>"
        return await asyncio.get_running_loop().create_future()

    async with served(good, answer) as (_, port):
        wire = await opened(port, authority)
        heard = Heard()
        wire.attach(heard)
        wire.write([OPENING])
        await heard.until(lambda one: bool(one.data))
        wire.write(["<message id='1'/>"])
        wire.write(["<message id='2'/>"])
        await heard.until(lambda one: one.data.count(b"<message") == 2)
        assert heard.data.endswith(b"<message id='a'/><message id='b'/>")
        await gone(wire, heard)


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (f"{BODY} type='terminate' condition='item-not-found'/>", Failure, "forgotten"),
        (f"{BODY} type='terminate' condition='host-unknown'/>", Refused, "does not know this address"),
        (
            f"{BODY} type='terminate' condition='see-other-uri'><uri>https://e.example/</uri></body>",
            Violation,
            "not followed",
        ),
        (f"{BODY} type='terminate' condition='\x1b[31m'/>", Failure, "not XML"),
        (f"{BODY} type='terminate'/>", Failure, "closed the link"),
        (f"{BODY}>words<message/></body>", Violation, "text"),
        (f"<!DOCTYPE body [<!ENTITY e 'e'>]>{BODY}>&e;</body>", Violation, "forbidden"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", Failure, "does not speak XMPP over BOSH"),
        (
            f"{BODY}><message>" + "x" * (Limits().whole_bytes + 70_000) + "</message></body>",
            Violation,
            "more in",
        ),
        (
            f"{BODY} type='terminate' condition='remote-stream-error' "
            "xmlns:stream='http://etherx.jabber.org/streams'><stream:error><system-shutdown "
            "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></body>",
            Failure,
            "shutting down",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://e.example/\r\nContent-Length: 0\r\n\r\n",
            Failure,
            "not fol",
        ),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Failure, "nothing at this address"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_what_breaks_the_rules_ends_the_stream(
    answer: str | bytes,
    kind: type[Failure],
    sentence: str,
    at_once: bool,
    authority: Authority,
    good: ssl.SSLContext,
) -> None:
    async def answered(body: str) -> str | bytes:
        return answer if at_once or "sid=" in body else CREATED

    async with served(good, answered) as (fake, port):
        stream = Stream(Account(OWN), facts=Facts())
        stream.renew()
        stream.attach(await opened(port, authority))
        stream.confirm_secure()
        stream.say(stream.opening())
        async with asyncio.timeout(5):
            failure = await stream.lost
        assert sentence in failure.sentence
        assert isinstance(failure, kind)
        assert len(fake.bodies) <= 2
        for _turn in range(10):
            await asyncio.sleep(0)


async def test_the_certificate_must_be_for_the_host(authority: Authority, good: ssl.SSLContext) -> None:
    async def answer(_: str) -> str:
        return CREATED

    async with served(good, answer) as (fake, port):
        with pytest.raises(BadCertificate, match=r"not for other\.example"):
            await opened(port, authority, name="other.example")
        assert fake.bodies == []


async def test_while_it_is_held_it_asks_for_no_more(authority: Authority, good: ssl.SSLContext) -> None:
    async def answer(body: str) -> str:
        return f"{BODY}><message id='{rid(body)}'/></body>" if "sid=" in body else CREATED

    async with served(good, answer) as (server, port):
        wire = await opened(port, authority)
        heard = Heard()
        wire.attach(heard)
        wire.write([OPENING])
        await heard.until(lambda one: one.data.count(b"<message") > 2)
        wire.hold(True)
        # What was asked before is still answered.
        before = -1
        async with asyncio.timeout(20 * APART):
            while before != len(server.bodies):
                before = len(server.bodies)
                await asyncio.sleep(APART)
        known = heard.data.count(b"<message")
        wire.hold(False)
        await heard.until(lambda one: one.data.count(b"<message") > known + 2)
        await gone(wire, heard)
