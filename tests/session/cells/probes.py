"""What one account with a link profile does on the scripted wire, one cell at a time.

Each probe does what its cell is about and tells in a word or a number what went out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.session.room_script import INFO, info
from tests.session.wire import ANNA, BERT, FULL, IN_ROOM, ROOM, WITH_BERT, Wire, names
from tui_xmpp.core.chat import ChatKind
from tui_xmpp.core.commands import (
    JoinRoom,
    MarkRead,
    OpenChat,
    SendMessage,
    SetPresence,
    SetTyping,
)
from tui_xmpp.core.contact import Contact, Show, Subscription
from tui_xmpp.core.room import Bookmark
from tui_xmpp.session import caps, convert, freshness, muc
from tui_xmpp.session.privacy_lists import PRIVACY
from tui_xmpp.session.unwrap import CARBONS, MAM

OTHER = f"{ANNA}/other"
RECEIPTS = "urn:xmpp:receipts"
MARKERS = "urn:xmpp:chat-markers:0"
ROSTER = "jabber:iq:roster"
ABLE = ("archive", "carbons", "pep")


class Timers:
    """Notes what an event loop is asked to do later; only a test lets it happen."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._call_later, self._call_at = loop.call_later, loop.call_at
        self.due: list[tuple[float, Callable[[], Any]]] = []

    def __enter__(self) -> Timers:
        self._loop.call_later = self._later  # type: ignore[method-assign]
        self._loop.call_at = self._at  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_later = self._call_later  # type: ignore[method-assign]
        self._loop.call_at = self._call_at  # type: ignore[method-assign]

    def _later(self, delay: float, callback: Callable[..., Any], *args: Any, **_: Any) -> Any:
        return self._at(self._loop.time() + delay, callback, *args)

    def _at(self, when: float, callback: Callable[..., Any], *args: Any, **_: Any) -> Any:
        seconds = when - self._loop.time()
        if seconds <= 0:
            return self._call_at(when, callback, *args)
        self.due.append((round(seconds, 3), lambda: callback(*args)))
        return self._call_at(when + 3600, callback, *args)

    def seconds(self, name: str) -> list[float]:
        """After how many seconds what is called so happens."""
        return [seconds for seconds, act in self.due if name in str(act.__closure__[1].cell_contents)]  # type: ignore[index, attr-defined]


def learnt(wire: Wire) -> None:
    """The server was met before: what it can do is known, that it has privacy lists too."""
    facts, key = wire.account.facts, str(ANNA)
    facts.put(
        "presence-filter", key, json.dumps({"works": "lists", "stored": {}, "services": [], "caps": ""})
    )
    facts.put("abilities", key, json.dumps(ABLE))
    for one in ("disco", "displayed", "bookmarks"):
        facts.put("fetched", f"{ANNA} {one}", json.dumps([wire.clock.now().isoformat(), "", ""]))


@asynccontextmanager
async def signed_in(
    folder: Path, profile: str, *, before: Callable[[Wire], None] = lambda _: None, answers: bool = True
) -> AsyncIterator[Wire]:
    """An account with this profile, on a server it knows."""
    wire = Wire(folder, link=profile)
    learnt(wire)
    wire.befriend()
    before(wire)
    await wire.online(answers=answers)
    try:
        yield wire
    finally:
        await wire.close()


async def opening(
    folder: Path, profile: str, before: Callable[[Wire], None] = lambda _: None
) -> list[ET.Element]:
    """What goes out at sign-in."""
    async with signed_in(folder, profile, before=before, answers=False) as wire:
        await wire.settle()
        return list(wire.stream.written)


def second(folder: Path) -> Path:
    """Room for another account."""
    made = folder / "again"
    made.mkdir()
    return made


def has(stanzas: list[ET.Element], tag: str) -> bool:
    return any(one.find(f".//{tag}") is not None for one in stanzas)


# --- presence -------------------------------------------------------------------------------------------


def _shown(stanza: ET.Element) -> str:
    return "+".join(names([stanza])[1:]) or "bare"


async def announce(folder: Path, profile: str) -> str:
    """The first presence, and what follows when we go away."""
    first = [_shown(one) for one in await opening(folder, profile) if one.tag.endswith("presence")]
    async with signed_in(second(folder), profile) as wire:
        with Timers(asyncio.get_running_loop()) as timers:
            sent = await wire.do(SetPresence(Show.AWAY, "lunch"))
            for _, act in timers.due:
                act()
            sent = [one for one in wire.stream.written if one.tag.endswith("presence")]
    return ", ".join([*first, *map(_shown, sent)])


