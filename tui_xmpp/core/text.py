"""Makes text from the network safe to show, and text of ours safe to send.

Guard G4, for promise 2: no text of others holds a control character, reorders what is read, or is endless
(CVE-2003-0063 and its kind: terminals steered by what they show; CVE-2021-42574: bidi controls; CWE-150).
"""

from __future__ import annotations

import re
import unicodedata

from .value import value

MAX_CHARS = 20_000
MAX_LINES = 400
MAX_COMBINING = 4
MAX_LINE_CHARS = 300

CUT_MARK = "… (more)"
LINE_CUT_MARK = "…"
NEWLINE_SIGN = "⏎"
REPLACEMENT = "\ufffd"

_JOINERS = frozenset("\u200c\u200d")
_BIDI_CONTROLS = frozenset(
    [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)],
)
_TAGS = range(0xE0000, 0xE0080)

# Only characters that every rule below leaves alone, so that most text is never looked at one by one.
_PLAIN = re.compile(
    "[\n -~\u00a0-\u00ac\u00ae-\u02ff\u03a3-\u03ff\u0400-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e"
    "\u20a0-\u20bf\u3000-\u3029\u3041-\u3096\u30a1-\u30ff\u4e00-\u9fff\uac00-\ud7a3\U0001f300-\U0001f64f]*",
)
_LINE_END = re.compile(r"\r\n?")
# XML 1.0 §2.2: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# A table never holds more, however many different characters a stranger sends.
_TABLE_LIMIT = 8192
# Characters that are dropped must not push the visible text past the cut.
_WINDOW_FACTOR = 4


@value
class Cleaned:
    """Text that is safe to show, and whether the rest of it was left out."""

    text: str
    cut: bool


class _Shown(dict[int, str]):
    """Maps a code point to what is shown for it; fills itself on demand."""

    def __missing__(self, code: int) -> str:
        shown = _shown(code)
        if len(self) < _TABLE_LIMIT:
            self[code] = shown
        return shown


class _Stacking(dict[int, str]):
    """Maps a code point to 'm' when it stacks on its base, to '.' when it is a base."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = "m" if char in _JOINERS or unicodedata.category(char)[0] == "M" else "."
        if len(self) < _TABLE_LIMIT:
            self[code] = kind
        return kind


def _shown(code: int) -> str:
    char = chr(code)
    if char == "\n":
        return char
    if char == "\t":
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if char in _JOINERS:
        return char
    if code in _BIDI_CONTROLS or code in _TAGS:
        return REPLACEMENT
    category = unicodedata.category(char)
    if category in {"Cc", "Cs", "Cn", "Zl", "Zp"}:
        return REPLACEMENT
    return "" if category == "Cf" else char


_SHOWN = _Shown()
_STACKING = _Stacking()


def clean(
    text: str,
    *,
    multiline: bool = True,
    max_chars: int = MAX_CHARS,
    max_lines: int = MAX_LINES,
    max_combining: int = MAX_COMBINING,
) -> str:
    """Return *text* safe to show; like `cleaned`, without the word on whether it was cut."""
    return cleaned(
        text, multiline=multiline, max_chars=max_chars, max_lines=max_lines, max_combining=max_combining
    ).text


def clean_line(text: str, max_chars: int = MAX_LINE_CHARS) -> str:
    """Return *text* as one line that is safe to show, of at most *max_chars* characters."""
    return cleaned(text, multiline=False, max_chars=max_chars).text


def cleaned(
    text: str,
    *,
    multiline: bool = True,
    max_chars: int = MAX_CHARS,
    max_lines: int = MAX_LINES,
    max_combining: int = MAX_COMBINING,
) -> Cleaned:
    """Return *text* safe to show, and whether it was cut.

    Controls become pictures, what could reorder, hide or forge text becomes U+FFFD, marks stack at most
    *max_combining* high (joiners count), and at most *max_chars* characters in *max_lines* lines remain,
    the mark of the cut included. Cleaning twice changes nothing more.
    """
    window = text[: max_chars * _WINDOW_FACTOR]
    cut = len(window) < len(text)
    if not _PLAIN.fullmatch(window):
        window = _LINE_END.sub("\n", window).translate(_SHOWN)
        window = _limit_marks(window, max_combining)
    if not multiline:
        window = window.replace("\n", NEWLINE_SIGN)
    fits = len(window) <= max_chars and (not multiline or window.count("\n") < max_lines)
    if fits and not cut:
        return Cleaned(window, False)
    if multiline:
        return Cleaned(_cut_lines(window, max_chars, max_lines), True)
    return Cleaned(window[: max(0, max_chars - len(LINE_CUT_MARK))] + LINE_CUT_MARK[:max_chars], True)


def wire_safe(text: str) -> str:
    """Return *text* without the characters that XML 1.0 forbids (§2.2), which would end the stream."""
    return _NOT_XML.sub("", text)


def _limit_marks(text: str, max_combining: int) -> str:
    kinds = text.translate(_STACKING)
    pieces: list[str] = []
    position = 0
    for run in re.finditer(f"m{{{max_combining + 1},}}", kinds):
        pieces.append(text[position : run.start() + max_combining])
        position = run.end()
    if not pieces:
        return text
    pieces.append(text[position:])
    return "".join(pieces)


def _cut_lines(text: str, max_chars: int, max_lines: int) -> str:
    mark = CUT_MARK[:max_chars]
    kept = text[: max(0, max_chars - len(mark) - 1)]
    lines = kept.split("\n", max_lines - 1)[: max_lines - 1]
    return "\n".join([*lines, mark]) if lines and kept else mark
