"""The private servers themselves: they answer, their certificate is checked, nothing of them stays behind."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.ejabberd import EjabberdServer
from tests.server.prosody import ProsodyServer
from tui_xmpp.cli import demo_server
from tui_xmpp.cli.demo_process import ServerFailed, ServerProcess, free_ports

pytestmark = pytest.mark.server

# Neither server offers SASL2 to somebody who does not say who they are.
OPENING = (
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "from='anna@localhost' to='localhost' version='1.0'>"
)


def group_alive(pid: int) -> bool:
    """Return whether any process of the group `pid` is left."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while group_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def direct_tls(server: ChatServer, context: ssl.SSLContext, domain: str) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", server.direct_tls_port), 5)
    try:
        return context.wrap_socket(plain, server_hostname=domain)
    except ssl.SSLError:
        plain.close()
        raise


def features(server: ChatServer) -> bytes:
    """What the server offers before a sign-in."""
    context = ssl.create_default_context(cafile=server.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with direct_tls(server, context, server.domain) as stream:
        stream.sendall(OPENING.encode())
        answer = b""
        while b"</stream:features>" not in answer:
            chunk = stream.recv(4096)
            assert chunk, answer
            answer += chunk
    return answer


def https_page(server: ChatServer, url: str) -> bytes:
    context = ssl.create_default_context(cafile=server.ca_file)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    with opener.open(url, timeout=10) as page:
        return bytes(page.read())


def test_direct_tls_is_verified_against_our_own_authority(server: ChatServer) -> None:
    assert b"SCRAM-SHA-1" in features(server)


def test_the_modern_sign_in_is_offered(server: ChatServer) -> None:
    offered = features(server)
    assert b"<authentication xmlns='urn:xmpp:sasl:2'>" in offered
    inline = offered.partition(b"<inline>")[2]
    for wanted in (b"<bind xmlns='urn:xmpp:bind:0'>", b"<sm xmlns='urn:xmpp:sm:3'/>", b"HT-SHA-256-NONE"):
        assert wanted in inline


def test_websocket_and_bosh_are_announced_where_they_are(server: ChatServer) -> None:
    announced = json.loads(https_page(server, server.host_meta_url + ".json"))["links"]
    urls = {link["rel"].rpartition(":")[2]: link["href"] for link in announced}
    assert urls == {"websocket": server.websocket_url, "xbosh": server.bosh_url}
    assert b"WebSocket" in https_page(server, server.websocket_url.replace("wss:", "https:"))
    assert b"BOSH" in https_page(server, server.bosh_url).upper()


def test_a_server_without_tokens_can_be_had(tmp_path: Path) -> None:
    for old in (ProsodyServer(tmp_path / "p", modern=False), EjabberdServer(tmp_path / "e", modern=False)):
        try:
            old.start()
            assert b"SCRAM-SHA-1" in (offered := features(old))
            assert b"urn:xmpp:fast:0" not in offered
            assert old.kind == "ejabberd" or b"urn:xmpp:sasl:2" not in offered
        finally:
            old.stop()


def test_another_name_or_an_unknown_authority_is_refused(server: ChatServer) -> None:
    # Either the server says that it does not know the name, or we see that the certificate is not for it.
    with pytest.raises(ssl.SSLError, match=r"UNRECOGNIZED_NAME|CERTIFICATE_VERIFY_FAILED"):
        direct_tls(server, ssl.create_default_context(cafile=server.ca_file), "example.org")
    with pytest.raises(ssl.SSLCertVerificationError):
        direct_tls(server, ssl.create_default_context(), server.domain)


@pytest.mark.parametrize("kind", [ProsodyServer, EjabberdServer])
def test_a_stopped_server_leaves_no_process_and_keeps_its_accounts(
    kind: type[ProsodyServer | EjabberdServer],
    tmp_path: Path,
    accounts: Accounts,
    profanity: OpenProfanity,
) -> None:
    server = kind(tmp_path / "server")
    try:
        server.start()
        (anna,) = accounts(server, "anna")
        before = server.pid
        server.restart()
        after = server.pid
        assert before and not group_alive(before)
        assert after and group_alive(after)
        profanity(anna, server)
    finally:
        server.stop()
    assert not group_alive(after)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.c2s_port), 5)


def test_a_server_ends_when_the_program_that_started_it_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from tui_xmpp.cli.demo_server import PrivateProsody\n"
        "server = PrivateProsody(pathlib.Path(sys.argv[1])); server.start()\n"
        "print(server.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(demo_server.__file__).parents[2],
    ) as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert group_alive(pid)
        program.kill()
    assert wait_until_gone(pid)


def test_a_program_that_ends_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    process = ServerProcess(["/bin/sh", "-c", "echo no such option; exit 3"], folder=tmp_path)
    with pytest.raises(ServerFailed, match=r"status 3.*output\.log"):
        process.wait_for_port(free_ports(1)[0], 10)
    assert "no such option" in process.log_file.read_text()


def test_a_program_that_never_answers_is_stopped(tmp_path: Path) -> None:
    process = ServerProcess(["sleep", "1000"], folder=tmp_path)
    with pytest.raises(ServerFailed, match="did not answer"):
        process.wait_for_port(free_ports(1)[0], 0.2)
    assert not group_alive(process.pid)


def test_without_prosody_one_sentence_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(demo_server.ProsodyMissing, match="Install the package prosody"):
        demo_server.PrivateProsody(tmp_path)
