"""What has come of a file so far, kept so that the next try goes on behind it."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import BinaryIO

from ..core.ports import KeyValue
from .feature import Failed

_SPACE = "downloads"


class PartFile:
    """One file in the download directory, open while it is used as a context; raises OSError, `Failed`.

    Only what this program has begun and remembers is gone on with: what somebody else has put there, a link
    or a pipe too, is not touched.
    """

    def __init__(self, directory: Path, of: str, url: str, facts: KeyValue) -> None:
        sign = hashlib.sha256(f"{of}\n{url}".encode()).hexdigest()[:20]
        self.path = directory / f"tui-xmpp-{sign}.part"
        self._key, self._url, self._facts = str(self.path), hashlib.sha256(url.encode()).hexdigest(), facts
        self.tag = ""
        """What the server called the file by then (ETag); empty: it did not say."""
        self.size = 0

    def __enter__(self) -> PartFile:
        known = self._recalled()
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(self.path, flags if known else flags | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            self.tag = ""
            descriptor = os.open(self.path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Failed(f"{self.path} is in the way: it is not ours. Remove it and try again.") from None
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_nlink != 1:
            os.close(descriptor)
            raise Failed(f"{self.path} is in the way: it is not ours. Remove it and try again.")
        self.file: BinaryIO = os.fdopen(descriptor, "r+b", buffering=0)
        self.size = found.st_size
        self.file.seek(0, os.SEEK_END)
        self._remember()
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def begin(self, start: int, tag: str) -> None:
        """The content from *start* on follows, of the file that the server calls so."""
        if start != self.size:
            self.file.truncate(start)
            self.file.seek(start)
            self.size = start
        self.tag = tag
        self._remember()

    def write(self, block: bytes) -> None:
        """Append what came."""
        view = memoryview(block)
        while view:
            count = self.file.write(view)
            self.size += count
            view = view[count:]

    def remove(self) -> None:
        """Nothing of it is wanted any more."""
        self.path.unlink(missing_ok=True)
        self.forget()

    def forget(self) -> None:
        """It is no part any more."""
        self._facts.delete(_SPACE, self._key)

    def _remember(self) -> None:
        self._facts.put(_SPACE, self._key, json.dumps([self._url, self.tag]))

    def _recalled(self) -> bool:
        try:
            url, self.tag = json.loads(self._facts.get(_SPACE, self._key) or "")
        except ValueError:
            return False
        return bool(url == self._url)
