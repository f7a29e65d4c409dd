"""TLS that proves the server's name, and the words for when it cannot."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
import sys

from ..failure import BadCertificate, Failure, Refused

ALPN = "xmpp-client"

_EXPIRED = 10
_NOT_YET_VALID = 9
_SELF_SIGNED = 18
_UNKNOWN_ISSUER = frozenset({2, 19, 20, 21})
_WRONG_NAME = frozenset({62, 64})
_REVOKED = 23


class Context(ssl.SSLContext):
    """A client's, which takes up the last TLS session with the same name again (RFC 8446 §2.2)."""

    _last: dict[str, ssl.SSLObject]

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """As the library's: asyncio has no way to hand a session over."""
        name = server_hostname if isinstance(server_hostname, str) else ""
        last = self.__dict__.setdefault("_last", {})
        if session is None and name in last:
            session = _session(last[name])
        made = super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        last[name] = made
        return made


def _session(ended: ssl.SSLObject) -> ssl.SSLSession | None:
    try:
        # What is taken up again is not verified again: so nothing of a handshake that was not completed.
        ended.getpeercert(True)
    except ValueError:
        return None
    return ended.session


class Contexts:
    """The contexts of one account: to load the authorities takes longer than a handshake."""

    def __init__(self, ca_file: str = "") -> None:
        self._ca_file = ca_file
        self._made: dict[tuple[bool, bool, bool], ssl.SSLContext] = {}

    def get(self, *, direct: bool, small: bool, bare: bool = False) -> ssl.SSLContext:
        """Return the one for `context` with these; raises BadCertificate."""
        key = (direct, small, bare)
        if key not in self._made:
            self._made[key] = context(self._ca_file, direct=direct, small=small, bare=bare)
        return self._made[key]

    def forget(self) -> None:
        """Read the authorities anew the next time: the user may have changed them."""
        self._made.clear()


def context(ca_file: str = "", *, direct: bool, small: bool = False, bare: bool = False) -> ssl.SSLContext:
    """Return a context that checks the chain and the name; raises BadCertificate for a bad *ca_file*.

    With *ca_file* (PEM) only its authorities are trusted. *direct* announces the protocol (XEP-0368 §3.3).
    *small* offers TLS 1.3 and X25519 only, in half the bytes; what most servers have. *bare* does not look
    like TLS 1.2 (RFC 8446 §D.4), which saves 38 bytes each way and some boxes on the way do not understand.
    """
    # As ssl.create_default_context makes it, which makes none of another class.
    made = Context(ssl.PROTOCOL_TLS_CLIENT)
    if sys.version_info >= (3, 13):
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    try:
        if ca_file:
            made.load_verify_locations(ca_file)
        else:
            made.load_default_certs()
    except (OSError, ssl.SSLError):
        raise BadCertificate(
            f"The file {ca_file} holds no certificates. Correct ca_file for this account."
        ) from None
    made.minimum_version = ssl.TLSVersion.TLSv1_3 if small else ssl.TLSVersion.TLSv1_2
    if small:
        with contextlib.suppress(ValueError, ssl.SSLError):
            made.set_ecdh_curve("X25519")
    if bare:
        made.options &= ~ssl.OP_ENABLE_MIDDLEBOX_COMPAT
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


def asks_for_more(error: ssl.SSLError) -> bool:
    """Whether a handshake failed in a way that an offer of more than the least may mend."""
    reason = error.reason or ""
    return not isinstance(error, ssl.SSLCertVerificationError) and any(
        words in reason
        for words in ("PROTOCOL_VERSION", "HANDSHAKE_FAILURE", "UNSUPPORTED_PROTOCOL", "ILLEGAL_PARAMETER")
    )


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
