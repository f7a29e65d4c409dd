"""A client that does only what is needed: the least that a sign-in can cost on a given server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import select
import socket
import ssl
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4
from xml.sax.saxutils import quoteattr

from tests.server.chat_server import Account, ChatServer

SM = "urn:xmpp:sm:3"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
SASL2 = "urn:xmpp:sasl:2"
FAST = "urn:xmpp:fast:0"
BIND2 = "urn:xmpp:bind:0"
TOKEN_MECHANISM = "HT-SHA-256-NONE"
PATIENCE = 120.0


class Yardstick:
    """One connection at a time; what it must remember is in `folder/yardstick.json`."""

    def __init__(self, folder: Path, account: Account, server: ChatServer, port: int, *, fast: bool) -> None:
        """`fast`: direct TLS, SASL2 and a token; else STARTTLS and SCRAM, pipelined where that is safe."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "yardstick.json"
        self._account = account
        self._domain = server.domain
        self._port = port
        self._fast = fast
        self._context = ssl.create_default_context(cafile=server.ca_file)
        self._memory: dict[str, Any] = {"agent": str(uuid4())}
        if self._file.exists():
            self._memory = json.loads(self._file.read_text())
        self._out = b""
        self._found: list[ET.Element] = []
        self._handled = 0
        self.resumed = False
        self.let_in = 0.0
        """When `<success/>` came (monotonic)."""

    # --- a sign-in -----------------------------------------------------------------------------------

    def sign_in(self) -> None:
        """Connect, sign in, be there; returns when the server has answered the roster, or has resumed."""
        self._socket = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tls: ssl.SSLObject | None = None
        self._fresh_parser()
        if not self._fast:
            self._header()
            self._say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            self._until("proceed")
        self._start_tls()
        self._fresh_parser()
        self._header()
        if self._fast:
            self._sasl2()
        else:
            self._sasl()
        self._keep()

    def _sasl(self) -> None:
        first = self._scram_first()
        self._say(f"<auth xmlns='{SASL}' mechanism='SCRAM-SHA-1'>{first}</auth>")
        self._say(f"<response xmlns='{SASL}'>{self._scram_final(self._until('challenge'))}</response>")
        self._until("success")
        # RFC 6120 §6.4.6: a new stream; what follows its header needs no answer to be written.
        self._fresh_parser()
        self._header()
        if id := self._memory.get("session"):
            self._say(f"<resume xmlns='{SM}' previd={quoteattr(id)} h='{self._memory['handled']}'/>")
            if self._until("resumed", "failed").tag.endswith("resumed"):
                self._handled, self.resumed = self._memory["handled"], True
                return
        self._say(
            "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
            f"<enable xmlns='{SM}' resume='1'/>"
            "<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>"
        )
        self._session()
        self._memory["session"] = self._until("enabled").get("id")
        self._roster()

    def _sasl2(self) -> None:
        session, token = self._memory.get("session"), self._memory.get("token")
        inline = f"<user-agent id='{self._memory['agent']}'/>"
        if session:
            inline += f"<resume xmlns='{SM}' previd={quoteattr(session)} h='{self._memory['handled']}'/>"
        carbons, management = "<enable xmlns='urn:xmpp:carbons:2'/>", f"<enable xmlns='{SM}' resume='1'/>"
        inline += f"<bind xmlns='{BIND2}'>{carbons}{management}</bind>"
        if token:
            proof = hmac.digest(token.encode(), b"Initiator", "sha256")
            first = base64.b64encode(self._account.user.encode() + b"\0" + proof).decode()
            inline += f"<fast xmlns='{FAST}'/>"
        else:
            first = self._scram_first()
            inline += f"<request-token xmlns='{FAST}' mechanism='{TOKEN_MECHANISM}'/>"
        self._say(
            f"<authenticate xmlns='{SASL2}' mechanism='{TOKEN_MECHANISM if token else 'SCRAM-SHA-1'}'>"
            f"<initial-response>{first}</initial-response>{inline}</authenticate>"
        )
        early = bool(token) and not session
        if early:
            # No new stream follows: the session may be used at once.
            self._session()
        elif not token:
            self._say(f"<response xmlns='{SASL2}'>{self._scram_final(self._until('challenge'))}</response>")
        success = self._until("success")
        fresh = success.find(f"{{{FAST}}}token")
        if fresh is not None:
            self._memory["token"] = fresh.get("token")
        if success.find(f"{{{SM}}}resumed") is not None:
            self._handled, self.resumed = self._memory["handled"], True
            return
        enabled = success.find(f".//{{{SM}}}enabled")
        assert enabled is not None, ET.tostring(success)
        self._memory["session"] = enabled.get("id")
        if not early:
            self._session()
        self._roster()

    def _session(self) -> None:
        version = quoteattr(self._memory.get("version", ""))
        self._say(f"<iq type='get' id='r'><query xmlns='jabber:iq:roster' ver={version}/></iq><presence/>")

    def _roster(self) -> None:
        while (answer := self._until("iq")).get("id") != "r":
            pass
        query = answer.find("{jabber:iq:roster}query")
        if query is not None:
            self._memory["version"] = query.get("ver", "")

    # --- afterwards ------------------------------------------------------------------------------------

    def idle(self, seconds: float) -> None:
        """Take what comes, acknowledge when asked, until nothing has come for so long."""
        while self._receive(seconds):
            asked = any(element.tag == f"{{{SM}}}r" for element in self._found)
            self._found.clear()
            if asked:
                self._say(f"<a xmlns='{SM}' h='{self._handled}'/>")
                self._flush()
        self._keep()

    def send(self, to: str, text: str) -> None:
        """Send a message and return when the server has acknowledged it."""
        self._say(
            f"<message to={quoteattr(to)} type='chat' id='m1'><body>{text}</body></message><r xmlns='{SM}'/>"
        )
        self._until("a")

    def leave(self) -> None:
        """Close the stream: the session is over."""
        self._say("</stream:stream>")
        self._flush()
        self._memory.pop("session", None)
        self._keep()
        self._socket.close()

    def drop(self) -> None:
        """Close the connection only: the server keeps the session."""
        self._keep()
        self._socket.close()

    def _keep(self) -> None:
        self._memory["handled"] = self._handled
        self._file.write_text(json.dumps(self._memory))

    # --- SCRAM (RFC 5802 §3) ---------------------------------------------------------------------------

    def _scram_first(self) -> str:
        self._first = f"n={self._account.user},r={base64.b64encode(os.urandom(12)).decode()}"
        return base64.b64encode(f"n,,{self._first}".encode()).decode()

    def _scram_final(self, challenge: ET.Element) -> str:
        server = base64.b64decode(challenge.text or "").decode()
        given = dict(part.split("=", 1) for part in server.split(","))
        password = self._account.password.encode()
        salted = hashlib.pbkdf2_hmac("sha1", password, base64.b64decode(given["s"]), int(given["i"]))
        key = hmac.digest(salted, b"Client Key", "sha1")
        without_proof = f"c=biws,r={given['r']}"
        message = f"{self._first},{server},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha1(key).digest(), message, "sha1")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature, strict=True))).decode()
        return base64.b64encode(f"{without_proof},p={proof}".encode()).decode()

    # --- bytes -----------------------------------------------------------------------------------------

    def _header(self) -> None:
        self._say(
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
            f"version='1.0' to='{self._domain}' from='{self._account.address}'>"
        )

    def _say(self, text: str) -> None:
        self._out += text.encode()

    def _flush(self) -> None:
        data, self._out = self._out, b""
        if self._tls is None:
            self._socket.sendall(data)
            return
        if data:
            self._tls.write(data)
        # The last flight of the handshake waits in here and leaves with the first data.
        if records := self._to_send.read():
            self._socket.sendall(records)

    def _start_tls(self) -> None:
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(self._received, self._to_send, server_hostname=self._domain)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._socket.sendall(self._to_send.read())
                self._received.write(self._read_some())
        self._tls = tls

    def _read_some(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("The server closed the connection.")
        return data

    def _receive(self, seconds: float) -> bool:
        """Take what comes within so many seconds; returns whether anything came."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return False
        data = self._read_some()
        if self._tls is None:
            self._feed(data)
            return True
        self._received.write(data)
        while True:
            try:
                self._feed(self._tls.read(65536))
            except ssl.SSLWantReadError:
                return True

    def _fresh_parser(self) -> None:
        self._parser: ET.XMLPullParser[Any] = ET.XMLPullParser(("start", "end"))
        self._depth = 0
        self._found.clear()

    def _feed(self, data: bytes) -> None:
        self._parser.feed(data)
        events = cast(Iterator[tuple[str, ET.Element]], self._parser.read_events())
        for event, element in events:
            self._depth += 1 if event == "start" else -1
            if event == "end" and self._depth == 1:
                self._found.append(element)
                name = element.tag.rpartition("}")[2]
                # XEP-0198 §4: the counting starts with the answer that stands in here.
                self._handled = 0 if name in ("enabled", "success") else self._handled
                self._handled += name in ("iq", "message", "presence")

    def _until(self, *names: str) -> ET.Element:
        deadline = time.monotonic() + PATIENCE
        while True:
            while self._found:
                element = self._found.pop(0)
                name = element.tag.rpartition("}")[2]
                if name in names:
                    self.let_in = time.monotonic() if name == "success" else self.let_in
                    return element
                assert name != "failure", ET.tostring(element)
            self._flush()
            assert self._receive(max(0.0, deadline - time.monotonic())), f"waited in vain for {names}"
