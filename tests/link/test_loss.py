"""Wherever link or program break: no message is lost, doubled, misordered, or falsely shown as sent."""

from __future__ import annotations

import random
from functools import partial
from typing import Literal

import pytest

from tests.link.conversation import Conversation, Pair, arrived
from tests.link.judge import shown_as_taken
from tests.link.shape import Break, Fuse, Way

pytestmark = pytest.mark.server

FLIGHTS = range(1, 12)
"""More changes of direction than a sign-in with resume and resend takes."""


def assert_clean(pair: Pair) -> None:
    verdict = pair.verdict()
    assert verdict.is_clean, verdict


async def settled(pair: Pair, *texts: str) -> None:
    """All of Anna's texts arrived, Bert's answer comes back, and nothing went wrong on the way."""
    await arrived(pair.anna, pair.bert, *texts)
    pair.bert.say(pair.anna, answer := f"answer to {texts[-1]}")
    await arrived(pair.bert, pair.anna, answer)
    assert_clean(pair)


# --- the link is cut -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", list(Break))
async def test_cut_after_writing_before_the_server_has_it(pair: Pair, how: Break) -> None:
    pair.link.hold(Way.UP)
    before = pair.link.counts.up
    pair.anna.say(pair.bert, "one")
    pair.anna.say(pair.bert, "two")
    await pair.anna.takes("two")
    await pair.anna.until(lambda: pair.link.counts.up > before, "bytes on the link")
    pair.link.cut(how)
    pair.anna.say(pair.bert, "three")
    await pair.anna.takes("three")
    # Nothing has reached the server, and nobody is told otherwise.
    assert not shown_as_taken(pair.anna, pair.bert)
    pair.link.release()
    await settled(pair, "one", "two", "three")


@pytest.mark.parametrize("how", list(Break))
async def test_cut_after_the_server_has_it_before_its_acknowledgement(pair: Pair, how: Break) -> None:
    pair.link.hold(Way.DOWN)
    pair.anna.say(pair.bert, "one")
    pair.anna.say(pair.bert, "two")
    await pair.bert.until(lambda: len(pair.bert.archive(pair.anna)) == 2, "both messages")
    pair.link.cut(how)
    assert not shown_as_taken(pair.anna, pair.bert)
    pair.link.release()
    pair.anna.say(pair.bert, "three")
    await settled(pair, "one", "two", "three")


@pytest.mark.parametrize("how", list(Break))
async def test_cut_after_the_acknowledgement_before_it_is_read(pair: Pair, how: Break) -> None:
    pair.link.hold(Way.DOWN)
    pair.anna.say(pair.bert, "one")
    await pair.bert.until(lambda: pair.bert.archive(pair.anna), "the message")
    pair.anna.freeze()
    try:
        before = pair.link.counts.down
        pair.link.release()
        await pair.bert.until(lambda: pair.link.counts.down > before, "the acknowledgement on the link")
        pair.link.cut(how)
    finally:
        pair.anna.thaw()
    pair.anna.say(pair.bert, "two")
    await settled(pair, "one", "two")


@pytest.mark.parametrize("flight", FLIGHTS)
async def test_cut_anywhere_in_the_way_back(pair: Pair, flight: int) -> None:
    """Two connections in turn end at a change of direction: in TLS, the sign-in, the resume, or after it."""
    pair.link.hold(Way.UP)
    pair.anna.say(pair.bert, "one")
    await pair.anna.takes("one")
    pair.link.arm(Fuse(flight=flight), Fuse(flight=flight + 1))
    pair.link.cut()
    pair.link.release()
    pair.anna.say(pair.bert, "two")
    pair.bert.say(pair.anna, "meanwhile")
    await arrived(pair.anna, pair.bert, "one", "two")
    await arrived(pair.bert, pair.anna, "meanwhile")
    pair.link.cut()
    await settled(pair, "one", "two")


@pytest.mark.parametrize("how", list(Break))
async def test_what_comes_in_while_the_link_is_cut_is_not_lost(pair: Pair, how: Break) -> None:
    pair.link.hold(Way.DOWN)
    texts = [f"{number}" for number in range(10)]
    for text in texts:
        pair.bert.say(pair.anna, text)
    await pair.bert.takes(texts[-1])
    pair.link.cut(how)
    pair.link.release()
    if how is not Break.RESET:
        # Who says nothing notices a silent cut only when it is time to ask for a sign of life.
        pair.anna.say(pair.bert, "are you there?")
        await arrived(pair.anna, pair.bert, "are you there?")
    await arrived(pair.bert, pair.anna, *texts)
    assert_clean(pair)


