"""TLS that proves the server's name, and the words for when it cannot."""

from __future__ import annotations

import ipaddress
import ssl

from ..failure import BadCertificate, Failure, Refused

ALPN = "xmpp-client"

_EXPIRED = 10
_NOT_YET_VALID = 9
_SELF_SIGNED = 18
_UNKNOWN_ISSUER = frozenset({2, 19, 20, 21})
_WRONG_NAME = frozenset({62, 64})
_REVOKED = 23


def context(ca_file: str = "", *, direct: bool) -> ssl.SSLContext:
    """Return a context that checks the chain and the name; raises Failure when *ca_file* cannot be read.

    With *ca_file* (PEM) only its authorities are trusted. *direct* announces the protocol (XEP-0368 §3.3).
    """
    try:
        made = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError):
        raise BadCertificate(
            f"The file {ca_file} holds no certificates. Correct ca_file for this account."
        ) from None
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # RFC 6125 §6.4.4 lets a client fall back to the common name; RFC 9525 §2 forbids it.
    made.hostname_checks_common_name = False
    if direct:
        made.set_alpn_protocols([ALPN])
    return made


def server_name(domain: str) -> str:
    """Return *domain* as TLS and DNS want it: A-labels (RFC 5890 §2.3.2.1), no brackets around IPv6."""
    try:
        return str(ipaddress.ip_address(domain.strip("[]")))
    except ValueError:
        return ".".join(_a_label(label) for label in domain.split("."))


def failed(error: ssl.SSLError, domain: str) -> Failure:
    """Return what a failed handshake means, as a sentence with the reason and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return BadCertificate(_distrust(error, domain))
    reason = error.reason or ""
    if "VERSION" in reason or reason in ("UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE"):
        if reason == "WRONG_VERSION_NUMBER":
            return Failure("The server does not speak TLS on this port.", "no-tls")
        return Refused(
            "The server's encryption is too old: TLS 1.2 is the least that is safe. Tell its operator.",
            "old-tls",
        )
    if "HANDSHAKE_FAILURE" in reason or "DH_KEY_TOO_SMALL" in reason:
        return Refused("The server's encryption is too weak or too old. Tell its operator.", "old-tls")
    return Failure("The secure link could not be made; the server or the network broke it off.")


def _distrust(error: ssl.SSLCertVerificationError, domain: str) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return f"The certificate of {domain} has expired. Tell the server's operator, and check your clock."
    if code == _NOT_YET_VALID:
        return f"The certificate of {domain} is not valid yet. Check your clock."
    if code in _WRONG_NAME:
        return (
            f"The certificate is not for {domain}. Somebody may be in between, or the server is set up wrong."
        )
    if code == _SELF_SIGNED:
        return (
            f"The certificate of {domain} is signed by itself. If this server is your own, "
            "save its certificate and set ca_file for this account."
        )
    if code in _UNKNOWN_ISSUER:
        return (
            f"Nobody this computer trusts vouches for the certificate of {domain}. If the server has its own "
            "authority, set ca_file for this account."
        )
    if code == _REVOKED:
        return f"The certificate of {domain} was revoked. Do not go on; tell the server's operator."
    return f"The certificate of {domain} cannot be trusted ({error.verify_message})."


def _a_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
