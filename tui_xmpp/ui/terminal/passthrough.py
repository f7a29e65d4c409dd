"""Sequences for the terminal outside of tmux or screen, which forward only what is wrapped for them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

_ESC = "\x1b"
_CHUNK = 700
"""Characters of one string for screen: it cuts them off at 768 (MAXSTR), its own bytes among them."""


class Between(Enum):
    """What stands between this program and the terminal."""

    NOTHING = ""
    TMUX = "tmux"
    SCREEN = "screen"


def between(environment: Mapping[str, str]) -> Between:
    """Return which multiplexer this program runs in, the inner one of two.

    `TERM=screen` alone may be either, far away; what is wrapped for one is printed by the other, so
    that counts as nothing.
    """
    kind = environment.get("TERM", "")
    if kind.startswith("tmux"):
        return Between.TMUX
    # tmux does not take STY away, nor screen TMUX; only screen puts the outer name behind a dot.
    if environment.get("STY") and (kind.startswith("screen.") or not environment.get("TMUX")):
        return Between.SCREEN
    return Between.TMUX if environment.get("TMUX") else Between.NOTHING


def wrapped(sequence: str, way: Between) -> str:
    """Return what makes a multiplexer hand *sequence* on; tmux does with `allow-passthrough on`.

    For screen the sequence must end with BEL: it takes the ST of it for its own.
    """
    if way is Between.TMUX:
        # tmux, input.c: DCS "tmux;", every ESC doubled.
        return f"\x1bPtmux;{sequence.replace(_ESC, _ESC * 2)}\x1b\\"
    if way is Between.SCREEN:
        # screen(1), "Control Sequences": ESC P "outputs a string directly to the host terminal".
        return "".join(f"\x1bP{sequence[at : at + _CHUNK]}\x1b\\" for at in range(0, len(sequence), _CHUNK))
    return sequence
