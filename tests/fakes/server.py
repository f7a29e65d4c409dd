"""A fake XMPP server that says exactly what a script tells it to, byte by byte.

A script is an async function of one client's `Peer`. `honest(good, then=script)` signs the client in rightly
and plays `script` afterwards; a script of its own does each step as it likes (`open_stream`, `upgrade`,
`ScramServer(...).run`, `bind`), waits for what the client says (`expect`) and sends any bytes (`send`,
`send_raw`). `async with FakeServer(script) as server:` listens on `server.port` of loopback until the block
ends; `server.heard` and `server.heard_in_clear` are all that any client said.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import re
import socket
import ssl
import struct
import zlib
from collections.abc import Awaitable, Callable
from typing import Self

STREAM = "http://etherx.jabber.org/streams"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
SASL2 = "urn:xmpp:sasl:2"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
STARTTLS = f"<starttls xmlns='{TLS}'><required/></starttls>"
PROCEED = f"<proceed xmlns='{TLS}'/>"

COMPRESSION = "<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>"
COMPRESSED = "<compressed xmlns='http://jabber.org/protocol/compress'/>"

DEADLINE = 10.0

_CLIENT_HELLO = b"\x16\x03"
"""How a client begins TLS (RFC 8446 §5.1)."""

Script = Callable[["Peer"], Awaitable[None]]


def header(*, version: str | None = "1.0", domain: str = "example.org") -> str:
    stated = f" version='{version}'" if version else ""
    return (
        f"<?xml version='1.0'?><stream:stream from='{domain}' id='s1' xmlns='jabber:client' "
        f"xmlns:stream='{STREAM}'{stated}>"
    )


def features(inner: str = "") -> str:
    return f"<stream:features>{inner}</stream:features>"


def mechanisms(*names: str) -> str:
    listed = "".join(f"<mechanism>{name}</mechanism>" for name in names)
    return f"<mechanisms xmlns='{SASL}'>{listed}</mechanisms>"


def sasl(name: str, payload: bytes | str = b"") -> str:
    raw = payload.encode() if isinstance(payload, str) else payload
    return f"<{name} xmlns='{SASL}'>{base64.b64encode(raw).decode()}</{name}>"


def authentication(
    *names: str,
    tokens: tuple[str, ...] = (),
    bind: tuple[str, ...] | None = ("urn:xmpp:mam:2", "urn:xmpp:sm:3", "urn:xmpp:carbons:2"),
    resumes: bool = True,
) -> str:
    """What a server offers by SASL2."""
    listed = "".join(f"<mechanism>{name}</mechanism>" for name in names)
    fast = "".join(f"<mechanism>{name}</mechanism>" for name in tokens)
    inline = f"<fast xmlns='urn:xmpp:fast:0'>{fast}</fast>" if tokens else ""
    if bind is not None:
        enables = "".join(f"<feature var='{name}'/>" for name in bind)
        inline += f"<bind xmlns='urn:xmpp:bind:0'><inline>{enables}</inline></bind>"
    if resumes:
        inline += "<sm xmlns='urn:xmpp:sm:3'/>"
    return f"<authentication xmlns='{SASL2}'>{listed}<inline>{inline}</inline></authentication>"


def sasl2(name: str, payload: bytes | str = b"") -> str:
    raw = payload.encode() if isinstance(payload, str) else payload
    return f"<{name} xmlns='{SASL2}'>{base64.b64encode(raw).decode()}</{name}>"


def success2(proof: bytes | None, inner: str = "", jid: str = "juliet@example.org/balcony") -> str:
    """The end of a sign-in by SASL2, with the features that follow it."""
    shown = "" if proof is None else f"<additional-data>{base64.b64encode(proof).decode()}</additional-data>"
    return (
        f"<success xmlns='{SASL2}'>{shown}<authorization-identifier>{jid}</authorization-identifier>{inner}"
        f"</success>{features(SM_FEATURE)}"
    )


SM_FEATURE = "<sm xmlns='urn:xmpp:sm:3'/>"
BOUND = "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='1'/></bound>"


def bind_feature() -> str:
    return f"<bind xmlns='{BIND}'/>"


class Peer:
    """One client's connection, as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = b""
        self.heard = b""
        """Everything the client sent, decrypted."""
        self.heard_in_clear = b""
        self._secure = writer.get_extra_info("ssl_object") is not None
        self._pack: zlib._Compress | None = None
        self._unpack: zlib._Decompress | None = None

    def send(self, *texts: str | bytes) -> None:
        """Write all texts in one segment."""
        data = b"".join(text.encode() if isinstance(text, str) else text for text in texts)
        if self._pack is not None:
            data = self._pack.compress(data) + self._pack.flush(zlib.Z_SYNC_FLUSH)
        self.send_raw(data)

    def send_raw(self, data: bytes) -> None:
        """Write bytes as they are, also on a compressed stream."""
        self._writer.write(data)

    async def flush(self) -> None:
        await self._writer.drain()

    async def expect(self, pattern: str) -> re.Match[bytes]:
        """Read until the pattern matches, and use up what it matched."""
        wanted = re.compile(pattern.encode(), re.DOTALL)
        while True:
            found = wanted.search(self._buffer)
            if found:
                self._buffer = self._buffer[found.end() :]
                return found
            self._take(await self._reader.read(65536))

    @property
    def unread(self) -> bytes:
        """What came and was not expected yet."""
        return self._buffer

    async def end(self) -> None:
        """Read until the client closes its stream or the link."""
        with contextlib.suppress(ConnectionError, EOFError):
            while not self.heard.endswith(b"</stream:stream>"):
                self._take(await self._reader.read(65536))
            self.send("</stream:stream>")
            await self.flush()

    def _take(self, data: bytes) -> None:
        if not data:
            raise EOFError
        if self._unpack is not None:
            data = self._unpack.decompress(data)
        self._buffer += data
        self.heard += data
        if not self._secure:
            self.heard_in_clear += data
            if data.startswith(_CLIENT_HELLO):
                self.send("not TLS")
                raise EOFError

    async def start_tls(self, context: ssl.SSLContext) -> None:
        await self._writer.start_tls(context)
        self._secure = True

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        connected = self._writer.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.transport.abort()

    # --- the steps of an honest sign-in ----------------------------------------------------------

    async def open_stream(self, inner: str) -> None:
        await self.expect(r"<stream:stream[^>]*>")
        self.send(header(), features(inner))

    async def upgrade(self, context: ssl.SSLContext) -> None:
        await self.open_stream(STARTTLS)
        await self.expect(r"<starttls[^>]*/>")
        self.send(PROCEED)
        await self.flush()
        await self.start_tls(context)

    async def sasl_message(self, name: str) -> bytes:
        found = await self.expect(rf"<{name}[^>]*>([^<]*)</{name}>")
        return b"" if found[1] == b"=" else base64.b64decode(found[1])

    async def request(self) -> tuple[bytes, bytes]:
        """What begins a sign-in by SASL2: its first message and all of it."""
        found = await self.expect(r"<authenticate .*?</authenticate>")
        first = re.search(rb"<initial-response>([^<]*)<", found[0])
        return (base64.b64decode(first[1]) if first else b""), found[0]

    async def compress(self) -> None:
        """Grant a compressed stream (XEP-0138)."""
        await self.open_stream(COMPRESSION)
        await self.expect(r"<compress .*?</compress>")
        await self.grant()

    async def grant(self) -> None:
        """Say that the stream is compressed from now on."""
        self.send(COMPRESSED)
        self._pack, self._unpack = zlib.compressobj(), zlib.decompressobj()

    async def bind(self, jid: str = "juliet@example.org/balcony", *, inner: str = "") -> None:
        await self.open_stream(bind_feature() + inner)
        found = await self.expect(r"<iq [^>]*id='([^']+)'[^>]*>.*?</iq>")
        self.send(
            f"<iq type='result' id='{found[1].decode()}'><bind xmlns='{BIND}'><jid>{jid}</jid></bind></iq>"
        )