async def announce_seconds(folder: Path, profile: str) -> float:
    """How long a change waits; of satellite and radio none leaves."""
    async with signed_in(folder, profile) as wire:
        with Timers(asyncio.get_running_loop()) as timers:
            await wire.do(SetPresence(Show.AWAY))
            return max(timers.seconds("_announce"), default=0)


async def receive(folder: Path, profile: str) -> str:
    """What the list that is used keeps off."""
    return _kept_off(await opening(folder, profile))


def _kept_off(sent: list[ET.Element]) -> str:
    tag = f"{{{PRIVACY}}}"
    used = [one.get("name") for stanza in sent for one in stanza.iter(f"{tag}active")]
    items = [
        " ".join([item.get("action", ""), item.get("value", ""), *names([item])[1:]]).replace("  ", " ")
        for stanza in sent
        for list_ in stanza.iter(f"{tag}list")
        if list_.get("name") in used
        for item in list_
    ]
    return "; ".join(items) or "nothing"


async def versioned_roster(folder: Path, profile: str) -> str:
    """Whether the roster is asked for where one is on the disk."""

    def kept(wire: Wire) -> None:
        wire.cache.put_roster(ANNA, "7", (Contact(ANNA, BERT, subscription=Subscription.BOTH),))

    return "asked" if has(await opening(folder, profile, kept), f"{{{ROSTER}}}query") else "not asked"


async def capabilities(folder: Path, profile: str) -> str:
    """What is asked about a server whose answers are a day old."""

    def old(wire: Wire) -> None:
        wire.clock.turn(172_800)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(freshness, "QUIET_SECONDS", 0.0)
        async with signed_in(folder, profile, before=old, answers=False) as wire:
            for _ in range(5):
                await wire.settle()
            sent = wire.stream.written
    asked = [has(sent, f"{{{convert.DISCO_INFO}}}query"), has(sent, f"{{{convert.PUBSUB}}}items")]
    return {(True, True): "all", (False, True): "lists only", (False, False): "nothing"}[asked[0], asked[1]]


async def notify(folder: Path, profile: str) -> str:
    """The events our capabilities ask for; their hash fits what we say when asked."""
    async with signed_in(folder, profile) as wire:
        asked = f"<iq type='get' id='1' from='{ANNA.domain}'><query xmlns='{convert.DISCO_INFO}'/></iq>"
        (said,) = await wire.take(asked)
        features = [one.get("var", "") for one in said.iter(f"{{{convert.DISCO_INFO}}}feature")]
        assert caps.verification(features) == caps.verification(wire.account.announced)
        wanted = sorted(one.removesuffix("+notify") for one in features if one.endswith("+notify"))
        return ", ".join(one.split(":")[2] for one in wanted) or "nothing"


# --- what hangs on a message ------------------------------------------------------------------------------


async def typing_out(folder: Path, profile: str) -> str:
    async with signed_in(folder, profile) as wire:
        sent = await wire.do(SetTyping(WITH_BERT, True))
        return "told" if has(sent, "{http://jabber.org/protocol/chatstates}composing") else "not told"


async def typing_in(folder: Path, profile: str) -> str:
    async with signed_in(folder, profile) as wire:
        await wire.take(
            f"<message from='{BERT}/x' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
        )
        return "shown" if wire.world.typing else "not shown"


async def receipts_asked(folder: Path, profile: str) -> str:
    """In a message like any other, and in one of which the user wants to know."""
    async with signed_in(folder, profile) as wire:
        plain = await wire.do(SendMessage(WITH_BERT, "a"))
        demanded = await wire.do(SendMessage(WITH_BERT, "b", receipt=True))
        asked = [has(one, f"{{{RECEIPTS}}}request") for one in (plain, demanded)]
    return {(True, True): "always", (False, True): "on demand", (False, False): "never"}[asked[0], asked[1]]


async def receipts_given(folder: Path, profile: str) -> str:
    """Of two messages: the receipts leave with the next that leaves anyway."""
    async with signed_in(folder, profile) as wire:
        with Timers(asyncio.get_running_loop()):
            heard = [_wants_receipt(1), _wants_receipt(2)]
            if any([has(await wire.take(one), f"{{{RECEIPTS}}}received") for one in heard]):
                return "at once"
        later = await wire.do(SendMessage(WITH_BERT, "b"))
        given = [one for one in later if has([one], f"{{{RECEIPTS}}}received")]
        return "together" if len(given) == 2 else "never"


