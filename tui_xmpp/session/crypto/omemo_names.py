"""OMEMO's namespaces, for those who only look whether a message is sealed: the library is slow to import."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.address import Address
from .. import convert

OLD = "eu.siacs.conversations.axolotl"
"""Version 0.3, which every program speaks."""
NEW = "urn:xmpp:omemo:2"
"""XEP-0384 0.8."""
LISTS = {OLD: f"{OLD}.devicelist", NEW: f"{NEW}:devices"}
"""The node of the list of devices."""


def all_encrypted(stanza: ET.Element) -> list[tuple[str, ET.Element]]:
    """The sealed elements of a message, each with its namespace, the newer version first."""
    both = ((one, convert.child(stanza, one, "encrypted")) for one in (NEW, OLD))
    return [(namespace, element) for namespace, element in both if element is not None]


def encrypted_for(stanza: ET.Element, own: Address, device: int | None) -> tuple[str, ET.Element] | None:
    """The sealed element that a *device* of *own* is to open, and its namespace; None: there is none.

    A message goes to some devices in the one version and to others in the other. Where neither has a key for
    the device it is the newer.
    """
    found = all_encrypted(stanza)
    for namespace, element in found:
        if _has_key(namespace, element, own, str(device)):
            return namespace, element
    return found[0] if found else None


def _has_key(namespace: str, sealed: ET.Element, own: Address, device: str) -> bool:
    header = convert.child(sealed, namespace, "header")
    if header is None:
        return False
    if namespace == OLD:
        holders = [header]
    else:
        holders = [one for one in convert.children(header, NEW, "keys") if one.get("jid") == str(own)]
    return any(key.get("rid") == device for one in holders for key in convert.children(one, namespace, "key"))
