"""A text as a QR code in half blocks: two rows of its dots in one row of cells."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color
from rich.style import Style

QUIET = 4
"""Light dots round the code (ISO/IEC 18004 §6.3.8)."""
DARK_ON_LIGHT = Style(color=Color.from_rgb(0, 0, 0), bgcolor=Color.from_rgb(255, 255, 255))
"""Whatever the theme: a camera takes a light code on a dark ground for none."""

_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


@lru_cache(8)
def rows(text: str) -> tuple[str, ...]:
    """Return the rows of the code for a text, all of one width; least correction, so that it stays small."""
    # Not before somebody wants a code: nothing else needs it.
    import segno

    code = segno.make(text, error="l", boost_error=False, micro=False)
    dots = [[int(bool(dot)) for dot in row] for row in code.matrix_iter(border=QUIET)]
    if len(dots) % 2:
        dots.append([0] * len(dots[0]))
    return tuple(
        "".join(_HALVES[above, below] for above, below in zip(upper, lower, strict=True))
        for upper, lower in zip(dots[::2], dots[1::2], strict=True)
    )