async def receipt_seconds(folder: Path, profile: str) -> float:
    """How long they wait where nothing leaves."""
    async with signed_in(folder, profile) as wire:
        with Timers(asyncio.get_running_loop()) as timers:
            await wire.take(_wants_receipt(1))
            return max(timers.seconds("let_go"), default=0)


def _wants_receipt(number: int) -> str:
    return (
        f"<message from='{BERT}/x' type='chat' id='{number}'><body>a</body><request xmlns='{RECEIPTS}'/>"
        "</message>"
    )


async def markers(folder: Path, profile: str) -> str:
    """Who hears that a message was read: at once, and when the chat is left."""
    async with signed_in(folder, profile) as wire:
        await wire.take(
            f"<message from='{BERT}/x' type='chat' id='1'><body>a</body><markable xmlns='{MARKERS}'/>"
            f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='a1'/></message>"
        )
        said = [_marked(await wire.do(MarkRead(WITH_BERT)))]
        said.append(_marked(await wire.do(OpenChat(WITH_BERT.__class__(ANNA, ROOM)))))
        return ", then ".join(said)


def _marked(sent: list[ET.Element]) -> str:
    heard = []
    if has(sent, f"{{{MARKERS}}}displayed"):
        heard.append("the other side")
    if has(sent, "{urn:xmpp:mds:displayed:0}displayed"):
        heard.append("own devices")
    return " and ".join(heard) or "nobody"


async def carbons(folder: Path, profile: str) -> str:
    """At sign-in, and once another device of ours shows."""
    enable = f"{{{CARBONS}}}enable"
    if has(await opening(folder, profile), enable):
        return "on"
    async with signed_in(second(folder), profile) as wire:
        return "with others" if has(await wire.take(f"<presence from='{OTHER}'/>"), enable) else "off"


# --- rooms and the past -------------------------------------------------------------------------------------


def _bookmarked(wire: Wire) -> None:
    closed = Bookmark(ANNA, ROOM.__class__("cellar", ROOM.domain), autojoin=True)
    bookmarks = (Bookmark(ANNA, ROOM, autojoin=True), closed)
    wire.cache.put_bookmarks(ANNA, bookmarks)
    wire.account.open_chat(IN_ROOM, ChatKind.ROOM)
    room = muc.RoomInfo(archive=True)
    for one in bookmarks:
        muc.remember(wire.account.facts, ANNA, one.address, room, wire.clock.now())


async def rooms(folder: Path, profile: str) -> str:
    """Of two bookmarks with autojoin, one on the list: what is joined, and what is read when it is opened."""
    async with signed_in(folder, profile, before=_bookmarked, answers=False) as wire:
        await wire.settle()
        joined = {
            one.get("to", "").split("@")[0] for one in wire.stream.written if has([one], f"{{{muc.MUC}}}x")
        }
        if joined:
            return " and ".join(sorted(joined))
        read = [one for one in await wire.do(OpenChat(IN_ROOM)) if one.get("to") == str(ROOM)]
        await wire.do(SendMessage(IN_ROOM, "hello"))
        await wire.settle()
        assert has(wire.stream.written, f"{{{muc.MUC}}}x"), "who writes enters"
        return "archive read, entered by writing" if has(read, f"{{{MAM}}}query") else "entered by writing"


async def room_history(folder: Path, profile: str) -> int:
    """Messages asked of a room without an archive that was never entered."""
    async with signed_in(folder, profile) as wire:
        await wire.do(JoinRoom(ANNA, ROOM))
        wire.answer(await wire.request(INFO), info(("http://jabber.org/protocol/muc",)))
        await wire.settle()
        sent = next(one for one in wire.stream.written if has([one], f"{{{muc.MUC}}}x"))
        history = sent.find(f"{{{muc.MUC}}}x/{{{muc.MUC}}}history")
        assert history is not None
        return int(history.get("maxstanzas", "-1"))


