"""Nobody looks: said where that saves bytes, again on each link, never where it would cost (XEP-0352)."""

from __future__ import annotations

import pytest

from tests.session.wire import ANNA, FULL, SM, Wire, names
from tui_xmpp.core.account import Account
from tui_xmpp.core.commands import SetClientState
from tui_xmpp.session import sasl2
from tui_xmpp.session.advertised import Advertised
from tui_xmpp.session.opening import SignedIn
from tui_xmpp.session.sasl import Plain

OFFERED = "{urn:xmpp:csi:0}csi"
CSI = "urn:xmpp:csi:0"
CARBONS = "urn:xmpp:carbons:2"
EJABBERD = "https://www.process-one.net/ejabberd/#2nEjcvR5vPv9/sVnx8zLcs+EG/Y="
PROSODY = "http://prosody.im#bhHhK5Y35w4z2nAx3UW6Fo3CQfI="
LOOKS, LOOKS_AWAY = SetClientState(active=True), SetClientState(active=False)


async def signed_in(wire: Wire, caps: str = EJABBERD, offered: str = OFFERED) -> Wire:
    wire.account.pacing.use("mobile")
    await wire.online(
        offered=frozenset({SM, offered}), enabled="<enabled xmlns='urn:xmpp:sm:3' id='s' resume='1'/>"
    )
    wire.stream.server_caps = caps
    return wire


def resume(wire: Wire) -> list[str]:
    """The link was lost and is there again; what is said at once."""
    wire.lose()
    wire.connect(frozenset({SM, OFFERED}))
    wire.account.life.established(SignedIn(FULL, resumed=0))
    wire.stream.written.clear()
    wire.stream.start_session()
    return states(wire)


def states(wire: Wire) -> list[str]:
    """What was said of it on this stream."""
    return [name for name in names(wire.stream.written) if name in ("active", "inactive")]


async def test_who_looks_says_nothing(wire: Wire) -> None:
    await signed_in(wire)
    await wire.do(LOOKS)
    assert states(wire) == []
    assert resume(wire) == []


async def test_each_change_is_said_once(wire: Wire) -> None:
    await signed_in(wire)
    for command in (LOOKS_AWAY, LOOKS_AWAY, LOOKS, LOOKS, LOOKS_AWAY):
        await wire.do(command)
    assert states(wire) == ["inactive", "active", "inactive"]


@pytest.mark.parametrize(
    ("caps", "offered"), [(PROSODY, OFFERED), ("", OFFERED), ("http://other#1", OFFERED), (EJABBERD, SM)]
)
async def test_nothing_is_said_where_it_saves_nothing(wire: Wire, caps: str, offered: str) -> None:
    await signed_in(wire, caps, offered)
    await wire.do(LOOKS_AWAY)
    await wire.do(LOOKS)
    assert states(wire) == []


async def test_it_is_said_again_when_the_session_goes_on(wire: Wire) -> None:
    """XEP-0352 §5.2: the state is not restored."""
    await signed_in(wire)
    await wire.do(LOOKS_AWAY)
    assert resume(wire) == ["inactive"]
    await wire.do(LOOKS)
    assert resume(wire) == []


async def test_a_change_while_the_link_is_away_is_said_when_it_is_back(wire: Wire) -> None:
    await signed_in(wire)
    await wire.do(LOOKS)
    wire.lose()
    await wire.do(LOOKS_AWAY)
    assert resume(wire) == ["inactive"]


async def test_nothing_is_said_before_the_session_stands(wire: Wire) -> None:
    await signed_in(wire)
    await wire.do(LOOKS_AWAY)
    wire.lose()
    wire.connect(frozenset({SM, OFFERED}))
    await wire.do(LOOKS)
    await wire.do(LOOKS_AWAY)
    assert wire.stream.written == []


async def test_a_known_server_is_told_before_our_presence(wire: Wire) -> None:
    await signed_in(wire)
    await wire.do(LOOKS_AWAY)
    wire.account.life.end()
    wire.connect(frozenset({SM, OFFERED}))
    wire.account.life.open(frozenset())
    said = names(wire.stream.written)
    assert said.index("inactive") < said.index("presence")
    wire.account.life.established(SignedIn(FULL))
    wire.stream.start_session()
    assert states(wire) == ["inactive"]


@pytest.mark.parametrize("inlined", [True, False])
async def test_the_request_to_bind_says_it_where_it_can(wire: Wire, inlined: bool) -> None:
    """XEP-0386 §3.2: "the session must begin in that state"."""
    await signed_in(wire)
    await wire.do(LOOKS_AWAY)
    wire.account.life.end()
    wire.connect(frozenset({SM, OFFERED}))
    assert wire.stream.inline == {CSI}
    wire.account.life.open(frozenset({CARBONS, *([CSI] if inlined else [])}))
    assert states(wire) == ([] if inlined else ["inactive"])
    wire.account.life.established(SignedIn(FULL))
    wire.stream.start_session()
    await wire.do(LOOKS)
    assert states(wire)[-1] == "active"


@pytest.mark.parametrize(
    ("offered", "besides", "said"),
    [((CSI, CARBONS), {CSI}, True), ((CSI, CARBONS), set(), False), ((CARBONS,), {CSI}, False)],
)
def test_the_request_to_bind_holds_what_is_offered_and_wanted(
    offered: tuple[str, ...], besides: set[str], said: bool
) -> None:
    advertised = Advertised(sasl2=("PLAIN",), bind2=offered)
    asked = sasl2.inlined(advertised, None, has_archive=True, token="", besides=frozenset(besides))
    request = sasl2.authenticate(Plain("anna", "secret"), Account(ANNA), asked, user_agent="1")
    assert (f"<inactive xmlns='{CSI}'/>" in request) == said
    assert (CSI in asked.enabled) == said
    assert request.count(CARBONS) == 1
