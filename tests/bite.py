"""Takes out one guard after the other and expects its attacks to succeed: `make attacks-bite`.

A guard whose attacks all fail without it as well is not proved by them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.attacks.guards import GUARDS, Guard

_ROOT = Path(__file__).parent.parent
_PARTS = ("tui_xmpp", "tests", "themes", "pyproject.toml", "README.md", "requirements.lock")
_FAILED = 1
"""What pytest ends with where tests failed; other numbers are mistakes of its own."""


def bites(guard: Guard, copy: Path) -> bool:
    """Whether the attacks succeed without *guard*; *copy* is the project, and is as before afterwards."""
    whole: dict[Path, str] = {}
    try:
        for name, text, without in guard.edits:
            file = copy / "tui_xmpp" / name
            whole[file] = file.read_text()
            assert whole[file].count(text) == 1, f"{guard.name}: its text is not in {name} once"
            file.write_text(whole[file].replace(text, without))
        cases = [f"tests/{case}" for case in guard.cases.split()]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *cases]
        ran = subprocess.run(command, cwd=copy, env=_environment(copy), capture_output=True, text=True)
    finally:
        for file, before in whole.items():
            file.write_text(before)
    if ran.returncode not in (0, _FAILED):
        print(ran.stdout[-2000:], ran.stderr[-2000:])
    return ran.returncode == _FAILED


def _environment(copy: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}


def main(wanted: str = "") -> int:
    """Try all guards, or those whose name begins with *wanted*; returns how many are not proved."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        copy.mkdir()
        for part in _PARTS:
            here = _ROOT / part
            if here.is_dir():
                shutil.copytree(here, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(here, copy / part)
        unproved = 0
        for guard in GUARDS:
            if guard.name.startswith(wanted):
                red = bites(guard, copy)
                unproved += not red
                print(f"{'red as it should be' if red else 'GREEN WITHOUT IT':20} {guard.name}", flush=True)
    print("Every guard is proved." if not unproved else f"{unproved} guards are not proved.")
    return unproved


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:2]), 1))
