"""What a message says of a file: stateless file sharing (XEP-0447, XEP-0446) and its address (XEP-0066)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..core.address import Address
from ..core.attachment import SPACE, Attachment, attachment_in, fact_key, packed, unpacked
from ..core.ports import KeyValue
from . import convert

SHARING = "urn:xmpp:sfs:0"
OOB = "jabber:x:oob"
_METADATA = "urn:xmpp:file:metadata:0"
_HASHES = "urn:xmpp:hashes:2"
_URL_DATA = "http://jabber.org/protocol/url-data"
_MOST_NAME, _MOST_DIGITS, _MOST_HASHES = 1000, 15, 8


def write(attachment: Attachment, stanza: ET.Element) -> None:
    """Add to a message in clear what it is about; of a sealed file only the body may speak."""
    if attachment.is_sealed:
        return
    sharing = convert.add(stanza, SHARING, "file-sharing", disposition="attachment")
    file = convert.add(sharing, _METADATA, "file")
    if attachment.media_type:
        convert.add(file, _METADATA, "media-type", attachment.media_type)
    if attachment.name:
        convert.add(file, _METADATA, "name", attachment.name)
    if attachment.size is not None:
        convert.add(file, _METADATA, "size", str(attachment.size))
    for algorithm, digest in attachment.hashes:
        convert.add(file, _HASHES, "hash", digest, algo=algorithm)
    sources = convert.add(sharing, SHARING, "sources")
    convert.add(sources, _URL_DATA, "url-data", target=attachment.url)
    # XEP-0447 §3.1: "adding a XEP-0066 x-oob reference is RECOMMENDED for compatibility".
    convert.add(convert.add(stanza, OOB, "x"), OOB, "url", attachment.url)


def read(stanza: ET.Element) -> Attachment | None:
    """Return the file that a message says it is about; None: none that can be had by HTTPS."""
    sharing = convert.child(stanza, SHARING, "file-sharing")
    if sharing is None:
        oob = convert.child(stanza, OOB, "x")
        return None if oob is None else _in_clear(convert.text_of(oob, "url", OOB))
    sources = convert.child(sharing, SHARING, "sources")
    urls = [] if sources is None else convert.children(sources, _URL_DATA, "url-data")
    found = next((one for it in urls if (one := _in_clear(it.get("target", ""))) is not None), None)
    file = convert.child(sharing, _METADATA, "file")
    if found is None or file is None:
        return found
    size = convert.text_of(file, "size", _METADATA).strip()
    hashes = [
        (one.get("algo", ""), (one.text or "").strip()) for one in convert.children(file, _HASHES, "hash")
    ]
    return Attachment(
        found.url,
        convert.text_of(file, "name", _METADATA)[:_MOST_NAME] or found.name,
        int(size) if size.isascii() and size.isdecimal() and len(size) <= _MOST_DIGITS else None,
        convert.text_of(file, "media-type", _METADATA)[:_MOST_NAME],
        tuple(hashes[:_MOST_HASHES]),
    )


class Known:
    """What senders have said of files, beside the messages that are their addresses."""

    def __init__(self, facts: KeyValue, account: Address) -> None:
        self._facts = facts
        self._account = account

    def put(self, row: int, attachment: Attachment) -> None:
        """Keep what was said with the message of this row."""
        self._facts.put(SPACE, fact_key(self._account, row), packed(attachment))

    def get(self, row: int) -> Attachment | None:
        """Return it; None: nothing was said."""
        return unpacked(self._facts.get(SPACE, fact_key(self._account, row)) or "")


def _in_clear(url: str) -> Attachment | None:
    found = attachment_in(url)
    return None if found is None or found.is_sealed else found
