"""A server's certificate in words, and what changed since the last one."""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING

from tui_xmpp.core.value import value

from ..core.ports import KeyValue
from ..core.text import clean_line

if TYPE_CHECKING:
    from cryptography import x509

_MEMORY = "certificate"
_MAX_NAMES = 4
_MAX_CHARS = 80


@value
class Certificate:
    """The fields a person can judge; all text is cleaned."""

    names: tuple[str, ...]
    """The names it is for."""
    subject: str
    issuer: str
    begins: datetime
    """UTC."""
    ends: datetime
    """UTC."""
    fingerprint: str
    """SHA-256 of the whole certificate: hexadecimal, in pairs with colons."""

    @classmethod
    def parse(cls, der: bytes) -> Certificate | None:
        """Return what is in a DER certificate; None when it cannot be read."""
        from cryptography import x509
        from cryptography.exceptions import UnsupportedAlgorithm

        try:
            read = x509.load_der_x509_certificate(der)
            return cls(
                _names(read),
                _called(read.subject),
                _called(read.issuer),
                read.not_valid_before_utc,
                read.not_valid_after_utc,
                fingerprint(der),
            )
        except (ValueError, TypeError, UnsupportedAlgorithm):
            return None

    def step(self, now: datetime) -> str:
        """Return the line for a sign-in that goes well: who issued it and for how many days it is valid."""
        days = (self.ends - now).days
        return f"certificate from {self.issuer}, valid {days} {'day' if days == 1 else 'days'}"

    def fields(self) -> str:
        """Return everything in it that matters, as one sentence."""
        shown = ", ".join(self.names[:_MAX_NAMES]) or self.subject or "nobody"
        more = len(self.names) - _MAX_NAMES
        if more > 0:
            shown += f" and {more} more"
        return (
            f"It is for {shown}, from {self.issuer}, valid {self.begins:%Y-%m-%d} to {self.ends:%Y-%m-%d}, "
            f"SHA-256 {self.fingerprint}."
        )


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 fingerprint of a DER certificate, in pairs with colons."""
    return hashlib.sha256(der).digest().hex(":").upper()


def compare(facts: KeyValue, domain: str, seen: Certificate) -> str:
    """Remember the certificate that *domain* proved itself with; return what changed, or an empty text."""
    before = _recalled(facts.get(_MEMORY, domain))
    facts.put(_MEMORY, domain, json.dumps({"fingerprint": seen.fingerprint, "issuer": seen.issuer}))
    if before is None or before.get("fingerprint") == seen.fingerprint:
        return ""
    issuer = clean_line(before.get("issuer", ""), _MAX_CHARS)
    if issuer == seen.issuer:
        return "renewed since last time"
    return f"new since last time, then from {issuer}"


def _recalled(kept: str | None) -> dict[str, str] | None:
    with contextlib.suppress(ValueError):
        read = json.loads(kept or "")
        if isinstance(read, dict):
            return {str(key): str(value) for key, value in read.items()}
    return None


def _names(read: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        listed = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = [*listed.get_values_for_type(x509.DNSName)]
    names += [str(address) for address in listed.get_values_for_type(x509.IPAddress)]
    return tuple(clean_line(name, _MAX_CHARS) for name in names)


def _called(name: x509.Name) -> str:
    """Return what people call an issuer: the organisation, else the common name."""
    from cryptography.x509.oid import NameOID

    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for attribute in name.get_attributes_for_oid(kind):
            if attribute.value:
                text = attribute.value if isinstance(attribute.value, str) else attribute.value.hex()
                return clean_line(text, _MAX_CHARS)
    return "an issuer without a name"
