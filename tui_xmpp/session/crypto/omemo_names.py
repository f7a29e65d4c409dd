"""OMEMO's namespaces, for those who only look whether a message is sealed: the library is slow to import."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from .. import convert

OLD = "eu.siacs.conversations.axolotl"
"""Version 0.3, which every program speaks."""
NEW = "urn:xmpp:omemo:2"
"""XEP-0384 0.8."""
LISTS = {OLD: f"{OLD}.devicelist", NEW: f"{NEW}:devices"}
"""The node of the list of devices."""


def encrypted_in(stanza: ET.Element) -> tuple[str, ET.Element] | None:
    """The sealed element of a message and its namespace, the newer version first; None: there is none."""
    for namespace in (NEW, OLD):
        found = convert.child(stanza, namespace, "encrypted")
        if found is not None:
            return namespace, found
    return None
