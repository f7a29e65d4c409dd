"""Cells: one character with its looks, the smallest thing that is ever sent."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Pen(NamedTuple):
    """How a cell looks: each part in the words of SGR (ECMA-48 §8.3.117), empty where it is the default."""

    attributes: str = ""
    """Sorted numbers: `1;4` is bold and underlined."""
    colour: str = ""
    ground: str = ""
    link: str = ""
    """The address behind the cell (OSC 8)."""


class Cell(NamedTuple):
    """What one cell shows; the second half of a wide character holds no text."""

    text: str
    pen: Pen


class Ink(dict[str, Cell]):
    """The cells of one pen by their text, each made once: most comparisons are of the same object then."""

    def __init__(self, pen: Pen) -> None:
        self._pen = pen
        self[" "] = Cell(" ", blank_pen(pen))

    def __missing__(self, text: str) -> Cell:
        cell = Cell(text, self._pen)
        if len(self) < _MOST:
            self[text] = cell
        return cell


@lru_cache(512)
def ink(pen: Pen) -> Ink:
    """What a pen draws with."""
    return Ink(pen)


PLAIN = Pen()
_UNSEEN = frozenset("12358")
"""Bold, faint, italic, blinking and hidden: nothing of them is seen where there is no text."""
BLANK = Cell(" ", PLAIN)
Row = list[Cell]

_MOST = 1000
"""Cells that one ink keeps."""

_OFF = {"22": ("1", "2"), "23": ("3",), "24": ("4", "21"), "25": ("5", "6"), "27": ("7",), "28": ("8",)}
_OFF |= {"29": ("9",), "54": ("51", "52"), "55": ("53",)}


@lru_cache(8192)
def blank_pen(pen: Pen) -> Pen:
    """What is seen of a pen in a blank."""
    if all(one in _UNSEEN for one in pen.attributes.split(";") if one):
        return Pen("", "", pen.ground, pen.link)
    return pen


def dipped(pen: Pen, parameters: str) -> Pen:
    """The pen after an SGR sequence with these parameters."""
    if parameters in ("", "0"):
        return Pen(link=pen.link)
    attributes = set(filter(None, pen.attributes.split(";")))
    colour, ground = pen.colour, pen.ground
    words = iter(parameters.split(";"))
    for word in words:
        if word in ("", "0"):
            attributes, colour, ground = set(), "", ""
        elif word in ("38", "48"):
            kind = next(words, "")
            rest = [next(words, "0") for _ in range(3 if kind == "2" else 1)]
            wanted = ";".join([word, kind, *rest])
            colour, ground = (wanted, ground) if word == "38" else (colour, wanted)
        elif word == "39":
            colour = ""
        elif word == "49":
            ground = ""
        elif word in _OFF:
            attributes -= set(_OFF[word])
        elif len(word) > 1 and word[:-1] in ("3", "9"):
            colour = word
        elif len(word) > 1 and word[:-1] in ("4", "10"):
            ground = word
        else:
            attributes.add(word)
    return Pen(";".join(sorted(attributes)), colour, ground, pen.link)
