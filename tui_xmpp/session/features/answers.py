"""Small questions from those who see us: ping, version and time; from strangers they go unanswered."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from ... import __version__
from ...core.address import Address
from .. import convert, guard
from ..feature import Feature, IqHandler, Unserved

PING = "urn:xmpp:ping"
VERSION = "jabber:iq:version"
TIME = "urn:xmpp:time"


class Answers(Feature):
    """Serves XEP-0199, XEP-0092 and XEP-0202; last activity (XEP-0012) is refused to everybody."""

    XEPS = ("XEP-0092", "XEP-0199", "XEP-0202")
    NAMESPACES = (PING, VERSION, TIME)

    @property
    def iqs(self) -> Mapping[tuple[str, str], IqHandler]:
        """The three requests."""
        return {
            ("get", f"{{{PING}}}ping"): self._ping,
            ("get", f"{{{VERSION}}}query"): self._version,
            ("get", f"{{{TIME}}}time"): self._time,
        }

    def _ping(self, iq: ET.Element) -> ET.Element | None:
        self._check(iq)
        return None

    def _version(self, iq: ET.Element) -> ET.Element | None:
        self._check(iq)
        query = convert.element(VERSION, "query")
        convert.add(query, VERSION, "name", "tui-xmpp")
        convert.add(query, VERSION, "version", __version__)
        return query

    def _time(self, iq: ET.Element) -> ET.Element | None:
        self._check(iq)
        made = convert.element(TIME, "time")
        # Where we are is nobody's business: the offset is always that of UTC.
        convert.add(made, TIME, "tzo", "+00:00")
        convert.add(made, TIME, "utc", convert.written(self.context.clock.now()))
        return made

    def _check(self, iq: ET.Element) -> None:
        sender = convert.address_in(iq)
        context = self.context
        if sender is None or sender == Address("", context.own.domain):
            return
        if not guard.sees_us(context.world, context.own, sender):
            raise Unserved
