"""What of OpenPGP is read before and after gpg: packets by their headers, and gpg's status lines."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.target import Target, within
from tui_xmpp.session.crypto import gpg_status
from tui_xmpp.session.crypto.packets import (
    is_backup,
    is_bare_secret_key,
    is_public_key,
    is_sealed,
    is_secret_key,
    packets,
)


def check(data: bytes) -> None:
    if data[:1] == b"s":
        _check_status(data[1:])
    else:
        _check_packets(data[1:])


def _check_packets(data: bytes) -> None:
    with within(1.0):
        try:
            found = packets(data)
        except ValueError:
            found = ()
        kinds = [judge(data) for judge in (is_sealed, is_backup, is_public_key, is_secret_key)]
        bare = is_bare_secret_key(data)
    assert sum(len(one.body) for one in found) <= len(data)
    assert sum(kinds) <= 1, "it is two things at once"
    tags = [one.tag for one in found]
    if kinds[0]:
        assert set(tags) <= {1, 18, 20} and tags[-1] in (18, 20)
    if kinds[1]:
        assert tags in ([3, 18], [3, 20])
    if kinds[2] or kinds[0]:
        assert not {5, 7} & set(tags), "something secret would be given away"
    if bare:
        assert {5, 7} & set(tags)


def _check_status(data: bytes) -> None:
    lines = [
        (keyword, rest)
        for keyword, _, rest in (line.partition(" ") for line in data.decode("utf-8", "replace").splitlines())
    ]
    with within(1.0):
        try:
            found = gpg_status.unsealed(lines, b"text", 0)
        except gpg_status.GpgFailed as refusal:
            assert str(refusal)
            return
    names = [keyword for keyword, _ in lines]
    assert names.count("DECRYPTION_OKAY") == names.count("PLAINTEXT") == 1
    assert names.index("BEGIN_DECRYPTION") < names.index("PLAINTEXT") < names.index("END_DECRYPTION")
    if found.signer:
        assert names.count("GOODSIG") == names.count("VALIDSIG") == 1
        assert not {"BADSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "NO_PUBKEY", "ERRSIG"} & set(names)
    else:
        assert not {"NEWSIG", "GOODSIG", "VALIDSIG"} & set(names)


_SIGNER = "00112233445566778899AABBCCDDEEFF00112233"
_STATUS = f"""ENC_TO 1122334455667788 18 0
BEGIN_DECRYPTION
DECRYPTION_INFO 2 9
PLAINTEXT 62 1770000000 a
NEWSIG
GOODSIG 1122334455667788 a
VALIDSIG {_SIGNER} 2026-01-01 1770000000 0 4 0 22 8 00 {_SIGNER}
DECRYPTION_OKAY
GOODMDC
END_DECRYPTION"""


def _packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, len(body)]) + body


def seeds() -> Iterator[bytes]:
    sealed = _packet(1, b"\3" + bytes(20)) + _packet(18, b"\1" + bytes(40))
    public = (
        _packet(6, b"\4" + bytes(4) + b"\x16\1\0" + bytes(8)) + _packet(13, b"xmpp:a@b") + _packet(2, b"\4")
    )
    secret = _packet(5, b"\4" + bytes(4) + b"\x01\0\x08a\0\x08b\0" + bytes(8))
    for data in (
        sealed,
        public,
        secret,
        _packet(3, b"\4\t\3\x08") + _packet(18, b"\1" + bytes(40)),
        secret + _packet(7, b"\4" + bytes(4) + b"\x12\1a\0\x08b\1c\0"),
        b"\x85\0\3\3ab" + b"\xd2\xe1ab\1c",
        b"\xa3anything",
        b"\xd2\xff\0\0\0\1a",
    ):
        yield b"p" + data
    yield b"s" + _STATUS.encode()
    for word in (
        "BADSIG a",
        "FAILURE decrypt 85",
        "ERROR a 99",
        "INV_RECP 0 a",
        "NO_SECKEY a\nDECRYPTION_FAILED",
    ):
        yield b"s" + f"{_STATUS}\n{word}".encode()


TARGET = Target(
    "pgp",
    check,
    seeds,
    words=tuple(
        name.encode() for name in ("\n", "VALIDSIG ", "PLAINTEXT", "DECRYPTION_INFO 0 9", "END_DECRYPTION")
    ),
)
