"""Receipts that wait to ride on something, or for the user, outlive the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.session.test_messages import given_now, wanting
from tests.session.test_resumption import resume
from tests.session.wire import BERT, SM, WITH_BERT, Wire
from tui_xmpp.core.commands import SendReceipt
from tui_xmpp.core.ports import StorageError
from tui_xmpp.session.features.receipts import Receipts
from tui_xmpp.session.owed_receipts import Owed, OwedReceipts

RESUMABLE = "<enabled xmlns='urn:xmpp:sm:3' id='s1' resume='true'/>"


def given(wire: Wire) -> list[str | None]:
    """The ids in receipts that were written, all that waits included."""
    given_now(wire)
    return [one.get("id") for each in wire.stream.written for one in each.iter("{urn:xmpp:receipts}received")]


async def owing(folder: Path, link: str = "full", enabled: str = RESUMABLE) -> Wire:
    """Two receipts were asked for, and none was given."""
    wire = Wire(folder, link=link)
    wire.befriend()
    await wire.online(enabled=enabled)
    for id in ("m1", "m2"):
        await wire.take(wanting(id))
    assert not any(each.find("{urn:xmpp:receipts}received") is not None for each in wire.stream.written)
    return wire


async def test_another_process_gives_them_in_a_new_session(tmp_path: Path) -> None:
    again = (await owing(tmp_path)).reborn()
    again.befriend()
    await again.online(answers=False)
    assert given(again) == ["m1", "m2"]
    # And no process after it.
    last = again.reborn()
    last.befriend()
    await last.online(answers=False)
    assert given(last) == []
    await last.close()


async def test_another_process_gives_them_in_the_session_it_takes_up(tmp_path: Path) -> None:
    again = (await owing(tmp_path)).reborn()
    again.befriend()
    again.connect(frozenset({SM}))
    await resume(again, 0)
    assert given(again) == ["m1", "m2"]
    await again.close()


async def test_the_next_session_of_this_process_gives_them_too(tmp_path: Path) -> None:
    """One that could not be resumed."""
    wire = await owing(tmp_path, enabled="<enabled xmlns='urn:xmpp:sm:3'/>")
    wire.lose()
    await wire.online(answers=False)
    assert given(wire) == ["m1", "m2"]
    await wire.close()


async def test_what_a_profile_holds_back_waits_for_the_user(tmp_path: Path) -> None:
    again = (await owing(tmp_path, "radio")).reborn()
    again.befriend()
    await again.online()
    assert given(again) == []
    await again.do(SendReceipt(WITH_BERT))
    assert given(again) == ["m1", "m2"]
    assert OwedReceipts(again.account).all() == []
    await again.close()


async def test_who_may_not_see_us_any_more_gets_none(tmp_path: Path) -> None:
    again = (await owing(tmp_path)).reborn()
    await again.online(answers=False)
    assert given(again) == []
    await again.close()


async def test_a_message_that_is_not_kept_is_owed_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(tmp_path)
    wire.befriend()
    await wire.online()
    ride = Receipts._ride

    def full(receipts: Receipts, owed: Owed) -> None:
        ride(receipts, owed)
        raise StorageError("The disk is full.")

    monkeypatch.setattr(Receipts, "_ride", full)
    await wire.take(wanting("m1"))
    assert wire.messages() == () and given(wire) == []
    assert OwedReceipts(wire.account).all() == []
    await wire.close()


async def test_there_is_an_end_to_what_is_kept(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    owed = OwedReceipts(wire.account)
    device = BERT.with_resource("x")
    owed.add(Owed(device, "chat", "x" * 10_000, True))
    assert owed.all() == []
    for number in range(600):
        owed.add(Owed(device, "chat", f"m{number}", True))
    assert len(owed.all()) == 500 and owed.all()[-1].id == "m599"
    wire.facts.put("receipts", "anna@example.org", '[["bert@example.org", 1]]')
    assert owed.all() == []
    await wire.close()
