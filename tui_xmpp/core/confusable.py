"""Names that look like others: by the skeletons of Unicode Technical Standard 39 §4."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_ASCII = {"1": "l", "|": "l", "i": "l", "0": "o", "m": "rn"}
"""What looks alike within ASCII, lower case; `I` and `l` do, and its case does not tell two names apart."""
_UNSEEN = ("Cf", "Cc", "Zs")
"""Unicode categories of what is not seen, or is only room."""
_PLAIN = {code: _ASCII.get(chr(code), chr(code) if "!" <= chr(code) <= "~" else "") for code in range(128)}
_CACHED = 20_000


@lru_cache(_CACHED)
def skeleton(text: str) -> str:
    """Return what *text* looks like: two that look alike have the same one. It is not to be shown."""
    if text.isascii():
        # Most addresses are, and thousands may have to be compared with one.
        return text.lower().translate(_PLAIN)
    simple = unicodedata.normalize("NFKD", text)
    seen = "".join(_prototype(char) for char in simple if unicodedata.category(char) not in _UNSEEN)
    folded = unicodedata.normalize("NFD", seen).casefold()
    return "".join(_ASCII.get(char, char) for char in folded)


def lookalike(text: str, known: Iterable[str]) -> str:
    """Return which of *known* looks like *text* and is not the same; empty: none."""
    bones = skeleton(text)
    return next((one for one in known if one != text and skeleton(one) == bones), "")


def difference(text: str, of: str) -> str:
    """Return in words which characters of *text* are other ones than those of *of* that they look like."""
    if len(text) == len(of):
        pairs = [(ours, theirs) for ours, theirs in zip(text, of, strict=True) if ours != theirs]
    else:
        pairs = [(char, "") for char in text if char not in of]
    named = dict.fromkeys(_named(ours, theirs) for ours, theirs in pairs)
    return ", ".join(list(named)[:3]) or "it is written in another way"


def _named(char: str, theirs: str) -> str:
    name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
    return f"{name} for {unicodedata.name(theirs, f'U+{ord(theirs):04X}').lower()}" if theirs else name


def _prototype(char: str) -> str:
    if char.isascii():
        return char
    # 900 kB of data, read when the first name needs them.
    from confusable_homoglyphs.confusables import confusables_data

    alike = confusables_data.get(char, ())
    # A prototype lists all that look like it; what only looks like one lists that one.
    return str(alike[0]["c"]) if len(alike) == 1 else char
