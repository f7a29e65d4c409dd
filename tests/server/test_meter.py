"""The meter against what a relay between us and a real server has counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.link.proxy import Link
from tests.link.shape import Fuse
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core.account import Connection, TlsMode, TransportKind
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import Disconnect, JoinRoom, SendMessage, SetPresence, SignOut
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import Notice, RatesChanged
from tui_xmpp.core.link import PROFILES
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.traffic import Amount, Category, Spent
from tui_xmpp.session import endpoints, finding
from tui_xmpp.session.resolver import SystemResolver
from tui_xmpp.session.transport import tcp_info
from tui_xmpp.storage.ledger import SqliteLedger

pytestmark = pytest.mark.server

MOST_WRONG = 0.02
QUIET_SECONDS = 0.4 + PROFILES["full"].receipt_seconds
"""What waits for something to ride on has left by then."""
TICKETS = 520
"""Bytes of the two session tickets of a server (RFC 8446 §4.6.1): they may come after we have closed."""
GOODBYE = 24
"""Bytes of an alert of TLS 1.3."""
TIMES = 20
_SINCE, _YEARS = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=36_500)


class Measured:
    """Somebody behind a relay: what their meter says, and what the relay does."""

    def __init__(
        self, link: Link, person: Person, most_wrong: float = MOST_WRONG, *, goodbyes: int = 0
    ) -> None:
        """*goodbyes*: how many connections may be told that they end after they have ended for us."""
        self._most_wrong = most_wrong
        self._goodbyes = goodbyes
        self._link = link
        self._person = person
        self.hurried = 0
        """Connections that are closed as soon as the answer is there."""
        self._spent: dict[Category, Amount] = {}
        self._relayed = Amount()

    @property
    def _counted(self) -> Amount:
        return Amount(self._link.counts.up, self._link.counts.down)

    async def since_last(self) -> dict[Category, Amount]:
        """What was spent since the last time, once the link is quiet; it is what the relay has counted."""
        moved = True
        while moved:
            self._link.moved.clear()
            moved = False
            with suppress(TimeoutError):
                moved = await asyncio.wait_for(self._link.moved.wait(), QUIET_SECONDS)
        before, self._spent = self._spent, by_category(ledger(self._person))
        spent = {one: _less(amount, before.get(one, Amount())) for one, amount in self._spent.items()}
        relayed, self._relayed = _less(self._counted, self._relayed), self._counted
        whole = sum(spent.values(), Amount())
        unheard = GOODBYE * self._goodbyes + TICKETS * self.hurried
        assert abs(whole.up - relayed.up) <= self._most_wrong * relayed.up, (spent, relayed)
        assert abs(whole.down - relayed.down) <= max(self._most_wrong * relayed.down, unheard), (
            spent,
            relayed,
        )
        return spent


def ledger(person: Person) -> list[Spent]:
    """All that is on the disk, and what was spent since."""
    person.session._accounts[person.address].account.metering.save()
    return list(SqliteLedger(person.database).spent(_SINCE, _SINCE + _YEARS))


def by_category(spent: list[Spent]) -> dict[Category, Amount]:
    found: dict[Category, Amount] = {}
    for one in spent:
        found[one.category] = found.get(one.category, Amount()) + one.xml + one.tls
    return found


def _less(one: Amount, other: Amount) -> Amount:
    return Amount(one.up - other.up, one.down - other.down)


def behind(link: Link) -> dict[str, Any]:
    """Settings of an account that reaches its server over the link."""
    return {"port": link.port, "tls": TlsMode.DIRECT}


@pytest_asyncio.fixture
async def relayed(prosody: ChatServer) -> AsyncIterator[Link]:
    async with Link(prosody.direct_tls_port) as link:
        yield link


async def test_each_kind_of_traffic_is_what_the_relay_has_counted(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Link(server.direct_tls_port) as relayed,
        Person(bert_at, server, tmp_path / "bert") as bert,
        Person(anna_at, server, tmp_path / "anna", changed=behind(relayed)) as anna,
    ):
        await bert.online()
        await anna.online()
        measured = Measured(relayed, anna)
        login = (await measured.since_last())[Category.LOGIN]
        # With the handshake: a hello of ours, and a certificate of theirs.
        assert login.up > 700 and login.down > 2000

        for number in range(TIMES):
            await anna.do(SendMessage(anna.chat(bert), f"out {number}"))
            await bert.do(SendMessage(bert.chat(anna), f"in {number}"))
        await anna.message(bert, f"in {TIMES - 1}")
        await bert.message(anna, f"out {TIMES - 1}")
        spent = await measured.since_last()
        assert spent[Category.CHAT].up > TIMES * 150 and spent[Category.CHAT].down > TIMES * 150
        assert spent[Category.MARKS].up > TIMES * 100
        assert {one.chat for one in ledger(anna) if one.category is Category.CHAT} == {anna.chat(bert)}

        for number in range(TIMES):
            await bert.do(SetPresence(Show.AWAY if number % 2 else Show.DND, f"busy {number}"))
        theirs = anna.world.presences[anna.address, bert.address]
        await anna.until(lambda: any(one.status == f"busy {TIMES - 1}" for one in theirs.values()))
        spent = await measured.since_last()
        assert spent[Category.PRESENCE].down > TIMES * 150
        assert spent[Category.CHAT] == Amount()

        room = ChatKey(anna.address, anna.address.parse(f"tea-{anna_at.user}@{server.rooms_domain}"))
        for one in (anna, bert):
            await one.do(JoinRoom(one.address, room.address))
            key = ChatKey(one.address, room.address)
            await one.until(lambda one=one, key=key: one.world.rooms[key].state is RoomState.JOINED)  # type: ignore[misc]
        for number in range(TIMES):
            await bert.do(SendMessage(ChatKey(bert.address, room.address), f"to all {number}"))
        last = f"to all {TIMES - 1}"
        await anna.until(lambda: any(one.body == last for one in anna.archive.page(room).messages))
        spent = await measured.since_last()
        assert spent[Category.ROOMS].down > TIMES * 200
        assert any(one.chat == room for one in ledger(anna))


async def test_a_past_that_is_fetched_and_a_link_that_is_lost(
    prosody: ChatServer, accounts: Accounts, relayed: Link, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    async with Person(bert_at, prosody, tmp_path / "bert") as bert:
        await bert.online()
        async with Person(anna_at, prosody, tmp_path / "first") as anna:
            await anna.online()
            for number in range(TIMES):
                await bert.do(SendMessage(bert.chat(anna), f"in {number}"))
            await anna.message(bert, f"in {TIMES - 1}")
        async with Person(anna_at, prosody, tmp_path / "second", changed=behind(relayed)) as anna:
            await anna.online()
            await anna.message(bert, f"in {TIMES - 1}")
            measured = Measured(relayed, anna)
            spent = await measured.since_last()
            assert spent[Category.HISTORY].down > TIMES * 400
            assert (Category.HISTORY, anna.chat(bert)) in {(one.category, one.chat) for one in ledger(anna)}

            relayed.cut()
            await anna.until(lambda: len(relayed.connections) > 1, "to come back")
            await bert.do(SendMessage(bert.chat(anna), "again"))
            await anna.message(bert, "again")
            spent = await measured.since_last()
            assert spent[Category.LOGIN].down > 1000
            await anna.until(lambda: anna.happened(RatesChanged), "rates")


async def test_connections_on_which_no_stream_begins(
    prosody: ChatServer, accounts: Accounts, relayed: Link, tmp_path: Path
) -> None:
    """Broken off in the midst of TLS, and gone to see what certificate it is that does not fit."""
    (anna_at,) = accounts(prosody, "anna")
    relayed.arm(Fuse(down=700), Fuse(down=300))
    async with Person(anna_at, prosody, tmp_path / "anna", changed=behind(relayed)) as anna:
        await anna.online()
        assert len(relayed.connections) == 3
        assert relayed.connections[0].counts.down + relayed.connections[1].counts.down == 1000
        await Measured(relayed, anna).since_last()

    async with Link(prosody.direct_tls_port) as other:
        changed = {**behind(other), "ca_file": ""}
        async with Person(anna_at, prosody, tmp_path / "stranger", changed=changed) as anna:
            await anna.until(lambda: anna.world.accounts[anna.address].reason, "to be refused")
            await anna.until(lambda: not other.alive and len(other.connections) > 1, "to have looked")
            # The server says goodbye in TLS to a socket that is closed: the kernel drops it.
            spent = await Measured(other, anna, goodbyes=len(other.connections)).since_last()
            assert set(spent) == {Category.LOGIN}


async def test_what_the_web_server_of_the_domain_is_asked(
    prosody: ChatServer, accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a connection of its own, before there is a stream; the name is looked up, which is not counted."""
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    port = urlsplit(prosody.host_meta_url).port
    assert port
    looked_up: list[str] = []
    at_url, addresses = endpoints.at_url, SystemResolver.addresses

    async def look_up(resolver: SystemResolver, host: str) -> Sequence[str]:
        looked_up.append(host)
        return await addresses(resolver, host)

    async with Link(port) as link:
        monkeypatch.setattr(finding, "_HTTPS_PORT", link.port)
        monkeypatch.setattr(SystemResolver, "addresses", look_up)
        # Where it says that it is, but over the link as well.
        monkeypatch.setattr(
            endpoints, "at_url", lambda url, **told: at_url(url.replace(str(port), str(link.port)), **told)
        )
        changed = {"host": "", "port": 0, "tls": None, "transport": TransportKind.WEBSOCKET}
        async with Person(anna_at, prosody, tmp_path / "anna", changed=changed) as anna:
            await anna.online()
            assert len(link.connections) == 2 and "localhost" in looked_up
            await Measured(link, anna, goodbyes=1).since_last()
            assert link.connections[0].counts.down > 1000

        # A certificate of somebody else: nothing is asked, and what that took counts.
        changed["ca_file"] = ""
        seen = link.counts.up, link.counts.down
        async with Person(bert_at, prosody, tmp_path / "bert", changed=changed) as bert:
            states = bert.world.accounts
            await bert.until(lambda: states[bert.address].connection is Connection.WAITING, "to be refused")
            await bert.do(Disconnect(bert.address))
            measured = Measured(link, bert, goodbyes=len(link.connections))
            measured._relayed = Amount(*seen)
            assert set(await measured.since_last()) == {Category.LOGIN}


