"""What the demo writes into Prosody's files is what a real Prosody serves."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tui_xmpp.cli import demo_cast as cast
from tui_xmpp.cli.demo_store import write_past

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
COUNT = """
local count, last = 0, nil
local env = { item = function (it) assert(it.key and it.with and it.when); count = count + 1; last = it end }
assert(loadfile(arg[1], "t", env))()
print(count, last.attr.stamp, last[1].name, last[1][1])
"""
ROOM = 'local t = assert(loadfile(arg[1], "t", {}))(); print(t._jid, t._data.name, t._data.persistent)'


def lua(script: str, file: Path) -> list[str]:
    program = shutil.which("lua") or shutil.which("lua5.4")
    assert program, "Prosody brings Lua."
    done = subprocess.run(
        [program, "-", str(file)], input=script, capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.strip().split("\t")


@pytest.mark.server
def test_lua_reads_what_was_written(tmp_path: Path) -> None:
    write_past(tmp_path, NOW)
    data = tmp_path / "data"
    count, stamp, name, text = lua(COUNT, data / "localhost/archive/alice.list")
    assert int(count) > cast.HISTORY_LENGTH and name == "body"
    assert stamp.startswith("2026-11-2")
    assert text
    assert lua(COUNT, data / "rooms%2elocalhost/muc_log/garden.list")[0] == str(cast.ROOM_HISTORY_LENGTH)
    assert lua(ROOM, data / "rooms%2elocalhost/config/garden.dat") == [
        cast.ROOM_ADDRESS,
        cast.ROOM_NAME,
        "true",
    ]


@pytest.mark.server
async def test_prosody_serves_it(tmp_path: Path) -> None:
    from slixmpp import ClientXMPP

    from tui_xmpp.cli.demo_server import PrivateProsody

    server = PrivateProsody(tmp_path)
    server.add_account(cast.USER, "secret")
    write_past(server.folder, NOW)
    with server:
        client: Any = ClientXMPP(cast.address(cast.USER), "secret")
        client.ca_certs = str(server.ca_file)
        client.enable_direct_tls, client.enable_starttls = True, False
        for plugin in ("xep_0045", "xep_0060", "xep_0313"):
            client.register_plugin(plugin)
        client.connect("127.0.0.1", server.ports.direct_tls)
        await client.wait_until("session_start", 20)
        bookmarks = str(
            await client.plugin["xep_0060"].get_items(cast.address(cast.USER), "urn:xmpp:bookmarks:1")
        )
        assert f'id="{cast.ROOM_ADDRESS}"' in bookmarks
        assert 'autojoin="true"' in bookmarks
        with_friend = client.plugin["xep_0313"].iterate(
            with_jid=cast.address(cast.HISTORY_OF), rsm={"max": 100}
        )
        assert len([one async for one in with_friend]) == cast.HISTORY_LENGTH
        client.send_presence()
        await client.plugin["xep_0045"].join_muc_wait(cast.ROOM_ADDRESS, cast.USER)
        in_room = client.plugin["xep_0313"].iterate(cast.ROOM_ADDRESS, rsm={"max": 100})
        assert len([one async for one in in_room]) == cast.ROOM_HISTORY_LENGTH
        client.disconnect()
        await client.wait_until("disconnected", 20)
