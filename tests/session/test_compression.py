"""What is said when compression is switched on."""

from __future__ import annotations

from dataclasses import replace

from tests.session.wire import ANNA, Wire
from tui_xmpp.core.events import LinkChanged, Notice
from tui_xmpp.core.link import PROFILES, Compression
from tui_xmpp.session.features.compression import RISK

PLAIN = PROFILES["radio"]
PACKED = replace(PLAIN, compression=Compression.ZLIB)


async def test_the_risk_is_said_each_time_it_is_switched_on(wire: Wire) -> None:
    said: list[int] = []
    for profile in (PLAIN, PACKED, PACKED, PLAIN, PACKED):
        wire.account.emit(LinkChanged(ANNA, profile))
        said.append(sum(isinstance(one, Notice) and one.text == RISK for one in wire.events))
    assert said == [0, 1, 1, 1, 2]
