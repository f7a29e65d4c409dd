"""N-05 to N-08, N-12: a server that lies about who it is, how to sign in, or who we are."""

from __future__ import annotations

import asyncio
import ssl
import time
from functools import partial

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.server import FakeServer, Peer, ScramServer, honest, mechanisms, sasl
from tests.session.link.rig import OWN, Facts, Rig
from tui_xmpp.core.account import Connection, TlsMode

NAME = "SCRAM-SHA-256"


def refused_times(rig: Rig, times: int) -> bool:
    return rig.states.count(Connection.REFUSED) == times


def no_proof_of_ours(server: FakeServer) -> bool:
    """A known server hears our name and a random number before its offer is read, and no more."""
    return b"PLAIN" not in server.heard and b"<response" not in server.heard


async def never_signed_in(rig: Rig, server: FakeServer) -> str:
    change = await rig.until(Connection.REFUSED)
    assert len(server.peers) == 1
    assert "auth_success" not in rig.reached
    assert "session_start" not in rig.reached
    assert Connection.BINDING not in rig.states
    return change.reason


@pytest.mark.parametrize(
    "payload", ["server-first", "", "v=", "v=AAAA", "e=other-error", "x=1", "v=%%%", "r=a,s=b,i=1"]
)
async def test_n05_success_without_proof(authority: Authority, good: ssl.SSLContext, payload: str) -> None:
    async def lie(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        scram = ScramServer(NAME)
        first = scram.challenge(await peer.sasl_message("auth"))
        if payload == "server-first":
            peer.send(sasl("success", first))
            return
        peer.send(sasl("challenge", first))
        await peer.sasl_message("response")
        peer.send(sasl("success", payload))

    async with FakeServer(lie) as server, Rig(server.port, authority.ca_file) as rig:
        await never_signed_in(rig, server)


async def test_n05_success_at_once(authority: Authority, good: ssl.SSLContext) -> None:
    async def lie(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        await peer.sasl_message("auth")
        peer.send(sasl("success"))

    async with FakeServer(lie) as server, Rig(server.port, authority.ca_file) as rig:
        assert "without proof" in await never_signed_in(rig, server)


async def test_n05_success_before_any_auth(authority: Authority, good: ssl.SSLContext) -> None:
    async def lie(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.expect(r"<stream:stream[^>]*>")
        peer.send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' ")
        peer.send("xmlns:stream='http://etherx.jabber.org/streams'>", sasl("success"))

    async with FakeServer(lie) as server, Rig(server.port, authority.ca_file) as rig:
        await never_signed_in(rig, server)


@pytest.mark.parametrize("offered", [("SCRAM-SHA-1",), ("PLAIN",), ("SCRAM-SHA-1", "PLAIN"), ("EXTERNAL",)])
async def test_n06_fewer_mechanisms_than_before(
    authority: Authority, good: ssl.SSLContext, offered: tuple[str, ...]
) -> None:
    facts = Facts()
    async with FakeServer(honest(good)) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until(Connection.ONLINE)

    async def weaker(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(*offered))

    async with (
        FakeServer(weaker) as server,
        Rig(server.port, authority.ca_file, facts=facts, allow_plain=True) as rig,
    ):
        assert "password was not used" in await never_signed_in(rig, server)
        assert no_proof_of_ours(server)


async def test_n06_a_weaker_scram_needs_consent_and_plain_gets_none(
    authority: Authority, good: ssl.SSLContext
) -> None:
    facts = Facts()
    facts.put("sasl", str(OWN), "SCRAM-SHA-512")
    async with (
        FakeServer(honest(good)) as server,
        Rig(server.port, authority.ca_file, facts=facts) as rig,
    ):
        await rig.until(Connection.REFUSED)
        rig.connector.connect_now()
        await rig.until(Connection.ONLINE)

    async def only_plain(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms("PLAIN"))

    async with (
        FakeServer(only_plain) as server,
        Rig(server.port, authority.ca_file, facts=facts, allow_plain=True) as rig,
    ):
        for connections in (1, 2):
            await rig.until_true(partial(refused_times, rig, connections))
            rig.connector.connect_now()
        await rig.until_true(lambda: rig.states.count(Connection.REFUSED) == 3)
        assert no_proof_of_ours(server)


async def test_n06_plain_only_by_the_accounts_own_setting(authority: Authority, good: ssl.SSLContext) -> None:
    async def plain(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms("PLAIN"))
        assert await peer.sasl_message("auth") == b"\0juliet\0secret"
        peer.send(sasl("success"))
        await peer.bind()

    async with FakeServer(plain) as server, Rig(server.port, authority.ca_file) as rig:
        assert "allow_plain" in await never_signed_in(rig, server)
        assert b"<auth" not in server.heard
    async with (
        FakeServer(plain) as server,
        Rig(server.port, authority.ca_file, allow_plain=True) as rig,
    ):
        await rig.until(Connection.ONLINE)
        assert b"<auth" not in server.heard_in_clear


async def test_n06_no_plain_after_a_failure(authority: Authority, good: ssl.SSLContext) -> None:
    async def fail(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME, "PLAIN"))
        await ScramServer(NAME, "another").run(peer)

    async with (
        FakeServer(fail) as server,
        Rig(server.port, authority.ca_file, allow_plain=True, passwords=("secret", None)) as rig,
    ):
        await rig.until(Connection.REFUSED)
        assert server.heard.count(b"<auth") == 1
        assert b"PLAIN" not in server.heard


async def test_n06_a_changed_list_is_noticed_the_first_time(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def tell(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms("SCRAM-SHA-1"))
        await ScramServer("SCRAM-SHA-1", more=",h=BrDqAQqMvBEFqTEZ5uRGgYMRHyg=").run(peer)

    async with FakeServer(tell) as server, Rig(server.port, authority.ca_file) as rig:
        assert "were changed" in await never_signed_in(rig, server)


@pytest.mark.parametrize("iterations", [0, 1, 4095, 10_000_001, 2**31, 10**40])
async def test_n07_iteration_count(authority: Authority, good: ssl.SSLContext, iterations: int) -> None:
    async def ask(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        scram = ScramServer(NAME, iterations=iterations)
        peer.send(sasl("challenge", scram.challenge(await peer.sasl_message("auth"))))

    async with FakeServer(ask) as server, Rig(server.port, authority.ca_file) as rig:
        began = time.process_time()
        await never_signed_in(rig, server)
        assert time.process_time() - began < 1
        assert b"<response" not in server.heard


@pytest.mark.parametrize("nonce", ["", "servers-own-nonce", None])
async def test_n07_nonce_not_extended(authority: Authority, good: ssl.SSLContext, nonce: str | None) -> None:
    async def ask(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        first = await peer.sasl_message("auth")
        echoed = first.decode().rpartition("r=")[2]
        peer.send(
            sasl("challenge", ScramServer(NAME).challenge(first, nonce=echoed if nonce is None else nonce))
        )

    async with FakeServer(ask) as server, Rig(server.port, authority.ca_file) as rig:
        await never_signed_in(rig, server)
        assert b"<response" not in server.heard


async def test_n07_much_work_does_not_hold_up_the_loop(authority: Authority, good: ssl.SSLContext) -> None:
    async def ask(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms("SCRAM-SHA-1"))
        scram = ScramServer("SCRAM-SHA-1", iterations=5_000_000)
        peer.send(sasl("challenge", scram.challenge(await peer.sasl_message("auth"))))
        await peer.sasl_message("response")

    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    async with FakeServer(ask) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until(Connection.AUTHENTICATING)
        watching = asyncio.ensure_future(watch())
        await rig.until_true(lambda: b"<response" in server.heard)
        await asyncio.sleep(0.03)
        watching.cancel()
        assert longest < 0.4


@pytest.mark.parametrize("mode", list(TlsMode))
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("another name", "not for example.org"),
        ("common name only", "not for example.org"),
        ("self-signed", "signed by itself"),
        ("expired", "has expired"),
        ("not yet valid", "not valid yet"),
        ("another authority", "Nobody this computer trusts"),
    ],
)
async def test_n08_bad_certificate(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory, kind: str, words: str, mode: TlsMode
) -> None:
    own = ["example.org"]
    context = {
        "another name": lambda: authority.issue(["example.net", "xmpp.example.org"]),
        "common name only": lambda: authority.issue([], common_name="example.org"),
        "self-signed": lambda: authority.issue(own, self_signed=True),
        "expired": lambda: authority.issue(own, days=(-90, -1)),
        "not yet valid": lambda: authority.issue(own, days=(1, 90)),
        "another authority": lambda: Authority(tmp_path_factory.mktemp("other"), "Mallory").issue(own),
    }[kind]()
    direct = mode is TlsMode.DIRECT
    async with (
        FakeServer(honest(None if direct else context), direct=context if direct else None) as server,
        Rig(server.port, authority.ca_file, tls=mode) as rig,
    ):
        reason = (await rig.until(Connection.REFUSED)).reason
        assert words in reason
        assert "SHA-256 " in reason
        assert "valid 20" in reason
        assert rig.waits == []
        assert b"<auth" not in server.heard
        assert b"secret" not in server.heard


@pytest.mark.parametrize(
    "jid",
    [
        "mallory@example.org/balcony",
        "juliet@example.net/balcony",
        "juliet@example.org",
        "example.org/balcony",
        "",
        "@@@",
        "juliet\u0131@example.org/x",
    ],
)
async def test_n12_foreign_address(authority: Authority, good: ssl.SSLContext, jid: str) -> None:
    async with FakeServer(honest(good, jid=jid)) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until(Connection.REFUSED)
        assert "session_start" not in rig.reached
        assert Connection.ONLINE not in rig.states
        assert len(server.peers) == 1
