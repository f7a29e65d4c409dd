"""The people of a roster who are there: small raw clients, so that presence costs what it costs."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
import ssl
import time
from types import TracebackType
from typing import Self
from xml.sax.saxutils import quoteattr

from tests.server.chat_server import Account, ChatServer

FEATURES = (
    "http://jabber.org/protocol/caps",
    "http://jabber.org/protocol/chatstates",
    "http://jabber.org/protocol/disco#info",
    "jabber:iq:version",
    "urn:xmpp:receipts",
)
KINDS = ("phone", "tower", "board", "pager", "watch")
"""Of one length, so that what a friend's program says is as long for everybody."""
SHOWS = ("", "", "", "<show>away</show>", "<status>On the train until four</status>")
STANZA = re.compile(rb"<(iq|presence|message)\b[^>]*?(?:/>|>.*?</\1>)", re.DOTALL)
BODY = re.compile(rb"<body[^>]*>(.*?)</body>", re.DOTALL)
DISCO = re.compile(rb"<iq\b(?=[^>]*type=['\"]get['\"])([^>]*)>\s*<query\b(?=[^>]*disco#info['\"])([^>]*)")


def attribute(name: bytes, tag: bytes) -> bytes:
    """The value of an attribute in a start tag; empty when it has none."""
    found = re.search(rb"\b" + name + rb"=(?:'([^']*)'|\"([^\"]*)\")", tag)
    return (found[1] or found[2] or b"") if found else b""


def capabilities(kind: str) -> str:
    """The verification string of a client of this kind (XEP-0115 §5.1)."""
    text = f"client/{kind}//Somebody<" + "".join(f"{feature}<" for feature in sorted(FEATURES))
    return base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()


