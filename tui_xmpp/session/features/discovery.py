"""What we can do, told to those who see us, and what our server can do (XEP-0030)."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from ...core.account import Ability
from ...core.address import Address
from ...core.events import AbilitiesChanged
from .. import caps, convert, guard
from ..feature import Failed, Feature, IqHandler, Unserved
from ..unwrap import CARBONS, MAM

_PRE_APPROVAL = "{urn:xmpp:features:pre-approval}sub"
_BY_FEATURE = {
    MAM: Ability.ARCHIVE,
    CARBONS: Ability.CARBONS,
    "urn:xmpp:blocking": Ability.BLOCKING,
}


class Discovery(Feature):
    """Answers disco#info and asks the server and our account for theirs."""

    XEPS = ("XEP-0030",)
    NAMESPACES = (convert.DISCO_INFO,)

    @property
    def iqs(self) -> Mapping[tuple[str, str], IqHandler]:
        """Questions about us."""
        return {
            ("get", f"{{{convert.DISCO_INFO}}}query"): self._info,
            ("get", f"{{{convert.DISCO_ITEMS}}}query"): self._items,
        }

    def on_ready(self) -> None:
        """Learn what the server can do, beside everything else."""
        self.context.spawn(self._learn())

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
        account = await self._features(own)
        server = await self._features(Address("", own.domain))
        found = {ability for name, ability in _BY_FEATURE.items() if name in account[0] | server[0]}
        if ("pubsub", "pep") in account[1] | server[1]:
            found.add(Ability.PEP)
        if _PRE_APPROVAL in self.context.stream_features:
            found.add(Ability.PRE_APPROVAL)
        self.context.emit(AbilitiesChanged(own, frozenset(one.value for one in found)))

    async def _features(self, address: Address) -> tuple[set[str], set[tuple[str, str]]]:
        try:
            result = await self.context.request(
                "get", convert.element(convert.DISCO_INFO, "query"), to=address
            )
        except Failed as failed:
            if failed.condition == "offline":
                raise
            return set(), set()
        query = convert.child(result, convert.DISCO_INFO, "query")
        if query is None:
            return set(), set()
        features = {one.get("var", "") for one in convert.children(query, convert.DISCO_INFO, "feature")}
        kinds = convert.children(query, convert.DISCO_INFO, "identity")
        return features, {(one.get("category", ""), one.get("type", "")) for one in kinds}
