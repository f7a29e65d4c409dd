"""Gives a name the same colour in every client (XEP-0392)."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Literal

from tui_xmpp.core import hsluv

Rgb = tuple[int, int, int]
Cvd = Literal["red-green", "blue"] | None

# Both leave a contrast of at least 4.5:1 (WCAG 2.1 §1.4.3) to a near-black and a near-white background.
LIGHTNESS_ON_DARK = 70.0
LIGHTNESS_ON_LIGHT = 45.0
_PALETTE_LIGHTNESS = 73.2
_CACHE = 4096


def hue(identifier: str, cvd: Cvd = None) -> float:
    """Return the hue of *identifier* in degrees, from 0 up to 360 (XEP-0392 §5.1, §5.2).

    *cvd* keeps the hue away from what people with that colour vision deficiency cannot tell apart.
    """
    digest = hashlib.sha1(identifier.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    angle = int.from_bytes(digest[:2], "little") / 65536 * 360
    if cvd == "red-green":
        # §5.2.1: "Add 90 to the angle, take it modulo 180 and subtract 90. Take the result modulo 360".
        return ((angle + 90) % 180 - 90) % 360
    if cvd == "blue":
        # §5.2.2: "Take the angle modulo 180."
        return angle % 180
    return angle


@lru_cache(_CACHE)
def rgb(identifier: str, *, dark: bool, cvd: Cvd = None) -> Rgb:
    """Return red, green and blue from 0 to 255 for *identifier*, readable on a *dark* or light background."""
    lightness = LIGHTNESS_ON_DARK if dark else LIGHTNESS_ON_LIGHT
    red, green, blue = hsluv.to_rgb(hue(identifier, cvd), 100, lightness)
    return (round(red * 255), round(green * 255), round(blue * 255))


@lru_cache(_CACHE)
def palette_index(identifier: str, palette: tuple[Rgb, ...], cvd: Cvd = None) -> int | None:
    """Return the place in *palette* nearest to the hue of *identifier*, or None if all of it is grey.

    Each colour of *palette* is red, green and blue from 0 to 255 (XEP-0392 §5.5, §5.6).
    """
    alpha = hue(identifier, cvd)
    hues = _hues(palette)
    if not hues:
        return None
    exact = hues.get(round(alpha))
    if exact is not None:
        return exact
    nearest = min(hues, key=lambda beta: min((alpha - beta) % 360, (beta - alpha) % 360))
    return hues[nearest]


@lru_cache(16)
def _hues(palette: tuple[Rgb, ...]) -> dict[int, int]:
    """Map whole angles to places in the palette (XEP-0392 §5.5)."""
    found: dict[int, tuple[float, int]] = {}
    for index, (red, green, blue) in enumerate(palette):
        # "Grayscale does not work well, since its saturation and hue are undefined."
        if red == green == blue:
            continue
        angle, _, lightness = hsluv.from_rgb(red / 255, green / 255, blue / 255)
        distance = abs(lightness - _PALETTE_LIGHTNESS)
        # "if the L value of the existing entry is farther away from 73.2 than the new L value"
        if round(angle) not in found or found[round(angle)][0] > distance:
            found[round(angle)] = (distance, index)
    return {angle: index for angle, (_, index) in found.items()}
