"""A server in memory between devices of ours: what is sealed waits there until it is delivered, or lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.session.wire import Wire
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.message import Message
from tui_xmpp.core.settings import Encryption, Settings
from tui_xmpp.session.crypto.omemo_keys import OmemoKeys
from tui_xmpp.session.crypto.omemo_names import LISTS, NEW, OLD

PUBSUB = "http://jabber.org/protocol/pubsub"
_EVENT = f"{PUBSUB}#event"
_MESSAGE = "{jabber:client}message"
_NOT_FOUND = "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
_DEADLINE = 10.0
_STILL = 4
"""Turns of the loop in which nothing may happen before all is taken to be done."""


class Party:
    """One device, whose session may end and begin again on the same disk."""

    def __init__(self, own: Address, folder: Path) -> None:
        self.own = own
        self._folder = folder
        folder.mkdir()
        self._make()

    def _make(self) -> None:
        self.wire = Wire(self._folder, own=self.own, settings=Settings(encryption=Encryption()))
        self.seen = 0

    async def begin(self, others: Iterable[Address]) -> None:
        """Sign in."""
        for other in others:
            self.wire.befriend(other)
        await self.wire.online(answers=False)

    async def end(self) -> None:
        """The session is torn down."""
        await self.keys.close()
        await self.wire.close()

    async def restart(self, others: Iterable[Address]) -> None:
        """What another process finds on the same disk."""
        await self.end()
        self._make()
        await self.begin(others)

    @property
    def keys(self) -> OmemoKeys:
        return self.wire.account.sealing.omemo.keys

    @property
    def is_busy(self) -> bool:
        """Whether anything is still to come of what it was told."""
        account = self.wire.account
        return bool(
            self.keys.device is None
            or self.keys._due()
            or account.inbox._queue._unfinished_tasks  # type: ignore[attr-defined]
            or account.sealing.incoming._under_way
            or account.custody.pending(self.own)
            or self.wire.requests()
            or self.seen < len(self.wire.stream.written)
        )

    async def say(self, to: Address, text: str) -> None:
        await self.wire.account.do(SendMessage(ChatKey(self.own, to), text))

    def chat(self, other: Address) -> tuple[Message, ...]:
        return self.wire.messages(ChatKey(self.own, other))

    def can_open(self, stanza: ET.Element) -> bool:
        """Whether something in it is sealed for this device."""
        device = str(self.keys.device)
        old = [key.get("rid") for key in stanza.iter(f"{{{OLD}}}key")]
        new = [
            key.get("rid")
            for keys in stanza.iter(f"{{{NEW}}}keys")
            if keys.get("jid") == str(self.own)
            for key in keys
        ]
        return device in (*old, *new)


@dataclass(eq=False)
class Letter:
    """One message on its way to one device."""

    sender: Party
    to: Party
    stanza: ET.Element
    times: int = 0
    """How often it was delivered."""

    @property
    def id(self) -> str:
        return self.stanza.get("id", "")


@dataclass
class Relay:
    """Serves what is published, tells of lists of devices, and holds every message back."""

    people: tuple[Address, ...]
    versions: tuple[str, ...]
    """The versions of OMEMO that devices are found with."""
    parties: list[Party] = field(default_factory=list)
    waiting: list[Letter] = field(default_factory=list)
    delivered: list[Letter] = field(default_factory=list)
    bytes: list[str] = field(default_factory=list)
    """All that was ever written."""
    _items: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """What is published, by owner and node."""

    def others(self, own: Address) -> list[Address]:
        return [one for one in self.people if one != own]

    async def join(self, own: Address, folder: Path) -> Party:
        """Another device of an account."""
        party = Party(own, folder)
        self.parties.append(party)
        await party.begin(self.others(own))
        await self.quiet()
        return party

    async def restart(self, party: Party) -> None:
        await party.restart(self.others(party.own))
        await self.quiet()

    async def deliver(self, letter: Letter, id: str = "") -> None:
        """Once more, or for the first time; under another *id*: somebody has copied it."""
        letter.times += 1
        if letter in self.waiting:
            self.waiting.remove(letter)
            self.delivered.append(letter)
        copy = ET.fromstring(ET.tostring(letter.stanza))
        copy.set("id", id or letter.id)
        copy.set("from", str(letter.sender.wire.full))
        copy.set("to", str(letter.to.wire.full))
        letter.to.wire.hear(ET.tostring(copy, encoding="unicode"))
        await self.quiet()

    async def quiet(self) -> None:
        """Until nobody does anything any more."""
        still = 0
        async with asyncio.timeout(_DEADLINE):
            while still < _STILL:
                for party in self.parties:
                    self._serve(party)
                await asyncio.sleep(0)
                still = 0 if any(party.is_busy for party in self.parties) else still + 1

    def _serve(self, party: Party) -> None:
        wire = party.wire
        for iq in wire.requests():
            self._answer(party, iq)
        fresh = wire.stream.written[party.seen :]
        party.seen += len(fresh)
        for stanza in fresh:
            self.bytes.append(ET.tostring(stanza, encoding="unicode"))
            if stanza.tag == _MESSAGE:
                to = Address.parse(stanza.get("to", "")).bare
                self.waiting += [Letter(party, one, stanza) for one in self.parties if one.own == to]
        if any(stanza.tag.startswith("{jabber:client}") for stanza in fresh):
            count = sum(one.tag.startswith("{jabber:client}") for one in wire.stream.written)
            wire.hear(f"<a xmlns='urn:xmpp:sm:3' h='{count}'/>")

    def _answer(self, party: Party, iq: ET.Element) -> None:
        wire, published = party.wire, iq.find(f".//{{{PUBSUB}}}publish")
        asked = iq.find(f".//{{{PUBSUB}}}items")
        if published is not None:
            wire.answer(iq)
            self._publish(party.own, published)
        elif asked is not None:
            owner = Address.parse(iq.get("to", str(party.own))).bare
            found = self._found(owner, asked)
            wire.answer(iq, found or _NOT_FOUND, "result" if found else "error")
        elif iq.find("{urn:xmpp:mam:2}query") is not None:
            wire.answer(iq, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
        else:
            wire.answer(iq)

    def _publish(self, owner: Address, published: ET.Element) -> None:
        node, item = published.get("node", ""), published[0]
        if not node.startswith(self.versions):
            return
        text = ET.tostring(item, encoding="unicode")
        self._items.setdefault((str(owner), node), {})[item.get("id", "")] = text
        if node in LISTS.values():
            inside = ET.tostring(item[0], encoding="unicode")
            event = f"<items node='{node}'><item id='{item.get('id')}'>{inside}</item></items>"
            event = f"<event xmlns='{_EVENT}'>{event}</event>"
            for one in self.parties:
                one.wire.hear(f"<message from='{owner}' to='{one.wire.full}'>{event}</message>")

    def _found(self, owner: Address, asked: ET.Element) -> str:
        node = asked.get("node", "")
        items = self._items.get((str(owner), node), {})
        wanted = [one.get("id", "") for one in asked]
        texts = [text for id, text in items.items() if not wanted or id in wanted]
        inside = f"<items node='{node}'>{''.join(texts)}</items>"
        return f"<pubsub xmlns='{PUBSUB}'>{inside}</pubsub>" if texts else ""
