"""Files are sealed as XEP-0454 says, and opened only as a whole."""

from __future__ import annotations

import io

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tui_xmpp.session.aesgcm import FileKey, Tampered, fresh, read_fragment, seal, unseal

CONTENT = bytes(range(256)) * 1000


def sealed(key: FileKey, content: bytes = CONTENT) -> bytes:
    target = io.BytesIO()
    seal(io.BytesIO(content), len(content), target, key)
    return target.getvalue()


def opened(data: bytes, key: FileKey) -> tuple[bytes, bool]:
    """What was written, and whether it was taken for whole."""
    written: list[bytes] = []
    try:
        unseal(io.BytesIO(data), len(data), key, written.append)
    except Tampered:
        return b"".join(written), False
    return b"".join(written), True


def test_others_can_open_it_and_the_tag_is_at_its_end() -> None:
    key = fresh()
    assert AESGCM(key.key).decrypt(key.iv, sealed(key), None) == CONTENT
    assert len(sealed(key)) == len(CONTENT) + 16


def test_what_others_sealed_is_opened_with_a_long_iv_too() -> None:
    for length in (12, 16):
        key = FileKey(b"k" * 32, b"i" * length)
        assert opened(AESGCM(key.key).encrypt(key.iv, CONTENT, None), key) == (CONTENT, True)
        assert read_fragment(key.fragment) == key


def test_each_file_has_a_key_of_its_own() -> None:
    one, other = fresh(), fresh()
    assert one.key != other.key and one.iv != other.iv and len(one.iv) == 12
    assert one.key.hex() not in repr(one)


def test_a_file_that_shrinks_is_not_sealed() -> None:
    with pytest.raises(EOFError):
        seal(io.BytesIO(b"short"), 10, io.BytesIO(), fresh())


@pytest.mark.parametrize("at", [0, 100_000, -17, -16, -1])
def test_nothing_of_a_changed_file_is_written(at: int) -> None:
    key = fresh()
    data = bytearray(sealed(key))
    data[at] ^= 1
    assert opened(bytes(data), key) == (b"", False)


@pytest.mark.parametrize("length", [0, 15, 16, 1000, 256_015])
def test_nothing_of_a_file_cut_short_is_written(length: int) -> None:
    key = fresh()
    assert opened(sealed(key)[:length], key) == (b"", False)


@pytest.mark.parametrize("text", ["", "00", "g" * 88, "0" * 87, "0" * 89, "0" * 128, "٠" * 88, " " * 88])
def test_a_bad_fragment_is_no_key(text: str) -> None:
    with pytest.raises(ValueError):
        read_fragment(text)
