"""The people of a roster who are there: small raw clients, so that presence costs what it costs."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
import time
from types import TracebackType
from typing import Self
from xml.sax.saxutils import quoteattr

from tests.server.chat_server import Account, ChatServer
from tests.server.raw_peer import RawPeer, attribute, start_tag

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
BODY = re.compile(rb"<body[^>]*>(.*?)</body>", re.DOTALL)
DISCO = re.compile(rb"<iq\b(?=[^>]*type=['\"]get['\"])([^>]*)>\s*<query\b(?=[^>]*disco#info['\"])([^>]*)")


def capabilities(kind: str) -> str:
    """The verification string of a client of this kind (XEP-0115 §5.1)."""
    text = f"client/{kind}//Somebody<" + "".join(f"{feature}<" for feature in sorted(FEATURES))
    return base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()


class Contact(RawPeer):
    """One of them: signs in, is there, and answers what it is asked."""

    def __init__(self, account: Account, server: ChatServer, number: int) -> None:
        super().__init__(account, server)
        self.seen: dict[str, float] = {}
        """When the last presence of somebody came (monotonic), by bare address; without one: they left."""
        self.heard: list[str] = []
        """What was said to it."""
        self._kind = KINDS[number % len(KINDS)]
        self._show = SHOWS[number % len(SHOWS)]
        self._said = 0

    async def come(self) -> None:
        """Sign in and announce itself."""
        await super().come()
        self.announce(self._show)

    def announce(self, inner: str, to: str = "") -> None:
        """Say that it is there, and how; `to`: only somebody, or in a room."""
        aimed = f" to={quoteattr(to)}" if to else ""
        self.send(
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
        self.send(
            f"<message type='{kind}' to={quoteattr(to)} id='{id}'><body>{text}</body>"
            f"{wishes if kind == 'chat' else ''}<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message>"
        )

    async def hears(self, text: str, seconds: float = 30.0) -> None:
        """Wait until it has heard this."""
        await self.until(lambda: text in self.heard[-50:], seconds)

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
        self.send(
            f"<iq type='set' id='u' to={quoteattr(room)}><query xmlns='http://jabber.org/protocol/muc#owner'>"
            "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
        )

    def _take(self, stanza: bytes, kind: bytes) -> None:
        tag = start_tag(stanza)
        sender = attribute(b"from", tag).decode()
        type = attribute(b"type", tag)
        if kind == b"presence":
            bare = sender.partition("/")[0]
            if type == b"unavailable":
                self.seen.pop(bare, None)
            elif not type:
                self.seen[bare] = time.monotonic()
        elif kind == b"iq" and type in (b"get", b"set"):
            self._reply(stanza, sender, attribute(b"id", tag).decode())
        else:
            super()._take(stanza, kind)
            body = BODY.search(stanza) if kind == b"message" else None
            if body is not None:
                self.heard.append(body[1].decode())

    def _reply(self, stanza: bytes, sender: str, id: str) -> None:
        back = f"id={quoteattr(id)}" + (f" to={quoteattr(sender)}" if sender else "")
        asked = DISCO.search(stanza)
        if asked is None:
            self.send(
                f"<iq type='error' {back}><error type='cancel'>"
                "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )
            return
        node = attribute(b"node", asked[2]).decode()
        features = "".join(f"<feature var='{feature}'/>" for feature in FEATURES)
        self.send(
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
        await first.until(lambda: first.seen.get(address, 0.0) >= after, seconds)
        return first.seen[address]

    async def miss(self, address: str, *, seconds: float = 60.0) -> None:
        """Wait until the first of them sees somebody gone."""
        first = self.all[0]
        await first.until(lambda: address not in first.seen, seconds)
