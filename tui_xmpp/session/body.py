"""The text of a message without what stands there only for programs that know less (XEP-0428)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from . import convert

REPLY = "urn:xmpp:reply:0"


def without_quotation(stanza: ET.Element, body: str) -> str:
    """Return a body without the quotation of what it answers (XEP-0461 §3.1); all of it where that is all."""
    for fallback in convert.children(stanza, convert.FALLBACK, "fallback"):
        part = convert.child(fallback, convert.FALLBACK, "body")
        if fallback.get("for") != REPLY or part is None:
            continue
        try:
            # XEP-0428 §3.2: offsets in characters, the end not included.
            start, end = int(part.get("start", "")), int(part.get("end", ""))
        except ValueError:
            continue
        if 0 <= start <= end <= len(body):
            rest = body[:start] + body[end:]
            # Nothing left would hide what was sent; then all of it is shown.
            return rest if rest.strip() else body
    return body
