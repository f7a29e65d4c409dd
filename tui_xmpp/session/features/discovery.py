"""What we can do, told to those who see us, and what our server can do (XEP-0030)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from xml.etree import ElementTree as ET

from ...core.account import Ability
from ...core.address import Address
from ...core.events import AbilitiesChanged
from ...core.link import LinkProfile
from .. import caps, convert, freshness, guard
from ..feature import Context, Failed, Feature, IqHandler, Unserved
from ..server_memory import note_archive
from ..unasked import Unasked
from ..unwrap import CARBONS, MAM

_PRE_APPROVAL = "{urn:xmpp:features:pre-approval}sub"
_BY_FEATURE = {
    MAM: Ability.ARCHIVE,
    CARBONS: Ability.CARBONS,
    "urn:xmpp:blocking": Ability.BLOCKING,
}
_SPACE = "abilities"
_LASTS = timedelta(days=1)
"""How long the answers of a server that announces the same capabilities are believed."""


class Discovery(Feature):
    """Answers disco#info and asks the server and our account for theirs."""

    XEPS = ("XEP-0030",)
    NAMESPACES = (convert.DISCO_INFO,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._fresh = freshness.Freshness(context.facts, f"{context.own} disco", _LASTS)

    @property
    def iqs(self) -> Mapping[tuple[str, str], IqHandler]:
        """Questions about us."""
        return {
            ("get", f"{{{convert.DISCO_INFO}}}query"): self._info,
            ("get", f"{{{convert.DISCO_ITEMS}}}query"): self._items,
        }

    def on_ready(self) -> None:
        """What the server could do last time holds until its capabilities change, or for a day."""
        self._recall()
        if not self._fresh.is_known:
            self.context.spawn(self._learn())
        elif self.context.pacing.looks_again:
            self.context.spawn(self._refresh())

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """What was not looked at again may be by now."""
        if before.capabilities is not after.capabilities and self.context.pacing.looks_again:
            self.context.spawn(self._refresh())

    def on_resumed(self) -> None:
        """The server is the one it was."""
        self._recall()

    def _recall(self) -> None:
        try:
            known = json.loads(self.context.facts.get(_SPACE, str(self.context.own)) or "[]")
        except ValueError:
            return
        if known:
            self.context.emit(AbilitiesChanged(self.context.own, frozenset(known)))

    async def _refresh(self) -> None:
        # By then the session stands, and the server has said which capabilities it has (XEP-0115 §6.3).
        await asyncio.sleep(freshness.QUIET_SECONDS)
        if not self._fresh.is_fresh(self.context.clock.now(), self.context.server_caps):
            await self._learn()

    def _info(self, iq: ET.Element) -> ET.Element | None:
        query = self._asked(iq)
        node = query.get("node")
        announced = self.context.announced
        if node and node != f"{caps.NODE}#{caps.verification(announced)}":
            raise Unserved("item-not-found")
        return caps.info(announced, node)

    def _items(self, iq: ET.Element) -> ET.Element | None:
        return convert.element(convert.DISCO_ITEMS, "query", node=self._asked(iq).get("node"))

    def _asked(self, iq: ET.Element) -> ET.Element:
        sender = convert.address_in(iq)
        query = convert.payload(iq)
        server = Address("", self.context.own.domain)
        known = sender is None or sender == server
        # An answer shows that we are online: only to those who see that anyway.
        if query is None or not (
            known or guard.sees_us(self.context.world, self.context.own, sender or server)
        ):
            raise Unserved
        return query

    async def _learn(self) -> None:
        own = self.context.own
        try:
            account = await self._features(own)
            server = await self._features(Address("", own.domain))
        except Failed:
            # What was known stays; the next sign-in asks again.
            return
        found = {ability for name, ability in _BY_FEATURE.items() if name in account[0] | server[0]}
        if ("pubsub", "pep") in account[1] | server[1]:
            found.add(Ability.PEP)
        if _PRE_APPROVAL in self.context.stream_features:
            found.add(Ability.PRE_APPROVAL)
        note_archive(self.context.facts, own, has=Ability.ARCHIVE in found)
        if Ability.ARCHIVE not in found:
            Unasked(self.context).caught_up()
        names = sorted(one.value for one in found)
        self.context.facts.put(_SPACE, str(own), json.dumps(names))
        self._fresh.fetched(self.context.clock.now(), self.context.server_caps)
        self.context.emit(AbilitiesChanged(own, frozenset(names)))

    async def _features(self, address: Address) -> tuple[set[str], set[tuple[str, str]]]:
        try:
            result = await self.context.request(
                "get", convert.element(convert.DISCO_INFO, "query"), to=address, background=True
            )
        except Failed as failed:
            if failed.condition in ("offline", "timeout"):
                raise
            return set(), set()
        query = convert.child(result, convert.DISCO_INFO, "query")
        if query is None:
            return set(), set()
        features = {one.get("var", "") for one in convert.children(query, convert.DISCO_INFO, "feature")}
        kinds = convert.children(query, convert.DISCO_INFO, "identity")
        return features, {(one.get("category", ""), one.get("type", "")) for one in kinds}
