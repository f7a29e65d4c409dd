"""What is loaded by the first paint, and by the verbs that need neither screen nor session."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import filled
from tui_xmpp.storage.paths import Paths, locate

TOO_EARLY = {
    "aiodns",
    "aiohttp",
    "cryptography",
    "keyring",
    "PIL",
    "pydantic",
    "pygments",
    "slixmpp",
    "tomlkit",
    "tui_xmpp.session",
    "xmlschema",
}

FIRST_PAINT = """
import asyncio, json, sys
from pathlib import Path
from tui_xmpp import assemble, parts
from tui_xmpp.lazy_engine import LazyEngine
from tui_xmpp.storage.opening import open_storage
from tui_xmpp.storage.paths import locate

def never():
    raise AssertionError("the session is not wanted here")

def shown(app):
    return "\\n".join(strip.text for strip in app.screen._compositor.render_strips(app.size))

async def paint(app):
    async with app.run_test(size=(120, 40)) as pilot:
        async with asyncio.timeout(20):
            while not ("Bram 0001" in shown(app) and "the new figures" in shown(app)):
                await pilot.pause()
        loaded = sorted(sys.modules)
    return loaded

assemble._prepare_terminal_library()
storage = open_storage(locate(Path(sys.argv[1]), Path(sys.argv[2]), {}))
settings = storage.configuration.load()
world = parts.remembered_world(storage, settings)
from tui_xmpp.ui.app import ChatApp
engine = LazyEngine(world, never)
folder = Path(sys.argv[1])
app = ChatApp(engine, storage.archive, settings, config_folder=folder, config=storage.configuration)
print(json.dumps(asyncio.run(paint(app))))
"""

HISTORY = """
import json, sys
from tui_xmpp.__main__ import main
status = main(sys.argv[1:])
print(json.dumps(sorted(sys.modules)))
sys.exit(status)
"""


@pytest.fixture
def used(tmp_path: Path) -> Paths:
    paths = locate(tmp_path / "config", tmp_path / "data", {})
    filled.folder(paths, people=5, chats=2, each=20, port=1)
    return paths


def loaded(script: str, *arguments: str) -> set[str]:
    """The modules a fresh interpreter has loaded when the script ends: its last line of output."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_first_paint_waits_for_nothing_it_does_not_show(used: Paths) -> None:
    modules = loaded(FIRST_PAINT, str(used.config), str(used.data))
    assert "tui_xmpp.ui.app" in modules
    assert not TOO_EARLY & modules


def test_history_loads_neither_screen_nor_session(used: Paths) -> None:
    friend = str(filled.contact(0).address)
    modules = loaded(HISTORY, "--config", str(used.config), "--data", str(used.data), "history", friend)
    assert "tui_xmpp.storage.archive_read" in modules
    assert not modules & {*TOO_EARLY, "rich", "textual", "tui_xmpp.ui"}


def test_the_version_loads_nothing(used: Paths) -> None:
    script = HISTORY.replace(
        "status = main(sys.argv[1:])", "try: main(['--version'])\nexcept SystemExit: status = 0"
    )
    modules = loaded(script)
    assert "tui_xmpp.cli.parser" in modules
    assert not modules & {
        *TOO_EARLY,
        "asyncio",
        "rich",
        "sqlite3",
        "textual",
        "tui_xmpp.assemble",
        "tui_xmpp.parts",
        "tui_xmpp.ui",
    }
