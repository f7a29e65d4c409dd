"""P-17 in real rooms: a nick like another's is refused by the room or marked, and none does harm."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.attacks.victim import bodies
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenHostile
from tests.server.person import Person
from tests.server.raw_peer import RawPeer
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom
from tui_xmpp.core.events import Notice
from tui_xmpp.core.lookalikes import of_nick

pytestmark = pytest.mark.server

ALIKE = ("Anna", "anna", "Anna ", " Anna", "Аnna", "An\u200dna", "Αnna", "Ａnna", "Bеrt", "Bert\u2060")
"""Like ours or like Bert's: the same, another case, blanks, Cyrillic, a joiner, Greek, wide."""
ODD = ("[/]", "[@click=app.quit]x[/]", "x" * 1023, "\u202eanna", "$var", "@here", "é" * 511)


async def garden(anna: Person, server: ChatServer, bert: RawPeer) -> ChatKey:
    """A room with both of them in it."""
    key = ChatKey(anna.address, Address.parse(f"garden-{secrets.token_hex(3)}@{server.rooms_domain}"))
    await anna.do(JoinRoom(anna.address, key.address, "Anna"))
    # Nobody else gets into a new room before it is set up (XEP-0045 §10.1.2).
    await anna.until(lambda: any("made for you" in one.text for one in anna.happened(Notice)), "the new room")
    assert await bert.enter(f"{key.address}/Bert")
    await anna.until(lambda: "Bert" in anna.world.rooms[key].occupants, "Bert")
    return key


async def test_p17_a_nick_like_ours_or_like_anothers_is_refused_or_marked(
    server: ChatServer, accounts: Accounts, hostile: OpenHostile, tmp_path: Path
) -> None:
    anna_at, bert_at, mallory_at = accounts(server, "anna", "bert", "mallory", friends=False)
    async with Person(anna_at, server, tmp_path) as anna:
        await anna.online()
        key = await garden(anna, server, await hostile(bert_at, server))
        before = set(anna.world.rooms[key].occupants)
        let_in = []
        for number, nick in enumerate(ALIKE):
            mallory = await hostile(mallory_at, server)
            if await mallory.enter(f"{key.address}/{nick}"):
                mallory.send(
                    f"<message type='groupchat' to='{key.address}'><body>as {number}</body></message>"
                )
                await anna.until(lambda: f"as {number}" in bodies(anna), f"what {nick!r} said")  # noqa: B023
                (given,) = set(anna.world.rooms[key].occupants) - before
                assert of_nick(anna.world, key, given), f"{given!r} passes for somebody else"
                said = anna.archive.page(key).messages[-1]
                assert said.nick == given and not said.outgoing
                let_in.append(nick)
                mallory.send(f"<presence type='unavailable' to='{key.address}/{nick}'/>")
                await anna.until(lambda: set(anna.world.rooms[key].occupants) == before, f"{nick!r} to leave")
            await mallory.go()
        assert anna.world.rooms[key].nick == "Anna"
        assert "Anna" not in let_in and "Аnna" in let_in


async def test_p17_odd_nicks_are_survived(
    server: ChatServer, accounts: Accounts, hostile: OpenHostile, tmp_path: Path
) -> None:
    anna_at, bert_at, mallory_at = accounts(server, "anna", "bert", "mallory", friends=False)
    async with Person(anna_at, server, tmp_path) as anna:
        await anna.online()
        bert = await hostile(bert_at, server)
        key = await garden(anna, server, bert)
        let_in = 0
        for number, nick in enumerate(ODD):
            mallory = await hostile(mallory_at, server)
            if await mallory.enter(f"{key.address}/{nick}"):
                mallory.send(
                    f"<message type='groupchat' to='{key.address}'><body>as {number}</body></message>"
                )
                await anna.until(lambda: f"as {number}" in bodies(anna), f"what {nick!r} said")  # noqa: B023
                assert anna.archive.page(key).messages[-1].nick in anna.world.rooms[key].occupants
                let_in += 1
            await mallory.go()
        assert let_in > 2, "the room let nobody in"
        bert.send(f"<message type='groupchat' to='{key.address}'><body>good morning</body></message>")
        await anna.until(lambda: "good morning" in bodies(anna), "what Bert said")
