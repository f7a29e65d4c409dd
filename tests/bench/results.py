"""Where the figures of a bench go: one JSON file each, with the versions and the machine."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
LIBRARIES = ("textual", "slixmpp")


def machine() -> dict[str, Any]:
    """What the figures were taken on: cores, memory in MiB, and versions."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "memory_mib": pages * size // 2**20,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def write(name: str, figures: dict[str, Any]) -> Path:
    """Write `results/NAME.json`; returns its path."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({**figures, "machine": machine()}, indent=2, sort_keys=False) + "\n")
    return path
