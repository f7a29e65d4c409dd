"""A server that is known is not waited for, and when it is not what it was, it is: once, and with care."""

from __future__ import annotations

import asyncio
import hmac
import json
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.server import (
    BOUND,
    PROCEED,
    SASL,
    SM_FEATURE,
    STARTTLS,
    FakeServer,
    Peer,
    ScramServer,
    Script,
    authentication,
    bind_feature,
    features,
    header,
    honest,
    mechanisms,
    sasl,
    sasl2,
    success2,
)
from tests.session.link.rig import OWN, Facts, Kept, Opened, Rig, TurnedClock
from tui_xmpp.core.account import Connection, Token
from tui_xmpp.session.advertised import Advertised
from tui_xmpp.session.opening import Resumption
from tui_xmpp.session.server_memory import Habit, ServerMemory
from tui_xmpp.session.timing import LinkTiming

NAME = "SCRAM-SHA-256"
LATER = datetime.now(UTC) + timedelta(days=1)


async def known(authority: Authority, script: Script) -> Facts:
    facts = Facts()
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until_true(lambda: rig.ready == 1)
    return facts


def memory(facts: Facts) -> ServerMemory:
    return ServerMemory(facts, OWN, lambda: datetime.now(UTC))


async def test_each_packet_says_all_that_can_be_said(authority: Authority, good: ssl.SSLContext) -> None:
    facts = await known(authority, honest(good))
    async with FakeServer(honest(good)) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until_true(lambda: rig.ready == 1)
        starttls, auth, response, session = rig.streams[0].packets[:4]
        assert "<starttls" in starttls
        assert "<auth" in auth
        assert "Opening" in auth
        assert "<response" in response
        assert "<bind" in session
        assert "jabber:iq:roster" in session
        assert len(rig.streams) == 1


class Thin(LinkTiming):
    """A link that is thin, whatever a handshake took."""

    def shook_hands(self, connecting: float, securing: float) -> None:
        """As `LinkTiming.shook_hands`."""
        self.thin = True


async def test_a_thin_link_gets_the_opening_first(authority: Authority, good: ssl.SSLContext) -> None:
    """So what the server offers is on its way while our proof goes up."""
    facts = await known(authority, honest(good))
    timing = Thin(facts, OWN, TurnedClock())
    async with (
        FakeServer(honest(good)) as server,
        Rig(server.port, authority.ca_file, facts=facts, timing=timing) as rig,
    ):
        await rig.until_true(lambda: rig.ready == 1)
        opening, auth = rig.streams[0].packets[1:3]
        assert opening.startswith("Opening(") and "<" not in opening
        assert auth.startswith("<auth ")


async def test_what_is_remembered_may_be_anything(authority: Authority, good: ssl.SSLContext) -> None:
    for kept in (
        "",
        "[]",
        "{",
        '{"advertised": 5, "session": {}}',
        '{"advertised": {"resumes": true, "mechanisms": 7}}',
        '{"session": [1], "pipelining": "never", "pacing": 5}',
        json.dumps({"advertised": Advertised(mechanisms=("X-NONE",)).to_json(), "session": ["x"]}),
        json.dumps({"advertised": Advertised(sasl2=(NAME,), tokens=("x",)).to_json(), "session": []}),
        "[" * 100_000,
    ):
        facts = Facts()
        facts.put("server", str(OWN), kept)
        async with (
            FakeServer(honest(good)) as server,
            Rig(server.port, authority.ca_file, facts=facts) as rig,
        ):
            await rig.until(Connection.ONLINE)
            assert rig.waits == []
            assert len(server.peers) <= 2
        advertised = memory(facts).advertised
        assert advertised is not None
        assert advertised.mechanisms == (NAME, "SCRAM-SHA-1")


async def test_a_server_with_other_mechanisms_is_asked_again_once(
    authority: Authority, good: ssl.SSLContext
) -> None:
    facts = await known(authority, honest(good))
    script = honest(good, offered=("SCRAM-SHA-512",), used="SCRAM-SHA-512")
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until(Connection.ONLINE)
        assert len(server.peers) == 2
        assert rig.waits == []
        assert rig.asked == [""]
    assert facts.get("sasl", str(OWN)) == "SCRAM-SHA-512"


@pytest.mark.parametrize("condition", ["not-well-formed", "unsupported-stanza-type", "not-authorized"])
async def test_a_server_that_takes_no_haste_gets_none_for_a_day(
    authority: Authority, good: ssl.SSLContext, condition: str
) -> None:
    facts = await known(authority, honest(good))

    async def strict(peer: Peer) -> None:
        if b"</stream:stream>" in peer.heard:
            return
        await peer.upgrade(good)
        await peer.expect(r"<stream:stream[^>]*>")
        if peer.unread:
            error = f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            peer.send(header(), features(mechanisms(NAME)), f"<stream:error>{error}</stream:error>")
            return
        peer.send(header(), features(mechanisms(NAME)))
        await ScramServer(NAME).run(peer)
        await peer.bind()

    async with FakeServer(strict) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until(Connection.ONLINE)
        assert len(server.peers) == 2
        assert rig.waits == []
    assert not memory(facts).takes(Habit.PIPELINING)
    assert ServerMemory(facts, OWN, lambda: LATER + timedelta(hours=1)).takes(Habit.PIPELINING)
    async with FakeServer(strict) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until(Connection.ONLINE)
        assert len(server.peers) == 1


