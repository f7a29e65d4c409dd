"""Cells: one character with its looks, the smallest thing that is ever sent."""

from __future__ import annotations

import re
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

    def words(self) -> set[str]:
        """Return its attributes, each alone."""
        return set(filter(None, self.attributes.split(";")))


class Cell(NamedTuple):
    """What one cell shows; the second half of a wide character holds no text."""

    text: str
    pen: Pen


Row = list[Cell]

PLAIN = Pen()
BLANK = Cell(" ", PLAIN)
UNKNOWN = Cell("\0", PLAIN)
"""What is shown where nobody knows; no cell that is wanted is equal to it."""

OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "21": "24", "5": "25", "6": "25", "7": "27", "8": "28"}
"""Attributes, and what ends each."""
OFF |= {"9": "29", "51": "54", "52": "54", "53": "55"}
_UNSEEN = frozenset("12358")
"""Bold, faint, italic, blinking and hidden: nothing of them is seen where there is no text."""
_SGR = re.compile(r"[34]8;(?:5;\d+|2;\d+;\d+;\d+)|\d+")
_COLOUR, _GROUND = re.compile(r"[39]\d"), re.compile(r"4\d|10\d")


@lru_cache(16384)
def cell(text: str, pen: Pen) -> Cell:
    """Return the cell that this pen draws: one object for each, as most comparisons are of the same then."""
    return Cell(text, blank_pen(pen) if text == " " else pen)


@lru_cache(8192)
def blank_pen(pen: Pen) -> Pen:
    """Return what is seen of a pen in a blank."""
    return Pen("", "", pen.ground, pen.link) if pen.words() <= _UNSEEN else pen


def dipped(pen: Pen, parameters: str) -> Pen:
    """Return the pen after an SGR sequence with these parameters."""
    attributes, colour, ground = pen.words(), pen.colour, pen.ground
    for word in _SGR.findall(parameters) or ["0"]:
        if word in OFF:
            attributes.add(word)
        elif word in OFF.values():
            attributes -= {one for one in attributes if OFF[one] == word}
        elif _COLOUR.match(word):
            colour = "" if word == "39" else word
        elif _GROUND.match(word):
            ground = "" if word == "49" else word
        elif word == "0":
            attributes, colour, ground = set(), "", ""
    return Pen(";".join(sorted(attributes)), colour, ground, pen.link)
