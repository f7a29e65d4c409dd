"""Proving who we are, and letting the server prove that it knows us (RFC 6120 §6, RFC 5802).

Guard G2, for promise 1: no weaker mechanism than before, no password in clear, no server without its proof,
and no work without a limit (CWE-757 downgrade, CWE-304 missing step, CWE-330 nonces, CWE-400 iterations).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Protocol

from slixmpp.util.sasl.client import saslprep

from tui_xmpp.core.value import value

from ..core.ports import KeyValue
from .failure import Refused, Violation, Weaker, WrongPassword

MIN_ITERATIONS = 4096
MAX_ITERATIONS = 10_000_000
END_POINT = "tls-server-end-point"
PLAIN = "PLAIN"

_MEMORY = "sasl"
_HASHES = {"SCRAM-SHA-512": "sha512", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}
PLUS = "-PLUS"
_STRENGTH = {
    name: rank
    for rank, name in enumerate(
        (
            PLAIN,
            "SCRAM-SHA-1",
            "SCRAM-SHA-1-PLUS",
            "SCRAM-SHA-256",
            "SCRAM-SHA-256-PLUS",
            "SCRAM-SHA-512",
            "SCRAM-SHA-512-PLUS",
        )
    )
}
_MIN_SERVER_NONCE = 8


@value
class Offer:
    """What the server announced about signing in."""

    mechanisms: tuple[str, ...]
    binding_types: tuple[str, ...] | None = None
    """Channel binding types (XEP-0440); None: it did not say."""


class Mechanism(Protocol):
    """One exchange, whatever carries it."""

    @property
    def name(self) -> str:
        """As the server offers it."""

    def first(self) -> bytes:
        """Return our first message."""

    async def respond(self, challenge: bytes) -> bytes:
        """Return the answer to the server's challenge; raises Violation."""

    def verify(self, final: bytes | None) -> None:
        """Check what came with success, None: nothing; raises Violation unless it proves the server."""


def choose(offer: Offer, *, remembered: str, allow_plain: bool, accept_weaker: str, can_bind: bool) -> str:
    """Return the mechanism to use.

    *remembered* is the best one seen before, *accept_weaker* one the user has agreed to; *can_bind* says that
    the certificate's hash for tls-server-end-point (RFC 5929 §4) is at hand. Raises Weaker, Refused.
    """
    binds = can_bind and END_POINT in (offer.binding_types or ())
    usable = [
        name
        for name in offer.mechanisms
        if name in _STRENGTH and (binds or not name.endswith(PLUS)) and (allow_plain or name != PLAIN)
    ]
    best = max(usable, key=_STRENGTH.__getitem__, default="")
    scram_before = remembered in _STRENGTH and remembered != PLAIN
    if best in ("", PLAIN) and scram_before:
        # XEP-0474 §6: "MUST NOT fall back to PLAIN in future authentications if that pinning is present".
        raise Weaker(
            "The server offers no safe way to sign in any more, but did before. Your password was not used. "
            "Somebody may be in between: try another network, or ask the server's operator.",
            "",
        )
    if not best:
        raise Refused(_NO_WAY_BUT_PLAIN if PLAIN in offer.mechanisms else _NO_WAY)
    if scram_before and _STRENGTH[best] < _STRENGTH[remembered] and best != accept_weaker:
        raise Weaker(
            f"The server offered {remembered} before and now only {best}. Your password was not used. "
            "Somebody may be in between. Connect again only if the server's operator says that it is right.",
            best,
        )
    return best


def remember(facts: KeyValue, address: str, mechanism: str) -> None:
    """Keep the mechanism that signed *address* in as the least to expect from now on."""
    facts.put(_MEMORY, address, mechanism)


def remembered(facts: KeyValue, address: str) -> str:
    """Return the least to expect for *address*; empty: nothing is known."""
    return facts.get(_MEMORY, address) or ""


class Plain:
    """The password itself (RFC 4616): only inside verified TLS, for the certificate is all the proof."""

    name = PLAIN

    def __init__(self, user: str, password: str) -> None:
        self._message = f"\0{_prepared(user, 'user name')}\0{_prepared(password, 'password')}".encode()

    def first(self) -> bytes:
        """As `Mechanism.first`: the only message (RFC 4616 §2)."""
        return self._message

    async def respond(self, challenge: bytes) -> bytes:
        """As `Mechanism.respond`: there is nothing to ask."""
        raise Violation("The server skipped a step while signing in. The link was cut.")

    def verify(self, final: bytes | None) -> None:
        """As `Mechanism.verify`: there is no proof in it."""


