"""Takes what a terminal answers out of what a user types, and tells Alt keys apart from letters."""

from __future__ import annotations

import re

# Strings (OSC, DCS, APC, PM, SOS) begin with what no Alt key is followed by.
# ECMA-48 §5.6 ends them with ST; terminals also take BEL.
_BEGIN = re.compile(r"\x1b(?:\](?=\d)|P(?=[\d>!])|_(?=G)|[\^X](?=[^\x1b\s]{2}))")
_END = re.compile(r"\x1b\\|\x07|\x9c")
_REPORT = re.compile(
    r"\x1b\[(?:[?>=][\d;:]*c"  # device attributes
    r"|\?[\d;]*n|[03]n"  # status reports and colour scheme
    r"|>[\d;]*[mqu]|\?\d*u"  # key modes
    r"|\?[\d;]*\$y"  # states of modes
    r"|[468];\d+;\d+t)"  # sizes
)
# Textual reads some of these as the letters of a Mac keyboard, or as word keys.
_ALT = re.compile(r"(?<!\x1b)\x1b([^\x00-\x20\x7f\[\]OP_^X\\])")
_PASTE = re.compile(r"\x1b\[20([01])~")
_MAX = 100_000


class ReplyFilter:
    """Give it what was read, piece by piece; it returns what the user typed."""

    def __init__(self) -> None:
        self._held = ""
        self._pasting = False
        self._answers: list[str] = []

    def answers(self) -> list[str]:
        """Return the answers taken out since the last call."""
        answers, self._answers = self._answers, []
        return answers

    def feed(self, text: str) -> str:
        """Return `text` without answers; the beginning of one is held until its end arrives."""
        text, self._held = self._held + text, ""
        out: list[str] = []
        while text:
            if self._pasting:
                taken, text = self._until_paste(text, "1")
                out.append(taken)
                continue
            taken, text = self._until_paste(text, "0")
            out.append(self._typed(taken))
            if self._held and text:
                # A paste begins: what was held is no answer any more.
                self._held = ""
        return "".join(out)

    def _until_paste(self, text: str, which: str) -> tuple[str, str]:
        for mark in _PASTE.finditer(text):
            if mark.group(1) == which:
                self._pasting = which == "0"
                return text[: mark.end()], text[mark.end() :]
        return text, ""

    def _typed(self, text: str) -> str:
        self._answers += _REPORT.findall(text)
        text = _REPORT.sub("", text)
        while (begin := _BEGIN.search(text)) is not None:
            end = _END.search(text, begin.end())
            if end is None:
                self._held = text[begin.start() :][:_MAX]
                return _alt(text[: begin.start()])
            text = text[: begin.start()] + text[end.end() :]
        return _alt(text)

    def forget(self) -> None:
        """Drop an answer whose end did not come in time."""
        self._held = ""


def _alt(text: str) -> str:
    """Return Esc and a character in the form that says Alt (CSI code ; 3 u, the kitty keyboard protocol)."""
    return _ALT.sub(lambda found: f"\x1b[{ord(found.group(1))};3u", text)
