"""P-22: what a contact sends again and again costs us a bounded number of questions."""

from __future__ import annotations

from tests.session.wire import ANNA, BERT, Wire

DISCO = "{http://jabber.org/protocol/disco#info}query"
FEW, MANY = 20, 100


async def test_p22_a_thousand_capabilities_are_not_asked_after(wire: Wire) -> None:
    wire.befriend()
    for number in range(1000):
        wire.hear(
            f"<presence from='{BERT}/r{number}' to='{ANNA}'><c xmlns='http://jabber.org/protocol/caps' "
            f"hash='sha-1' node='https://evil.example' ver='{number:027d}='/></presence>"
        )
    await wire.settle()
    asked = [one for one in wire.stream.written if one.find(DISCO) is not None]
    assert len(asked) <= FEW
    assert len(wire.world.presences[ANNA, BERT]) <= MANY
