"""Sending, saving and stopping files, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.driving import driven
from tests.ui.world import AVA, peopled
from tui_xmpp.core.attachment import Transfer, TransferState
from tui_xmpp.core.file_commands import CancelTransfer, Download, SendFile
from tui_xmpp.core.file_events import TransferEnded, TransferProgress
from tui_xmpp.ui.actions.files import paths


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


async def test_what_becomes_of_a_file_is_said_and_it_can_be_stopped() -> None:
    engine = peopled()
    async with driven(engine) as seen:
        transfer = Transfer("t1", AVA, True, "plan.png", total=10)
        engine.emit(TransferProgress(transfer))
        await seen.shows("Sending plan.png. /stop stops it.")
        await seen.type("/stop")
        await seen.press("enter")
        assert seen.engine.done(CancelTransfer) == [CancelTransfer(AVA.account, "t1")]
        failed = Transfer(
            "t1", AVA, True, "plan.png", TransferState.FAILED, reason="There is no room for it."
        )
        engine.emit(TransferEnded(failed))
        await seen.shows("plan.png: There is no room for it.")
        assert not engine.world.transfers
