"""Keeps the garbage collector from stopping the screen: a run over all that is loaded takes 100 ms."""

from __future__ import annotations

import gc


def pause() -> None:
    """Collect nothing from now on: a start makes much and drops little."""
    gc.disable()


def settle() -> None:
    """Collect again, but never look at what there is now: modules, the world, the screen."""
    gc.freeze()
    gc.enable()
