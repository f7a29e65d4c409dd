"""Random stanzas, the same for the same seed: of the names this program knows, with values that hurt."""

from __future__ import annotations

import copy
import random
import re
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import tui_xmpp
from tests.attacks.xml.real import REAL

_QUOTED = re.compile(r'"((?:urn:|https?://|jabber:|eu\.siacs)[A-Za-z0-9:._#/~-]+)"')
_WORD = re.compile(r'"([a-z][a-zA-Z0-9_-]{0,24})"')

ADDRESSES = (
    "anna@example.org",
    "anna@example.org/here",
    "anna@example.org/other",
    "bert@example.org",
    "bert@example.org/phone",
    "example.org",
    "garden@rooms.example.org",
    "garden@rooms.example.org/Anna",
    "garden@rooms.example.org/Bert",
    "rooms.example.org",
    "mallory@evil.example/x",
    "bеrt@example.org",
    "@",
    "a@b@c",
    "/",
    "x" * 3000,
    "bert@example.org/" + "é" * 1100,
    "bert\u200d@example.org",
    "",
)
VALUES = (
    "",
    " ",
    "0",
    "1",
    "-1",
    "4294967296",
    "9" * 400,
    "1e308",
    "NaN",
    "٣",
    "true",
    "2026-04-01T00:00:00Z",
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:60-23:59",
    "AAAA",
    "=" * 9,
    "[/]",
    "[@click=app.quit]x[/]",
    "$var",
    "\u202e\u0085\u009b2J",
    "👩‍👩‍👧‍👦" * 9,
    "z" + "\u0301" * 400,
    "\n" * 500,
    "chat",
    "groupchat",
    "error",
    "get",
    "set",
    "result",
    "subscribe",
    "unavailable",
    "xmpp:garden@rooms.example.org?join",
    "aesgcm://evil.example/x#00",
    "https://127.0.0.1/x",
    "?OTRv23?",
    "' OR 1=1 --",
    "current",
)
_TYPES = {
    "message": ("chat", "groupchat", "normal", "headline", "error", ""),
    "presence": ("", "unavailable", "subscribe", "subscribed", "unsubscribed", "probe", "error"),
    "iq": ("get", "set", "result", "error", ""),
}
_WRAPPED = (
    "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded></sent>",
    "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded></received>",
    "<result xmlns='urn:xmpp:mam:2' queryid='q' id='7'><forwarded xmlns='urn:xmpp:forward:0'>"
    "<delay xmlns='urn:xmpp:delay' stamp='2026-04-01T00:00:00Z'/>{}</forwarded></result>",
    "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'>"
    "<item id='garden@rooms.example.org'>{}</item></items></event>",
    "<x xmlns='http://jabber.org/protocol/muc#user'>{}</x>",
)


def _vocabulary() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The namespaces and the words that stand in the program: what it knows is what is sent to it."""
    namespaces: set[str] = set()
    words: set[str] = set()
    for file in sorted((Path(tui_xmpp.__file__).parent / "session").rglob("*.py")):
        text = file.read_text()
        namespaces.update(_QUOTED.findall(text))
        words.update(_WORD.findall(text))
    # Namespaces in XML 1.0 §3: these are bound to their own prefixes, and to nothing else.
    return tuple(sorted(one for one in namespaces if "www.w3.org" not in one)), tuple(
        sorted(one for one in words if not one.startswith("xml"))
    )


NAMESPACES, WORDS = _vocabulary()
_REAL = tuple(ET.fromstring(f"<stream xmlns='jabber:client'>{one}</stream>")[0] for one in REAL)


class Stanzas:
    """An endless row of them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def next(self) -> str:
        """One stanza, well-formed: a real one with parts that are others, or one of chance alone."""
        return self._stanza(0) if self._random.random() < 0.4 else self._hurt(self._random.choice(_REAL))

    def _hurt(self, real: ET.Element) -> str:
        rng, stanza = self._random, copy.deepcopy(real)
        if rng.random() < 0.7:
            stanza.set("id", f"n{rng.randrange(1_000_000)}")
        for _ in range(rng.randint(0, 4)):
            inside = list(stanza.iter())
            one = rng.choice(inside)
            way = rng.randrange(6)
            if way == 0 and one.attrib:
                one.set(rng.choice(sorted(one.attrib)), self._value())
            elif way == 1 and one.attrib:
                del one.attrib[rng.choice(sorted(one.attrib))]
            elif way == 2:
                one.text = self._value()
            elif way == 3 and len(one):
                one.remove(rng.choice(list(one)))
            elif way == 4 and len(inside) < 200:
                one.append(copy.deepcopy(rng.choice(list(rng.choice(_REAL).iter()))))
            elif way == 5:
                one.set("type", rng.choice(VALUES))
        return ET.tostring(stanza, encoding="unicode")

    def _stanza(self, depth: int) -> str:
        rng = self._random
        name = rng.choice(("message", "message", "presence", "iq"))
        attributes = [f" type={quoteattr(rng.choice(_TYPES[name]))}"] if rng.random() < 0.8 else []
        attributes += [
            f" {key}={quoteattr(self._value())}" for key in ("from", "to", "id") if rng.random() < 0.85
        ]
        inside = "".join(self._child(name, depth) for _ in range(rng.randint(0, 4)))
        # Inside another one it has the same namespace: it is a stanza there as well.
        return f"<{name} xmlns='jabber:client'{''.join(attributes)}>{inside}</{name}>"

    def _child(self, parent: str, depth: int) -> str:
        rng = self._random
        if parent == "message" and rng.random() < 0.4:
            word = rng.choice(("body", "body", "subject", "thread"))
            return f"<{word}>{escape(rng.choice(VALUES))}</{word}>"
        if depth < 2 and rng.random() < 0.25:
            return rng.choice(_WRAPPED).format(self._stanza(depth + 1))
        return self._element(0, f" xmlns={quoteattr(rng.choice(NAMESPACES))}")

    def _element(self, depth: int, space: str = "") -> str:
        rng = self._random
        name = rng.choice(WORDS)
        attributes = "".join(
            f" {key}={quoteattr(self._value())}"
            for key in sorted({rng.choice(WORDS) for _ in range(rng.randint(0, 3))})
        )
        more = rng.randint(0, 2) if depth < 4 else 0
        inside = escape(self._value()) if rng.random() < 0.4 else ""
        inside += "".join(self._element(depth + 1, self._other_space()) for _ in range(more))
        return f"<{name}{space}{attributes}>{inside}</{name}>"

    def _other_space(self) -> str:
        rng = self._random
        return f" xmlns={quoteattr(rng.choice(NAMESPACES))}" if rng.random() < 0.3 else ""

    def _value(self) -> str:
        rng = self._random
        return rng.choice(ADDRESSES if rng.random() < 0.5 else VALUES)
