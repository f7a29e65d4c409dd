"""Where fetched files are put: as asked, as configured, or where the desktop has its downloads."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_LINE = re.compile(r'^\s*XDG_DOWNLOAD_DIR="(\$HOME(?:/[^"]*)?|/[^"]*)"\s*$', re.MULTILINE)
"""As user-dirs.dirs(5) has it: `$HOME/…` or a whole path, in double quotes."""
_MOST = 100_000


def download_place(asked: str, configured: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Take what was asked for and what is configured, each empty for nothing; return a whole path.

    Where neither says it: `XDG_DOWNLOAD_DIR` of the environment, then of user-dirs.dirs, then `~/Downloads`.
    The home directory itself stands for none (xdg-user-dirs).
    """
    if chosen := asked or configured:
        return Path(chosen).expanduser().absolute()
    home = Path(environ.get("HOME") or Path.home())
    for found in (environ.get("XDG_DOWNLOAD_DIR", ""), _of_desktop(home, environ)):
        if found.startswith("/") and Path(found) != home:
            return Path(found)
    return home / "Downloads"


def _of_desktop(home: Path, environ: Mapping[str, str]) -> str:
    configured = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(configured) if configured.startswith("/") else home / ".config"
    try:
        with (folder / "user-dirs.dirs").open(encoding="utf-8", errors="replace") as file:
            lines = _LINE.findall(file.read(_MOST))
    except OSError:
        return ""
    return str(lines[-1]).replace("$HOME", str(home), 1) if lines else ""
