"""Somebody else with real OMEMO keys, who seals and opens without a network; and who can cheat."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

import oldmemo.etree
import twomemo.etree
from oldmemo import Oldmemo
from oldmemo.oldmemo import BundleImpl as OldBundle
from omemo.bundle import Bundle
from twomemo import Twomemo
from twomemo.twomemo import BundleImpl as NewBundle

from tui_xmpp.core.address import Address
from tui_xmpp.session.crypto import omemo_wire, sce
from tui_xmpp.session.crypto.omemo_desk import Desk, manager_at, run
from tui_xmpp.session.crypto.omemo_names import NEW, OLD
from tui_xmpp.session.crypto.omemo_store import OmemoStore

T = TypeVar("T")


class Facts:
    """A key-value store in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get(self, space: str, key: str) -> str | None:
        return self.kept.get((space, key))

    def put(self, space: str, key: str, value: str) -> None:
        self.kept[space, key] = value

    def delete(self, space: str, key: str) -> None:
        self.kept.pop((space, key), None)

    def clear(self, space: str, *, but: tuple[str, ...]) -> None:
        for one in [one for one in self.kept if one[0] == space and not one[1].startswith(but)]:
            del self.kept[one]


class OmemoPeer:
    """One device."""

    def __init__(self, address: Address) -> None:
        """Needs a running event loop."""
        self.address = address
        self.item = "current"
        """What its keys of OMEMO 0.3 are published as."""
        self.facts = Facts()
        self._store = OmemoStore(self.facts, address)
        self.desk = Desk(str(address), self._store.is_known)
        for namespace in (NEW, OLD):
            self.desk.lists[namespace, str(address)] = {}
        self.backends = {NEW: Twomemo(self._store), OLD: Oldmemo(self._store)}
        made = manager_at(self.desk).create(
            list(self.backends.values()), self._store, str(address), None, "UNDECIDED", 10**9, 25
        )
        with self._store.step():
            self.core = run(made)
        device = self._store.device()
        assert device is not None
        self.device = device

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        with self._store.step():
            return run(work)

    async def close(self) -> None:
        await self.core.shutdown()

    # --- what it publishes ------------------------------------------------------------------------------

    def bundle(self, namespace: str) -> Bundle:
        return self._do(self.backends[namespace].get_bundle(str(self.address), self.device))

    def list_item(self, namespace: str, *more: int) -> str:
        """The item of the list of devices, with this one and others on it."""
        devices = dict.fromkeys((self.device, *more))
        library = oldmemo.etree if namespace == OLD else twomemo.etree
        return f"<item id='current'>{_text(library.serialize_device_list(devices))}</item>"

    def bundle_item(self, namespace: str) -> str:
        bundle = self.bundle(namespace)
        if isinstance(bundle, OldBundle):
            return f"<item id='{self.item}'>{_text(oldmemo.etree.serialize_bundle(bundle))}</item>"
        assert isinstance(bundle, NewBundle)
        return f"<item id='{self.device}'>{_text(twomemo.etree.serialize_bundle(bundle))}</item>"

    def answer(self, node: str, namespaces: tuple[str, ...] = (NEW, OLD)) -> str | None:
        """The items that the server has of a node; None: not one of this device."""
        for namespace in namespaces:
            if node == omemo_wire.LISTS[namespace]:
                return self.list_item(namespace)
        if node == f"{OLD}.bundles:{self.device}" and OLD in namespaces:
            return self.bundle_item(OLD)
        if node == f"{NEW}:bundles" and NEW in namespaces:
            return self.bundle_item(NEW)
        return None

    # --- talking ----------------------------------------------------------------------------------------

    def meet(self, address: Address, device: int, bundle: Bundle) -> None:
        """Learn the keys of somebody's device."""
        namespace = bundle.namespace
        self.desk.bundles[namespace, str(address), device] = bundle
        self._do(self.core.update_device_list(namespace, str(address), {device: None}))

    def forget(self, address: Address, device: int) -> None:
        """Lose the session with a device: the next message begins a new one."""
        place = f"/{OLD}/{address}/{device}/"
        for space, key in [one for one in self.facts.kept if one[1].startswith(place)]:
            del self.facts.kept[space, key]

    def seal(self, to: Address, text: str, namespace: str = OLD, envelope: bytes | None = None) -> str:
        """A sealed element with a text; *envelope*: what is sealed in its place."""
        body = ET.Element("{jabber:client}body")
        body.text = text
        new = sce.written([body], self.address, None, datetime.now(UTC)) if envelope is None else envelope
        plain = {OLD: text.encode(), NEW: new}
        messages, _ = self._do(self.core.encrypt(frozenset({str(to)}), plain, [namespace]))
        (message,) = messages
        return _text(omemo_wire.written(message))

    def open(self, stanza: ET.Element, sender: Address) -> str | None:
        """The body that is sealed in a stanza for this device."""
        text = self._opened(stanza, sender)
        if text is None:
            return None
        if stanza.find(f"{{{NEW}}}encrypted") is None:
            return text.decode()
        content = sce.read(text, sender, None)
        return next(one.text or "" for one in content if one.tag == "{jabber:client}body")

    def content(self, stanza: ET.Element, sender: Address) -> tuple[ET.Element, ...]:
        """All that is sealed in a stanza for this device, in the newer version."""
        text = self._opened(stanza, sender)
        assert text is not None
        return sce.read(text, sender, None)

    def _opened(self, stanza: ET.Element, sender: Address) -> bytes | None:
        old = stanza.find(f"{{{OLD}}}encrypted")
        new = stanza.find(f"{{{NEW}}}encrypted")

        async def work() -> bytes | None:
            if new is not None:
                message = twomemo.etree.parse_message(new, str(sender))
            else:
                assert old is not None
                message = await oldmemo.etree.parse_message(old, str(sender), str(self.address), self.core)
            text, _, _ = await self.core.decrypt(message)
            return text

        return self._do(work())


def _text(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode")
