"""An address with the fingerprints of its devices, as a URI: shown as a code, or handed over as text."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from .address import Address, AddressError
from .value import value

MOST_KEYS = 64
_MOST_CHARS = 8_000
_PARAMETER = "omemo-sid-"
_FINGERPRINT = re.compile("[0-9a-f]{64}")
# XEP-0384 §4.2: "The device id is a randomly generated integer between 1 and 2^31 - 1."
_MOST_ID = (1 << 31) - 1
_INVITE = re.compile(r"https://conversations\.im/i/", re.IGNORECASE)
_XMPP = re.compile(r"xmpp:(?://)?", re.IGNORECASE)


class UriError(ValueError):
    """The text is no such URI; the message is a sentence for the user."""


@value
class OmemoUri:
    """Whose devices, and which key each has as its owner sees it."""

    address: Address
    """Bare."""
    keys: tuple[tuple[int, str], ...]
    """Device ids with 64 hexadecimal digits each (`security.Device.fingerprint`)."""


def written(address: Address, device: int, fingerprint: str) -> str:
    """Return the URI of one device: `xmpp:ava@example.org?omemo-sid-ID=FINGERPRINT` (RFC 5122 §2.2)."""
    local = f"{quote(address.local, safe='')}@" if address.local else ""
    return f"xmpp:{local}{quote(address.domain, safe=':[]')}?{_PARAMETER}{device}={fingerprint}"


def parse(text: str) -> OmemoUri:
    """Return what a URI says; raises UriError. One wrong part makes all of it wrong: it was tampered with."""
    if len(text) > _MOST_CHARS:
        raise UriError("This code is too long.")
    text = text.strip()
    invite, xmpp = _INVITE.match(text), _XMPP.match(text)
    start = invite or xmpp
    if start is None:
        raise UriError("A code begins with xmpp: and names an address.")
    path, _, query = text[start.end() :].partition("?")
    try:
        address = Address.parse(unquote(path, errors="strict")).bare
    except (AddressError, UnicodeDecodeError):
        raise UriError("The code names no valid address.") from None
    if not address.local:
        raise UriError("The code names no valid address.")
    keys: dict[int, str] = {}
    for part in query.split("&" if invite else ";"):
        name, _, digits = part.partition("=")
        if name.casefold().startswith(_PARAMETER):
            id = _device_id(name[len(_PARAMETER) :])
            if id in keys or len(keys) == MOST_KEYS:
                raise UriError("The code names a device twice, or too many.")
            keys[id] = _fingerprint(digits)
    if not keys:
        raise UriError("There is no fingerprint in this code.")
    return OmemoUri(address, tuple(keys.items()))


def _device_id(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and 0 < int(text) <= _MOST_ID):
        raise UriError("The code names a device by something that is no number of a device.")
    return int(text)


def _fingerprint(text: str) -> str:
    found = text.lower() if text.isascii() else ""
    if not _FINGERPRINT.fullmatch(found):
        raise UriError("A fingerprint in this code has not 64 hexadecimal digits.")
    return found