async def test_another_address(pair: Pair) -> None:
    """The old path is dead and nobody says so; the next connection comes from elsewhere."""
    pair.anna.say(pair.bert, "one")
    await pair.anna.takes("one")
    pair.link.source = "127.0.0.9"
    pair.link.cut(Break.HOLE)
    pair.anna.say(pair.bert, "two")
    pair.bert.say(pair.anna, "three")
    await arrived(pair.bert, pair.anna, "three")
    await settled(pair, "one", "two")
    assert len(pair.link.connections) > 1
    bound = {one["bound"] for one in pair.anna.told if one.get("state") == "online"}
    assert len(bound) == 1, "the session goes on"


async def test_typed_while_there_is_no_link(pair: Pair) -> None:
    pair.link.refuse()
    pair.link.cut()
    texts = [f"{number}" for number in range(20)]
    for text in texts:
        pair.anna.say(pair.bert, text)
    await pair.anna.takes(texts[-1])
    assert not shown_as_taken(pair.anna, pair.bert)
    pair.link.accept()
    await settled(pair, *texts)


# --- the program is killed ---------------------------------------------------------------------------------


async def test_killed_while_queued(pair: Pair) -> None:
    pair.link.refuse()
    pair.link.cut()
    for text in ("one", "two"):
        pair.anna.say(pair.bert, text)
    await pair.anna.takes("two")
    await pair.anna.kill()
    pair.link.accept()
    await pair.anna.online()
    pair.anna.say(pair.bert, "three")
    await settled(pair, "one", "two", "three")


@pytest.mark.parametrize("server_has_it", [False, True])
@pytest.mark.parametrize("cut_as_well", [False, True])
async def test_killed_after_writing(pair: Pair, server_has_it: bool, cut_as_well: bool) -> None:
    held = Way.DOWN if server_has_it else Way.UP
    before = pair.link.counts.up
    pair.link.hold(held)
    for text in ("one", "two"):
        pair.anna.say(pair.bert, text)
    await pair.anna.takes("two")
    await pair.anna.until(lambda: pair.link.counts.up > before, "bytes on the link")
    if server_has_it:
        await pair.bert.until(lambda: len(pair.bert.archive(pair.anna)) == 2, "both messages")
    await pair.anna.kill()
    if cut_as_well:
        pair.link.cut()
    pair.link.release()
    await pair.anna.online()
    pair.anna.say(pair.bert, "three")
    await settled(pair, "one", "two", "three")


async def test_killed_after_the_acknowledgement(pair: Pair) -> None:
    pair.anna.say(pair.bert, "one")
    await arrived(pair.anna, pair.bert, "one")
    await pair.anna.kill()
    await pair.anna.online()
    await settled(pair, "one")


async def test_killed_before_it_could_read(pair: Pair) -> None:
    pair.anna.freeze()
    texts = [f"{number}" for number in range(10)]
    for text in texts:
        pair.bert.say(pair.anna, text)
    await pair.bert.takes(texts[-1])
    await pair.anna.kill()
    await pair.anna.online()
    await arrived(pair.bert, pair.anna, *texts)
    assert_clean(pair)


async def test_killed_while_it_resends(pair: Pair) -> None:
    pair.link.hold(Way.UP)
    for text in ("one", "two"):
        pair.anna.say(pair.bert, text)
    await pair.anna.takes("two")
    pair.link.cut()
    pair.link.release()
    await pair.anna.until(lambda: len(pair.link.connections) > 1, "the way back")
    for _ in range(3):
        await pair.anna.kill()
        connections = len(pair.link.connections)
        await pair.anna.start()
        await pair.anna.until(
            partial(more_connections, pair, connections),
            "another life's connection",
        )
    await pair.anna.online()
    await settled(pair, "one", "two")


def more_connections(pair: Pair, than: int) -> bool:
    return len(pair.link.connections) > than


@pytest.mark.parametrize("how", ["suspend", "leave"])
async def test_it_quits_and_comes_back(pair: Pair, how: Literal["suspend", "leave"]) -> None:
    pair.anna.say(pair.bert, "one")
    await arrived(pair.anna, pair.bert, "one")
    await pair.anna.quit(how)
    pair.bert.say(pair.anna, "while you were away")
    await pair.bert.takes("while you were away")
    await pair.anna.online()
    await arrived(pair.bert, pair.anna, "while you were away")
    await settled(pair, "one")


# --- all at once -------------------------------------------------------------------------------------------


async def test_a_conversation_over_a_treacherous_link(pair: Pair) -> None:
    conversation = Conversation(pair, random.Random(1), messages=120, cuts=8, kills=2)
    await conversation.run()
    await conversation.arrived(seconds=60)
    assert (conversation.cuts, conversation.kills) == (8, 2)
    assert_clean(pair)
