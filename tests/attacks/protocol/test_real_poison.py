"""P-16, X-01 through real servers: one stanza of a contact's must not end the link, for it comes again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.victim import after, full_address
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenHostile
from tests.server.person import Person

pytestmark = pytest.mark.server

LONG = "u" * 60_000
STANZAS = {
    "a namespace told with many names": f"><x xmlns='{LONG}'>{''.join(f'<b{n}/>' for n in range(400))}</x>",
    "a namespace told often": f"><x xmlns='{LONG}'>{'<b/>' * 1_000}</x>",
    "a long attribute": f"><x xmlns='urn:x' a='{'a' * 100_000}'/>",
    "a namespace that the server repeats": f" xmlns:x='{LONG}'>{'<x:b/>' * 60}",
}


@pytest.mark.parametrize("stanza", STANZAS.values(), ids=STANZAS)
async def test_no_stanza_of_a_contact_keeps_out_what_comes_behind_it(
    server: ChatServer, accounts: Accounts, hostile: OpenHostile, tmp_path: Path, stanza: str
) -> None:
    anna_at, mallory_at = accounts(server, "anna", "mallory")
    async with Person(anna_at, server, tmp_path / "anna") as anna:
        await anna.online()
        peer = await hostile(mallory_at, server)
        peer.send(f"<message type='chat' to='{full_address(anna)}' id='p'{stanza}<body>hm</body></message>")
        await after(peer, anna)
