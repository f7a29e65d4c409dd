"""gpg, on the user's own key ring and agent: one call at a time, each in a thread and with an end.

It fetches no key by itself, and asks for no passphrase unless it was lent a terminal.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import gnupg  # type: ignore[import-untyped]

from tui_xmpp.core.value import value

from ..guard import MAX_ENVELOPE
from . import bare_key, packets
from .gpg_status import GpgFailed, Line, Unsealed, detached, refuse_failure, signed_only, unsealed

T = TypeVar("T")

# It would write what is said, and keys, into the log.
logging.getLogger("gnupg").disabled = True

PATIENCE = 20.0
"""Seconds for a call that asks the user nothing."""
MOST_OWN = 50
"""Keys of ours that are listed."""
_ALWAYS = ("--no-encrypt-to", "--skip-hidden-recipients", "--max-output", str(MAX_ENVELOPE))
_WHERE_KNOWN = (
    "--no-auto-key-retrieve",
    "--no-auto-key-locate",
    "--no-auto-key-import",
    "--disable-dirmngr",
)
"""Options that not every version has: nothing is fetched, nor taken from a message, by itself."""
_FAULTS = {"e": "expired", "r": "revoked", "i": "invalid", "d": "disabled"}


@value
class Lent:
    """A terminal in which gpg may ask for a passphrase."""

    terminal: str
    """Its device; empty: none, only a window on the desktop may be opened."""


@value
class RingKey:
    """A key in the ring."""

    fingerprint: str
    names: tuple[str, ...] = ()
    """User ids that are not revoked."""
    fault: str = ""
    created: datetime | None = None
    expires: datetime | None = None


class _Keeping:
    """Keeps every status line, in order; before one of the library's classes among the bases."""

    def __init__(self, gpg: Any) -> None:
        super().__init__(gpg)  # type: ignore[call-arg]
        self.lines: list[Line] = []

    def handle_status(self, key: str, value: str) -> None:
        self.lines.append((key, value))
        super().handle_status(key, value)  # type: ignore[misc]


class _Crypt(_Keeping, gnupg.Crypt):  # type: ignore[misc]
    """Of what is sealed or opened."""


class _Sign(_Keeping, gnupg.Sign):  # type: ignore[misc]
    """Of what is signed."""


class _Verify(_Keeping, gnupg.Verify):  # type: ignore[misc]
    """Of what is verified."""


class _Process(gnupg.GPG):  # type: ignore[misc]
    """Knows the process it waits for, so that it can be ended."""

    running: subprocess.Popen[bytes] | None = None

    def _open_subprocess(self, args: list[str], passphrase: bool = False) -> Any:
        self.running = super()._open_subprocess(args, passphrase)
        return self.running


