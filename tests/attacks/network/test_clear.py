"""N-01 to N-04, N-10: what a network may try before TLS, and before the server has proved itself."""

from __future__ import annotations

import ssl

import pytest
from slixmpp.jid import JID

from tests.fakes.certificates import Authority
from tests.fakes.server import (
    PROCEED,
    STARTTLS,
    FakeServer,
    Peer,
    ScramServer,
    bind_feature,
    features,
    header,
    honest,
    mechanisms,
    sasl,
)
from tests.session.link.rig import Rig
from tui_xmpp.core.account import Connection
from tui_xmpp.session.failure import Violation

MECHANISMS = (
    "PLAIN",
    "LOGIN",
    "ANONYMOUS",
    "EXTERNAL",
    "CRAM-MD5",
    "DIGEST-MD5",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "SCRAM-SHA-512",
    "X-OAUTH2",
)
MESSAGE = "<message from='romeo@example.net/x' type='chat'><body>forged</body></message>"
PUSH = (
    "<iq type='set' id='p'><query xmlns='jabber:iq:roster'>"
    "<item jid='mallory@example.net' subscription='both'/></query></iq>"
)
SEE_OTHER_HOST = (
    "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:{port}"
    "</see-other-host></stream:error>"
)
STREAM_OPEN = r"<stream:stream[^>]*>"


async def refused(rig: Rig, server: FakeServer) -> str:
    """Wait for the refusal; check that it is final and that the one connection was closed without secrets."""
    change = await rig.until(Connection.REFUSED)
    await rig.until_true(lambda: rig.connector.stream is None)
    assert len(server.peers) == 1
    assert rig.waits == []
    assert not {"message", "roster_update", "session_start", "auth_success"} & set(rig.reached)
    assert rig.ready == 0
    return change.reason


def only_the_header(server: FakeServer) -> bool:
    heard = server.heard_in_clear
    return heard.startswith(b"<stream:stream ") and heard.count(b"<") <= 2 and b"<auth" not in heard


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_n01_starttls_stripped(authority: Authority, mechanism: str) -> None:
    async def stripped(peer: Peer) -> None:
        await peer.open_stream(mechanisms(mechanism) + bind_feature())

    async with (
        FakeServer(stripped) as server,
        Rig(server.port, authority.ca_file, allow_plain=True) as rig,
    ):
        assert "no encryption" in await refused(rig, server)
        assert only_the_header(server)
        assert b"secret" not in server.heard


async def test_n01_a_key_press_goes_on(authority: Authority) -> None:
    async def stripped(peer: Peer) -> None:
        await peer.open_stream(mechanisms("PLAIN"))

    async with FakeServer(stripped) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        rig.connector.connect_now()
        await rig.until_true(lambda: len(server.peers) == 2)


async def test_n02_features_with_only_bind(authority: Authority) -> None:
    async def only_bind(peer: Peer) -> None:
        await peer.open_stream(bind_feature())

    async with FakeServer(only_bind) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        assert only_the_header(server)


