"""N-05, N-06, N-10, N-12 where one request proves who we are and opens the session (XEP-0388, XEP-0484)."""

from __future__ import annotations

import hmac
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.server import (
    BOUND,
    SASL2,
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
from tests.session.link.rig import OWN, Facts, Kept, Opened, Rig
from tui_xmpp.core.account import Connection, Token
from tui_xmpp.session.opening import Resumption

NAME = "SCRAM-SHA-256"
TOKEN = Token("HT-SHA-256-NONE", "a-secret", datetime.now(UTC) + timedelta(days=1))
MESSAGE = "<message from='romeo@example.net/x' type='chat'><body>forged</body></message>"
RESUMED = "<resumed xmlns='urn:xmpp:sm:3' previd='{}' h='0'/>"


def responder(secret: str = TOKEN.secret) -> bytes:
    return hmac.digest(secret.encode(), b"Responder", "sha256")


def by_scram(
    context: ssl.SSLContext,
    finish: Callable[[bytes], str],
    *,
    offered: str = authentication(NAME, tokens=("HT-SHA-256-NONE",)),
) -> Script:
    """A server that ends an honest exchange with whatever *finish* makes of its proof."""

    async def script(peer: Peer) -> None:
        await peer.upgrade(context)
        await peer.open_stream(offered)
        scram = ScramServer(NAME)
        first, _ = await peer.request()
        peer.send(sasl2("challenge", scram.challenge(first)))
        proof = scram.finish(await peer.sasl_message("response"))
        assert proof
        peer.send(finish(proof))

    return script


async def refused(rig: Rig, server: FakeServer) -> str:
    change = await rig.until(Connection.REFUSED)
    assert len(server.peers) == 1
    assert not {"auth_success", "session_start", "message"} & set(rig.reached)
    assert rig.opener.established_as == []
    assert rig.ready == 0
    return change.reason


async def test_the_honest_one_signs_in(authority: Authority, good: ssl.SSLContext) -> None:
    script = by_scram(good, lambda proof: success2(proof, BOUND))
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until(Connection.ONLINE)
        await rig.until_true(lambda: rig.ready == 1)
        assert rig.signed_in[0].enabled is not None
        assert b"secret" not in server.heard


@pytest.mark.parametrize(
    "proof", [None, b"", b"v=", b"v=AAAA", b"e=other-error", b"r=a,s=b,i=1", b"\xff\xfe"], ids=repr
)
async def test_n05_success_without_proof(
    authority: Authority, good: ssl.SSLContext, proof: bytes | None
) -> None:
    script = by_scram(good, lambda _: success2(proof, BOUND) + MESSAGE)
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)


@pytest.mark.parametrize("early", ["at once", "before the request", "of the other kind", "in clear"])
async def test_n05_success_out_of_order(authority: Authority, good: ssl.SSLContext, early: str) -> None:
    async def lie(peer: Peer) -> None:
        if early == "in clear":
            await peer.expect(r"<stream:stream[^>]*>")
            peer.send(header(), features(STARTTLS), success2(b"", BOUND))
            return
        await peer.upgrade(good)
        if early == "before the request":
            await peer.expect(r"<stream:stream[^>]*>")
            peer.send(header(), success2(b"v=AAAA", BOUND), features(authentication(NAME)))
            return
        await peer.open_stream(authentication(NAME))
        await peer.request()
        peer.send(sasl("success", b"v=AAAA") if early == "of the other kind" else success2(None, BOUND))

    async with FakeServer(lie) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)


async def test_n03_a_stanza_in_the_middle(authority: Authority, good: ssl.SSLContext) -> None:
    script = by_scram(good, lambda proof: MESSAGE + success2(proof, BOUND))
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)


@pytest.mark.parametrize(
    "jid", ["mallory@example.org/x", "juliet@example.net/x", "juliet@example.org", "example.org/x", "", "@@@"]
)
async def test_n12_foreign_address(authority: Authority, good: ssl.SSLContext, jid: str) -> None:
    script = by_scram(good, lambda proof: success2(proof, BOUND, jid))
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)


