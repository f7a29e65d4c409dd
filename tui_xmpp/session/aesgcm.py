"""Files sealed by AES-256-GCM, the tag behind the content (XEP-0454 §3); never in memory as a whole."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import BinaryIO

from tui_xmpp.core.value import value

TAG_BYTES = 16
_KEY_BYTES, _IV_BYTES = 32, 12
_BLOCK = 64 * 1024


class Tampered(Exception):
    """The tag does not fit: the file was changed, cut short, or is another one."""


@value
class FileKey:
    """What seals one file; used once."""

    key: bytes
    iv: bytes

    def __repr__(self) -> str:
        return "FileKey()"

    @property
    def fragment(self) -> str:
        """As it stands behind the `#`: "The IV comes first followed by the key" (XEP-0454 §3)."""
        return self.iv.hex() + self.key.hex()


def fresh() -> FileKey:
    """A new key, not to be guessed."""
    return FileKey(secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_IV_BYTES))


def read_fragment(text: str) -> FileKey:
    """Return the key that a fragment holds; raises ValueError.

    The IV has 12 bytes, or 16 as old programs make it.
    """
    if not text.isascii() or len(text) not in (2 * (_KEY_BYTES + _IV_BYTES), 2 * (_KEY_BYTES + 16)):
        raise ValueError("not a key")
    both = bytes.fromhex(text)
    if len(both.hex()) != len(text):
        raise ValueError("not a key")
    return FileKey(both[-_KEY_BYTES:], both[:-_KEY_BYTES])


def seal(source: BinaryIO, size: int, target: BinaryIO, key: FileKey) -> None:
    """Write *size* bytes of *source*, sealed, to *target*; raises OSError, EOFError where there are fewer."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    sealing = Cipher(algorithms.AES(key.key), modes.GCM(key.iv)).encryptor()
    left = size
    while left:
        block = source.read(min(_BLOCK, left))
        if not block:
            raise EOFError
        left -= len(block)
        target.write(sealing.update(block))
    target.write(sealing.finalize() + sealing.tag)


def unseal(source: BinaryIO, size: int, key: FileKey, write: Callable[[bytes], object]) -> None:
    """Give the content of a sealed file of *size* bytes to *write*, once its tag was checked over all of it.

    It is read twice, so that not a byte of what somebody has changed is ever written down. Raises `Tampered`
    before anything is written, OSError.
    """
    length = size - TAG_BYTES
    if length < 0:
        raise Tampered
    source.seek(length)
    tag = source.read(TAG_BYTES)
    _pass(source, length, key, tag, lambda _: None)
    _pass(source, length, key, tag, write)


def _pass(source: BinaryIO, length: int, key: FileKey, tag: bytes, write: Callable[[bytes], object]) -> None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(tag) != TAG_BYTES:
        raise Tampered
    opening = Cipher(algorithms.AES(key.key), modes.GCM(key.iv, tag)).decryptor()
    source.seek(0)
    left = length
    while left:
        block = source.read(min(_BLOCK, left))
        if not block:
            raise Tampered
        left -= len(block)
        write(opening.update(block))
    try:
        opening.finalize()
    except InvalidTag:
        raise Tampered from None
