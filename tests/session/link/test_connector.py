"""Signing in, staying signed in, and stopping where only the user can decide."""

from __future__ import annotations

import asyncio
import logging
import ssl

import pytest
from slixmpp.exceptions import IqTimeout
from slixmpp.jid import JID

from tests.fakes.certificates import Authority
from tests.fakes.server import FakeServer, Peer, honest
from tests.session.link.rig import OWN, Facts, Rig
from tui_xmpp.core.account import Connection, TlsMode


async def test_signs_in_by_starttls_and_says_each_step(authority: Authority, good: ssl.SSLContext) -> None:
    async with FakeServer(honest(good)) as server, Rig(server.port, authority.ca_file) as rig:
        online = await rig.until(Connection.ONLINE)
        assert online.full_address == OWN.with_resource("balcony")
        assert rig.reasons == [
            "looking up example.org",
            f"STARTTLS to 127.0.0.1:{server.port}",
            "certificate from Test Authority, valid 61 days",
            "signing in",
            "starting the session",
            "signed in",
        ]
        await rig.until_true(lambda: rig.ready == 1)
        assert b"secret" not in server.heard
        assert b"<auth" not in server.heard_in_clear
    assert rig.told[-1].connection is Connection.OFFLINE
    assert rig.lost == 1
    assert server.heard.endswith(b"</stream:stream>")


async def test_signs_in_by_direct_tls(authority: Authority, good: ssl.SSLContext) -> None:
    async with (
        FakeServer(honest(None), direct=good) as server,
        Rig(server.port, authority.ca_file, tls=TlsMode.DIRECT) as rig,
    ):
        await rig.until(Connection.ONLINE)
        assert f"direct TLS to 127.0.0.1:{server.port}" in rig.reasons


async def test_a_message_reaches_the_handlers_and_an_unknown_element_does_not(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def talk(peer: Peer) -> None:
        peer.send("<foo xmlns='urn:x'/><message from='romeo@example.net/x'><body>hi</body></message>")

    async with FakeServer(honest(good, then=talk)) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until_true(lambda: "message" in rig.reached)
        await rig.until(Connection.ONLINE)


async def test_a_wrong_password_is_asked_for_again(authority: Authority, good: ssl.SSLContext) -> None:
    async with (
        FakeServer(honest(good)) as server,
        Rig(server.port, authority.ca_file, passwords=("wrong", "secret")) as rig,
    ):
        await rig.until(Connection.ONLINE)
        assert len(rig.asked) == 2
        assert "did not accept the password" in rig.asked[1]
        assert rig.waits == []


async def test_the_same_wrong_password_is_not_sent_twice(authority: Authority, good: ssl.SSLContext) -> None:
    async with (
        FakeServer(honest(good)) as server,
        Rig(server.port, authority.ca_file, passwords=("wrong",)) as rig,
    ):
        await rig.until(Connection.REFUSED)
        assert len(server.peers) == 1


async def test_no_password_means_no_connection(authority: Authority, good: ssl.SSLContext) -> None:
    async with (
        FakeServer(honest(good)) as server,
        Rig(server.port, authority.ca_file, passwords=(None,)) as rig,
    ):
        await rig.until(Connection.REFUSED)
        assert server.peers == []


async def test_a_lost_link_is_made_again(authority: Authority, good: ssl.SSLContext) -> None:
    cut: list[Peer] = []

    async def cut_once(peer: Peer) -> None:
        if not cut:
            cut.append(peer)
            peer.reset()

    async def no_sleep(_: float) -> None:
        await asyncio.sleep(0)

    async with (
        FakeServer(honest(good, then=cut_once)) as server,
        Rig(server.port, authority.ca_file, sleep=no_sleep) as rig,
    ):
        await rig.until_true(lambda: rig.states.count(Connection.ONLINE) == 2)
        assert rig.lost == 1
        assert rig.streams[0] is not rig.streams[1]
        waiting = next(one for one in rig.told if one.connection is Connection.WAITING)
        assert waiting.retry_at is not None


async def test_another_program_taking_over_stops_us(authority: Authority, good: ssl.SSLContext) -> None:
    async def conflict(peer: Peer) -> None:
        peer.send("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")

    async with FakeServer(honest(good, then=conflict)) as server, Rig(server.port, authority.ca_file) as rig:
        refused = await rig.until(Connection.REFUSED)
        assert "Another program" in refused.reason
        assert len(server.peers) == 1


async def test_a_shutdown_is_waited_for(authority: Authority, good: ssl.SSLContext) -> None:
    async def leave(peer: Peer) -> None:
        peer.send(
            "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
            "</stream:stream>"
        )

    async with FakeServer(honest(good, then=leave)) as server, Rig(server.port, authority.ca_file) as rig:
        waiting = await rig.until(Connection.WAITING)
        assert "shutting down" in waiting.reason
        rig.connector.connect_now()
        await rig.until_true(lambda: len(server.peers) == 2)


async def test_nobody_listening_is_said_and_tried_again(authority: Authority) -> None:
    async with FakeServer(honest(None)) as server:
        port = server.port
    async with Rig(port, authority.ca_file) as rig:
        waiting = await rig.until(Connection.WAITING)
        assert "refuses connections" in waiting.reason
        assert waiting.retry_at is not None


async def test_the_endpoint_that_worked_is_tried_first(authority: Authority, good: ssl.SSLContext) -> None:
    facts = Facts()
    async with FakeServer(honest(good)) as server:
        for expected in (2, 1):
            async with Rig(server.port, authority.ca_file, tls=None, facts=facts) as rig:
                await rig.until(Connection.ONLINE)
                assert rig.states.count(Connection.CONNECTING) == expected


async def test_our_presence_is_given_to_nobody_by_itself(authority: Authority, good: ssl.SSLContext) -> None:
    async def ask(peer: Peer) -> None:
        peer.send("<presence from='stranger@example.net' type='subscribe'/><message><body>x</body></message>")

    async with FakeServer(honest(good, then=ask)) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until_true(lambda: "message" in rig.reached)
        await rig.connector.stop()
        assert b"subscribe" not in server.heard


async def test_a_request_under_way_fails_with_the_link(authority: Authority, good: ssl.SSLContext) -> None:
    async def cut_on_request(peer: Peer) -> None:
        # Not the roster, which is asked for along with the session.
        await peer.expect(r"<iq [^>]*type=\"get")
        peer.reset()

    async with (
        FakeServer(honest(good, then=cut_on_request)) as server,
        Rig(server.port, authority.ca_file) as rig,
    ):
        await rig.until(Connection.ONLINE)
        request = rig.streams[0].make_iq_get("jabber:iq:roster").send()  # type: ignore[no-untyped-call]
        with pytest.raises(IqTimeout):
            await asyncio.wait_for(request, 5)


async def test_the_debug_log_of_a_session_holds_no_secret(
    authority: Authority, good: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    async def talk(peer: Peer) -> None:
        peer.send("<message from='romeo@example.net/x'><body>CANARY</body></message>")
        await peer.expect("CANARY2")

    with caplog.at_level(logging.DEBUG):
        async with FakeServer(honest(good, then=talk)) as server, Rig(server.port, authority.ca_file) as rig:
            await rig.until_true(lambda: "message" in rig.reached)
            rig.streams[0].send_message(JID("romeo@example.net"), "CANARY2")
            await rig.until_true(lambda: b"CANARY2" in server.heard)
    assert "RECV" in caplog.text
    for secret in ("CANARY", "secret", "c2VjcmV0", "biws", ",p="):
        assert secret not in caplog.text
