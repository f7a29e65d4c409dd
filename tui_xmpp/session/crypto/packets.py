"""OpenPGP packets by their headers alone (RFC 4880 §4.2): what is offered is known before gpg sees any of it.

gpg opens whatever it is given: a text that is not sealed at all, or one under a passphrase that it would ask
the user for.
"""

from __future__ import annotations

from tui_xmpp.core.value import value

_SEALED_FOR_KEY, _SEALED_FOR_PASSPHRASE = 1, 3
_SIGNATURE, _ONE_PASS, _COMPRESSED, _LITERAL = 2, 4, 8, 11
_SECRET, _PUBLIC, _SECRET_SUBKEY = 5, 6, 7
_SEALED = 18
"""With a modification detection code (RFC 4880 §5.13); those without (9) are refused."""
_SEALED_AEAD = 20
"""As GnuPG 2.3 writes it."""
_MOST_RECIPIENTS = 50
_RSA, _ELGAMAL, _DSA, _ECDH, _ECDSA, _EDDSA = (1, 2, 3), (16, 20), (17,), (18,), (19,), (22,)


@value
class Packet:
    """One packet."""

    tag: int
    body: bytes


def packets(data: bytes) -> tuple[Packet, ...]:
    """The packets of a message or key; raises ValueError where it is none (RFC 4880 §4.2)."""
    found = []
    at = 0
    while at < len(data):
        packet, at = _packet(data, at)
        found.append(packet)
    return tuple(found)


def _packet(data: bytes, at: int) -> tuple[Packet, int]:
    first = data[at]
    at += 1
    if not first & 0x80:
        raise ValueError("there is no packet")
    if first & 0x40:
        return _new(data, first & 0x3F, at)
    kind = first & 3
    if kind == 3:
        # RFC 4880 §4.2.1: of indeterminate length, to the end.
        return Packet(first >> 2 & 15, data[at:]), len(data)
    width = 1 << kind
    length = int.from_bytes(_taken(data, at, width))
    at += width
    return Packet(first >> 2 & 15, _taken(data, at, length)), at + length


def _new(data: bytes, tag: int, at: int) -> tuple[Packet, int]:
    body = b""
    while True:
        octet = _taken(data, at, 1)[0]
        at += 1
        is_partial = 224 <= octet < 255
        if octet < 192:
            length = octet
        elif octet < 224:
            length = (octet - 192 << 8) + _taken(data, at, 1)[0] + 192
            at += 1
        elif is_partial:
            length = 1 << (octet & 31)
        else:
            length = int.from_bytes(_taken(data, at, 4))
            at += 4
        body += _taken(data, at, length)
        at += length
        if not is_partial:
            return Packet(tag, body), at


def _taken(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise ValueError("a packet is cut short")
    return data[at : at + length]


def is_sealed(data: bytes) -> bool:
    """Whether it is a message sealed for keys, guarded against changes, and nothing else (case G-02)."""
    try:
        found = packets(data)
    except ValueError:
        return False
    keys, rest = found[:-1], found[-1:]
    return (
        0 < len(keys) <= _MOST_RECIPIENTS
        and all(one.tag == _SEALED_FOR_KEY and one.body[:1] == b"\3" for one in keys)
        and all(one.tag in (_SEALED, _SEALED_AEAD) for one in rest)
    )


def is_signed(data: bytes) -> bool:
    """Whether it is a message under one signature, for all to read, and nothing else (RFC 4880 §11.3).

    What is in a compressed packet its header does not tell: gpg says it (`gpg_status.signed_only`).
    """
    try:
        found = [one.tag for one in packets(data)]
    except ValueError:
        return False
    return found in ([_COMPRESSED], [_ONE_PASS, _LITERAL, _SIGNATURE], [_SIGNATURE, _LITERAL])


def is_signature(data: bytes) -> bool:
    """Whether it is one signature alone, of a text that is elsewhere (RFC 4880 §11.4)."""
    try:
        return [one.tag for one in packets(data)] == [_SIGNATURE]
    except ValueError:
        return False


def is_backup(data: bytes) -> bool:
    """Whether it is something sealed under a passphrase (XEP-0373 §5.4), and nothing else."""
    try:
        found = [one.tag for one in packets(data)]
    except ValueError:
        return False
    return found in ([_SEALED_FOR_PASSPHRASE, _SEALED], [_SEALED_FOR_PASSPHRASE, _SEALED_AEAD])


def is_public_key(data: bytes) -> bool:
    """Whether it is one public key of version 4 or later (XEP-0373 §6.1), and nothing secret."""
    try:
        found = packets(data)
    except ValueError:
        return False
    primary = [one for one in found if one.tag == _PUBLIC]
    is_secret = any(one.tag in (_SECRET, _SECRET_SUBKEY) for one in found)
    return len(primary) == 1 and found[0] is primary[0] and primary[0].body[:1] >= b"\4" and not is_secret


def is_secret_key(data: bytes) -> bool:
    """Whether it begins with a secret key."""
    try:
        return packets(data)[0].tag == _SECRET
    except (ValueError, IndexError):
        return False


def is_bare_secret_key(data: bytes) -> bool:
    """Whether all secret keys in it are under no passphrase (XEP-0373 §5.4: "MUST be set to zero")."""
    try:
        secret = [one for one in packets(data) if one.tag in (_SECRET, _SECRET_SUBKEY)]
        return bool(secret) and all(_usage(one.body) == 0 for one in secret)
    except (ValueError, IndexError):
        return False


def _usage(body: bytes) -> int:
    """The octet behind the public part that says how the secret one is protected (RFC 4880 §5.5.3)."""
    if body[0] != 4:
        raise ValueError("a key of another version")
    algorithm, at = body[5], 6
    if algorithm in _ECDH + _ECDSA + _EDDSA:
        at = _after_number(body, at + 1 + body[at])
        if algorithm in _ECDH:
            at += 1 + body[at]
        return body[at]
    counts = {_RSA: 2, _DSA: 4, _ELGAMAL: 3}
    count = next((count for kinds, count in counts.items() if algorithm in kinds), 0)
    if not count:
        raise ValueError("a key of an unknown kind")
    for _ in range(count):
        at = _after_number(body, at)
    return body[at]


def _after_number(body: bytes, at: int) -> int:
    bits = int.from_bytes(_taken(body, at, 2))
    return at + 2 + (bits + 7) // 8
