"""Files in a chat: what is known of one, and how far it has been carried."""

from __future__ import annotations

import json
import re
from enum import Enum

from .chat import ChatKey
from .value import value

SEALED_SCHEME = "aesgcm://"
_KEY_DIGITS = (88, 96)
"""Of a key of 32 bytes behind an IV of 12 (XEP-0454 §3), or of 16 as old programs make it."""
_THUMBNAIL = "data:image/jpeg"
_MOST_URL = 4096
_KEY = re.compile(r"(aesgcm://[^\s#]*)#\S*", re.IGNORECASE)
SPACE = "attachments"
"""The space of facts with what senders have said of files."""


@value
class Attachment:
    """A file at an address, as its sender describes it; none of it is to be believed before it is here."""

    url: str
    """`https://`, or `aesgcm://` with the key behind the `#` (XEP-0454 §3)."""
    name: str = ""
    """As its sender calls it; made safe before it names a file."""
    size: int | None = None
    """Bytes; None: nobody said."""
    media_type: str = ""
    hashes: tuple[tuple[str, str], ...] = ()
    """Algorithm and digest in base64, of the readable content (XEP-0300)."""

    @property
    def is_sealed(self) -> bool:
        """Whether it is encrypted and its address holds the key."""
        return self.url.startswith(SEALED_SCHEME)


class TransferState(Enum):
    """How far a transfer has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """`Transfer.reason` says why; it may be begun anew."""
    CANCELLED = "cancelled"


@value
class Transfer:
    """A file on its way."""

    id: str
    chat: ChatKey
    outgoing: bool
    name: str
    """Safe to show."""
    state: TransferState = TransferState.RUNNING
    done: int = 0
    """Bytes carried."""
    total: int | None = None
    """None: not known yet."""
    reason: str = ""
    file: str = ""
    """Where it is on this computer; of a download once it is done."""
    row: int = 0
    """The message it belongs to; of an upload once it is sent."""


def attachment_in(body: str) -> Attachment | None:
    """Return the file that a message consists of; None: it is text.

    As strict as XEP-0454 §5 asks: one address and nothing else, but for a thumbnail behind a sealed one.
    """
    url, newline, rest = body.strip().partition("\n")
    if len(url) > _MOST_URL or any(char.isspace() or not char.isprintable() for char in url):
        return None
    if url.startswith(SEALED_SCHEME):
        if newline and (not rest.startswith(_THUMBNAIL) or "\n" in rest):
            return None
        return Attachment(url, _name_in(url)) if is_secret(url) else None
    return Attachment(url, _name_in(url)) if url.startswith("https://") and not newline else None


def is_secret(url: str) -> bool:
    """Whether an address is a sealed file's, with a key that is one."""
    where, _, key = url.removeprefix(SEALED_SCHEME).partition("#")
    digits = set(key.lower()) <= set("0123456789abcdef")
    return bool(where) and url.startswith(SEALED_SCHEME) and len(key) in _KEY_DIGITS and digits


def without_keys(text: str) -> str:
    """Return a text to be shown: the addresses of sealed files in it are without their keys."""
    return _KEY.sub(r"\1", text) if "#" in text else text


def fact_key(account: object, row: int) -> str:
    """Return the key of the fact about a message of an account."""
    return f"{account} {row}"


def packed(attachment: Attachment) -> str:
    """Return the text of the fact that `unpacked` reads."""
    one = attachment
    return json.dumps([one.url, one.name, one.size, one.media_type, list(one.hashes)])


def unpacked(text: str) -> Attachment | None:
    """Return what was packed; None: the text is nothing of the kind."""
    try:
        url, name, size, media_type, hashes = json.loads(text)
        return Attachment(url, name, size, media_type, tuple((one, digest) for one, digest in hashes))
    except (ValueError, TypeError):
        return None


def _name_in(url: str) -> str:
    from urllib.parse import unquote, urlsplit

    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.rpartition("/")[2], errors="replace")
