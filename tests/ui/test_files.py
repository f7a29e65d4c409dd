"""Sending, saving and stopping files, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.engine import ME
from tests.ui.driving import driven
from tests.ui.test_mouse import click
from tests.ui.world import AVA, peopled
from tui_xmpp.core.attachment import Attachment, Transfer, TransferState
from tui_xmpp.core.file_commands import CancelTransfer, Download, SendFile
from tui_xmpp.core.file_events import TransferEnded, TransferProgress
from tui_xmpp.core.message import Delivery, Reply
from tui_xmpp.core.security import Protection
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.ui.actions.files import paths

KEY = "8c3d050e9386ec1738617878" + "0f" * 32
SEALED = f"aesgcm://files.example.org/4a77/cool.jpg#{KEY}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    (made / "my documents").mkdir(parents=True)
    for name in ("plan.png", "plan B.png", ".hidden", "my documents/cv.pdf"):
        (made / name).touch()
    return made


async def test_a_file_is_sent_to_the_open_chat() -> None:
    async with driven(peopled()) as seen:
        await seen.type('/send "~/my plan.png"')
        await seen.press("enter")
        assert seen.engine.done(SendFile) == [SendFile(AVA, "~/my plan.png")]


async def test_tab_completes_a_path(folder: Path) -> None:
    async with driven(peopled()) as seen:
        await seen.type(f"/send {folder}/m")
        await seen.press("tab")
        assert seen.composer == f'/send "{folder}/my documents/'
        await seen.type("c")
        await seen.press("tab")
        assert seen.composer == f'/send "{folder}/my documents/cv.pdf" '
        await seen.press("enter")
        assert seen.engine.done(SendFile) == [SendFile(AVA, f"{folder}/my documents/cv.pdf")]


def test_hidden_files_are_asked_for(folder: Path) -> None:
    assert paths(f"{folder}/") == [f"{folder}/{one}" for one in ("my documents/", "plan B.png", "plan.png")]
    assert paths(f"{folder}/.h") == [f"{folder}/.hidden"]
    assert paths(f"{folder}/nowhere/") == []


@pytest.mark.parametrize(
    ("line", "words"), [("/save", "There is no file here."), ("/stop", "No file is on its way.")]
)
async def test_where_there_is_no_file_it_is_said(line: str, words: str) -> None:
    async with driven(peopled()) as seen:
        await seen.type(line)
        await seen.press("enter")
        await seen.shows(words)


async def test_the_newest_file_is_saved() -> None:
    engine = peopled()
    async with driven(engine) as seen:
        engine.receive(AVA, "https://files.example.org/a/plan.png")
        await seen.shows("plan.png")
        await seen.type("/save /tmp/there")
        await seen.press("enter")
        (asked,) = seen.engine.done(Download)
        assert (asked.chat, asked.directory) == (AVA, "/tmp/there")
        assert seen.engine.archive.messages[asked.row].body.endswith("plan.png")


async def test_a_sealed_file_is_a_line_with_its_name_and_never_its_key() -> None:
    engine = peopled()
    async with driven(engine, size=(120, 40)) as seen:
        file = Attachment(SEALED, "cool.jpg", 1_234_567)
        row = engine.receive(AVA, SEALED, attachment=file, protection=Protection.SEALED).row
        await seen.shows("▤ cool.jpg · 1.2 MB · sealed")
        assert KEY not in seen.text and "aesgcm" not in seen.text
        await seen.press("ctrl+up")
        await seen.shows("s save file")
        await seen.press("s")
        assert seen.engine.done(Download) == [Download(AVA, row, "")]
        await seen.press("r")
        await seen.shows("reply to ava: file: cool.jpg, 1.2 MB, sealed")


async def test_in_ascii_and_for_a_screen_reader_a_file_is_words() -> None:
    engine = peopled()
    async with driven(engine, settings=Settings(ui=Ui(theme="quiet-dark", ascii=True))) as seen:
        engine.receive(AVA, SEALED)
        await seen.shows("[file] cool.jpg - sealed")
    engine = peopled()
    async with driven(engine, terminal="reader") as seen:
        engine.receive(AVA, SEALED)
        await seen.shows("ava: file: cool.jpg, sealed")
        assert KEY not in seen.text


async def test_a_file_in_clear_is_one_where_its_sender_says_so_and_else_a_link() -> None:
    engine = peopled()
    url = "https://files.example.org/a/plan.png"
    async with driven(engine) as seen:
        engine.receive(AVA, url)
        await seen.shows(url)
        engine.receive(AVA, "the plan", attachment=Attachment(url, "my\x1b[2J plan\u202e.png", 900))
        await seen.shows("the plan")
        await seen.shows("▤ my")
        assert "\u202e" not in seen.text and "\x1b" not in seen.text
        assert "900 B" in seen.text and "sealed" not in seen.text


async def test_a_key_is_not_shown_where_text_stands_beside_it_or_quotes_it() -> None:
    engine = peopled()
    async with driven(engine, size=(120, 40)) as seen:
        engine.receive(AVA, f"look: {SEALED}")
        engine.receive(AVA, "nice", reply=Reply("x", AVA.address, text=SEALED[:100]))
        await seen.shows("nice")
        assert "look: aesgcm://files.example.org/4a77/cool.jpg" in seen.text
        assert KEY[:20] not in seen.text


async def test_a_file_is_not_edited() -> None:
    engine = peopled()
    async with driven(engine) as seen:
        engine.receive(AVA, SEALED, outgoing=True, sender=ME, delivery=Delivery.READ)
        await seen.shows("▤ cool.jpg")
        await seen.press("ctrl+up", "e")
        await seen.shows("A file cannot be edited.")
        assert seen.composer == ""


async def test_what_becomes_of_a_file_is_said_and_it_can_be_stopped() -> None:
    engine = peopled()
    async with driven(engine) as seen:
        transfer = Transfer("t1", AVA, True, "plan.png", total=2_000_000)
        engine.emit(TransferProgress(transfer))
        await seen.shows("sending plan.png  0 % of 2.0 MB")
        await seen.shows("Alt+x stop")
        engine.emit(TransferProgress(replace(transfer, done=999_999)))
        await seen.shows("sending plan.png  49 % of 2.0 MB")
        await seen.type("/stop")
        await seen.press("enter")
        assert seen.engine.done(CancelTransfer) == [CancelTransfer(AVA.account, "t1")]
        failed = Transfer(
            "t1", AVA, True, "plan.png", TransferState.FAILED, reason="There is no room for it."
        )
        engine.emit(TransferEnded(failed))
        await seen.shows("plan.png: There is no room for it.")
        assert not engine.world.transfers


async def test_progress_is_drawn_with_the_clock_only() -> None:
    engine = peopled()
    async with driven(engine) as seen:
        transfer = Transfer("t1", AVA, False, "plan.png")
        engine.emit(TransferProgress(transfer))
        await seen.shows("fetching plan.png")
        seen.main.settling.tick = lambda: None  # type: ignore[method-assign]
        drawn = seen.main.hint.text
        shown: list[str] = []
        seen.main.furniture.typing = lambda: shown.append(drawn)  # type: ignore[method-assign]
        for done in (1000, 2000, 3000):
            engine.emit(TransferProgress(replace(transfer, done=done)))
            await seen.settle()
        assert not shown


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_key_and_a_click_stop_what_is_under_way(size: tuple[int, int]) -> None:
    engine = peopled()
    async with driven(engine, size=size) as seen:
        engine.emit(TransferProgress(Transfer("t1", AVA, False, "x" * 300 + "\x1b[2J", total=10)))
        await seen.shows("0 % of 10 B")
        await click(seen, "Alt+x stop")
        assert seen.engine.done(CancelTransfer) == [CancelTransfer(AVA.account, "t1")]
        await click(seen, "fetching")
        await seen.press("alt+x")
        assert len(seen.engine.done(CancelTransfer)) == 2


async def test_a_screen_reader_hears_of_the_beginning_and_the_end() -> None:
    engine = peopled()
    async with driven(engine, terminal="reader") as seen:
        transfer = Transfer("t1", AVA, True, "plan.png", total=10)
        engine.emit(TransferProgress(transfer))
        await seen.shows("Sending plan.png. /stop stops it.")
        engine.emit(TransferEnded(replace(transfer, state=TransferState.DONE)))
        await seen.shows("plan.png is sent.")
