"""A throw-away home of gpg, with an agent of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path


class KeyRing:
    """One home; `close` ends its agent and removes it."""

    def __init__(self) -> None:
        # The path of the agent's socket in it must stay under 108 bytes.
        self.home = Path(tempfile.mkdtemp(prefix="tui-gpg-"))

    def close(self) -> None:
        subprocess.run(
            ["gpgconf", "--homedir", str(self.home), "--kill", "all"],
            check=False,
            capture_output=True,
            timeout=30,
        )
        shutil.rmtree(self.home, ignore_errors=True)

    def gpg(self, *arguments: str, data: bytes = b"", check: bool = True) -> bytes:
        done = subprocess.run(
            ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--trust-model", "always", *arguments],
            input=data,
            capture_output=True,
            check=False,
            timeout=60,
        )
        if check and done.returncode:
            raise AssertionError(done.stderr.decode())
        return done.stdout

    def make(self, name: str, passphrase: str = "", *, expire: str = "never") -> str:
        """A key pair with an encryption subkey; returns the fingerprint."""
        ask = ("--pinentry-mode", "loopback", "--passphrase", passphrase)
        before = set(self.fingerprints())
        self.gpg(*ask, "--yes", "--quick-generate-key", name, "ed25519", "default", expire)
        (fingerprint,) = set(self.fingerprints()) - before
        self.gpg(*ask, "--quick-add-key", fingerprint, "cv25519", "encr", expire)
        return fingerprint

    def fingerprints(self) -> list[str]:
        """Of the primary keys."""
        found, is_primary = [], False
        for line in self.gpg("--with-colons", "--list-keys").decode().splitlines():
            fields = line.split(":")
            if fields[0] in ("pub", "sub"):
                is_primary = fields[0] == "pub"
            if fields[0] == "fpr" and is_primary:
                found.append(fields[9])
        return found

    def public(self, fingerprint: str) -> bytes:
        return self.gpg("--export", fingerprint)

    def take(self, data: bytes) -> None:
        self.gpg("--import", data=data)

    def seal(self, text: bytes, *recipients: str, signer: str = "", more: tuple[str, ...] = ()) -> bytes:
        """Sealed for keys, signed where a signer is given."""
        to = [part for one in recipients for part in ("--recipient", one)]
        sign = ["--sign", "--local-user", signer] if signer else []
        return self.gpg("--encrypt", *to, *sign, *more, data=text)

    def forget_passphrases(self) -> None:
        subprocess.run(
            ["gpgconf", "--homedir", str(self.home), "--reload", "gpg-agent"],
            check=True,
            capture_output=True,
            timeout=30,
        )