class Gpg:
    """One key ring. Every method may raise `GpgFailed`."""

    def __init__(self, binary: str = "gpg", home: str = "") -> None:
        """*home* empty: the user's own, as gpg finds it."""
        self._binary = binary or "gpg"
        self._home = home
        self._process: _Process | None = None
        self._fixed: list[str] = []
        self._one = asyncio.Lock()

    async def open(self, sealed: bytes, lent: Lent | None = None) -> Unsealed:
        """Open a message that `packets.is_sealed`; raises `PassphraseNeeded` where nothing is *lent*."""

        def work(gpg: _Process) -> Unsealed:
            result = gpg.decrypt(sealed, always_trust=True)
            opened = unsealed(result.lines, result.data, result.returncode)
            # What the library concludes has to be the same.
            is_same = result.ok and (not opened.signer or result.pubkey_fingerprint == opened.signer)
            if not is_same or bool(result.valid) != bool(opened.signer):
                raise GpgFailed("It does not have one good signature.")
            return opened

        return await self._run(work, lent)

    async def read(self, signed: bytes) -> Unsealed:
        """Read a message that `packets.is_signed`; no secret key, and so no passphrase, has a part in it."""

        def work(gpg: _Process) -> Unsealed:
            result = gpg.decrypt(signed, always_trust=True)
            opened = signed_only(result.lines, result.data, result.returncode)
            # What the library concludes has to be the same.
            if not result.valid or result.pubkey_fingerprint != opened.signer:
                raise GpgFailed("It does not have one good signature.")
            return opened

        return await self._run(work)

    async def seal(
        self,
        text: bytes,
        recipients: tuple[str, ...],
        signer: str = "",
        *,
        armor: bool = False,
        lent: Lent | None = None,
    ) -> bytes:
        """Seal for primary keys by their fingerprints, signed where a *signer* is named."""
        extra = ["--local-user", signer] if signer else []

        def work(gpg: _Process) -> bytes:
            result = gpg.encrypt(
                text, recipients, sign=bool(signer), always_trust=True, armor=armor, extra_args=extra
            )
            refuse_failure(result.lines)
            made = [rest.split()[-1] for key, rest in result.lines if key == "SIG_CREATED"]
            if not result.ok or result.returncode or len(made) != bool(signer):
                raise GpgFailed("gpg could not seal it.")
            return bytes(result.data)

        return await self._run(work, lent)

    async def sign(self, text: bytes, signer: str, lent: Lent | None = None) -> bytes:
        """A signature of a text, apart from it and in armor, by a primary key's fingerprint."""

        def work(gpg: _Process) -> bytes:
            result = gpg.sign(text, detach=True, extra_args=["--local-user", signer])
            refuse_failure(result.lines)
            if result.returncode or [key for key, _ in result.lines].count("SIG_CREATED") != 1:
                raise GpgFailed("gpg could not sign it.")
            return bytes(result.data)

        return await self._run(work, lent)

    async def verify(self, signature: bytes, text: bytes) -> Unsealed:
        """Who has signed a text, by a signature that `packets.is_signature`; its own text is empty."""

        def work(gpg: _Process) -> Unsealed:
            with tempfile.NamedTemporaryFile() as file:
                file.write(signature)
                file.flush()
                result = gpg.verify_data(file.name, text)
            found = detached(result.lines, result.returncode)
            # What the library concludes has to be the same.
            if not result.valid or result.pubkey_fingerprint != found.signer:
                raise GpgFailed("It does not have one good signature.")
            return found

        return await self._run(work)

    async def key(self, fingerprint: str, *, secret: bool = False) -> RingKey | None:
        """A key by the fingerprint of its primary key; None: it is not in the ring."""

        def work(gpg: _Process) -> RingKey | None:
            listed = gpg.list_keys(secret, keys=[fingerprint])
            for found in listed:
                if found["fingerprint"].upper() == fingerprint.upper():
                    return _ring_key(found, listed.uid_map)
            return None

        return await self._run(work)

    async def secret_keys(self) -> tuple[RingKey, ...]:
        """The keys whose secret part is in the ring, at most `MOST_OWN`."""

        def work(gpg: _Process) -> tuple[RingKey, ...]:
            listed = gpg.list_keys(True)
            return tuple(_ring_key(found, listed.uid_map) for found in listed[:MOST_OWN])

        return await self._run(work)

    async def import_public(self, data: bytes, fingerprint: str) -> None:
        """Take one public key, with this fingerprint, into the ring; of its signatures only its own."""
        await self._run(lambda gpg: self._import(gpg, data, fingerprint, "import-clean,import-minimal"))

    async def import_secret(self, data: bytes) -> tuple[str, ...]:
        """Take secret keys into the ring; returns the fingerprints of their primary keys."""

        def work(gpg: _Process) -> tuple[str, ...]:
            found = tuple(one["fingerprint"].upper() for one in gpg.scan_keys_mem(data))
            for fingerprint in found:
                self._import(gpg, data, fingerprint, "")
            return found

        return await self._run(work)

    def _import(self, gpg: _Process, data: bytes, fingerprint: str, options: str) -> None:
        scanned = {one["fingerprint"].upper() for one in gpg.scan_keys_mem(data)}
        if fingerprint.upper() not in scanned or (options and len(scanned) != 1):
            raise GpgFailed("It is another key than was announced.")
        result = gpg.import_keys(data, extra_args=["--import-options", options] if options else [])
        if fingerprint.upper() not in {one.upper() for one in result.fingerprints}:
            raise GpgFailed("gpg did not take the key.")

    async def export(self, fingerprint: str) -> bytes:
        """A public key without the signatures of others (XEP-0373 §7.2)."""

        def work(gpg: _Process) -> bytes:
            data = bytes(gpg.export_keys(fingerprint, armor=False, minimal=True))
            if not data:
                raise GpgFailed("gpg does not have this key.")
            return data

        return await self._run(work)

    async def export_bare(self, fingerprint: str, passphrase: str = "") -> bytes:
        """A secret key under no passphrase any more (XEP-0373 §5.4); *passphrase*: the one it is under.

        It is taken off in a home of its own that is kept in memory, and gone afterwards.
        """

        def work(gpg: _Process) -> bytes:
            gpg.options = [*self._fixed]
            data = bytes(
                gpg.export_keys(
                    fingerprint,
                    secret=True,
                    armor=False,
                    passphrase=passphrase or None,
                    expect_passphrase=False,
                )
            )
            if data and not packets.is_bare_secret_key(data):
                data = bare_key.without_passphrase(self._binary, data, fingerprint, passphrase)
            if not packets.is_bare_secret_key(data):
                raise GpgFailed("gpg does not give the secret key out: is the passphrase right?")
            return data

        return await self._run(work)

    async def seal_under(self, text: bytes, passphrase: str) -> bytes:
        """Seal under a passphrase (XEP-0373 §5.4)."""

        def work(gpg: _Process) -> bytes:
            gpg.options = [*self._fixed]
            result = gpg.encrypt(text, None, symmetric="AES256", passphrase=passphrase, armor=False)
            if not result.ok or result.returncode:
                raise GpgFailed("gpg could not seal it.")
            return bytes(result.data)

        return await self._run(work)

    async def open_under(self, sealed: bytes, passphrase: str) -> bytes:
        """Open what `packets.is_backup`."""

        def work(gpg: _Process) -> bytes:
            gpg.options = [*self._fixed]
            result = gpg.decrypt(sealed, passphrase=passphrase)
            if not result.ok or result.returncode:
                raise GpgFailed("That is not the code, or the backup is damaged.")
            return bytes(result.data)

        return await self._run(work)

    # --- inside -------------------------------------------------------------------------------------------

    async def _run(self, work: Callable[[_Process], T], lent: Lent | None = None) -> T:
        async with self._one:
            # Shielded: a process that waits for its user has the terminal, and the lock, until it ends.
            task = asyncio.ensure_future(asyncio.to_thread(self._work, work, lent))
            try:
                await asyncio.wait({task}, timeout=None if lent else PATIENCE)
                if not task.done():
                    self._end()
                    await asyncio.wait({task})
                    task.exception()
                    raise GpgFailed("gpg did not answer in time.")
                return task.result()
            except asyncio.CancelledError:
                if lent is None:
                    self._end()
                await asyncio.wait({task})
                raise
            except (OSError, ValueError) as error:
                raise GpgFailed(f"gpg does not work here: {error}.") from error

    def _work(self, work: Callable[[_Process], T], lent: Lent | None) -> T:
        if self._process is None:
            self._process = self._made()
        gpg = self._process
        environment = {key: text for key, text in os.environ.items() if key != "GPG_TTY"}
        mode = ["--pinentry-mode", "ask" if lent else "error"]
        if lent and lent.terminal:
            environment["GPG_TTY"] = lent.terminal
            mode += ["--ttyname", lent.terminal]
        gpg.env, gpg.options = environment, [*self._fixed, *mode]
        return work(gpg)

    def _made(self) -> _Process:
        if shutil.which(self._binary) is None:
            raise GpgFailed(f"{self._binary} is not installed.")
        home = str(Path(self._home).expanduser()) if self._home else None
        gpg = _Process(self._binary, gnupghome=home)
        gpg.result_map = {**gpg.result_map, "crypt": _Crypt, "sign": _Sign, "verify": _Verify}
        if gpg.version is None or gpg.version < (2, 1):
            raise GpgFailed("OpenPGP needs GnuPG 2.1 or later.")
        known = subprocess.run(
            [self._binary, "--dump-options"], capture_output=True, check=False, text=True, timeout=PATIENCE
        ).stdout.split()
        self._fixed = [*_ALWAYS, *(one for one in _WHERE_KNOWN if one in known)]
        return gpg

    def _end(self) -> None:
        running = None if self._process is None else self._process.running
        if running is not None and running.poll() is None:
            running.kill()


def _ring_key(found: dict[str, Any], of_names: dict[str, dict[str, str]]) -> RingKey:
    names = [one for one in found["uids"] if of_names.get(one, {}).get("trust", "") not in _FAULTS]
    return RingKey(
        found["fingerprint"].upper(),
        # The library reads all bytes as they come; the names are UTF-8 (RFC 4880 §5.11).
        tuple(one.encode("latin-1", "replace").decode("utf-8", "replace") for one in names),
        _FAULTS.get(found["trust"], ""),
        _time(found.get("date", "")),
        _time(found.get("expires", "")),
    )


def _time(seconds: str) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None
