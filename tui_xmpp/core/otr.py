"""OTR (XEP-0364), which this program does not do: its messages are recognised, and said in words."""

from __future__ import annotations

import re

from .message import Delivery, Message, MessageType

_QUERY = re.compile(r"\?OTR(?:\?|\??v[0-9]*\?)")
_DATA = re.compile(r"\?OTR(?:[:|,]| Error:)")
"""Sealed, in one piece or in several (versions 3 and 2), or what went wrong with it."""
_TAG = re.compile(" \t  \t\t\t\t \t \t \t  (?: \t \t  \t |  \t\t  \t |  \t\t  \t\t)*")
"""Blanks in a readable text that say that its sender could do OTR (XEP-0364 §3)."""
_ASKED = "They ask for OTR encryption, which this program does not do. Alt+e shows whether OMEMO is possible."
_SEALED = (
    "Their program writes in OTR encryption, which cannot be opened here. Ask them to end it;"
    " Alt+e shows whether OMEMO is possible."
)


def explained(message: Message) -> str:
    """Return what a message of OTR means, in a sentence; empty: it is none.

    It has to stand at the very beginning: who quotes it somewhere means its letters.
    """
    if message.delivery is not Delivery.INCOMING or message.type is not MessageType.CHAT:
        return ""
    if _QUERY.match(message.body):
        return _ASKED
    return _SEALED if _DATA.match(message.body) else ""


def without_tag(text: str) -> str:
    """Return a text without the blanks that say that OTR could be done."""
    return _TAG.sub("", text)
