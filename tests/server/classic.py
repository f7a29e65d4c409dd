"""A server without SASL2 (XEP-0388), where that cannot be switched off: it is taken out on the way."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.server.chat_server import ChatServer

_OFFER = re.compile(rb"<authentication xmlns='urn:xmpp:sasl:2'>.*?</authentication>", re.DOTALL)
_FEATURES_END = b"</stream:features>"


class Classic:
    """What stands between: TLS ends here, with the server's own certificate, and begins again behind."""

    def __init__(self, server: ChatServer) -> None:
        self.server = server
        self.port = 0
        """Where direct TLS is spoken."""
        self.seconds: list[float] = []
        """How long the server had known each connection when it bound or resumed a session."""
        self.stripped = 0
        """How often the offer was taken out."""
        self._behind = ssl.create_default_context(cafile=server.ca_file)

    async def serve(self, client: socket.socket) -> None:
        """Carry one connection, which the server knows from its beginning on."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        back, on = await asyncio.open_connection(
            "127.0.0.1", self.server.direct_tls_port, ssl=self._behind, server_hostname=self.server.domain
        )
        try:
            with suppress(OSError):
                reader = asyncio.StreamReader()
                protocol = asyncio.StreamReaderProtocol(reader)
                transport, _ = await loop.connect_accepted_socket(
                    lambda: protocol, client, ssl=_front(self.server)
                )
                up = loop.create_task(_carry(reader, on))
                try:
                    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
                    await self._carry_down(back, writer, began)
                finally:
                    up.cancel()
                    transport.abort()
        finally:
            on.transport.abort()
            client.close()

    async def _carry_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, began: float
    ) -> None:
        unsaid = b""
        let_in = False
        while data := await reader.read(65536):
            unsaid += data
            if not let_in:
                if b"<stream:features" in unsaid and _FEATURES_END not in unsaid:
                    continue
                unsaid, found = _OFFER.subn(b"", unsaid)
                self.stripped += found
                if b"<jid>" in unsaid or b"<resumed " in unsaid:
                    let_in = True
                    self.seconds.append(asyncio.get_running_loop().time() - began)
            writer.write(unsaid)
            await writer.drain()
            unsaid = b""


@asynccontextmanager
async def classic(server: ChatServer) -> AsyncIterator[Classic]:
    """The server without SASL2, as long as this lasts."""
    between = Classic(server)
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def listen() -> None:
        while True:
            client, _ = await loop.sock_accept(listener)
            client.setblocking(False)
            task = loop.create_task(between.serve(client))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        between.port = int(listener.getsockname()[1])
        tasks.add(listening := loop.create_task(listen()))
        try:
            yield between
        finally:
            listening.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _front(server: ChatServer) -> ssl.SSLContext:
    folder = Path(server.ca_file).parent
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(folder / "server.pem", folder / "server.key")
    # Sessions are kept here, as both servers keep them: the tickets are as short as theirs.
    made.options |= ssl.OP_NO_TICKET
    return made


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
