"""Entity capabilities: the hash that stands for what we announce (XEP-0115)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from . import convert

NODE = "https://tui-xmpp.org"
CAPS = "http://jabber.org/protocol/caps"
IDENTITY = ("client", "console", "", "tui-xmpp")
"""Category, type, language and name (XEP-0030 §3.1)."""


def verification(features: Iterable[str]) -> str:
    """The verification string of our identity with these features (XEP-0115 §5.1)."""
    text = "/".join(IDENTITY) + "<" + "".join(f"{one}<" for one in sorted(set(features)))
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def element(features: Iterable[str]) -> ET.Element:
    """The `<c/>` to put into presence."""
    return convert.element(CAPS, "c", hash="sha-1", node=NODE, ver=verification(features))


def info(features: Iterable[str], node: str | None = None) -> ET.Element:
    """Our answer to disco#info (XEP-0030 §3.1); it always fits the hash."""
    query = convert.element(convert.DISCO_INFO, "query", node=node)
    category, kind, _, name = IDENTITY
    convert.add(query, convert.DISCO_INFO, "identity", category=category, type=kind, name=name)
    for one in sorted(set(features)):
        convert.add(query, convert.DISCO_INFO, "feature", var=one)
    return query
