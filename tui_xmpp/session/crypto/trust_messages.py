"""Trust messages (XEP-0434) about OMEMO keys, for automatic trust management (XEP-0450): read and written."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ...core.address import Address
from .. import convert
from .omemo_names import NEW

TM = "urn:xmpp:tm:1"
ATM = "urn:xmpp:atm:1"
TAG = f"{{{TM}}}trust-message"
_KEY = 32
"""Bytes of a public identity key (XEP-0384 §7)."""
_MOST = 200
"""Keys that are looked at in one message."""


@value
class Verdict:
    """What is said of a key."""

    owner: Address
    """Bare address."""
    fingerprint: str
    """As `Device.fingerprint`."""
    trusted: bool


def read(content: Iterable[ET.Element]) -> tuple[Verdict, ...]:
    """What is said of OMEMO keys under a seal, in order; what is malformed is left out."""
    found: list[Verdict] = []
    for message in content:
        if message.tag != TAG or (message.get("usage"), message.get("encryption")) != (ATM, NEW):
            continue
        for owner in convert.children(message, TM, "key-owner"):
            address = convert.address_in(owner, "jid")
            if address is not None:
                found += _verdicts(address.bare, owner)
    return tuple(found[:_MOST])


def _verdicts(owner: Address, element: ET.Element) -> Iterable[Verdict]:
    for name in ("trust", "distrust"):
        for one in convert.children(element, TM, name):
            try:
                key = base64.b64decode("".join((one.text or "").split()), validate=True)
            except (binascii.Error, ValueError):
                continue
            if len(key) == _KEY:
                yield Verdict(owner, key.hex(), name == "trust")


def written(verdicts: Iterable[Verdict]) -> ET.Element:
    """The element that says them, each owner once."""
    message = convert.element(TM, "trust-message", usage=ATM, encryption=NEW)
    owners: dict[Address, ET.Element] = {}
    for one in verdicts:
        if one.owner not in owners:
            owners[one.owner] = convert.add(message, TM, "key-owner", jid=str(one.owner))
        key = base64.b64encode(bytes.fromhex(one.fingerprint)).decode("ascii")
        convert.add(owners[one.owner], TM, "trust" if one.trusted else "distrust", key)
    return message
