"""The security of a chat: what is said, what can be decided, by keys and by the mouse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import Driven, driven
from tests.ui.fake_terminal import FakeTerminal
from tests.ui.security_world import HERE, LAPTOP, PHONE, TABLET, fingerprint, known, sealed
from tests.ui.test_guards import EVIL
from tests.ui.test_mouse import click
from tests.ui.world import AVA, DEV, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.questions import CanSeal
from tui_xmpp.core.room import Occupant
from tui_xmpp.core.security import ChatSecurity, Encrypt, Preflight, Trust
from tui_xmpp.core.security_commands import RemoveDevice, RepairDevice, SetEncryption, SetTrust
from tui_xmpp.ui.render.security import device_row

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])
GROUPS = " ".join(fingerprint(1)[at : at + 8] for at in range(0, 64, 8))


def talked() -> FakeEngine:
    engine = peopled()
    known(engine, AVA.address, PHONE, TABLET)
    known(engine, ME, HERE, LAPTOP)
    sealed(engine, AVA)
    return engine


async def go_to(seen: Driven, words: str) -> None:
    """Move the cursor down to a row with these words."""
    for _ in range(40):
        rows = seen.main.popups.widget.rows if seen.main.popups.widget else None
        if rows is not None and rows.selected is not None and words in rows.draw(rows.selected, 100).plain:
            return
        await seen.press("down")
    raise AssertionError(f"the cursor did not come to {words!r}:\n{seen.text}")


@SIZES
async def test_a_key_shows_how_a_chat_is_protected(size: tuple[int, int]) -> None:
    async with driven(talked(), size=size) as seen:
        await seen.press("alt+e")
        await seen.shows("Security of ava  ava@example.org")
        await seen.shows("Encrypted with OMEMO: only the devices of both of you can read it.")
        await seen.shows("Since 21 Nov 2026")
        await go_to(seen, "Phone")
        await seen.shows(GROUPS)
        assert "not verified" in seen.text
        await go_to(seen, "Tablet")
        assert "trusted" in seen.text


@SIZES
async def test_the_end_says_what_the_servers_still_see(size: tuple[int, int]) -> None:
    async with driven(talked(), size=size) as seen:
        await seen.press("alt+e", *["pagedown"] * 6)
        await seen.shows("From which address you connect")
        await seen.shows("Who is on your list, under which names")


async def test_a_click_on_the_right_end_of_the_topic_line_opens_it_and_one_elsewhere_does_not() -> None:
    async with driven(talked()) as seen:
        await seen.pilot.click(offset=(10, 0))
        await seen.settle()
        assert seen.main.popups.kind is None
        await seen.pilot.click(offset=(77, 0))
        await seen.shows("Security of ava")


@pytest.mark.parametrize(
    ("key", "trust"), [("v", Trust.VERIFIED), ("t", Trust.TRUSTED), ("d", Trust.DISTRUSTED)]
)
async def test_a_letter_decides_about_the_device_under_the_cursor(key: str, trust: Trust) -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e")
        await go_to(seen, "Phone")
        await seen.press(key)
        assert seen.engine.done(SetTrust) == [SetTrust(ME, AVA.address, PHONE.fingerprint, trust)]
        await seen.until(lambda: any(trust.value in line and "Phone" in line for line in seen.lines))
        await go_to(seen, "Phone")


async def test_a_device_is_decided_about_by_the_mouse_alone() -> None:
    async with driven(talked(), size=(120, 40)) as seen:
        await seen.press("alt+e")
        await seen.shows("Tablet")
        await click(seen, "Tablet")
        await seen.shows("Tablet (1002) of ava@example.org")
        await click(seen, "verified: I have compared")
        assert seen.engine.done(SetTrust) == [SetTrust(ME, AVA.address, TABLET.fingerprint, Trust.VERIFIED)]
        await seen.shows("Security of ava")


async def test_esc_goes_from_a_device_back_to_the_list_and_from_there_to_writing() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e")
        await go_to(seen, "Tablet")
        await seen.press("enter")
        await seen.shows("distrust it")
        await seen.press("escape")
        await seen.shows("Security of ava")
        await go_to(seen, "Tablet")
        await seen.press("escape")
        await seen.hides("Security of ava")
        await seen.type("x")
        assert seen.composer == "x"


async def test_a_session_with_a_device_is_begun_anew() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e")
        await go_to(seen, "Phone")
        await seen.press("r")
        assert seen.engine.done(RepairDevice) == [RepairDevice(ME, AVA.address, PHONE.id)]
        await seen.shows("A new session with Phone (1001) was begun.")


async def test_a_device_of_ours_is_removed_after_a_question_and_nobody_elses() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e")
        await go_to(seen, "Phone")
        await seen.press("x")
        await seen.shows("Only its owner can remove it")
        await go_to(seen, "Laptop")
        await seen.press("x")
        await seen.shows("Remove Laptop (9002) from your account?")
        await seen.press("enter")
        assert not seen.engine.done(RemoveDevice)
        await go_to(seen, "Laptop")
        await seen.press("x", "y")
        assert seen.engine.done(RemoveDevice) == [RemoveDevice(ME, LAPTOP.id)]
        await seen.shows("no longer used")


async def test_this_device_and_one_without_a_key_are_not_decided_about() -> None:
    engine = talked()
    known(engine, AVA.address, replace(PHONE, fingerprint=""))
    async with driven(engine) as seen:
        await seen.press("alt+e")
        await go_to(seen, "Phone")
        await seen.shows("its key is not known yet")
        await seen.press("v")
        await seen.shows("nothing to decide about")
        await go_to(seen, "this device")
        await seen.press("d")
        await seen.shows("it needs no trust")
        assert not seen.engine.done(SetTrust)


async def test_old_devices_are_last_and_this_one_is_first() -> None:
    engine = talked()
    known(engine, ME, replace(LAPTOP, active=False), replace(LAPTOP, id=9003, label="Desk"), HERE)
    async with driven(engine, size=(120, 40)) as seen:
        await seen.type("/devices")
        await seen.press("enter")
        await seen.shows("Your devices  alice@example.org")
        order = [seen.text.index(name) for name in ("9001", "9003", "9002")]
        assert order == sorted(order)
        assert "no longer used" in seen.text


async def test_devices_of_the_open_chat_are_below_ours() -> None:
    async with driven(talked()) as seen:
        await seen.type("/devices")
        await seen.press("enter")
        await seen.shows("Devices of ava@example.org")
        assert seen.text.index("Laptop") < seen.text.index("Phone")
        await go_to(seen, "Phone")
        await seen.press("t")
        assert seen.engine.done(SetTrust) == [SetTrust(ME, AVA.address, PHONE.fingerprint, Trust.TRUSTED)]


async def test_what_is_new_and_stops_nothing_is_only_not_used_yet() -> None:
    engine = talked()
    known(engine, AVA.address, replace(TABLET, trust=Trust.UNDECIDED))
    async with driven(engine) as seen:
        await seen.press("alt+e")
        await seen.shows("not used yet")
        assert "ava@example.org has a new device" not in seen.text


async def test_a_new_device_of_ours_waits_and_is_said_to() -> None:
    async with driven(talked()) as seen:
        await seen.type("/devices")
        await seen.press("enter")
        await seen.shows("Nothing is sealed for an undecided device")
        assert "decide about it" in seen.text


async def test_a_new_device_beside_a_verified_one_is_told_above() -> None:
    engine = talked()
    known(engine, AVA.address, replace(PHONE, trust=Trust.VERIFIED), replace(TABLET, trust=Trust.UNDECIDED))
    async with driven(engine) as seen:
        await seen.press("alt+e")
        await seen.shows("ava@example.org has a new device. Nothing is sent before you have decided")
        await go_to(seen, "Tablet")
        await seen.press("v")
        await seen.hides("ava@example.org has a new device")


async def test_what_stands_in_the_way_is_said_in_sentences() -> None:
    engine = peopled()
    engine.answers = {
        CanSeal: Preflight(("The room hides the addresses of those in it.", "Anybody can enter."))
    }
    async with driven(engine) as seen:
        await seen.press("alt+3", "alt+e")
        await seen.shows("In the way of encryption")
        await seen.shows("The room hides the addresses of those in it.")
        await seen.shows("Anybody can enter.")
        await seen.shows("Not encrypted. The servers of everybody in the room can read")


async def test_that_nobody_answers_is_said() -> None:
    async with driven(peopled()) as seen:
        await seen.press("alt+e")
        await seen.shows("Whether it can be encrypted is not known: The server does not answer.")


async def test_in_a_room_the_devices_of_every_member_are_shown() -> None:
    engine = peopled()
    bram, gone = Address.parse("bram@example.org"), Address.parse("gone@example.net")
    engine.emit(ev.OccupantChanged(DEV, Occupant("bram", address=bram)))
    known(engine, bram, PHONE)
    known(engine, gone, TABLET)
    # A member who is not there now.
    engine.answers = {CanSeal: Preflight((), (replace(TABLET, owner=gone),))}
    async with driven(engine, size=(120, 40)) as seen:
        await seen.press("alt+3", "alt+e")
        await seen.shows("Devices of bram@example.org")
        await seen.shows("Devices of gone@example.net")
        await seen.shows("Tablet")


async def test_when_it_is_encrypted_is_chosen_by_a_row() -> None:
    engine = peopled()
    known(engine, AVA.address, PHONE)
    async with driven(engine) as seen:
        await seen.press("alt+e")
        await go_to(seen, "always")
        await seen.shows("possible  now, by your settings:")
        await click(seen, "always ")
        assert seen.engine.done(SetEncryption) == [SetEncryption(AVA, Encrypt.ALWAYS)]
        await seen.shows("always    now:")


async def test_to_turn_it_off_asks_first() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e")
        await go_to(seen, "off  ")
        await seen.press("enter")
        await seen.shows("Turn encryption off for ava?")
        await seen.shows("What you say next can be read by both servers")
        await seen.press("enter")
        assert not seen.engine.done(SetEncryption)
        await seen.shows("Security of ava")
        await go_to(seen, "off  ")
        await seen.press("enter", "y")
        assert seen.engine.done(SetEncryption) == [SetEncryption(AVA, Encrypt.OFF)]
        await seen.shows("Not encrypted. Your server and theirs can read what is written here.")


@pytest.mark.parametrize(
    ("word", "encrypt"), [("always", Encrypt.ALWAYS), ("on", Encrypt.ALWAYS), ("possible", Encrypt.POSSIBLE)]
)
async def test_a_command_chooses_when_it_is_encrypted(word: str, encrypt: Encrypt) -> None:
    async with driven(talked()) as seen:
        await seen.type(f"/encrypt {word}")
        await seen.press("enter")
        assert seen.engine.done(SetEncryption) == [SetEncryption(AVA, encrypt)]
        await seen.shows("from " + ("now on" if encrypt is Encrypt.ALWAYS else "then on"))
        assert seen.composer == ""


async def test_the_command_asks_before_it_turns_off_what_was_on() -> None:
    async with driven(talked()) as seen:
        await seen.type("/encrypt off")
        await seen.press("enter")
        await seen.shows("can be read by both servers")
        assert not seen.engine.done(SetEncryption)
        await seen.press("y")
        assert seen.engine.done(SetEncryption) == [SetEncryption(AVA, Encrypt.OFF)]
        await seen.hides("Turn encryption off")


async def test_where_nothing_was_encrypted_off_asks_nothing() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/encrypt off")
        await seen.press("enter")
        assert seen.engine.done(SetEncryption) == [SetEncryption(AVA, Encrypt.OFF)]
        await seen.shows("Not encrypted: the servers can read")


async def test_what_cannot_be_encrypted_is_told_and_the_line_stays() -> None:
    engine = peopled()
    engine.refusals = {SetEncryption: "ava@example.org has no device that takes part in OMEMO."}
    async with driven(engine) as seen:
        await seen.type("/encrypt on")
        await seen.press("enter")
        await seen.shows("Encryption could not be turned on; above is what stands in the way.")
        await seen.shows("Security of ava")
        await seen.press("escape")
        assert seen.composer == "/encrypt on"


async def test_the_command_alone_opens_the_popup_and_its_words_are_completed() -> None:
    async with driven(talked()) as seen:
        await seen.type("/encrypt")
        await seen.press("enter")
        await seen.shows("Security of ava")
        await seen.press("escape")
        await seen.type("/encrypt po")
        await seen.press("tab")
        assert seen.composer == "/encrypt possible "


async def test_a_screen_reader_reaches_every_device_and_its_fingerprint() -> None:
    async with driven(talked(), terminal="reader", driver=FakeTerminal) as seen:
        await seen.press("alt+e")
        await seen.shows("Encrypted with OMEMO")
        for _ in range(30):
            if GROUPS in seen.text and "Phone, 1001" in seen.text:
                break
            await seen.press("down")
        assert GROUPS in seen.text and "not verified, Phone, 1001" in seen.text
        strange = {letter for letter in seen.text if ord(letter) > 0x2000}
        assert strange <= {"…"}, strange


async def test_the_cursor_begins_on_the_first_device_and_decides_nothing_by_itself() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e")
        await seen.until(lambda: any(line.startswith(">not verified   Phone") for line in seen.lines))
        assert seen.engine.commands == []


async def test_each_group_of_a_fingerprint_has_its_own_colour() -> None:
    async with driven(talked(), size=(120, 40)) as seen:
        await seen.press("alt+e")
        await seen.shows(GROUPS)
        strips = seen.app.screen._compositor.render_strips()
        parts = {part.text: part.style for strip in strips for part in strip}
        for group in GROUPS.split():
            assert parts[group].color == seen.main.look.nick_style(group).color


@SIZES
async def test_what_strangers_call_their_devices_is_text(size: tuple[int, int]) -> None:
    engine = talked()
    known(engine, AVA.address, replace(PHONE, label=EVIL))
    known(engine, ME, HERE, replace(LAPTOP, label=EVIL * 20))
    engine.answers = {CanSeal: Preflight((EVIL,))}
    async with driven(engine, size=size) as seen:
        await seen.press("alt+e")
        await seen.shows("[@click=app.quit()]")
        for _ in range(20):
            written = "".join(
                part.text for strip in seen.app.screen._compositor.render_strips() for part in strip
            )
            assert not [char for char in written if ord(char) < 32 or 0x7F <= ord(char) < 0xA0]
            assert "\u202e" not in written and "\u2028" not in written
            await seen.press("down")


async def test_it_follows_the_width_of_the_window() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e")
        await go_to(seen, "Phone")
        await seen.shows(GROUPS)
        await seen.pilot.resize_terminal(60, 30)
        half = GROUPS[: len(GROUPS) // 2]
        await seen.until(lambda: any(line.strip() == half for line in seen.lines), "half of it in a row")
        assert seen.main.popups.kind is not None


async def test_without_a_chat_nothing_opens() -> None:
    async with driven(FakeEngine()) as seen:
        await seen.press("alt+e")
        await seen.shows("No chat is open.")


async def test_a_private_chat_in_a_room_says_that_it_cannot_be_sealed() -> None:
    engine = peopled()
    engine.answers = {CanSeal: Preflight(("What is said to one occupant through a room cannot be sealed.",))}
    async with driven(engine) as seen:
        await seen.press("alt+3")
        await seen.type("/msg chiara")
        await seen.press("enter", "alt+e")
        await seen.shows("cannot be sealed.")
        assert "Compare" not in seen.text


async def test_a_choice_of_the_user_goes_before_the_settings() -> None:
    engine = talked()
    engine.emit(ev.SecurityChanged(AVA, ChatSecurity(Encrypt.OFF)))
    async with driven(engine) as seen:
        await seen.press("alt+e")
        await go_to(seen, "off  ")
        await seen.shows("off       now: the servers")


async def test_what_another_device_has_decided_is_said_so() -> None:
    async with driven(talked()) as seen:
        look = seen.main.look
        told = replace(PHONE, trust=Trust.VERIFIED, told=True)
        assert "by another device" in device_row(look, told, 80, waits=False).plain
        assert "another" not in device_row(look, replace(told, told=False), 80, waits=False).plain
