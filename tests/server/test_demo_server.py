"""The demo's server, seen by a client that signs in to it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from slixmpp import ClientXMPP

from tui_xmpp.cli.demo_server import PrivateProsody, RosterItem

pytestmark = pytest.mark.server


async def test_accounts_and_rosters_of_any_spelling_are_served(tmp_path: Path) -> None:
    items = [
        RosterItem("bob@localhost", 'Bob "the builder" \\n', ("Friends", "Tea & cake]]")),
        RosterItem("chiara.d@localhost", "Chiara D’Agostino", (), "to"),
        RosterItem("dmitri@localhost", subscription="none"),
    ]
    with PrivateProsody(tmp_path) as server:
        server.add_account("jörg.d_2", 'p"w\\ö')
        server.set_roster("jörg.d_2", items)
        client = ClientXMPP("jörg.d_2@localhost", 'p"w\\ö')
        client.ca_certs = server.ca_file
        client.enable_direct_tls, client.enable_starttls, client.enable_plaintext = False, True, False
        ready = asyncio.get_running_loop().create_future()
        client.add_event_handler("session_start", ready.set_result)
        client.add_event_handler("failed_all_auth", ready.set_result)
        client.connect("127.0.0.1", server.ports.c2s)
        await asyncio.wait_for(ready, 10)
        answer = await client.get_roster()
        await client.disconnect()
    assert answer is not None
    served = {
        str(jid): (item["name"], sorted(item["groups"]), item["subscription"])
        for jid, item in answer["roster"]["items"].items()
    }
    assert served == {item.address: (item.name, sorted(item.groups), item.subscription) for item in items}


async def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with PrivateProsody(tmp_path) as server:
        server.add_account("anna", "right")
        client = ClientXMPP("anna@localhost", "wrong")
        client.ca_certs = server.ca_file
        refused = asyncio.get_running_loop().create_future()
        client.add_event_handler("failed_all_auth", refused.set_result)
        client.connect("127.0.0.1", server.ports.c2s)
        await asyncio.wait_for(refused, 10)
        await client.disconnect()
