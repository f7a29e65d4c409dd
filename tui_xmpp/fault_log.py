"""Where faults of our own are written: a small file, never the screen."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from .session.wire_log import WireFilter


def log_to(path: Path) -> None:
    """Write warnings and errors to a file of at most 256 KiB (and one before it)."""
    handler = RotatingFileHandler(path, maxBytes=256 * 1024, backupCount=1, encoding="utf-8", delay=True)
    handler.setLevel(logging.WARNING)
    # What is said on the wire stays out of it, also where an exception quotes it.
    handler.addFilter(WireFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
