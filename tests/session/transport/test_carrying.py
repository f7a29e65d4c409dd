"""What the kernel says of several connections together, against a relay that counts."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from tests.fakes.certificates import Authority
from tests.link.proxy import Link
from tests.session.transport.conftest import Heard
from tests.session.transport.test_bosh import BODY, CREATED, EMPTY, OPENING, ended, opened, served
from tui_xmpp.session.transport import tcp_info
from tui_xmpp.session.transport.wire import Closing

CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
TIMES = 4
ALERT = 24
"""Bytes of a TLS 1.3 record that says goodbye: it may come when nobody is there any more."""


async def answer(body: str) -> bytes:
    """Each on a connection that is closed behind it."""
    said = EMPTY
    if "sid=" not in body:
        said = CREATED
    elif "terminate" in body:
        said = f"{BODY} type='terminate'/>"
    elif "<message" in body:
        said = f"{BODY}><message/></body>"
    else:
        await asyncio.Event().wait()
    return CLOSING % (len(said), said.encode())


async def test_connections_that_are_over_count(authority: Authority, good: ssl.SSLContext) -> None:
    async with served(good, answer) as (_, port), Link(port) as link:
        wire = await opened(link.port, authority)
        heard = Heard()
        wire.attach(heard)
        wire.write([OPENING])
        await heard.until(lambda one: bool(one.data))
        for number in range(TIMES):
            wire.write([f"<message id='{number}'/>"])
            await heard.until(lambda one, number=number: one.data.count(b"<message") == number + 1)  # type: ignore[misc]
        wire.write([Closing()])
        await ended(wire, heard)
        async with asyncio.timeout(5):
            # Until the relay has nothing left to pass on.
            await asyncio.gather(*link._running)
        assert len(link.connections) > TIMES
        look = wire.carried()
        assert look is not None
        slack = ALERT * len(link.connections)
        assert abs(look.tcp[0] - link.counts.up) <= slack and abs(look.tcp[1] - link.counts.down) <= slack
        assert wire.bytes_out < look.tcp[0] and min(look.segments) > TIMES


async def test_where_the_kernel_does_not_tell_of_each_nothing_is_told(
    authority: Authority, good: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(good, answer) as (_, port):
        wire = await opened(port, authority)
        assert wire.carried() is not None
        monkeypatch.setattr(tcp_info, "read", lambda _: None)
        assert wire.carried() is None
        heard = Heard()
        wire.attach(heard)
        wire.abort()
        await ended(wire, heard)
        monkeypatch.undo()
        # One that ended in silence is never told of again.
        assert wire.carried() is None
