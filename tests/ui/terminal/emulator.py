"""A terminal in memory that also knows what pyte leaves out: faint text, links, joined characters."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

import pyte
from rich.cells import split_graphemes

# pyte knows no strings of this kind and no private forms of these, and would draw what they hold.
_LEFT_OUT = re.compile(r"\x1b_[^\x1b]*\x1b\\|\x1b\[[<>=?][0-9;]*[uqcm]|\x1b\[\?[0-9;]*\$p")
_LINK = re.compile(r"\x1b\]8;[^;]*;([^\x07\x1b]*)(?:\x07|\x1b\\)")


class Glyph(NamedTuple):
    """One cell; pyte's own, with two fields more."""

    data: str
    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italics: bool = False
    underscore: bool = False
    strikethrough: bool = False
    reverse: bool = False
    blink: bool = False
    faint: bool = False
    link: str = ""


class Emulator(pyte.Screen):
    """Give it what was written, whole sequences at a time; characters are as wide as Textual counts them."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self._stream = pyte.Stream(self)

    def feed(self, text: str) -> None:
        """Take in what a program wrote."""
        pieces = _LINK.split(_LEFT_OUT.sub("", text))
        self._stream.feed(pieces[0])
        for link, piece in zip(pieces[1::2], pieces[2::2], strict=True):
            self.cursor.attrs = self.cursor.attrs._replace(link=link)
            self._stream.feed(piece)

    def row(self, y: int) -> list[Glyph]:
        """The cells of one row."""
        line = self.buffer[y]
        return [line[x] for x in range(self.columns)]

    @property
    def default_char(self) -> Glyph:
        return Glyph(" ")

    def reset(self) -> None:
        super().reset()
        self.cursor.attrs = self.default_char

    def draw(self, data: str) -> None:
        if data.isascii():
            for character in data:
                self._put(character, 1)
            return
        for start, end, width in split_graphemes(data)[0]:
            if width:
                self._put(data[start:end], width)

    def _put(self, text: str, width: int) -> None:
        line, x = self.buffer[self.cursor.y], min(self.cursor.x, self.columns - width)
        end = x + width
        # What covers one half of a wide character takes the other away.
        if not line[x].data and x:
            line[x - 1] = line[x - 1]._replace(data=" ")
        if end < self.columns and not line[end].data:
            line[end] = line[end]._replace(data=" ")
        line[x] = _glyph(text, self.cursor.attrs)
        for at in range(x + 1, end):
            line[at] = _glyph("", self.cursor.attrs)
        self.cursor.x = end

    def select_graphic_rendition(self, *attributes: int, **private: Any) -> None:
        before = self.cursor.attrs
        super().select_graphic_rendition(*attributes)
        faint = before.faint and bool(attributes)
        words = iter(attributes)
        for word in words:
            if word in (38, 48):
                for _ in range(3 if next(words, 0) == 2 else 1):
                    next(words, 0)
            elif word in (0, 2, 22):
                faint = word == 2
        self.cursor.attrs = self.cursor.attrs._replace(faint=faint, link=before.link)


@lru_cache(8192)
def _glyph(text: str, attributes: Glyph) -> Glyph:
    return attributes._replace(data=text)
