"""Somebody signed in to a real server who says whatever a test likes: raw bytes, no client's manners."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self
from xml.sax.saxutils import quoteattr

from tests.server.chat_server import Account, ChatServer

_STANZA = re.compile(rb"<(iq|presence|message)\b[^>]*?(?:/>|>.*?</\1>)", re.DOTALL)
_HEADER = "<stream:stream xmlns='{}' xmlns:stream='http://etherx.jabber.org/streams' to='{}' version='1.0'>"


def attribute(name: bytes, tag: bytes) -> bytes:
    """The value of an attribute in a start tag; empty when it has none."""
    found = re.search(rb"\b" + name + rb"=(?:'([^']*)'|\"([^\"]*)\")", tag)
    return (found[1] or found[2] or b"") if found else b""


def start_tag(stanza: bytes) -> bytes:
    """The start tag of a stanza."""
    return stanza[: stanza.index(b">") + 1]


class RawStream:
    """A stream that is open: what is said goes out as it is, what comes is kept as it came. A context."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.messages: list[bytes] = []
        self.presences: list[bytes] = []
        self.asked: list[bytes] = []
        """Requests of others; none is answered."""
        self.answered: dict[str, bytes] = {}
        """The answers to what it asked, by the id of the request."""
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._buffer = b""
        self._questions = 0

    async def come(self) -> None:
        """Open the stream."""
        raise NotImplementedError

    async def go(self) -> None:
        """Be gone at once."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer is not None:
            self._writer.transport.abort()

    async def __aenter__(self) -> Self:
        await self.come()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.go()

    def send(self, text: str) -> None:
        """Say something, as it is."""
        assert self._writer is not None
        self._writer.write(text.encode())

    async def drained(self) -> None:
        """Until what was said is on its way: to be awaited now and then in a flood."""
        assert self._writer is not None
        await self._writer.drain()

    async def until(self, condition: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait until something is so because of what came. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():
                self.news.clear()
                await self.news.wait()

    async def answer(self, type: str, inner: str, to: str = "", seconds: float = 30.0) -> bytes:
        """Send a request, to somebody or to its own account; returns the answer, which may be an error."""
        self._questions += 1
        id = f"ask-{self._questions}"
        aimed = f" to={quoteattr(to)}" if to else ""
        self.send(f"<iq type='{type}' id='{id}'{aimed}>{inner}</iq>")
        await self.until(lambda: id in self.answered, seconds)
        return self.answered.pop(id)

    async def ask(self, type: str, inner: str, to: str = "", seconds: float = 30.0) -> bytes:
        """Send a request, to somebody or to its own account; returns the answer, which must be no error."""
        answer = await self.answer(type, inner, to, seconds)
        assert attribute(b"type", start_tag(answer)) == b"result", answer
        return answer

    async def enter(self, occupant: str, seconds: float = 30.0) -> bool:
        """Ask for a place in a room under a nick; returns whether it was given (XEP-0045 §7.2)."""
        self.presences.clear()
        self.send(
            f"<presence to={quoteattr(occupant)}><x xmlns='http://jabber.org/protocol/muc'/></presence>"
        )
        verdict: list[bool] = []

        def is_told() -> bool:
            for one in self.presences:
                refused = attribute(b"type", start_tag(one)) == b"error"
                if refused or re.search(rb"<status\b[^>]*code=['\"]110['\"]", one):
                    verdict.append(not refused)
            return bool(verdict)

        await self.until(is_told, seconds)
        return verdict[0]

    def _begin(self, reader: asyncio.StreamReader) -> None:
        """From now on all that comes are stanzas."""
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            self._buffer += data
            end = 0
            for found in _STANZA.finditer(self._buffer):
                end = found.end()
                self._take(found[0], found[1])
                self.news.set()
            self._buffer = self._buffer[end:]

    def _take(self, stanza: bytes, kind: bytes) -> None:
        """Keep one stanza, whose name is *kind*."""
        if kind == b"message":
            self.messages.append(stanza)
        elif kind == b"presence":
            self.presences.append(stanza)
        elif attribute(b"type", start_tag(stanza)) in (b"result", b"error"):
            self.answered[attribute(b"id", start_tag(stanza)).decode()] = stanza
        else:
            self.asked.append(stanza)


class RawPeer(RawStream):
    """One resource of an account: signs in by PLAIN inside TLS, and announces nothing by itself."""

    def __init__(self, account: Account, server: ChatServer, resource: str = "") -> None:
        super().__init__()
        self.account = account
        self.address = ""
        """What the server bound, once it has come."""
        self._server = server
        self._resource = resource

    async def come(self) -> None:
        """Sign in."""
        context = ssl.create_default_context(cafile=self._server.ca_file)
        reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._server.direct_tls_port, ssl=context, server_hostname=self._server.domain
        )
        header = _HEADER.format("jabber:client", self._server.domain)
        secret = base64.b64encode(f"\0{self.account.user}\0{self.account.password}".encode()).decode()
        wanted = f"<resource>{self._resource}</resource>" if self._resource else ""
        self.send(header)
        await reader.readuntil(b"</stream:features>")
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        await reader.readuntil(b"<success")
        await reader.readuntil(b">")
        self.send(header)
        await reader.readuntil(b"</stream:features>")
        self.send(
            f"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{wanted}</bind></iq>"
        )
        bound = re.search(rb"<jid>([^<]*)</jid>", await reader.readuntil(b"</iq>"))
        assert bound is not None
        self.address = bound[1].decode()
        self._begin(reader)


class RawComponent(RawStream):
    """A component (XEP-0114): a whole domain of people, who may all speak at once."""

    def __init__(self, port: int, domain: str, secret: str) -> None:
        super().__init__()
        self._port = port
        self._domain = domain
        self._secret = secret

    async def come(self) -> None:
        """Prove to be the component; the stream is in clear, on loopback."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.send(_HEADER.format("jabber:component:accept", self._domain))
        await reader.readuntil(b"<stream:stream")
        id = attribute(b"id", await reader.readuntil(b">")).decode()
        # XEP-0114 §3: the digest of the stream's id and the shared secret.
        self.send(f"<handshake>{hashlib.sha1((id + self._secret).encode()).hexdigest()}</handshake>")
        await reader.readuntil(b"<handshake")
        await reader.readuntil(b">")
        self._begin(reader)