class Scram:
    """One exchange of SCRAM (RFC 5802); `verified` is set once the server has proved that it knows us.

    *end_point* is the channel binding data for tls-server-end-point; None with a mechanism that has no -PLUS.
    """

    def __init__(
        self,
        mechanism: str,
        user: str,
        password: str,
        *,
        offer: Offer | None = None,
        end_point: bytes | None = None,
        nonce: Callable[[], str] = lambda: secrets.token_urlsafe(24),
    ) -> None:
        self.name = mechanism
        self.verified = False
        self.offer = offer
        """What the server announced, to be known before it is answered; None: it cannot be compared."""
        self._hash = _HASHES[mechanism.removesuffix(PLUS)]
        self._password = _prepared(password, "password").encode()
        self._nonce = nonce()
        # RFC 5802 §6: "n" when the client supports no channel binding of the server's.
        binds = mechanism.endswith(PLUS)
        self._header = f"p={END_POINT},," if binds else "n,,"
        self._binding = self._header.encode() + (end_point or b"" if binds else b"")
        name = _prepared(user, "user name").replace("=", "=3D").replace(",", "=2C")
        self._first_bare = f"n={name},r={self._nonce}"
        self._server_signature = b""

    def first(self) -> bytes:
        """Return the client-first-message."""
        return (self._header + self._first_bare).encode()

    async def respond(self, challenge: bytes) -> bytes:
        """Return the client-final-message for a server-first-message; raises Violation.

        The password is stretched in a thread, so that a large iteration count holds up nobody.
        """
        fields = _fields(challenge)
        nonce, salt, count = fields.get("r", ""), _decoded(fields.get("s", "")), fields.get("i", "")
        # RFC 5802 §5.1: "m=" is reserved, "its presence MUST cause authentication failure".
        if "m" in fields or not salt or not (count.isascii() and count.isdigit() and len(count) <= 8):
            raise Violation(_BROKEN)
        # RFC 5802 §5.1: the client MUST verify that its nonce is the beginning of the one used from now on.
        if not nonce.startswith(self._nonce) or len(nonce) - len(self._nonce) < _MIN_SERVER_NONCE:
            raise Violation("The server did not add to our random number. The password was not used.")
        iterations = int(count)
        if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
            raise Violation(
                f"The server asked for {iterations} rounds of work on the password; "
                f"{MIN_ITERATIONS} to {MAX_ITERATIONS} are safe. The password was not used."
            )
        if "h" in fields:
            self._check_offer(fields["h"])
        salted = await asyncio.get_running_loop().run_in_executor(
            None, hashlib.pbkdf2_hmac, self._hash, self._password, salt, iterations
        )
        return self._final(salted, challenge.decode(), nonce)

    def verify(self, final: bytes | None) -> None:
        """Check the server-final-message; raises Violation unless the server proved that it knows us."""
        if self.verified and final is None:
            return
        if final is None or not self._server_signature:
            raise Violation("The server claimed success without proof. The link was cut.")
        signature = _decoded(_fields(final).get("v", ""))
        if not hmac.compare_digest(signature, self._server_signature):
            raise Violation("The server could not prove that it knows your account. The link was cut.")
        self.verified = True

    def _final(self, salted: bytes, challenge: str, nonce: str) -> bytes:
        client_key = self._hmac(salted, b"Client Key")
        bare = f"c={base64.b64encode(self._binding).decode()},r={nonce}"
        signed = f"{self._first_bare},{challenge},{bare}".encode()
        client_signature = self._hmac(hashlib.new(self._hash, client_key).digest(), signed)
        proof = bytes(a ^ b for a, b in zip(client_key, client_signature, strict=True))
        self._server_signature = self._hmac(self._hmac(salted, b"Server Key"), signed)
        return f"{bare},p={base64.b64encode(proof).decode()}".encode()

    def _hmac(self, key: bytes, text: bytes) -> bytes:
        return hmac.digest(key, text, self._hash)

    def _check_offer(self, told: str) -> None:
        """Compare what the server says that it offered with what arrived (XEP-0474 §5.2)."""
        if self.offer is None:
            return
        # Version 0.3 of the document joined by commas and a bar; servers of that time still run.
        for between, before_types in (("\x1e", "\x1f"), (",", "|")):
            text = between.join(sorted(self.offer.mechanisms))
            if self.offer.binding_types is not None:
                text += before_types + between.join(sorted(self.offer.binding_types))
            expected = base64.b64encode(hashlib.new(self._hash, text.encode()).digest()).decode()
            if hmac.compare_digest(expected.encode(), told.encode()):
                return
        raise Violation(
            "The ways to sign in were changed on their way from the server. The password was not used."
        )


def end_point(certificate: bytes) -> bytes | None:
    """Return the tls-server-end-point data of a DER certificate; None: not defined (RFC 5929 §4.1)."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        signed_with = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return None
    if signed_with is None:
        return None
    # "if the hash function is MD5 or SHA-1, then use SHA-256"
    name = "sha256" if signed_with.name in ("md5", "sha1") else signed_with.name
    try:
        return hashlib.new(name.replace("sha3-", "sha3_"), certificate).digest()
    except ValueError:
        return None


def _fields(message: bytes) -> dict[str, str]:
    try:
        text = message.decode()
    except UnicodeDecodeError:
        raise Violation(_BROKEN) from None
    fields: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if len(name) != 1 or not equals or name in fields:
            raise Violation(_BROKEN)
        fields[name] = value
    return fields


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Violation(_BROKEN) from None


def _prepared(text: str, what: str) -> str:
    try:
        return str(saslprep(text))
    except (ValueError, UnicodeError):
        raise WrongPassword(f"The {what} has a character in it that cannot be used.") from None


_BROKEN = "The server's answer while signing in makes no sense. The password was not used."
_NO_WAY = "The server offers no way to sign in that is safe. Ask its operator for SCRAM."
_NO_WAY_BUT_PLAIN = (
    "The server wants the password itself. "
    "If you trust it with that, set allow_plain = true for this account."
)
