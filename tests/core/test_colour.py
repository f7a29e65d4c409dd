from __future__ import annotations

import pytest

from tui_xmpp.core import hsluv
from tui_xmpp.core.colour import Cvd, Rgb, hue, palette_index, rgb

# XEP-0392 §13.1: text, correction, hue, colour at saturation 100 and lightness 50
VECTORS: list[tuple[str, Cvd, float, tuple[float, float, float]]] = [
    ("Romeo", None, 327.255249, (0.865, 0.000, 0.686)),
    ("juliet@capulet.lit", None, 209.410400, (0.000, 0.515, 0.573)),
    ("😺", None, 331.199341, (0.872, 0.000, 0.659)),
    ("council", None, 359.994507, (0.918, 0.000, 0.394)),
    ("Board", None, 171.430664, (0.000, 0.527, 0.457)),
    ("Romeo", "red-green", 327.255249, (0.865, 0.000, 0.686)),
    ("juliet@capulet.lit", "red-green", 29.410400, (0.742, 0.359, 0.000)),
    ("Board", "red-green", 351.430664, (0.904, 0.000, 0.494)),
    ("Romeo", "blue", 147.255249, (0.000, 0.535, 0.350)),
    ("juliet@capulet.lit", "blue", 29.410400, (0.742, 0.359, 0.000)),
    ("😺", "blue", 151.199341, (0.000, 0.533, 0.373)),
    ("council", "blue", 179.994507, (0.000, 0.524, 0.485)),
]

# XEP-0392 §13.2: the same for the "web safe" palette
PALETTE_VECTORS: list[tuple[str, Cvd, tuple[float, float, float]]] = [
    ("Romeo", None, (1.0, 0.0, 0.8)),
    ("juliet@capulet.lit", None, (0.0, 0.8, 1.0)),
    ("😺", None, (1.0, 0.4, 0.8)),
    ("council", None, (0.8, 0.2, 0.4)),
    ("Board", None, (0.0, 1.0, 0.8)),
    ("juliet@capulet.lit", "red-green", (1.0, 0.6, 0.4)),
    ("Board", "red-green", (0.4, 0.0, 0.2)),
    ("Romeo", "blue", (0.4, 0.8, 0.6)),
    ("😺", "blue", (0.2, 0.8, 0.6)),
    ("council", "blue", (0.0, 0.8, 0.8)),
]

STEPS = (0, 51, 102, 153, 204, 255)
WEB_SAFE: tuple[Rgb, ...] = tuple((red, green, blue) for red in STEPS for green in STEPS for blue in STEPS)


def luminance(colour: Rgb) -> float:
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Rgb, other: Rgb) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("text", "cvd", "angle", "colour"), VECTORS)
def test_vectors_of_the_specification(
    text: str, cvd: Cvd, angle: float, colour: tuple[float, float, float]
) -> None:
    assert hue(text, cvd) == pytest.approx(angle, abs=1e-6)
    assert hsluv.to_rgb(hue(text, cvd), 100, 50) == pytest.approx(colour, abs=6e-4)


@pytest.mark.parametrize(("text", "cvd", "colour"), PALETTE_VECTORS)
def test_palette_vectors_of_the_specification(
    text: str, cvd: Cvd, colour: tuple[float, float, float]
) -> None:
    index = palette_index(text, WEB_SAFE, cvd)
    assert index is not None
    assert WEB_SAFE[index] == tuple(round(part * 255) for part in colour)


def test_a_grey_palette_has_no_colour_to_give() -> None:
    assert palette_index("Romeo", ((0, 0, 0), (255, 255, 255))) is None


@pytest.mark.parametrize("cvd", [None, "red-green", "blue"])
def test_every_name_is_readable(cvd: Cvd) -> None:
    for number in range(500):
        name = f"occupant {number}"
        assert contrast(rgb(name, dark=True, cvd=cvd), (30, 30, 30)) >= 4.5
        assert contrast(rgb(name, dark=False, cvd=cvd), (240, 240, 240)) >= 4.5


def test_hsluv_goes_there_and_back() -> None:
    for colour in WEB_SAFE:
        red, green, blue = (part / 255 for part in colour)
        assert hsluv.to_rgb(*hsluv.from_rgb(red, green, blue)) == pytest.approx((red, green, blue), abs=1e-5)


def test_a_lone_surrogate_has_a_colour() -> None:
    assert 0 <= hue("\ud800") < 360