class ScramServer:
    """The server's half of SCRAM (RFC 5802), honest unless told otherwise."""

    def __init__(
        self, name: str, password: str = "secret", *, iterations: int = 4096, more: str = ""
    ) -> None:
        self.name = name
        self._hash = name.removeprefix("SCRAM-").removesuffix("-PLUS").replace("-", "").lower()
        self._password = password.encode()
        self._iterations = iterations
        self._more = more

    def challenge(self, first: bytes, *, nonce: str | None = None) -> bytes:
        self._first_bare = first.decode().split(",", 2)[2]
        sent = dict(part.split("=", 1) for part in self._first_bare.split(","))["r"]
        self.nonce = nonce if nonce is not None else sent + "server-nonce"
        self._salt = b"salt-salt"
        self._challenge = (
            f"r={self.nonce},s={base64.b64encode(self._salt).decode()},i={self._iterations}{self._more}"
        )
        return self._challenge.encode()

    def finish(self, final: bytes) -> bytes | None:
        """Return the server's proof, or None when the client's is wrong."""
        bare, _, proof = final.decode().rpartition(",p=")
        salted = hashlib.pbkdf2_hmac(self._hash, self._password, self._salt, self._iterations)
        signed = f"{self._first_bare},{self._challenge},{bare}".encode()
        client_key = hmac.digest(salted, b"Client Key", self._hash)
        signature = hmac.digest(hashlib.new(self._hash, client_key).digest(), signed, self._hash)
        expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        if base64.b64decode(proof) != expected:
            return None
        server_key = hmac.digest(salted, b"Server Key", self._hash)
        return b"v=" + base64.b64encode(hmac.digest(server_key, signed, self._hash))

    async def run(self, peer: Peer) -> bool:
        """Play it to the end; say whether the client knew the password."""
        peer.send(sasl("challenge", self.challenge(await peer.sasl_message("auth"))))
        proof = self.finish(await peer.sasl_message("response"))
        if proof is None:
            peer.send(f"<failure xmlns='{SASL}'><not-authorized/></failure>")
            return False
        peer.send(sasl("success", proof))
        return True