class Contact:
    """One of them: signs in by PLAIN inside TLS, is there, and answers what it is asked."""

    def __init__(self, account: Account, server: ChatServer, number: int) -> None:
        self.account = account
        self.seen: dict[str, float] = {}
        """When the last presence of somebody came (monotonic), by bare address; without one: they left."""
        self.news = asyncio.Event()
        self.heard: list[str] = []
        """What was said to it."""
        self.messages: list[bytes] = []
        """Every message as it came, sealed ones too."""
        self.answered: dict[str, bytes] = {}
        """The answers to what it asked, by the id of the request."""
        self._server = server
        self._kind = KINDS[number % len(KINDS)]
        self._show = SHOWS[number % len(SHOWS)]
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._buffer = b""
        self._said = 0

    async def come(self) -> None:
        """Sign in and announce itself."""
        context = ssl.create_default_context(cafile=self._server.ca_file)
        reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._server.direct_tls_port, ssl=context, server_hostname=self._server.domain
        )
        header = (
            f"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
            f"to='{self._server.domain}' version='1.0'>"
        )
        secret = base64.b64encode(f"\0{self.account.user}\0{self.account.password}".encode()).decode()
        self._say(header)
        await reader.readuntil(b"</stream:features>")
        self._say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        await reader.readuntil(b"<success")
        await reader.readuntil(b">")
        self._say(header)
        await reader.readuntil(b"</stream:features>")
        self._say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        await reader.readuntil(b"</iq>")
        self.announce(self._show)
        self._reading = asyncio.create_task(self._read(reader))

    def announce(self, inner: str, to: str = "") -> None:
        """Say that it is there, and how; `to`: only somebody, or in a room."""
        aimed = f" to={quoteattr(to)}" if to else ""
        self._say(
            f"<presence{aimed}>{inner}<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
            f"node='https://{self._kind}.example' ver='{capabilities(self._kind)}'/></presence>"
        )

    def chat(self, to: str, text: str, kind: str = "chat") -> None:
        """Say something, as most clients do; `kind`: `groupchat` to a room."""
        self._said += 1
        id = f"{self._kind}-{self._said:08}-{hash((to, text)) & 0xFFFFFFFF:08x}"
        wishes = (
            "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>"
            "<active xmlns='http://jabber.org/protocol/chatstates'/>"
        )
        self._say(
            f"<message type='{kind}' to={quoteattr(to)} id='{id}'><body>{text}</body>"
            f"{wishes if kind == 'chat' else ''}<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message>"
        )

    async def hears(self, text: str, seconds: float = 30.0) -> None:
        """Wait until it has heard this."""
        async with asyncio.timeout(seconds):
            while text not in self.heard[-50:]:
                self.news.clear()
                await self.news.wait()

    def send(self, stanza: str) -> None:
        """Send a stanza as it is."""
        self._say(stanza)

    async def ask(self, type: str, inner: str, to: str = "", seconds: float = 30.0) -> bytes:
        """Send a request, to somebody or to its own account; returns the answer, which must be no error."""
        self._said += 1
        id = f"ask-{self._said}"
        aimed = f" to={quoteattr(to)}" if to else ""
        self._say(f"<iq type='{type}' id='{id}'{aimed}>{inner}</iq>")
        async with asyncio.timeout(seconds):
            while id not in self.answered:
                self.news.clear()
                await self.news.wait()
        answer = self.answered.pop(id)
        assert attribute(b"type", answer) == b"result", answer
        return answer

    def join(self, room: str) -> None:
        """Enter a room under its own user name."""
        self.announce("<x xmlns='http://jabber.org/protocol/muc'/>", f"{room}/{self.account.user}")

    async def enters(self, room: str, seconds: float = 30.0) -> None:
        """Wait until it is in a room, and ask again while it is not let in."""
        async with asyncio.timeout(seconds):
            while room not in self.seen:
                self.news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.news.wait(), 0.5)
                    continue
                self.join(room)

    def unlock(self, room: str) -> None:
        """Make a room that was just entered one for all (XEP-0045 §10.1.2)."""
        self._say(
            f"<iq type='set' id='u' to={quoteattr(room)}><query xmlns='http://jabber.org/protocol/muc#owner'>"
            "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
        )

    async def go(self) -> None:
        """Be gone at once."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer is not None:
            self._writer.transport.abort()

    def _say(self, text: str) -> None:
        assert self._writer is not None
        self._writer.write(text.encode())

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            self._buffer += data
            end = 0
            for found in STANZA.finditer(self._buffer):
                end = found.end()
                self._take(found[0], found[1])
            self._buffer = self._buffer[end:]

    def _take(self, stanza: bytes, kind: bytes) -> None:
        tag = stanza[: stanza.index(b">") + 1]
        sender = attribute(b"from", tag).decode()
        if kind == b"presence":
            bare = sender.partition("/")[0]
            if attribute(b"type", tag) == b"unavailable":
                self.seen.pop(bare, None)
            elif not attribute(b"type", tag):
                self.seen[bare] = time.monotonic()
            self.news.set()
        elif kind == b"message":
            self.messages.append(stanza)
            body = BODY.search(stanza)
            if body is not None:
                self.heard.append(body[1].decode())
            self.news.set()
        elif kind == b"iq" and attribute(b"type", tag) in (b"result", b"error"):
            self.answered[attribute(b"id", tag).decode()] = stanza
            self.news.set()
        elif kind == b"iq" and attribute(b"type", tag) in (b"get", b"set"):
            self._answer(stanza, sender, attribute(b"id", tag).decode())

    def _answer(self, stanza: bytes, sender: str, id: str) -> None:
        back = f"id={quoteattr(id)}" + (f" to={quoteattr(sender)}" if sender else "")
        asked = DISCO.search(stanza)
        if asked is None:
            self._say(
                f"<iq type='error' {back}><error type='cancel'>"
                "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )
            return
        node = attribute(b"node", asked[2]).decode()
        features = "".join(f"<feature var='{feature}'/>" for feature in FEATURES)
        self._say(
            f"<iq type='result' {back}><query xmlns='http://jabber.org/protocol/disco#info'"
            + (f" node={quoteattr(node)}" if node else "")
            + f"><identity category='client' type='{self._kind}' name='Somebody'/>{features}</query></iq>"
        )


class Contacts:
    """All of them; a context in which they are there."""

    def __init__(self, accounts: list[Account], server: ChatServer) -> None:
        self.all = [Contact(account, server, number) for number, account in enumerate(accounts)]

    async def __aenter__(self) -> Self:
        for one in self.all:
            await one.come()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(one.go() for one in self.all))

    async def see(self, address: str, *, after: float, seconds: float = 180.0) -> float:
        """Wait until the first of them sees somebody come; returns when (monotonic)."""
        first = self.all[0]
        async with asyncio.timeout(seconds):
            while first.seen.get(address, 0.0) < after:
                first.news.clear()
                await first.news.wait()
        return first.seen[address]

    async def miss(self, address: str, *, seconds: float = 60.0) -> None:
        """Wait until the first of them sees somebody gone."""
        first = self.all[0]
        async with asyncio.timeout(seconds):
            while address in first.seen:
                first.news.clear()
                await first.news.wait()