@pytest.mark.parametrize("held", ["", "mine"])
async def test_n10_a_session_that_was_not_asked_for(
    authority: Authority, good: ssl.SSLContext, held: str
) -> None:
    script = by_scram(good, lambda proof: success2(proof, RESUMED.format("another")) + MESSAGE)
    opener = Opened()
    opener.held = Resumption(held, 0, OWN.with_resource("balcony")) if held else None
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file, opener=opener) as rig:
        assert "not yours" in await refused(rig, server)


async def test_bound_without_having_asked(authority: Authority, good: ssl.SSLContext) -> None:
    script = by_scram(
        good, lambda proof: success2(proof, BOUND), offered=authentication(NAME, bind=("urn:xmpp:sm:3",))
    )
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        assert b"urn:xmpp:bind:0" not in server.heard


async def test_a_second_step_is_said(authority: Authority, good: ssl.SSLContext) -> None:
    more = f"<continue xmlns='{SASL2}'><tasks><task>TOTP</task></tasks></continue>"
    async with (
        FakeServer(by_scram(good, lambda _: more)) as server,
        Rig(server.port, authority.ca_file) as rig,
    ):
        assert "second step" in await refused(rig, server)


async def test_n06_no_weaker_mechanism_in_the_new_list(authority: Authority, good: ssl.SSLContext) -> None:
    facts = Facts()
    async with (
        FakeServer(by_scram(good, lambda proof: success2(proof, BOUND))) as server,
        Rig(server.port, authority.ca_file, facts=facts) as rig,
    ):
        await rig.until(Connection.ONLINE)

    async def weaker(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(authentication("PLAIN") + mechanisms("PLAIN", "SCRAM-SHA-1"))

    async with (
        FakeServer(weaker) as server,
        Rig(server.port, authority.ca_file, facts=facts, allow_plain=True) as rig,
    ):
        assert "password was not used" in await refused(rig, server)
        assert b"PLAIN" not in server.heard
        assert b"<response" not in server.heard


async def test_n06_plain_in_the_new_list_only_by_the_accounts_own_setting(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def plain(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(authentication("PLAIN"))
        first, _ = await peer.request()
        assert first == b"\0juliet\0secret"
        peer.send(success2(None, BOUND))

    async with FakeServer(plain) as server, Rig(server.port, authority.ca_file) as rig:
        assert "allow_plain" in await refused(rig, server)
        assert b"<authenticate" not in server.heard
    async with FakeServer(plain) as server, Rig(server.port, authority.ca_file, allow_plain=True) as rig:
        await rig.until(Connection.ONLINE)


async def test_n06_a_changed_list_is_noticed(authority: Authority, good: ssl.SSLContext) -> None:
    async def tell(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(authentication("SCRAM-SHA-1"))
        scram = ScramServer("SCRAM-SHA-1", more=",h=BrDqAQqMvBEFqTEZ5uRGgYMRHyg=")
        first, _ = await peer.request()
        peer.send(sasl2("challenge", scram.challenge(first)))
        await peer.sasl_message("response")

    async with FakeServer(tell) as server, Rig(server.port, authority.ca_file) as rig:
        assert "were changed" in await refused(rig, server)
        assert b"<response" not in server.heard


# --- tokens --------------------------------------------------------------------------------------------


def by_token(context: ssl.SSLContext, answer: str, *, tokens: tuple[str, ...] = (TOKEN.mechanism,)) -> Script:
    async def script(peer: Peer) -> None:
        await peer.upgrade(context)
        await peer.open_stream(authentication(NAME, tokens=tokens))
        await peer.request()
        peer.send(answer)

    return script


async def test_a_token_signs_in(authority: Authority, good: ssl.SSLContext) -> None:
    script = by_token(good, success2(responder(), BOUND))
    async with (
        FakeServer(script) as server,
        Rig(server.port, authority.ca_file, tokens=Kept(TOKEN)) as rig,
    ):
        await rig.until(Connection.ONLINE)
        assert rig.asked == []
        assert TOKEN.secret.encode() not in server.heard


@pytest.mark.parametrize(
    "proof", [None, b"", responder("another"), hmac.digest(b"a-secret", b"Initiator", "sha256")]
)
async def test_n05_a_token_is_no_secret_of_the_server(
    authority: Authority, good: ssl.SSLContext, proof: bytes | None
) -> None:
    kept = Kept(TOKEN)
    given = "<token xmlns='urn:xmpp:fast:0' token='theirs' expiry='2099-01-01T00:00:00Z'/>"
    script = by_token(good, success2(proof, BOUND + given))
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file, tokens=kept) as rig:
        assert "could not prove" in await refused(rig, server)
        assert kept.now == TOKEN


@pytest.mark.parametrize(
    ("bound_to", "offered"),
    [("HT-SHA-256-ENDP", "HT-SHA-256-NONE"), ("HT-SHA-256-NONE", "HT-SHA-256-ENDP")],
)
async def test_a_token_is_used_by_no_other_mechanism(
    authority: Authority, good: ssl.SSLContext, bound_to: str, offered: str
) -> None:
    kept = Kept(Token(bound_to, TOKEN.secret, TOKEN.expires))
    script = by_token(good, "", tokens=(offered,))
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file, tokens=kept) as rig:
        await rig.until_true(lambda: b"<authenticate" in server.heard)
        assert b"mechanism='HT-" not in server.heard.partition(b"<request-token")[0]
        assert kept.now is None
        assert rig.asked == [""]


async def test_an_expired_token_is_not_used(authority: Authority, good: ssl.SSLContext) -> None:
    kept = Kept(Token(TOKEN.mechanism, TOKEN.secret, datetime.now(UTC) - timedelta(seconds=1)))
    script = by_scram(good, lambda proof: success2(proof, BOUND))
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file, tokens=kept) as rig:
        await rig.until(Connection.ONLINE)
        assert b"<fast" not in server.heard


# --- a server that is known -----------------------------------------------------------------------------


async def known(authority: Authority, script: Script, **other: object) -> Facts:
    facts = Facts()
    async with (
        FakeServer(script) as server,
        Rig(server.port, authority.ca_file, facts=facts, **other) as rig,  # type: ignore[arg-type]
    ):
        await rig.until(Connection.ONLINE)
        await rig.until_true(lambda: rig.ready == 1)
    return facts


@pytest.mark.parametrize("paced", [False, True])
async def test_what_comes_before_the_verdict_reaches_nobody(
    authority: Authority, good: ssl.SSLContext, paced: bool
) -> None:
    facts = await known(authority, honest(good))

    async def slip(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        scram = ScramServer(NAME)
        peer.send(sasl("challenge", scram.challenge(await peer.sasl_message("auth"))))
        await peer.sasl_message("response")
        if paced:
            await peer.expect("<bind")
        peer.send(sasl("success", b"v=AAAA"), header(), features(bind_feature()), MESSAGE)

    async with (
        FakeServer(slip) as server,
        Rig(server.port, authority.ca_file, facts=facts, paced=paced) as rig,
    ):
        assert "could not prove" in await refused(rig, server)


async def test_n10_a_known_server_resumes_only_what_was_asked_for(
    authority: Authority, good: ssl.SSLContext
) -> None:
    for previd, held in (("x", ""), ("x", "mine")):
        opener = Opened()
        opener.held = Resumption(held, 0, OWN.with_resource("balcony")) if held else None

        async def resume(peer: Peer, previd: str = previd, opener: Opened = opener) -> None:
            await peer.upgrade(good)
            await peer.open_stream(mechanisms(NAME))
            await ScramServer(NAME).run(peer)
            await peer.open_stream(bind_feature() + "<sm xmlns='urn:xmpp:sm:3'/>")
            if opener.held is not None:
                await peer.expect("<resume")
            peer.send(RESUMED.format(previd), MESSAGE)

        async with FakeServer(resume) as server, Rig(server.port, authority.ca_file, opener=opener) as rig:
            await rig.until(Connection.REFUSED)
            assert "message" not in rig.reached
            assert opener.established_as == []