async def test_n02_only_bind_after_tls(authority: Authority, good: ssl.SSLContext) -> None:
    async def only_bind(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(bind_feature())

    async with FakeServer(only_bind) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        assert b"<iq" not in server.heard


@pytest.mark.parametrize("version", [None, "0.9", "one", "1", "9" * 5000 + ".0"])
async def test_n02_header_without_version(authority: Authority, version: str | None) -> None:
    async def old(peer: Peer) -> None:
        await peer.expect(STREAM_OPEN)
        peer.send(header(version=version), features(STARTTLS))

    async with FakeServer(old) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        assert only_the_header(server)


@pytest.mark.parametrize("stanza", [MESSAGE, PUSH, "<presence from='a@b'/>", "<success/>"])
async def test_n03_stanza_before_tls(authority: Authority, stanza: str) -> None:
    async def early(peer: Peer) -> None:
        await peer.expect(STREAM_OPEN)
        peer.send(header(), stanza, features(STARTTLS))

    async with FakeServer(early) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        assert only_the_header(server)


@pytest.mark.parametrize("glued", [MESSAGE, PUSH, features(mechanisms("PLAIN")), " ", "<", "x"])
async def test_n03_glued_behind_proceed(authority: Authority, good: ssl.SSLContext, glued: str) -> None:
    async def glue(peer: Peer) -> None:
        await peer.open_stream(STARTTLS)
        await peer.expect(r"<starttls[^>]*/>")
        peer.send(PROCEED, glued)
        await peer.flush()
        await peer.start_tls(good)
        await peer.open_stream(mechanisms("SCRAM-SHA-256"))

    async with FakeServer(glue) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        assert b"<auth" not in server.heard


@pytest.mark.parametrize("stanza", [MESSAGE, PUSH])
async def test_n03_stanza_before_authentication(
    authority: Authority, good: ssl.SSLContext, stanza: str
) -> None:
    async def early(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.expect(STREAM_OPEN)
        peer.send(header(), stanza, features(mechanisms("SCRAM-SHA-256")))

    async with FakeServer(early) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        assert b"<auth" not in server.heard


async def test_n03_stanza_before_binding(authority: Authority, good: ssl.SSLContext) -> None:
    async def early(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms("SCRAM-SHA-256"))
        await ScramServer("SCRAM-SHA-256").run(peer)
        await peer.expect(STREAM_OPEN)
        peer.send(header(), MESSAGE, features(bind_feature()))

    async with FakeServer(early) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until(Connection.REFUSED)
        assert "message" not in rig.reached


@pytest.mark.parametrize("moment", ["before TLS", "after TLS", "after authentication", "online"])
async def test_n04_see_other_host(authority: Authority, good: ssl.SSLContext, moment: str) -> None:
    async with FakeServer(honest(good)) as elsewhere:
        error = SEE_OTHER_HOST.format(port=elsewhere.port)

        async def redirect(peer: Peer) -> None:
            if moment == "before TLS":
                await peer.expect(STREAM_OPEN)
                peer.send(header(), error)
                return
            await peer.upgrade(good)
            if moment == "after TLS":
                await peer.expect(STREAM_OPEN)
                peer.send(header(), error)
                return
            await peer.open_stream(mechanisms("SCRAM-SHA-256"))
            await ScramServer("SCRAM-SHA-256").run(peer)
            if moment == "online":
                await peer.bind()
                peer.send(error)
                return
            await peer.expect(STREAM_OPEN)
            peer.send(header(), error)

        async with FakeServer(redirect) as server, Rig(server.port, authority.ca_file) as rig:
            change = await rig.until(Connection.REFUSED)
            assert "another host" in change.reason
            assert elsewhere.peers == []
            assert rig.streams[0].account.address.domain == "example.org"


@pytest.mark.parametrize("feature", [STARTTLS, ""])
async def test_n10_resumption_in_clear(authority: Authority, feature: str) -> None:
    offer = "<sm xmlns='urn:xmpp:sm:3'/>"

    async def resume(peer: Peer) -> None:
        await peer.expect(STREAM_OPEN)
        peer.send(header(), features(offer + feature))
        peer.send("<resumed xmlns='urn:xmpp:sm:3' previd='x' h='0'/>")

    async with FakeServer(resume) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        assert b"previd" not in server.heard
        assert "session_resumed" not in rig.reached


async def test_nothing_of_ours_slips_out_before_tls(authority: Authority) -> None:
    async def wait(peer: Peer) -> None:
        await peer.expect(STREAM_OPEN)

    async with FakeServer(wait) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until_true(lambda: b"<stream:stream" in server.heard)
        for stanza in ("<message><body>mine</body></message>", "<auth/>", "<presence/>", " "):
            with pytest.raises(Violation):
                rig.streams[0].send_raw(stanza)
        rig.streams[0].send_message(JID("romeo@example.net"), "mine")
        await rig.connector.stop()
        assert only_the_header(server) or server.heard.endswith(b"</stream:stream>")
        assert b"mine" not in server.heard


async def test_nothing_is_sent_when_the_server_only_listens(authority: Authority) -> None:
    async def mute(peer: Peer) -> None:
        await peer.expect(STREAM_OPEN)
        peer.send(header(), sasl("challenge"))

    async with FakeServer(mute) as server, Rig(server.port, authority.ca_file) as rig:
        await refused(rig, server)
        assert only_the_header(server)