class FakeServer:
    """Listens on loopback and plays a script with every client."""

    def __init__(
        self, script: Script, *, direct: ssl.SSLContext | None = None, deadline: float = DEADLINE
    ) -> None:
        """`deadline`: seconds that one client has for all of the script."""
        self._script = script
        self._direct = direct
        self._deadline = deadline
        self.peers: list[Peer] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._direct)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for peer in self.peers:
            peer.close()
        # The transports close in the next turns of the loop.
        for _turn in range(5):
            await asyncio.sleep(0)

    @property
    def heard(self) -> bytes:
        """Everything any client said."""
        return b"".join(peer.heard for peer in self.peers)

    @property
    def heard_in_clear(self) -> bytes:
        return b"".join(peer.heard_in_clear for peer in self.peers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        peer = Peer(reader, writer)
        self.peers.append(peer)
        try:
            async with asyncio.timeout(self._deadline):
                await self._script(peer)
                await peer.end()
        except (OSError, EOFError, TimeoutError):
            pass
        finally:
            peer.close()
            self._tasks.discard(task)


def honest(
    context: ssl.SSLContext | None,
    *,
    offered: tuple[str, ...] = ("SCRAM-SHA-256", "SCRAM-SHA-1"),
    used: str = "SCRAM-SHA-256",
    password: str = "secret",
    jid: str = "juliet@example.org/balcony",
    then: Script | None = None,
    compresses: bool = False,
) -> Script:
    """A server that does everything right; with `context` it begins by STARTTLS."""

    async def script(peer: Peer) -> None:
        if context is not None:
            await peer.upgrade(context)
        await peer.open_stream(mechanisms(*offered))
        if not await ScramServer(used, password).run(peer):
            return
        if compresses:
            await peer.compress()
        await peer.bind(jid)
        if then is not None:
            await then(peer)

    return script
