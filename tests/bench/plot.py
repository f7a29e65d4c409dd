"""A bar for each figure, as a picture that any browser shows."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from tests.bench import results

ROW, NAME, WIDTH, FIGURE = 24, 100, 480, 90


def bars(name: str, title: str, figures: Mapping[str, float], unit: str) -> Path:
    """Write `results/NAME.svg`: one bar for each of *figures*, as long as it is large; returns its path."""
    most = max(figures.values(), default=0.0) or 1.0
    lines = [f'<text x="0" y="16">{escape(title)}</text>']
    for number, (what, figure) in enumerate(figures.items(), start=1):
        top = ROW * number
        length = max(1.0, WIDTH * figure / most)
        lines += [
            f'<text x="{NAME - 8}" y="{top + 16}" text-anchor="end">{escape(what)}</text>',
            f'<rect x="{NAME}" y="{top + 4}" width="{length:.1f}" height="{ROW - 8}" fill="#4c78a8"/>',
            f'<text x="{NAME + length + 6:.1f}" y="{top + 16}">{figure:,.1f} {escape(unit)}</text>',
        ]
    size = f'width="{NAME + WIDTH + FIGURE}" height="{ROW * (len(figures) + 1)}"'
    path = results.FOLDER / f"{name}.svg"
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">\n'
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(lines) + "\n</svg>\n",
        encoding="utf-8",
    )
    return path
