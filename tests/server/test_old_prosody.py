"""Our program on the Prosody that Debian 12 comes with, which has neither SASL2 nor what hangs on it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.link.conftest import make_pair
from tests.link.conversation import Pair, arrived
from tests.link.proxy import Link
from tests.link.shape import Break, Way
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, running
from tests.server.person import Person
from tests.server.prosody import ProsodyServer
from tests.server.test_rooms import InRoom
from tests.server.test_sign_in import Visitor
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.events import ConnectionChanged, RoomChanged
from tui_xmpp.core.room import RoomState

pytestmark = pytest.mark.server

TREE = Path(__file__).parents[2] / ".tools" / "prosody-0.12"
"""Where .ci/install unpacks Debian's package."""


def launcher(folder: Path) -> Path:
    """Write the package's program so that it finds its modules in TREE, which is not where they belong."""
    source = TREE / "usr" / "bin" / "prosody"
    if not source.exists():
        pytest.skip("Prosody 0.12 was not unpacked: .ci/install test does so on Debian 12 only.")
    library = TREE / "usr" / "lib" / "prosody"
    assert (library / "prosody.version").read_text(encoding="utf-8").startswith("0.12")
    text = source.read_text(encoding="utf-8")
    for name, place in (("SOURCEDIR", library), ("PLUGINDIR", library / "modules"), ("DATADIR", folder)):
        text, found = re.subn(rf"^CFG_{name}=.*$", f"CFG_{name}='{place}/';", text, flags=re.MULTILINE)
        assert found == 1
    program = folder / "prosody"
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    program = launcher(tmp_path_factory.mktemp("program"))
    yield from running(
        ProsodyServer(tmp_path_factory.mktemp("old-prosody"), modern=False, hold_seconds=10, program=program)
    )


@pytest.fixture
async def pair(old: ChatServer, accounts: Accounts, tmp_path: Path) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        made = await make_pair(stack, old, accounts, tmp_path)
        yield made
        assert made.verdict().is_clean, made.verdict()
        for client in (made.anna, made.bert):
            assert client.errors() == ""


async def test_a_known_server_takes_three_flights(old: ChatServer, accounts: Accounts) -> None:
    anna = Visitor(old, accounts)
    await anna.visit()
    again = await anna.visit()
    assert [len(again.streams), again.streams[0].flights] == [1, 3]


async def test_cut_and_resumed(pair: Pair) -> None:
    pair.link.hold(Way.UP)
    pair.anna.say(pair.bert, "one")
    await pair.anna.takes("one")
    pair.bert.say(pair.anna, "meanwhile")
    pair.link.cut(Break.RESET)
    pair.link.release()
    pair.anna.say(pair.bert, "two")
    await arrived(pair.anna, pair.bert, "one", "two")
    await arrived(pair.bert, pair.anna, "meanwhile")
    bound = bound_addresses(pair)
    assert len(bound) == 2 and len(set(bound)) == 1


async def test_killed_and_resumed(pair: Pair) -> None:
    pair.anna.say(pair.bert, "one")
    await arrived(pair.anna, pair.bert, "one")
    await pair.anna.kill()
    pair.bert.say(pair.anna, "meanwhile")
    await pair.bert.takes("meanwhile")
    await pair.anna.online()
    pair.anna.say(pair.bert, "two")
    await arrived(pair.bert, pair.anna, "meanwhile")
    await arrived(pair.anna, pair.bert, "two")
    bound = bound_addresses(pair)
    assert len(bound) == 2 and len(set(bound)) == 1


async def test_back_when_the_session_is_gone(pair: Pair) -> None:
    """What came while the session was held, and after it, is fetched from the archive."""
    await pair.anna.kill()
    pair.bert.say(pair.anna, "while it is held")
    await pair.bert.until(lambda: not pair.bert.hears(pair.anna), "the session to be given up")
    pair.bert.say(pair.anna, "afterwards")
    await pair.bert.takes("afterwards")
    await pair.anna.online()
    await arrived(pair.bert, pair.anna, "while it is held", "afterwards")
    pair.anna.say(pair.bert, "back")
    await arrived(pair.anna, pair.bert, "back")


def bound_addresses(pair: Pair) -> list[str]:
    """The full addresses that Anna was signed in with, in order."""
    return [
        one["bound"] for one in pair.anna.told if one["told"] == "connection" and one["state"] == "online"
    ]


async def test_a_room_lives_through_a_resume(old: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    anna_at, bert_at = accounts(old, "anna", "bert")
    address = Address.parse(f"garden-{anna_at.user}@{old.rooms_domain}")
    async with (
        Link(old.c2s_port) as link,
        Person(anna_at, old, tmp_path / "anna") as a,
        Person(bert_at, old, tmp_path / "bert", changed={"port": link.port}) as b,
    ):
        await a.online()
        await b.online()
        anna, bert = InRoom.of(a, address), InRoom.of(b, address)
        await anna.make("Anna")
        await bert.join("Bert")
        await anna.say("before")
        await bert.hear("before")
        b.told.clear()
        link.cut()
        await anna.say("meanwhile")
        await bert.hear("meanwhile")
        await bert.say("after")
        await anna.hear("after")
        states = [one.connection for one in b.happened(ConnectionChanged)]
        assert states[-1] is Connection.ONLINE
        assert bert.room.state is RoomState.JOINED
        assert not b.happened(RoomChanged)
        assert [one.body for one in bert.messages()] == ["before", "meanwhile", "after"]
