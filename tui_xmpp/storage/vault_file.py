"""The vault: secrets in one encrypted file of our own, for where there is no keyring.

One line of JSON says how the key is made of the passphrase (Argon2id, RFC 9106), and is authenticated with
the rest; behind it are the secrets as JSON, by ChaCha20-Poly1305 (RFC 8439), under another nonce each
time they are written.
"""

from __future__ import annotations

import json
import os
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_xmpp.core.ports import VaultError, WrongPassphrase
from tui_xmpp.core.value import value

from .whole_file import forget_unfinished, write_whole

SHORTEST = 8
"""Characters a new passphrase has at least."""
_KIND = "tui-xmpp vault"
_VERSION = 1
_LONGEST_HEADER = 1024
_LARGEST = 16 * 1024 * 1024
"""Bytes of a file; more was not written by us."""
_BLOCK = 1024
"""What is encrypted is filled up to a multiple of so many bytes: its length tells little."""
_SALT, _KEY, _NONCE = 16, 32, 12
_MEMORY = range(19 * 1024, 512 * 1024 + 1)
"""KiB that a file may ask for: not less than is safe, and not so much that it would be an attack."""
_PASSES = range(2, 17)
_LANES = range(1, 17)


@value
class Cost:
    """What one try of a passphrase takes; RFC 9106 §4, the second recommended option."""

    memory: int = 64 * 1024
    """KiB."""
    passes: int = 3
    lanes: int = 4


@value
class _Header:
    cost: Cost
    salt: bytes


class VaultFile:
    """The file, closed: it says whether it is there, and opens for its passphrase."""

    def __init__(self, path: Path, cost: Cost = Cost()) -> None:  # noqa: B008
        """Use the file at *path*, which need not exist; *cost*: of one made from now on."""
        self.path = path
        self._cost = cost

    @property
    def exists(self) -> bool:
        """Whether there is a file, or a link, at its place."""
        return os.path.lexists(self.path)

    def tidy(self) -> None:
        """Remove what a killed program left. The caller holds the instance lock. Raises `VaultError`."""
        try:
            forget_unfinished(self.path)
        except OSError as error:
            raise VaultError(f"{error.filename}: {(error.strerror or '').lower()}. Remove it.") from error

    def create(self, passphrase: str) -> OpenVault:
        """Make an empty vault; takes a while.

        Raises `VaultError` when there is one already, or it cannot be written.
        """
        if self.exists:
            raise VaultError(f"There is a vault already: {self.path}. Move it away to make another.")
        made = OpenVault(self.path, *_sealed_with(passphrase, self._cost), {})
        made.save()
        return made

    def open(self, passphrase: str) -> OpenVault:
        """Read it; takes a while, and is best done in a thread.

        Raises `WrongPassphrase`, and `VaultError` when it is not there, not a file, or not one of ours.
        """
        line, rest = _read(self.path)
        header = _parsed(line, self.path)
        key = _key(passphrase, header)
        return OpenVault(self.path, header, key, _opened(key, line, rest))


@dataclass(slots=True)
class OpenVault:
    """The secrets of a vault, open for as long as the program runs."""

    path: Path
    _header: _Header
    _key: bytes = field(repr=False)
    _secrets: dict[str, str] = field(repr=False)

    def get(self, name: str) -> str | None:
        """The secret of that name, or None."""
        return self._secrets.get(name)

    @property
    def names(self) -> list[str]:
        """Of everything in it, in order."""
        return sorted(self._secrets)

    def on_disk(self, name: str) -> str | None:
        """The secret as the file has it now, read anew. Raises `VaultError`."""
        return _opened(self._key, *_read(self.path)).get(name)

    def put(self, name: str, secret: str | None) -> None:
        """Keep a secret, or (None) forget it, and write the file.

        Raises `VaultError` when it cannot be written; file and memory are as before then.
        """
        if self._secrets.get(name) == secret:
            return
        before = dict(self._secrets)
        if secret is None:
            del self._secrets[name]
        else:
            self._secrets[name] = secret
        try:
            self.save()
        except VaultError:
            self._secrets = before
            raise

    def change(self, passphrase: str, cost: Cost | None = None) -> None:
        """Encrypt all of it anew for another passphrase; takes a while. Raises as `put`."""
        before = (self._header, self._key)
        self._header, self._key = _sealed_with(passphrase, cost or self._header.cost)
        try:
            self.save()
        except VaultError:
            self._header, self._key = before
            raise

    def save(self) -> None:
        """Write the file, whole or not at all. Raises `VaultError`."""
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        line, nonce = _written(self._header), os.urandom(_NONCE)
        plain = json.dumps(self._secrets).encode()
        plain += b" " * (-len(plain) % _BLOCK)
        content = line + b"\n" + nonce + ChaCha20Poly1305(self._key).encrypt(nonce, plain, line)
        try:
            if self.path.is_symlink():
                raise VaultError(f"The vault {self.path} is a link. Put the file itself there.")
            write_whole(self.path, content)
        except OSError as error:
            raise VaultError(
                f"The vault {self.path} cannot be written: {(error.strerror or '').lower()}. It is as it was."
            ) from error