async def test_care_is_taken_once(authority: Authority, good: ssl.SSLContext) -> None:
    """A server that never takes what it offers is not tried again and again."""
    facts = await known(authority, honest(good))

    async def never(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        await peer.sasl_message("auth")
        peer.send(f"<failure xmlns='{SASL}'><malformed-request/></failure>")

    async with FakeServer(never) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until_true(lambda: rig.states[-1:] in ([Connection.WAITING], [Connection.REFUSED]))
        assert len(server.peers) == 2


async def test_haste_behind_the_proof_that_is_not_taken_is_given_up(
    authority: Authority, good: ssl.SSLContext
) -> None:
    facts = await known(authority, honest(good))

    async def slow(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        scram = ScramServer(NAME)
        peer.send(sasl("challenge", scram.challenge(await peer.sasl_message("auth"))))
        proof = scram.finish(await peer.sasl_message("response"))
        assert proof
        if not memory(facts).takes(Habit.PACING):
            peer.send(sasl("success", proof))
            await peer.bind()
            return
        await peer.expect("<bind")
        error = "<unsupported-stanza-type xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        peer.send(sasl("success", proof), header(), f"<stream:error>{error}</stream:error>")

    async with (
        FakeServer(slow) as server,
        Rig(server.port, authority.ca_file, facts=facts, paced=True) as rig,
    ):
        await rig.until(Connection.ONLINE)
        assert len(server.peers) == 2
    assert memory(facts).takes(Habit.PIPELINING)


async def test_the_second_flight_does_not_leave_with_the_first(
    authority: Authority, good: ssl.SSLContext
) -> None:
    facts = await known(authority, honest(good))
    apart: list[float] = []

    async def measure(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        scram = ScramServer(NAME)
        peer.send(sasl("challenge", scram.challenge(await peer.sasl_message("auth"))))
        proof = scram.finish(await peer.sasl_message("response"))
        began = asyncio.get_running_loop().time()
        assert proof
        await peer.expect("<bind")
        apart.append(asyncio.get_running_loop().time() - began)
        peer.send(sasl("success", proof))
        peer.send(header(), features(bind_feature()))
        id = peer.heard.rpartition(b"<iq type='set' id='")[2][:9].decode()
        peer.send(
            f"<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            "<jid>juliet@example.org/balcony</jid></bind></iq>"
        )

    async with (
        FakeServer(measure) as server,
        Rig(server.port, authority.ca_file, facts=facts, paced=True) as rig,
    ):
        await rig.until(Connection.ONLINE)
    # The server's own time between two readings may be a little shorter than the timer's.
    assert apart[0] > 0.02


async def test_a_server_that_no_longer_keeps_sessions_is_believed(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def managed(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        await ScramServer(NAME).run(peer)
        await peer.bind(inner=SM_FEATURE)

    facts = await known(authority, managed)
    opener = Opened()
    opener.held = Resumption("mine", 0, OWN.with_resource("balcony"))
    async with (
        FakeServer(honest(good)) as server,
        Rig(server.port, authority.ca_file, facts=facts, opener=opener) as rig,
    ):
        await rig.until_true(lambda: rig.ready == 1)
        assert rig.signed_in[0].resumed is None
        assert len(server.peers) == 2


async def test_a_refused_token_is_followed_by_the_password_that_is_known(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def refuse_tokens(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(authentication(NAME, tokens=("HT-SHA-256-NONE",)))
        first, whole = await peer.request()
        if b"<fast" in whole:
            peer.send("<failure xmlns='urn:xmpp:sasl:2'>")
            peer.send("<credentials-expired xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>")
            return
        scram = ScramServer(NAME)
        peer.send(sasl2("challenge", scram.challenge(first)))
        proof = scram.finish(await peer.sasl_message("response"))
        given = "<token xmlns='urn:xmpp:fast:0' token='new' expiry='2099-01-01T00:00:00Z'/>"
        peer.send(success2(proof, BOUND + given))

    kept = Kept(Token("HT-SHA-256-NONE", "old"))
    async with (
        FakeServer(refuse_tokens) as server,
        Rig(server.port, authority.ca_file, tokens=kept) as rig,
    ):
        await rig.until(Connection.ONLINE)
        assert rig.asked == [""]
        assert rig.waits == []
        assert len(server.peers) == 2
        assert kept.all[0] is None
        assert kept.now == Token("HT-SHA-256-NONE", "new", datetime(2099, 1, 1, tzinfo=UTC))


async def test_a_new_token_takes_the_place_of_the_one_that_signed_in(
    authority: Authority, good: ssl.SSLContext
) -> None:
    """XEP-0484 §3.5: a server may give a new one along with any success, and then takes the old no more."""
    secrets = ["first", "second", "third"]

    async def rotate(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(authentication(NAME, tokens=("HT-SHA-256-NONE",)))
        first, whole = await peer.request()
        key = secrets.pop(0).encode()
        if first != b"juliet\0" + hmac.digest(key, b"Initiator", "sha256") or b"<request-token" in whole:
            peer.send("<failure xmlns='urn:xmpp:sasl:2'>")
            peer.send("<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>")
            return
        given = f"<token xmlns='urn:xmpp:fast:0' token='{secrets[0]}' expiry='2099-01-01T00:00:00Z'/>"
        peer.send(success2(hmac.digest(key, b"Responder", "sha256"), BOUND + given))

    kept = Kept(Token("HT-SHA-256-NONE", "first", datetime(2098, 1, 1, tzinfo=UTC)))
    async with FakeServer(rotate) as server:
        for number in (1, 2):
            async with Rig(server.port, authority.ca_file, tokens=kept) as rig:
                await rig.until(Connection.ONLINE)
                assert rig.asked == []
                assert len(server.peers) == number
                assert kept.now == Token("HT-SHA-256-NONE", secrets[0], datetime(2099, 1, 1, tzinfo=UTC))
    assert [one and one.secret for one in kept.all] == ["second", "third"]


async def test_a_token_is_not_dropped_because_the_server_is_busy(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def busy(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(authentication(NAME, tokens=("HT-SHA-256-NONE",)))
        await peer.request()
        peer.send("<failure xmlns='urn:xmpp:sasl:2'>")
        peer.send("<temporary-auth-failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>")

    kept = Kept(Token("HT-SHA-256-NONE", "old"))
    async with FakeServer(busy) as server, Rig(server.port, authority.ca_file, tokens=kept) as rig:
        await rig.until(Connection.WAITING)
        assert kept.now is not None
        assert rig.asked == []


async def test_a_header_and_starttls_go_in_one_packet_unless_that_failed(
    authority: Authority, good: ssl.SSLContext
) -> None:
    facts = Facts()
    memory(facts).failed(Habit.PIPELINING)

    async def patient(peer: Peer) -> None:
        await peer.expect(r"<stream:stream[^>]*>")
        assert not peer.unread
        peer.send(header(), features(STARTTLS))
        await peer.expect(r"<starttls[^>]*/>")
        peer.send(PROCEED)
        await peer.flush()
        await peer.start_tls(good)
        await peer.open_stream(mechanisms(NAME))
        await ScramServer(NAME).run(peer)
        await peer.bind()

    async with FakeServer(patient) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until(Connection.ONLINE)


def test_the_name_of_this_installation_stays() -> None:
    facts = Facts()
    first = memory(facts).user_agent
    assert memory(facts).user_agent == first
    facts.put("user-agent", str(OWN), "<garbage/>")
    assert memory(facts).user_agent not in ("<garbage/>", first)


async def test_what_is_offered_to_a_bound_session_is_not_taken_for_what_comes_before(
    authority: Authority, good: ssl.SSLContext
) -> None:
    """A server that has bound and enabled everything offers neither any more."""
    both = authentication(NAME) + mechanisms(NAME)

    async def modern(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(both)
        scram = ScramServer(NAME)
        first, _ = await peer.request()
        peer.send(sasl2("challenge", scram.challenge(first)))
        proof = scram.finish(await peer.sasl_message("response"))
        peer.send(success2(proof, BOUND).replace(SM_FEATURE, "<ver xmlns='urn:xmpp:features:rosterver'/>"))

    facts = await known(authority, modern)
    kept = memory(facts)
    assert kept.bound == frozenset({"{urn:xmpp:features:rosterver}ver"})
    assert kept.session is None


async def test_a_session_that_is_not_bound_with_the_proof_is_bound_behind_it(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def half(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(authentication(NAME))
        scram = ScramServer(NAME)
        first, _ = await peer.request()
        peer.send(sasl2("challenge", scram.challenge(first)))
        proof = scram.finish(await peer.sasl_message("response"))
        peer.send(success2(proof, jid="juliet@example.org"))
        found = await peer.expect(r"<iq [^>]*id='([^']+)'[^>]*><bind")
        peer.send(
            f"<iq type='result' id='{found[1].decode()}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            "<jid>juliet@example.org/balcony</jid></bind></iq>"
        )

    async with FakeServer(half) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until_true(lambda: rig.ready == 1)
        assert rig.opener.inlined == [frozenset()]
