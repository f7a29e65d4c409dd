"""Files: sending one, saving the one of a message, stopping what is under way, and paths for Tab."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from tui_xmpp.core.attachment import Transfer, TransferState, attachment_in
from tui_xmpp.core.events import Level
from tui_xmpp.core.file_commands import CancelTransfer, Download, SendFile
from tui_xmpp.core.message import Message
from tui_xmpp.core.slash import Parsed
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.render.files import file_of

Run = Callable[[Face, Parsed], Awaitable[bool]]

_MOST = 40


async def _send(face: Face, parsed: Parsed) -> bool:
    if face.chat is None:
        face.say("No chat is open.", Level.WARN)
        return False
    return await face.do(SendFile(face.chat, parsed.get("path") or ""))


async def _save(face: Face, parsed: Parsed) -> bool:
    return await save(face, parsed.get("directory") or "")


async def save(face: Face, directory: str = "") -> bool:
    """Take where to put it (empty: the usual place); fetch the file of the selected message, or the newest.

    Return False where there is none, or it was refused.
    """
    message = face.selected or _newest(face)
    if message is None:
        face.say("There is no file here. Select a message that has one.", Level.WARN)
        return False
    return await face.do(Download(message.chat, message.row, directory))


async def _stop(face: Face, parsed: Parsed) -> bool:
    return await stop(face)


async def stop(face: Face) -> bool:
    """Stop all files that are on their way; return False where there are none."""
    running = list(face.world.transfers.values())
    if not running:
        face.say("No file is on its way.", Level.WARN)
    done = [await face.do(CancelTransfer(one.chat.account, one.id)) for one in running]
    return bool(done) and all(done)


def _newest(face: Face) -> Message | None:
    messages = list(reversed(face.transcript.messages()))
    shown = (one for one in messages if file_of(one) is not None)
    return next(shown, None) or next((one for one in messages if attachment_in(one.body) is not None), None)


def words(transfer: Transfer) -> tuple[str, Level]:
    """Return what to say of a transfer that has begun or is over."""
    name = clean_line(transfer.name, 60)
    match transfer.state:
        case TransferState.RUNNING:
            return f"{'Sending' if transfer.outgoing else 'Fetching'} {name}. /stop stops it.", Level.INFO
        case TransferState.DONE if transfer.outgoing:
            return f"{name} is sent.", Level.INFO
        case TransferState.DONE:
            return f"Saved as {clean_line(transfer.file, 200)}", Level.INFO
        case TransferState.CANCELLED:
            return f"{name} was stopped.", Level.INFO
        case _:
            return f"{name}: {clean_line(transfer.reason, 200)}", Level.WARN


def paths(typed: str) -> list[str]:
    """Return what there is on this computer that begins so; folders end in `/`, hidden ones are asked for."""
    head, slash, begin = typed.rpartition("/")
    folder = Path(head + slash or ".").expanduser()
    try:
        with os.scandir(folder) as found:
            entries = [
                f"{head}{slash}{one.name}{'/' if one.is_dir() else ''}"
                for one in found
                if one.name.startswith(begin) and (begin.startswith(".") or not one.name.startswith("."))
            ]
    except OSError:
        return []
    return sorted(one for one in entries if one.isprintable())[:_MOST]


COMMANDS: dict[str, Run] = {"send": _send, "save": _save, "stop": _stop}
