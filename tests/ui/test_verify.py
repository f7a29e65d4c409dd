"""Comparing by a code: ours is shown, theirs is compared, and nothing is distrusted by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import Driven, driven
from tests.ui.fake_terminal import FakeTerminal
from tests.ui.security_world import HERE, PHONE, TABLET, fingerprint, known, sealed
from tests.ui.test_guards import EVIL
from tests.ui.world import AVA, BRAM, peopled
from tui_xmpp.core.omemo_uri import parse, written
from tui_xmpp.core.questions import DevicesOf
from tui_xmpp.core.security import Trust
from tui_xmpp.core.security_commands import SetTrust

CODE = written(ME, HERE.id, HERE.fingerprint)
THEIRS = f"{written(AVA.address, PHONE.id, PHONE.fingerprint)};omemo-sid-{TABLET.id}={TABLET.fingerprint}"
FORGED = written(AVA.address, PHONE.id, fingerprint(77))


def talked() -> FakeEngine:
    engine = peopled()
    known(engine, AVA.address, PHONE, TABLET)
    known(engine, ME, HERE)
    sealed(engine, AVA)
    return engine


def verified(*prints: str) -> list[SetTrust]:
    return [SetTrust(ME, AVA.address, one, Trust.VERIFIED) for one in prints]


async def paste(seen: Driven, text: str) -> None:
    """Put a code into the line of the popup."""
    assert seen.main.popups.widget is not None and seen.main.popups.widget.field is not None
    seen.main.popups.widget.field.insert_text_at_cursor(text)
    await seen.settle()


def picture(seen: Driven) -> list[str]:
    """The rows of the code."""
    return [line for line in seen.lines if line.count("█") + line.count("▀") + line.count("▄") > 9]


async def test_our_code_is_a_picture_where_there_is_room_and_text_in_any_case() -> None:
    async with driven(talked(), size=(120, 40)) as seen:
        await seen.press("alt+e", "c")
        await seen.shows("Compare fingerprints with ava")
        await seen.until(lambda: len(picture(seen)) > 17, "the picture")
        assert "omemo-sid-9001=" in seen.text
        # Dark on light, whatever the theme: a camera takes nothing else.
        styles = {
            (part.style.color.get_truecolor(), part.style.bgcolor.get_truecolor())
            for strip in seen.app.screen._compositor.render_strips()
            for part in strip
            if part.style and part.style.color and part.style.bgcolor and "▀" in part.text
        }
        assert {(tuple(ink), tuple(ground)) for ink, ground in styles} == {((0, 0, 0), (255, 255, 255))}


async def test_where_there_is_no_room_the_text_stays_and_it_is_said() -> None:
    async with driven(talked(), size=(80, 24)) as seen:
        await seen.press("alt+e", "c")
        await seen.shows("Make the window larger")
        assert not picture(seen)
        joined = "".join(line.strip(" >") for line in seen.lines)
        assert CODE in joined


async def test_it_appears_when_the_window_grows() -> None:
    async with driven(talked(), size=(80, 24)) as seen:
        await seen.type("/verify")
        await seen.press("enter")
        await seen.shows("Make the window larger")
        await seen.pilot.resize_terminal(100, 45)
        await seen.until(lambda: len(picture(seen)) > 17, "the picture")


async def test_a_screen_reader_is_told_the_text_alone() -> None:
    async with driven(talked(), size=(120, 40), terminal="reader", driver=FakeTerminal) as seen:
        await seen.press("alt+e", "c")
        await seen.shows("This device, as text:")
        assert not picture(seen) and "larger" not in seen.text


async def test_our_code_is_copied() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e", "c")
        await seen.shows("copy this code")
        await seen.press("enter")
        await seen.until(lambda: seen.app.clipboard == CODE, "the code on the clipboard")


async def test_devices_whose_fingerprints_match_are_verified() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e", "c")
        await paste(seen, THEIRS)
        await seen.press("enter")
        await seen.shows("Verified: Phone (1001), Tablet (1002) of ava@example.org.")
        assert seen.engine.done(SetTrust) == verified(PHONE.fingerprint, TABLET.fingerprint)
        await seen.shows("OMEMO, verified")
        await seen.shows("Security of ava")


async def test_a_device_that_the_code_does_not_name_stays_as_it_was() -> None:
    async with driven(talked()) as seen:
        await seen.type("/verify ")
        seen.main.composer.load(f"/verify {written(AVA.address, PHONE.id, PHONE.fingerprint)}")
        await seen.press("enter")
        await seen.shows("Verified: Phone (1001) of ava@example.org.")
        assert seen.engine.done(SetTrust) == verified(PHONE.fingerprint)
        assert seen.composer == ""


async def test_another_key_is_a_warning_and_is_distrusted_by_a_key_press_only() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e", "c")
        await paste(seen, FORGED)
        await seen.press("enter")
        await seen.shows("WARNING: the fingerprints of ava@example.org differ")
        await seen.shows("another key for Phone (1001) than this code")
        assert not seen.engine.done(SetTrust)
        await seen.press("enter")
        assert not seen.engine.done(SetTrust)
        await seen.shows("Security of ava")
        await seen.press("c")
        await paste(seen, FORGED)
        await seen.press("enter")
        await seen.shows("WARNING")
        await seen.press("d")
        assert seen.engine.done(SetTrust) == [SetTrust(ME, AVA.address, PHONE.fingerprint, Trust.DISTRUSTED)]


async def test_what_matches_is_verified_also_beside_what_differs() -> None:
    async with driven(talked()) as seen:
        seen.main.composer.load(f"/verify {FORGED};omemo-sid-{TABLET.id}={TABLET.fingerprint}")
        await seen.press("enter")
        await seen.shows("WARNING")
        assert seen.engine.done(SetTrust) == verified(TABLET.fingerprint)


async def test_the_number_of_a_device_may_have_changed_but_not_its_key() -> None:
    async with driven(talked()) as seen:
        seen.main.composer.load(f"/verify {written(AVA.address, 5, PHONE.fingerprint)}")
        await seen.press("enter")
        await seen.shows("Verified: Phone (1001)")


async def test_a_code_that_names_no_known_device_changes_nothing_and_says_so() -> None:
    async with driven(talked()) as seen:
        seen.main.composer.load(f"/verify {written(AVA.address, 5, fingerprint(50))}")
        await seen.press("enter")
        await seen.shows("The code names none of the devices that the server tells of.")
        assert not seen.engine.done(SetTrust)


async def test_a_code_of_somebody_else_is_refused_in_a_chat() -> None:
    async with driven(talked()) as seen:
        await seen.press("alt+e", "c")
        await paste(seen, written(BRAM.address, PHONE.id, PHONE.fingerprint))
        await seen.press("enter")
        await seen.shows("This is a code of bram@example.org, not of ava@example.org. Nothing was")
        assert seen.main.popups.kind is not None
        assert not seen.engine.done(SetTrust)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("hello", "A code begins with xmpp:"),
        (FORGED[:-1], "64 hexadecimal digits"),
        (f"xmpp:[bold]@?omemo-sid-1={PHONE.fingerprint}", "no valid address"),
        (f"{THEIRS};omemo-sid-{PHONE.id}={fingerprint(3)}", "twice"),
    ],
)
async def test_what_is_no_code_is_told_why_and_the_line_stays(code: str, words: str) -> None:
    async with driven(talked()) as seen:
        seen.main.composer.load(f"/verify {code}")
        await seen.press("enter")
        await seen.shows(words)
        assert seen.composer.startswith("/verify")
        assert not seen.engine.done(SetTrust)


async def test_devices_that_are_not_known_yet_are_asked_for_first() -> None:
    engine = peopled()
    known(engine, ME, HERE)
    asked: list[DevicesOf] = []
    before = engine.ask

    async def ask(question: object) -> object:
        if isinstance(question, DevicesOf) and question.owner == AVA.address:
            asked.append(question)
            known(engine, AVA.address, PHONE)
        return await before(question)  # type: ignore[arg-type]

    engine.ask = ask  # type: ignore[method-assign]
    async with driven(engine) as seen:
        seen.main.composer.load(f"/verify {written(AVA.address, PHONE.id, PHONE.fingerprint)}")
        await seen.press("enter")
        await seen.shows("Verified: Phone (1001)")
        assert len(asked) == 1


async def test_where_nobody_answers_nothing_is_verified() -> None:
    async with driven(peopled()) as seen:
        seen.main.composer.load(f"/verify {THEIRS}")
        await seen.press("enter")
        await seen.shows("The server does not answer.")
        assert not seen.engine.done(SetTrust)


async def test_before_this_device_has_a_key_there_is_no_code() -> None:
    engine = peopled()
    never: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def ask(question: object) -> object:
        return await never

    engine.ask = ask  # type: ignore[method-assign]
    async with driven(engine) as seen:
        await seen.type("/verify")
        await seen.press("enter")
        await seen.shows("This device has no key yet")
        known(engine, ME, HERE)
        await seen.shows("copy this code")
        await seen.press("escape")


async def test_the_picture_says_what_the_text_says() -> None:
    segno = pytest.importorskip("segno")
    from tui_xmpp.ui.render import qr

    rows = qr.rows(CODE)
    dots = [[cell in half for cell in row] for row in rows for half in ("▀█", "▄█")]
    code = segno.make(CODE, error="l", boost_error=False, micro=False)
    wanted = [[bool(dot) for dot in row] for row in code.matrix_iter(border=4)]
    assert dots[: len(wanted)] == wanted
    assert not any(any(row) for row in dots[len(wanted) :])
    assert parse(CODE).keys == ((HERE.id, HERE.fingerprint),)


async def test_a_hostile_label_is_text_in_every_warning() -> None:
    engine = talked()
    known(engine, AVA.address, replace(PHONE, label=EVIL))
    async with driven(engine) as seen:
        seen.main.composer.load(f"/verify {FORGED}")
        await seen.press("enter")
        await seen.shows("WARNING")
        written_ = "".join(
            part.text for strip in seen.app.screen._compositor.render_strips() for part in strip
        )
        assert not [char for char in written_ if ord(char) < 32 or 0x7F <= ord(char) < 0xA0]