async def page(folder: Path, profile: str) -> int:
    """Messages asked of the archive at a time."""
    async with signed_in(folder, profile) as wire:
        asked = wire.account.features
        query = next(one for one in asked if type(one).__name__ == "History")._queries.ask(ANNA)  # type: ignore[attr-defined]
        await wire.settle()
        sent = wire.stream.written[-1]
        wire.answer(sent, f"<fin xmlns='{MAM}' complete='true'/>")
        await query.answer
        return int(sent.findtext(".//{http://jabber.org/protocol/rsm}max") or 0)


async def catch_up_pages(folder: Path, profile: str) -> int:
    """Pages fetched after signing in, of an archive that has ever more."""

    def known(wire: Wire) -> None:
        wire.archive.set_newest_archive_id(ANNA, "a0", wire.clock.now())

    async with signed_in(folder, profile, before=known, answers=False) as wire:
        pages = 0
        for _ in range(12):
            await wire.settle()
            queries = [one for one in wire.requests() if has([one], f"{{{MAM}}}query")]
            if not queries:
                break
            after = queries[0].findtext(".//{http://jabber.org/protocol/rsm}after")
            if after is None:
                # The newest page: the rest has been left as a hole.
                break
            pages += 1
            _answer_page(wire, queries[0], pages)
        return pages


def _answer_page(wire: Wire, query: ET.Element, number: int) -> None:
    id = query.find(f"{{{MAM}}}query").get("queryid")  # type: ignore[union-attr]
    wire.hear(
        f"<message from='{ANNA}' to='{FULL}'><result xmlns='{MAM}' queryid='{id}' id='a{number}'>"
        "<forwarded xmlns='urn:xmpp:forward:0'>"
        f"<delay xmlns='urn:xmpp:delay' stamp='2026-05-01T10:0{number % 10}:00Z'/>"
        f"<message xmlns='jabber:client' from='{BERT}/x' to='{ANNA}' type='chat' id='m{number}'>"
        f"<body>{number}</body></message></forwarded></result></message>"
    )
    wire.answer(query, f"<fin xmlns='{MAM}'/>")


# --- the wire ---------------------------------------------------------------------------------------------


async def ask_seconds(folder: Path, profile: str) -> float:
    """Of two messages: the first is asked about at once, the second after so long."""
    async with signed_in(folder, profile) as wire:
        first = await wire.do(SendMessage(WITH_BERT, "a"))
        assert any(one.tag == "{urn:xmpp:sm:3}r" for one in first)
        sent = wire.account.life.management._sent[-1].sequence
        wire.hear(f"<a xmlns='urn:xmpp:sm:3' h='{sent}'/>")
        with Timers(asyncio.get_running_loop()) as timers:
            second = await wire.do(SendMessage(WITH_BERT, "b"))
            if any(one.tag == "{urn:xmpp:sm:3}r" for one in second):
                return 0
            return round(max(timers.seconds("_ask_late")))


async def ack_delay(folder: Path, profile: str) -> float:
    """How long the server waits for its acknowledgement where nothing else leaves."""
    async with signed_in(folder, profile) as wire:
        with Timers(asyncio.get_running_loop()) as timers:
            await wire.take(f"<message from='{BERT}/x' type='headline'><subject>a</subject></message>")
            wire.hear("<r xmlns='urn:xmpp:sm:3'/>")
            await wire.settle()
            return max(timers.seconds("_answer"))


async def coalesce(folder: Path, profile: str) -> float:
    """What the stream is told when it asks how long it may wait."""
    async with signed_in(folder, profile) as wire:
        return wire.account.life.may_wait()


async def short_ids(folder: Path, profile: str) -> str:
    """The id of a message, and whether it is said twice."""
    async with signed_in(folder, profile) as wire:
        sent = (await wire.do(SendMessage(WITH_BERT, "a")))[0]
        twice = has([sent], "{urn:xmpp:sid:0}origin-id")
        return f"{len(sent.get('id', ''))} characters{', twice' if twice else ''}"


async def patience(folder: Path, profile: str) -> float:
    """Seconds to wait for an answer on a link of which nothing is known."""
    async with signed_in(folder, profile) as wire:
        return wire.account.life.timing.timeout()


async def idle_seconds(folder: Path, profile: str) -> float:
    async with signed_in(folder, profile) as wire:
        return wire.account.pacing.idle_seconds


def told(cell: str) -> Callable[[Path, str], Awaitable[Any]]:
    """What the connector, which reads this cell, is told."""

    async def probe(folder: Path, profile: str) -> Any:
        async with signed_in(folder, profile) as wire:
            return getattr(wire.account.pacing, cell)

    return probe
