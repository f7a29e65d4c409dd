"""Converts between HSLuv and sRGB (hsluv.org, revision 4)."""

from __future__ import annotations

import math

_FROM_XYZ = (
    (3.240969941904521, -1.537383177570093, -0.498610760293),
    (-0.96924363628087, 1.87596750150772, 0.041555057407175),
    (0.055630079696993, -0.20397695888897, 1.056971514242878),
)
_TO_XYZ = (
    (0.41239079926595, 0.35758433938387, 0.18048078840183),
    (0.21263900587151, 0.71516867876775, 0.072192315360733),
    (0.019330818715591, 0.11919477979462, 0.95053215224966),
)
_WHITE_U = 0.19783000664283
_WHITE_V = 0.46831999493879
_KAPPA = 903.2962962
_EPSILON = 0.0088564516


def to_rgb(hue: float, saturation: float, lightness: float) -> tuple[float, float, float]:
    """Return red, green and blue from 0 to 1 for *hue* in degrees and two values from 0 to 100."""
    if lightness <= 0:
        return (0.0, 0.0, 0.0)
    if lightness >= 100:
        return (1.0, 1.0, 1.0)
    radians = math.radians(hue)
    chroma = _max_chroma(lightness, radians) * saturation / 100
    u = math.cos(radians) * chroma / (13 * lightness) + _WHITE_U
    v = math.sin(radians) * chroma / (13 * lightness) + _WHITE_V
    y = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / _KAPPA
    x = 9 * y * u / (4 * v)
    z = (12 - 3 * u - 20 * v) * y / (4 * v)
    red, green, blue = (_companded(row[0] * x + row[1] * y + row[2] * z) for row in _FROM_XYZ)
    return (red, green, blue)


def from_rgb(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Return hue in degrees, saturation and lightness from 0 to 100 for three values from 0 to 1."""
    linear = (_linear(red), _linear(green), _linear(blue))
    x, y, z = (sum(weight * part for weight, part in zip(row, linear, strict=True)) for row in _TO_XYZ)
    lightness = 116 * y ** (1 / 3) - 16 if y > _EPSILON else y * _KAPPA
    if lightness <= 1e-8:
        return (0.0, 0.0, 0.0)
    divider = x + 15 * y + 3 * z
    u = 13 * lightness * (4 * x / divider - _WHITE_U)
    v = 13 * lightness * (9 * y / divider - _WHITE_V)
    chroma = math.hypot(u, v)
    if chroma < 1e-8 or lightness > 99.9999999:
        return (0.0, 0.0, lightness)
    hue = math.degrees(math.atan2(v, u)) % 360
    return (hue, chroma / _max_chroma(lightness, math.radians(hue)) * 100, lightness)


def _max_chroma(lightness: float, radians: float) -> float:
    """Return the largest chroma that sRGB can show at this lightness in this direction."""
    scaled = (lightness + 16) ** 3 / 1560896
    if scaled <= _EPSILON:
        scaled = lightness / _KAPPA
    smallest = math.inf
    for first, second, third in _FROM_XYZ:
        for limit in (0, 1):
            bottom = (632260 * third - 126452 * second) * scaled + 126452 * limit
            slope = (284517 * first - 94839 * third) * scaled / bottom
            intercept = (
                ((838422 * third + 769860 * second + 731718 * first) * scaled - 769860 * limit)
                * lightness
                / bottom
            )
            length = intercept / (math.sin(radians) - slope * math.cos(radians))
            if 0 <= length < smallest:
                smallest = length
    return smallest


def _companded(value: float) -> float:
    shown = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return min(1.0, max(0.0, shown))


def _linear(value: float) -> float:
    return ((value + 0.055) / 1.055) ** 2.4 if value > 0.04045 else value / 12.92
