"""Anna with OMEMO on the scripted wire, Bert with real keys, and a server between them that may cheat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.fakes.omemo_peer import OmemoPeer
from tests.session.wire import ANNA, BERT, Wire
from tui_xmpp.core.settings import Encryption, Settings
from tui_xmpp.session.crypto.omemo_desk import run
from tui_xmpp.session.crypto.omemo_keys import OmemoKeys
from tui_xmpp.session.crypto.omemo_names import OLD

PUBSUB = "http://jabber.org/protocol/pubsub"

Answers = Callable[[str, str], "tuple[str, str] | None"]
"""Takes the owner and the node asked for; returns the kind and inside of the answer, None: silence."""


class Scene:
    """Both of them; *answers* decides what the server says of Bert's nodes."""

    def __init__(self, folder: Path, namespaces: tuple[str, ...] = (OLD,)) -> None:
        self.wire = Wire(folder, settings=Settings(encryption=Encryption()))
        self.namespaces = namespaces
        self.bert = OmemoPeer(BERT)
        self.sent: list[ET.Element] = []
        """Every message that was written."""
        self.bytes = ""
        """Everything that was written."""
        self.answers: Answers = self.honest
        self.item = ""
        """The id of the item that is asked for."""
        self._seen = 0

    def honest(self, owner: str, node: str) -> tuple[str, str] | None:
        items = self.bert.answer(node, self.namespaces) if owner == str(BERT) else None
        if items is None:
            return "error", _NOT_FOUND
        if self.item and f"<item id='{self.item}'>" not in items:
            items = ""
        return "result", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{items}</items></pubsub>"

    @property
    def keys(self) -> OmemoKeys:
        return self.wire.account.sealing.omemo.keys

    async def begin(self) -> Scene:
        """Sign in, with Bert on the roster; our keys are made and published."""
        self.wire.befriend()
        await self.wire.online(offered=frozenset(), answers=False)
        await self.until(lambda: self.keys.device is not None and not self.keys._due())
        return self

    async def until(self, condition: Callable[[], object]) -> None:
        """Play the server until something is so."""

        def played() -> bool:
            self.play()
            return bool(condition())

        await self.wire.until(played)
        await self.wire.settle()
        self.play()

    def play(self) -> None:
        """Answer what is asked, and take note of what was written."""
        for iq in self.wire.requests():
            items = iq.find(f".//{{{PUBSUB}}}items")
            if items is None:
                is_archive = iq.find("{urn:xmpp:mam:2}query") is not None
                body = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>" if is_archive else ""
                self.wire.answer(iq, body)
                continue
            item = items.find(f"{{{PUBSUB}}}item")
            self.item = "" if item is None else item.get("id", "")
            answer = self.answers(iq.get("to", str(ANNA)), items.get("node", ""))
            if answer is not None:
                kind, inside = answer
                self.wire.answer(iq, inside, kind)
            else:
                self.wire._answered.add(iq.get("id", ""))
        for stanza in self.wire.stream.written[self._seen :]:
            self._seen += 1
            self.bytes += ET.tostring(stanza, encoding="unicode")
            if stanza.tag == "{jabber:client}message":
                self.sent.append(stanza)

    async def meet(self) -> None:
        """Bert has seen our keys."""
        device = self.keys.device
        assert device is not None
        for namespace in self.namespaces:
            backend = next(one for one in self.keys._loaded_backends() if one.namespace == namespace)
            self.bert.meet(ANNA, device, run(backend.get_bundle(str(ANNA), device)))

    async def restart(self, between: Callable[[], object], answers: Answers | None = None) -> Scene:
        """Another process on the same disk, after something was done there; Bert is the same."""
        await self.keys.close()
        await self.wire.close()
        between()
        scene = Scene(self.wire.folder, self.namespaces)
        await scene.bert.close()
        scene.bert = self.bert
        scene.answers = answers or scene.honest
        return await scene.begin()

    async def close(self) -> None:
        await self.keys.close()
        await self.bert.close()
        await self.wire.close()


_NOT_FOUND = "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
