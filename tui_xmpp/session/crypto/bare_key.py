"""A secret key without its passphrase, made in a home of gpg that lives in memory for a moment.

gpg gives a key out under the passphrase that it has; the backup has to hold it without one (XEP-0373 §5.4),
for it is sealed as a whole.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from .gpg_status import GpgFailed

_SECONDS = 20.0
_MOST_PROMPTS = 20
_LONGEST = 60
"""Characters of the folder: the path of the agent's socket in it must stay under 108 bytes."""


def without_passphrase(binary: str, data: bytes, fingerprint: str, passphrase: str) -> bytes:
    """The secret key in *data*; empty where the passphrase is not right. Blocks; raises `GpgFailed`."""
    folders = (os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm")
    folder = next((one for one in folders if 0 < len(one) <= _LONGEST and Path(one).is_dir()), None)
    if folder is None:
        raise GpgFailed("There is no place in memory for the key: XDG_RUNTIME_DIR is not set.")
    with tempfile.TemporaryDirectory(prefix="k-", dir=folder) as home:
        try:
            _gpg(binary, home, "--batch", "--import", data=data)
            # The passphrase, then the new one, which is empty; both never in argv.
            answers = f"{passphrase}\n".encode() + b"\n" * _MOST_PROMPTS
            loopback = ("--command-fd", "0", "--status-fd", "2", "--pinentry-mode", "loopback")
            _gpg(binary, home, *loopback, "--passwd", fingerprint, data=answers)
            return _gpg(
                binary, home, "--batch", "--pinentry-mode", "error", "--export-secret-keys", fingerprint
            )
        finally:
            conf = str(Path(binary).with_name("gpgconf")) if os.sep in binary else "gpgconf"
            _run([conf, "--homedir", home, "--kill", "all"])


def _gpg(binary: str, home: str, *arguments: str, data: bytes = b"") -> bytes:
    return _run([binary, "--homedir", home, "--no-tty", "--quiet", *arguments], data)


def _run(command: list[str], data: bytes = b"") -> bytes:
    try:
        done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise GpgFailed("gpg did not answer in time.") from None
    return done.stdout
