"""A scripted server that floods one client of ours, and what comes of it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.fakes.certificates import Authority
from tests.fakes.server import SM_FEATURE, FakeServer, Peer, ScramServer, mechanisms
from tests.link import driver
from tests.session.room_script import info
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Message
from tui_xmpp.storage.opening import open_reader
from tui_xmpp.storage.paths import locate

ROOT = Path(__file__).parents[3]
OWN = Address.parse("juliet@example.org")
FULL = f"{OWN}/balcony"
ROOM = "garden@rooms.example.org"
CONTACTS = 10
DEADLINE = 90.0
_ATTRIBUTE = re.compile(r"([\w:]+)=['\"]([^'\"]*)['\"]")
_STANZA = r"<(enable|iq|presence|message|r|a)\b([^>]*)(?:/>|(?<!/)>(<\w[^>]*>)?)"


def contact(number: int) -> str:
    return f"friend{number}@example.org"


class Scene:
    """The client's process, and the stream to it."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.peer: Peer | None = None
        self.entering: list[str] = []
        """What a room says to who enters."""
        self._sent = 0
        """Stanzas that stream management counts (XEP-0198 §4)."""
        self._acknowledged = 0
        self._news = asyncio.Event()

    async def ask(self, do: str, **fields: str) -> Any:
        """Give an order and return the first answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")
        return await self.told()

    async def told(self) -> Any:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), DEADLINE)
        assert line, self.errors()
        return json.loads(line)

    def errors(self) -> str:
        files = (self._folder / "errors.txt", self._folder / "data" / "errors.log")
        return "\n".join(file.read_text()[-3000:] for file in files if file.exists())

    async def flooded(self, stanzas: list[str], until: str, *, join: str = "") -> Any:
        """Send it all at once while the client types; returns its figures, once it has taken all."""
        assert await self.ask("watch", until=until, join=join) == {"told": "typing"}, self.errors()
        self._send(stanzas)
        figures = await self.told()
        assert figures["told"] == "figures"
        assert self.peer is not None
        self.peer.send("<r xmlns='urn:xmpp:sm:3'/>")
        async with asyncio.timeout(DEADLINE):
            while self._acknowledged < self._sent:
                self._news.clear()
                await self._news.wait()
        assert self._acknowledged == self._sent
        return figures

    def _send(self, stanzas: list[str]) -> None:
        assert self.peer is not None
        self._sent += len(stanzas)
        self.peer.send("".join(stanzas))

    def archived(self, number: int) -> list[Message]:
        """A chat as it is on the disk, oldest first."""
        reader, database = open_reader(locate(self._folder / "config", self._folder / "data"))
        try:
            chat = ChatKey(OWN, Address.parse(contact(number)))
            page = reader.page(chat, limit=500)
            found = list(page.messages)
            while not page.at_start and page.messages:
                page = reader.page(chat, before=page.messages[0].place, limit=500)
                found[:0] = page.messages
            return found
        finally:
            database.close()

    async def serve(self, peer: Peer, context: ssl.SSLContext) -> None:
        """An honest server with a roster, a room and stream management."""
        await peer.upgrade(context)
        await peer.open_stream(mechanisms("SCRAM-SHA-256"))
        assert await ScramServer("SCRAM-SHA-256").run(peer)
        await peer.bind(FULL, inner=SM_FEATURE)
        self.peer = peer
        heard = 0
        while True:
            found = await peer.expect(_STANZA)
            name, attributes, inner = ((part or b"").decode() for part in found.group(1, 2, 3))
            if name == "a":
                self._acknowledged = int(dict(_ATTRIBUTE.findall(attributes))["h"])
                self._news.set()
                continue
            if name == "enable":
                peer.send("<enabled xmlns='urn:xmpp:sm:3' id='s' resume='true'/>")
                continue
            if name == "r":
                peer.send(f"<a xmlns='urn:xmpp:sm:3' h='{heard}'/>")
                continue
            heard += 1
            self._answer(name, attributes, inner)

    def _answer(self, name: str, attributes: str, inner: str) -> None:
        said = dict(_ATTRIBUTE.findall(attributes))
        if name == "presence" and said.get("to", "").startswith(ROOM) and "type" not in said:
            self._send(self.entering)
        if name != "iq" or said.get("type") not in ("get", "set"):
            return
        space = dict(_ATTRIBUTE.findall(inner)).get("xmlns", "")
        answer = ""
        if space == "jabber:iq:roster":
            people = "".join(
                f"<item jid='{contact(number)}' subscription='both'/>" for number in range(CONTACTS)
            )
            answer = f"<query xmlns='{space}'>{people}</query>"
        elif space == "http://jabber.org/protocol/disco#info" and said.get("to") == ROOM:
            answer = info(("http://jabber.org/protocol/muc", "muc_open"))
        elif space == "http://jabber.org/protocol/disco#info":
            answer = f"<query xmlns='{space}'/>"
        sender = f" from='{said['to']}'" if "to" in said else ""
        self._send([f"<iq type='result' id='{said['id']}'{sender} to='{FULL}'>{answer}</iq>"])


@asynccontextmanager
async def flooding(folder: Path, authority: Authority, context: ssl.SSLContext) -> AsyncIterator[Scene]:
    """Our program, signed in, with a chat open."""
    scene: Scene | None = None

    async def script(peer: Peer) -> None:
        assert scene is not None
        await scene.serve(peer, context)

    async with FakeServer(script, deadline=DEADLINE) as server:
        (folder / "config").mkdir()
        (folder / driver.PASSWORD).write_text("secret")
        (folder / "config" / "config.toml").write_text(
            f'[[account]]\naddress = "{OWN}"\nhost = "127.0.0.1"\nport = {server.port}\ntls = "starttls"\n'
            f'ca_file = "{authority.ca_file}"\n[encryption]\nomemo = false\n'
        )
        with (folder / "errors.txt").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.attacks.flood.program", str(folder)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                env={**os.environ, "XDG_RUNTIME_DIR": "", "TEXTUAL_ANIMATIONS": "none"},
            )
        scene = Scene(process, folder)
        try:
            assert await scene.ask("enter", chat=contact(0)) == {"told": "entered"}
            yield scene
            assert process.stdin is not None
            process.stdin.close()
            await asyncio.wait_for(process.wait(), 30)
            assert "Traceback" not in scene.errors(), scene.errors()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
