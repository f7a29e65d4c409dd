"""The import contracts of pyproject.toml, and what each way into the program may load."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager"}


def test_the_import_contracts_are_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {path.stem for path in (ROOT / "tui_xmpp").rglob("*.py")}
    assert not names & FORBIDDEN_NAMES


def test_no_module_is_past_four_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "tui_xmpp").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_gpg_is_called_in_one_place() -> None:
    callers = {
        path.relative_to(ROOT / "tui_xmpp").parent.as_posix()
        for path in (ROOT / "tui_xmpp").rglob("*.py")
        if re.search(r"^\s*(import|from) gnupg\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert callers == {"session/crypto"}


def loaded_after(code: str) -> set[str]:
    """Top-level names and own packages in sys.modules after the code ran in a fresh interpreter."""
    script = f"import sys\ntry:\n exec({code!r})\nexcept SystemExit: pass\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"textual", "rich", "slixmpp", "keyring", "tomlkit", "msgspec", "aiodns", "cryptography", "gnupg"}


def main(*arguments: str) -> str:
    return f"from tui_xmpp.__main__ import main; main({list(arguments)!r})"


def test_version_and_wrong_usage_load_nothing_heavy() -> None:
    for arguments in (("--version",), ("nonsense",)):
        loaded = loaded_after(main(*arguments))
        assert not loaded & (HEAVY | {"asyncio", "sqlite3", "ssl", "tui_xmpp.assemble"})


def test_history_loads_neither_the_screen_nor_the_wire(tmp_path: Path) -> None:
    from tui_xmpp.storage.opening import open_storage
    from tui_xmpp.storage.paths import locate

    open_storage(locate(tmp_path, tmp_path / "data")).close()
    arguments = ("--config", str(tmp_path), "--data", str(tmp_path / "data"), "history", "ava@example.org")
    loaded = loaded_after(main(*arguments))
    assert "sqlite3" in loaded
    assert not loaded & {"textual", "rich", "slixmpp", "aiodns", "cryptography", "keyring"}
    assert not [name for name in loaded if name.startswith(("tui_xmpp.ui", "tui_xmpp.session"))]


def test_the_first_frame_needs_no_session(tmp_path: Path) -> None:
    """Everything that happens before the session is asked for, with the real screen."""
    code = f"""
import pathlib, sys
from tui_xmpp import assemble, lazy_engine
from tui_xmpp.cli.parser import Options
def frame(app, engine, socket):
    async def nothing(): app._return_code = 0
    return nothing()
assemble._live = frame
assemble._prepare_terminal_library()
folder = pathlib.Path({str(tmp_path)!r})
assemble._open_screen(Options(config=folder, data=folder / "data"), None)
"""
    loaded = loaded_after(code)
    assert "textual" in loaded
    heavy = {"slixmpp", "aiohttp", "aiodns", "pydantic", "cryptography", "xmlschema", "PIL", "keyring"}
    assert not loaded & heavy
    assert not [name for name in loaded if name.startswith("tui_xmpp.session")]


@pytest.mark.parametrize("module", sorted(path.stem for path in (ROOT / "tui_xmpp/core").glob("[a-z]*.py")))
def test_core_loads_no_library(module: str) -> None:
    loaded = loaded_after(f"import tui_xmpp.core.{module}")
    assert not loaded & (HEAVY | {"asyncio", "sqlite3", "ssl", "socket", "logging"})