@pytest.mark.parametrize("kind", [TransportKind.TCP, TransportKind.BOSH])
async def test_a_token_that_is_taken_back(
    kind: TransportKind, prosody: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    """On a stream of which no session knows."""
    (anna_at,) = accounts(prosody, "anna")
    url = prosody.bosh_url
    port = prosody.direct_tls_port if kind is TransportKind.TCP else urlsplit(url).port
    assert port
    async with Link(port) as link:
        changed = behind(link)
        if kind is TransportKind.BOSH:
            url = url.replace(str(port), str(link.port))
            changed = {"host": "", "port": 0, "tls": None, "transport": kind, "url": url}
        async with Person(anna_at, prosody, tmp_path / "anna", changed=changed) as anna:
            await anna.online()
            await anna.until(lambda: anna.vault.tokens.get(anna.address), "a token")
            measured = Measured(link, anna, goodbyes=len(link.connections))
            await measured.since_last()
            before = list(link.connections)
            await anna.do(SignOut(anna.address))
            assert not anna.happened(Notice)
            measured._goodbyes, measured.hurried = len(link.connections), 1
            spent = await measured.since_last()
            taken = [one for one in link.connections if one not in before]
            assert taken and spent[Category.LOGIN].up >= sum(one.counts.up for one in taken)


@pytest.mark.parametrize("kind", ["starttls", TransportKind.WEBSOCKET, TransportKind.BOSH, "silent kernel"])
async def test_on_other_ways(
    kind: str | TransportKind,
    prosody: ChatServer,
    accounts: Accounts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most_wrong = MOST_WRONG
    if kind == "silent kernel":
        # Several connections, with handshakes and records that must be guessed.
        monkeypatch.setattr(tcp_info, "read", lambda _: None)
        kind, most_wrong = TransportKind.BOSH, 0.15
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    is_tcp = not isinstance(kind, TransportKind)
    port = prosody.c2s_port if is_tcp else urlsplit(prosody.bosh_url).port
    assert port
    async with Link(port) as link:
        changed: dict[str, Any] = {"port": link.port, "tls": TlsMode.STARTTLS}
        if not is_tcp:
            url = prosody.websocket_url if kind is TransportKind.WEBSOCKET else prosody.bosh_url
            here = url.replace(str(port), str(link.port))
            changed = {"host": "", "port": 0, "tls": None, "transport": kind, "url": here}
        async with (
            Person(bert_at, prosody, tmp_path / "bert") as bert,
            Person(anna_at, prosody, tmp_path / "anna", changed=changed) as anna,
        ):
            await bert.online()
            await anna.online()
            measured = Measured(link, anna, most_wrong)
            await measured.since_last()
            for number in range(TIMES):
                await anna.do(SendMessage(anna.chat(bert), f"out {number}"))
                await bert.do(SendMessage(bert.chat(anna), f"in {number}"))
            await anna.message(bert, f"in {TIMES - 1}")
            await bert.message(anna, f"out {TIMES - 1}")
            await measured.since_last()
