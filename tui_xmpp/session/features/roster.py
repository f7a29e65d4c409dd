"""The roster: versioned, kept between starts, changed only by our own server (RFC 6121 §2)."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

from ...core.address import Address
from ...core.commands import (
    AddContact,
    Command,
    Refresh,
    Refused,
    RemoveContact,
    RenameContact,
    SetGroups,
)
from ...core.contact import Contact, Subscription
from ...core.events import ContactChanged, ContactRemoved, RosterReplaced
from ...core.link import LinkProfile
from .. import convert, guard
from ..feature import Context, Failed, Feature, Handler, IqHandler, Unserved

ROSTER = "jabber:iq:roster"
_VERSIONING = "{urn:xmpp:features:rosterver}ver"


class Roster(Feature):
    """Fetches the roster, takes its pushes, and asks the server for changes."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._loading = False
        self._held: list[ET.Element] = []
        """Pushes that came while the roster was being fetched."""
        self._wanted: dict[Address, tuple[str, tuple[str, ...]]] = {}
        """Names and groups the server was asked for and has not pushed yet."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Changes of single items."""
        return {
            AddContact: self._add,
            RemoveContact: self._remove,
            RenameContact: self._rename,
            SetGroups: self._set_groups,
            Refresh: self._refresh,
        }

    @property
    def iqs(self) -> Mapping[tuple[str, str], IqHandler]:
        """Pushes."""
        return {("set", f"{{{ROSTER}}}query"): self._push}

    def on_ready(self) -> None:
        """Fetch what changed since last time, unless what is on the disk will do."""
        version, kept = self.context.cache.roster(self.context.own)
        if self.context.pacing.asks_for_roster or not (version or kept):
            self._fetch(version)

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """Where it was not asked for, it is now."""
        if self.context.pacing.asks_for_roster and not before.versioned_roster:
            self._fetch(self.context.cache.roster(self.context.own)[0])

    async def _refresh(self, command: Refresh) -> None:
        if not self.context.online:
            raise Refused("You are offline; connect first.")
        self._fetch(self.context.cache.roster(self.context.own)[0])

    def _fetch(self, version: str) -> None:
        self._loading = True
        self._held.clear()
        # RFC 6121 §2.6.2: the client asks with its version only where the server knows of versions.
        versioned = _VERSIONING in self.context.stream_features
        query = convert.element(ROSTER, "query", ver=version if versioned else None)
        self.context.spawn(self._load(self.context.request("get", query)))

    async def _load(self, answer: Awaitable[ET.Element]) -> None:
        try:
            self._take_all(await answer)
        finally:
            self._loading = False
            held, self._held = self._held, []
            for query in held:
                self._take_push(query)

    def _take_all(self, result: ET.Element) -> None:
        query = convert.child(result, ROSTER, "query")
        if query is None:
            # RFC 6121 §2.6.3: an empty result says that nothing changed but for the pushes that follow.
            return
        contacts = [one for item in convert.children(query, ROSTER, "item") if (one := self._contact(item))]
        kept = {one.address: one for one in contacts if one.subscription is not Subscription.REMOVE}
        self.context.cache.put_roster(self.context.own, query.get("ver", ""), tuple(kept.values()))
        self.context.emit(RosterReplaced(self.context.own, tuple(kept.values())))

    def _push(self, iq: ET.Element) -> ET.Element | None:
        # RFC 6121 §2.1.6: "A receiving client MUST ignore the stanza unless it has no 'from' attribute or it
        # has a 'from' attribute whose value matches the user's bare JID".
        if not guard.is_own_account(convert.address_in(iq), self.context.own):
            raise Unserved
        query = convert.child(iq, ROSTER, "query")
        if query is not None and self._loading:
            self._held.append(query)
        elif query is not None:
            self._take_push(query)
        return None

    def _take_push(self, query: ET.Element) -> None:
        version = query.get("ver", "")
        for item in convert.children(query, ROSTER, "item"):
            contact = self._contact(item)
            if contact is None:
                continue
            self._wanted.pop(contact.address, None)
            if contact.subscription is Subscription.REMOVE:
                self.context.cache.remove_contact(contact.account, contact.address, version)
                self.context.emit(ContactRemoved(contact.account, contact.address))
            else:
                self.context.cache.put_contact(contact, version)
                self.context.emit(ContactChanged(contact))

    def _contact(self, item: ET.Element) -> Contact | None:
        address = convert.address(item.get("jid"))
        if address is None:
            return None
        try:
            subscription = Subscription(item.get("subscription", "none"))
        except ValueError:
            subscription = Subscription.NONE
        groups = tuple(dict.fromkeys(one.text for one in convert.children(item, ROSTER, "group") if one.text))
        return Contact(
            account=self.context.own,
            address=address,
            name=item.get("name", ""),
            groups=groups,
            subscription=subscription,
            ask=item.get("ask") == "subscribe",
            approved=item.get("approved") in ("true", "1"),
        )

    async def _add(self, command: AddContact) -> None:
        address = command.address.bare
        if address == self.context.own:
            raise Refused("That is your own address.")
        await self._put(address, command.name, command.groups)
        request = convert.stanza("presence", address, "subscribe")
        if command.text:
            convert.add(request, convert.CLIENT, "status", command.text)
        self.context.send(request)

    async def _remove(self, command: RemoveContact) -> None:
        self._known(command.address)
        query = convert.element(ROSTER, "query")
        convert.add(query, ROSTER, "item", jid=str(command.address), subscription="remove")
        await self.context.request("set", query)

    async def _rename(self, command: RenameContact) -> None:
        known = self._known(command.address)
        await self._put(known.address, command.name, known.groups)

    async def _set_groups(self, command: SetGroups) -> None:
        known = replace(self._known(command.address), groups=tuple(dict.fromkeys(command.groups)))
        await self._put(known.address, known.name, known.groups)

    def _known(self, address: Address) -> Contact:
        known = self.context.world.contacts.get((self.context.own, address))
        if known is None:
            raise Refused("That address is not on your roster.")
        name, groups = self._wanted.get(address, (known.name, known.groups))
        return replace(known, name=name, groups=groups)

    async def _put(self, address: Address, name: str, groups: Sequence[str]) -> None:
        query = convert.element(ROSTER, "query")
        item = convert.add(query, ROSTER, "item", jid=str(address), name=name or None)
        for group in groups:
            if group:
                convert.add(item, ROSTER, "group", group)
        self._wanted[address] = (name, tuple(groups))
        try:
            await self.context.request("set", query)
        except Failed:
            self._wanted.pop(address, None)
            raise
