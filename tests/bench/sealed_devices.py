"""Somebody with many devices, each with real OMEMO keys: who is written to where sealing is measured."""

from __future__ import annotations

from types import TracebackType
from typing import Self
from xml.etree import ElementTree as ET

import oldmemo.etree
import twomemo.etree

from tests.bench.contacts import Contact
from tests.fakes.omemo_peer import OmemoPeer
from tests.server.chat_server import Account, ChatServer
from tui_xmpp.core.address import Address
from tui_xmpp.session.crypto.omemo_names import LISTS, NEW, OLD

_PUBSUB = "http://jabber.org/protocol/pubsub"
_OPTIONS = (
    "<publish-options><x xmlns='jabber:x:data' type='submit'>"
    "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value>"
    "</field><field var='pubsub#access_model'><value>open</value></field>{more}</x></publish-options>"
)
_MANY = "<field var='pubsub#max_items'><value>max</value></field>"


class SealedDevices:
    """One account that is there, whose devices know one version of OMEMO; a context."""

    def __init__(self, account: Account, server: ChatServer, namespace: str, count: int) -> None:
        self.address = Address.parse(account.address)
        self._namespace = namespace
        self._contact = Contact(account, server, 0)
        self._count = count
        self._devices: list[OmemoPeer] = []

    async def __aenter__(self) -> Self:
        await self._contact.come()
        self._devices = [OmemoPeer(self.address) for _ in range(self._count)]
        for one in self._devices:
            bundle = one.bundle_item(self._namespace)
            if self._namespace == NEW:
                await self._publish(f"{NEW}:bundles", bundle, _MANY)
            else:
                await self._publish(f"{OLD}.bundles:{one.device}", bundle)
        first, *others = self._devices
        listed = first.list_item(self._namespace, *(one.device for one in others))
        await self._publish(LISTS[self._namespace], listed)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._contact.go()
        for one in self._devices:
            await one.close()

    async def _publish(self, node: str, item: str, more: str = "") -> None:
        await self._contact.ask(
            "set",
            f"<pubsub xmlns='{_PUBSUB}'><publish node='{node}'>{item}</publish>"
            f"{_OPTIONS.format(more=more)}</pubsub>",
        )

    @property
    def first(self) -> OmemoPeer:
        """The first of the devices."""
        return self._devices[0]

    @property
    def sealed(self) -> list[ET.Element]:
        """The sealed messages that came, oldest first."""
        whole = b"<all xmlns='jabber:client'>" + b"".join(self._contact.messages) + b"</all>"
        found = f"{{{self._namespace}}}encrypted"
        return [one for one in ET.fromstring(whole) if one.find(found) is not None]

    def send(self, stanza: str) -> None:
        """Send a stanza as it is."""
        self._contact.send(stanza)

    async def arrived(self, count: int, seconds: float = 30.0) -> None:
        """Wait until so many sealed messages have come."""
        await self._contact.until(lambda: len(self.sealed) >= count, seconds)

    async def reads(self, sender: Address, text: str, seconds: float = 30.0) -> None:
        """Wait for the next sealed message, which every device must be able to open."""
        before = len(self.sealed)
        await self.arrived(before + 1, seconds)
        if not before:
            await self.meet(sender)
        message = self.sealed[-1]
        assert [one.open(message, sender) for one in self._devices] == [text] * self._count

    def answer(self, sender: Address) -> None:
        """Every device says something sealed to the one that wrote: from then on no keys are sent along."""
        for one in self._devices:
            self.send(
                f"<message type='chat' to='{sender}' id='answer-{one.device}'>"
                f"{one.seal(sender, 'I read you.', self._namespace)}"
                "<store xmlns='urn:xmpp:hints'/></message>"
            )

    async def meet(self, sender: Address) -> None:
        """Learn the keys of the device that wrote; the older version needs them to read it."""
        header = self.sealed[-1].find(f".//{{{self._namespace}}}header")
        assert header is not None
        device = int(header.get("sid", ""))
        if self._namespace == NEW:
            node, item, parse = f"{NEW}:bundles", f"<item id='{device}'/>", twomemo.etree.parse_bundle
        else:
            node, item, parse = f"{OLD}.bundles:{device}", "", oldmemo.etree.parse_bundle
        asked = f"<pubsub xmlns='{_PUBSUB}'><items node='{node}'>{item}</items></pubsub>"
        answer = ET.fromstring(await self._contact.ask("get", asked, str(sender)))
        (found,) = answer.iter(f"{{{_PUBSUB}}}item")
        for one in self._devices:
            one.meet(sender, device, parse(found[0], str(sender), device))
