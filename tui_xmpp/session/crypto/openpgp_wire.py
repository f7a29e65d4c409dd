"""OpenPGP keys on the wire: the nodes they are published in, and what is refused (XEP-0373 §4, §5)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from datetime import datetime
from xml.etree import ElementTree as ET

from ...core.address import Address
from .. import convert
from ..feature import Context, Failed
from ..pep_nodes import get_items, publish
from .openpgp_names import METADATA, OX, SECRET

MOST_KEYS = 20
"""Keys of one account that are looked at."""
MOST_BYTES = 200_000
"""Of one key."""
_CURRENT = "current"
_GONE = ("item-not-found", "forbidden", "not-authorized", "service-unavailable", "feature-not-implemented")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}")


def is_fingerprint(text: str) -> bool:
    """Whether it is written as in XEP-0373 §4.1: "a hexadecimal string using upper case characters"."""
    return _FINGERPRINT.fullmatch(text) is not None


def read_metadata(items: ET.Element) -> tuple[str, ...] | None:
    """The fingerprints in an `<items/>`; None: it tells only that something has changed."""
    listed = _read_list(items)
    return None if listed is None else tuple(listed)


def _read_list(items: ET.Element) -> dict[str, str] | None:
    """As `read_metadata`, each fingerprint with the date that stands beside it."""
    for space in (convert.PUBSUB_EVENT, convert.PUBSUB):
        for item in convert.children(items, space, "item"):
            found = convert.child(item, OX, "public-keys-list")
            if found is None:
                return None
            listed: dict[str, str] = {}
            for one in convert.children(found, OX, "pubkey-metadata"):
                fingerprint = one.get("v4-fingerprint", "")
                if is_fingerprint(fingerprint) and len(listed) < MOST_KEYS:
                    listed.setdefault(fingerprint, one.get("date", ""))
            return listed
    return None


async def fetch_metadata(context: Context, owner: Address) -> tuple[str, ...]:
    """The fingerprints an account announces, none where it announces nothing; raises `Failed`."""
    return tuple(await _fetch_list(context, owner))


async def _fetch_list(context: Context, owner: Address) -> dict[str, str]:
    try:
        return _read_list(await get_items(context, METADATA, owner)) or {}
    except Failed as failed:
        if failed.condition in _GONE:
            return {}
        raise


async def fetch_key(context: Context, owner: Address, fingerprint: str) -> bytes | None:
    """A public key as its owner's account has it; None: it has none. Raises `Failed`."""
    try:
        items = await get_items(context, f"{METADATA}:{fingerprint}", owner)
    except Failed as failed:
        if failed.condition in _GONE:
            return None
        raise
    # "Only the public keys found in the most recent item MUST be used."
    for item in convert.children(items, convert.PUBSUB, "item"):
        held = convert.child(item, OX, "pubkey")
        return None if held is None else decoded(convert.text_of(held, "data", OX), MOST_BYTES)
    return None


async def publish_key(context: Context, fingerprint: str, data: bytes, at: datetime) -> None:
    """Publish a key of ours, which is announced next (XEP-0373 §4.2: "MUST ensure"); raises `Failed`."""
    key = convert.element(OX, "pubkey")
    convert.add(key, OX, "data", encoded(data))
    await publish(context, f"{METADATA}:{fingerprint}", _written(at), key, access_model="open")


async def announce(context: Context, fingerprint: str, at: datetime, without: Collection[str]) -> None:
    """Name a key of ours that is published, and no more those *without* which we are now; raises `Failed`."""
    named = await _fetch_list(context, context.own)
    listed = {key: date for key, date in named.items() if key not in without}
    listed.setdefault(fingerprint, _written(at))
    made = convert.element(OX, "public-keys-list")
    for key, date in listed.items():
        # XEP-0373 §4.2: an attribute with a dash cannot be a keyword.
        convert.add(made, OX, "pubkey-metadata", date=date or _written(at)).set("v4-fingerprint", key)
    await publish(context, METADATA, _CURRENT, made, access_model="open")


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


async def fetch_secret(context: Context) -> bytes | None:
    """The sealed secret key that our account keeps; None: there is none. Raises `Failed`."""
    try:
        items = await get_items(context, SECRET, context.own)
    except Failed as failed:
        if failed.condition == "item-not-found":
            return None
        raise
    for item in convert.children(items, convert.PUBSUB, "item"):
        return decoded(convert.text_of(item, "secretkey", OX), MOST_BYTES)
    return None


async def publish_secret(context: Context, sealed: bytes) -> None:
    """Keep a sealed secret key in a node that nobody but us may read (XEP-0373 §5.3); raises `Failed`."""
    made = convert.element(OX, "secretkey", encoded(sealed))
    options = {"access_model": "whitelist", "persist_items": "true"}
    await publish(context, SECRET, _CURRENT, made, **options)


def encoded(data: bytes) -> str:
    """Base64 (RFC 4648 §4), without the armor of OpenPGP (XEP-0373 §3.1)."""
    return base64.b64encode(data).decode()


def decoded(text: str, most: int) -> bytes | None:
    """What is in Base64, blanks in it ignored; None: it is none, or more than *most* bytes."""
    text = "".join(text.split())
    if len(text) > most * 4 // 3 + 4:
        return None
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        return None