def _read(path: Path) -> tuple[bytes, bytes]:
    try:
        # O_NONBLOCK: a named pipe in its place must not hold us up.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise VaultError("There is no vault yet. `tui-xmpp vault create` makes one.") from None
    except OSError as error:
        said = "it is a link" if path.is_symlink() else (error.strerror or "").lower()
        raise VaultError(f"The vault {path} cannot be read: {said}.") from error
    with os.fdopen(file, "rb") as stream:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            raise VaultError(f"{path} is not a vault. Move it away.")
        try:
            content = stream.read(_LARGEST)
        except OSError as error:
            raise VaultError(f"The vault {path} cannot be read: {error.strerror}.") from error
    line, end, rest = content.partition(b"\n")
    if not end or len(line) > _LONGEST_HEADER or len(rest) < _NONCE:
        raise VaultError(_damaged(path))
    return line, rest


def _opened(key: bytes, line: bytes, rest: bytes) -> dict[str, str]:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        plain = ChaCha20Poly1305(key).decrypt(rest[:_NONCE], rest[_NONCE:], line)
    except InvalidTag:
        raise WrongPassphrase("That is not the passphrase of the vault. Try again.") from None
    return {str(name): str(text) for name, text in json.loads(plain).items()}


def unfit(passphrase: str) -> str:
    """Why *passphrase* is none for a new vault, in a sentence; empty: it is fit."""
    if len(passphrase) < SHORTEST:
        return f"A passphrase has {SHORTEST} characters at least; four or five words are good."
    return ""


def _sealed_with(passphrase: str, cost: Cost) -> tuple[_Header, bytes]:
    header = _Header(cost, os.urandom(_SALT))
    return header, _key(passphrase, header)


def _key(passphrase: str, header: _Header) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    # One keyboard writes an accent as one sign, another as two (RFC 8265 §4.2.2: NFC).
    typed = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    cost = header.cost
    return Argon2id(
        salt=header.salt, length=_KEY, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory
    ).derive(typed)


def _written(header: _Header) -> bytes:
    cost = header.cost
    return json.dumps(
        {
            "kind": _KIND,
            "version": _VERSION,
            "kdf": "argon2id",
            "memory": cost.memory,
            "passes": cost.passes,
            "lanes": cost.lanes,
            "salt": header.salt.hex(),
            "cipher": "chacha20-poly1305",
        }
    ).encode()


def _parsed(line: bytes, path: Path) -> _Header:
    try:
        found: dict[str, Any] = json.loads(line)
        if found["kind"] != _KIND:
            raise ValueError
        if type(found["version"]) is int and found["version"] > _VERSION:
            raise VaultError(f"{path} was written by a newer tui-xmpp. Install the newer program again.")
        header = _Header(Cost(found["memory"], found["passes"], found["lanes"]), bytes.fromhex(found["salt"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise VaultError(_damaged(path)) from None
    cost = header.cost
    # Numbers of another file than ours could take all memory, or make a weak key.
    if not (
        all(type(one) is int for one in (cost.memory, cost.passes, cost.lanes))
        and cost.memory in _MEMORY
        and cost.passes in _PASSES
        and cost.lanes in _LANES
        and len(header.salt) == _SALT
        and _written(header) == line
    ):
        raise VaultError(_damaged(path))
    return header


def _damaged(path: Path) -> str:
    return f"The vault {path} is damaged. Put a copy of it back, or move it away and make a new one."
