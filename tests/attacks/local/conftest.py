"""Another user of this machine, a bad keyring, a crash: what they find of the secrets."""

from __future__ import annotations

from pathlib import Path

from tests.server.program.conftest import program

__all__ = ["program"]


def files_with(canary: str, *folders: Path) -> list[str]:
    """Names of the files below these folders that hold the words, in one of the ways they may be written."""
    written = (canary.encode(), canary.encode("utf-16-le"), canary.encode().hex().encode())
    found = []
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                content = file.read_bytes()
                found += [file.name] if any(one in content for one in written) else []
    return found


def begin_with(folder: Path, code: str) -> dict[str, str]:
    """The environment in which a Python program first runs *code*."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": str(folder)}
