"""A certificate in words, and TCP to the first address that answers."""

from __future__ import annotations

import logging
import socket
import ssl
from datetime import UTC, datetime

import pytest

from tests.fakes.certificates import Authority
from tests.session.link.rig import Facts
from tui_xmpp.session import certificate, wire_log
from tui_xmpp.session.certificate import Certificate
from tui_xmpp.session.failure import BadCertificate
from tui_xmpp.session.transport import tls
from tui_xmpp.session.transport.tcp import open_socket


def der(authority: Authority) -> bytes:
    return ssl.PEM_cert_to_DER_cert(authority.ca_file.read_text())


def test_the_fields_that_matter(authority: Authority) -> None:
    read = Certificate.parse(der(authority))
    assert read is not None
    assert read.issuer == "Test Authority"
    assert read.fingerprint == certificate.fingerprint(der(authority))
    assert len(read.fingerprint) == 95
    assert "from Test Authority, valid 20" in read.fields()
    assert read.step(datetime.now(UTC)).startswith("certificate from Test Authority, valid 89")


def test_garbage_is_no_certificate() -> None:
    assert Certificate.parse(b"garbage") is None


def test_a_hostile_issuer_cannot_write_to_the_terminal(tmp_path_factory: pytest.TempPathFactory) -> None:
    evil = Authority(tmp_path_factory.mktemp("evil"), "\x1b]0;x\x07\u202e" + "A" * 40)
    read = Certificate.parse(der(evil))
    assert read is not None
    assert not any(char in read.fields() for char in "\x1b\x07\u202e")


def test_a_change_is_described(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> None:
    facts = Facts()
    old = Certificate.parse(der(authority))
    new = Certificate.parse(der(Authority(tmp_path_factory.mktemp("new"), "Another")))
    assert old is not None
    assert new is not None
    assert certificate.compare(facts, "example.org", old) == ""
    assert certificate.compare(facts, "example.org", old) == ""
    assert certificate.compare(facts, "example.org", new) == "new since last time, then from Test Authority"
    facts.put("certificate", "example.org", "not json")
    assert certificate.compare(facts, "example.org", new) == ""


def test_a_missing_ca_file_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(BadCertificate, match="ca_file"):
        tls.context("/nonexistent/ca.pem", direct=True)


def test_old_tls_is_off() -> None:
    made = tls.context(direct=True)
    assert made.minimum_version == ssl.TLSVersion.TLSv1_2
    assert made.check_hostname
    assert made.verify_mode is ssl.CERT_REQUIRED


async def test_a_dead_address_does_not_keep_us_from_a_living_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = await open_socket(["::1", "127.0.0.1"], listening.getsockname()[1], timeout=5)
        with made:
            assert made.getpeername()[0] == "127.0.0.1"


async def test_no_address_is_an_error() -> None:
    with pytest.raises(OSError, match="no address"):
        await open_socket([], 5222, timeout=1)


@pytest.mark.parametrize(
    "payload", ["<auth>CANARY</auth>", b"<message><body>CANARY</body></message>", " <iq a='CANARY'/>"]
)
def test_what_is_said_on_the_wire_is_not_logged(
    payload: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("slixmpp.xmlstream.xmlstream")
    wire_log.silence()
    with caplog.at_level(logging.DEBUG):
        logger.debug("SEND: %s", payload)
        logger.debug("SEND: %r", payload)
        try:
            raise ValueError("<message>CANA" + "RY</message>")
        except ValueError:
            logger.exception("Failed: %s", "x")
    assert "CANARY" not in caplog.text
    assert "characters" in caplog.text
