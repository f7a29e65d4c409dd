"""What leaves the screen for a moment or changes the whole program: editor, plain text, links, theme."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import SuspendNotSupported

from tui_xmpp.core.events import Level
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.people import Occupants
from tui_xmpp.ui.render import body
from tui_xmpp.ui.screens import words
from tui_xmpp.ui.screens.lending import lend
from tui_xmpp.ui.screens.program import Program
from tui_xmpp.ui.terminal import browsing, clipboard
from tui_xmpp.ui.terminal.guard import safe_link
from tui_xmpp.ui.terminal.handing import can_be_continued, handed_over, line_typed, run_in_terminal

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen

_BARE_LINES = 500


IDS = frozenset(
    {
        "quit",
        "account",
        "editor",
        "bare",
        "suspend",
        "open-url",
        "mouse",
        "theme",
        "keep-lean",
        "keep-auto",
        "terminal",
        "reload",
        "status",
        "who",
        "lend",
    }
)
"""What `act` knows."""


async def act(screen: MainScreen, id: str, argument: str) -> None:
    """Do one of them."""
    app = cast(Program, screen.app)
    match id:
        case "quit":
            await app.leave(offline=argument == "offline")
        case "account":
            await app.sign_in()
        case "editor":
            screen.start(_editor(screen))
        case "bare":
            screen.start(_bare(screen))
        case "suspend":
            _suspend(screen)
        case "lend":
            screen.start(lend(screen, argument))
        case "open-url":
            await _open(screen, argument)
        case "mouse":
            _mouse(screen, argument)
        case "theme":
            await _theme(screen, app, argument)
        case "keep-lean":
            app.keep("lean", argument)
        case "keep-auto":
            app.keep("auto", argument, "link")
        case "terminal":
            if argument:
                app.terminal.choose(argument)
            screen.say(app.terminal.words())
        case "status":
            screen.say(
                words.summary(screen.world, screen.chat, app.terminal.words(), screen.settings.encryption)
            )
        case "who" if screen.chat in screen.world.rooms and screen.chat is not None:
            await screen.open(Occupants(screen, screen.chat))
        case "reload":
            if app.reload():
                screen.say("Read again.")


async def _theme(screen: MainScreen, app: Program, name: str) -> None:
    from tui_xmpp.ui.screens.theme_popup import Themes

    if not name:
        await screen.open(Themes(app))
    elif name in app.themes:
        app.use_theme(name)
    else:
        screen.say(f"There is no such theme. There are: {', '.join(app.themes)}.", Level.WARN)


def _mouse(screen: MainScreen, wanted: str) -> None:
    driver = screen.app._driver
    turn = getattr(driver, "mouse", None)
    if turn is None:
        screen.say("The mouse cannot be changed in this terminal.", Level.WARN)
        return
    turn(wanted != "off")
    screen.say("Clicks and wheel come here." if wanted != "off" else "The mouse belongs to the terminal.")


async def _open(screen: MainScreen, url: str) -> None:
    """Open a link; where a browser would start on the wrong machine, or cannot, the link is copied."""
    if not safe_link(url):
        screen.say("This kind of link is not opened.", Level.WARN)
        return
    if not await browsing.is_here(os.environ) or not browsing.start(url):
        screen.say(await clipboard.copy(screen.app, url, clean_line(url)))
        return
    screen.say(f"Opened {clean_line(url)}")


async def _editor(screen: MainScreen) -> None:
    """Let an editor change the draft; what comes in meanwhile is there afterwards."""
    command = screen.settings.ui.editor or os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="tui-xmpp-") as folder:
        path = Path(folder) / "message.txt"
        path.touch(mode=0o600)
        path.write_text(screen.composer.text, encoding="utf-8")
        try:
            code = await run_in_terminal(screen.app, [*shlex.split(command), str(path)])
        except (OSError, ValueError) as error:
            screen.say(f"The editor {command!r} did not start: {error}. Set editor in [ui].", Level.ERROR)
            return
        except SuspendNotSupported:
            screen.say("This terminal cannot be handed to an editor.", Level.WARN)
            return
        text = path.read_text(encoding="utf-8", errors="replace").rstrip("\n")
    if code:
        screen.say(f"The editor ended with code {code}; the draft is as it was.", Level.WARN)
        return
    screen.composer.load(text, pasted=True)


def _suspend(screen: MainScreen) -> None:
    """Stop until the shell continues us; where there is no shell nobody could."""
    if can_be_continued():
        screen.app.action_suspend_process()
    else:
        screen.say("There is no shell here to go back to.", Level.WARN)


def _print(text: str) -> None:
    """Write to the terminal, however slow it is."""
    assert sys.__stdout__ is not None
    sys.__stdout__.write(text)
    sys.__stdout__.flush()


async def _bare(screen: MainScreen) -> None:
    """Print the chat as plain text and wait for Enter."""
    lines: list[str] = []
    for message in screen.transcript.messages():
        who = "me" if message.outgoing else message.nick or screen.world.name_of(message.chat)
        when = screen.look.local(message.at).strftime("%Y-%m-%d %H:%M")
        lines += f"{when} {clean_line(who, 40)}: {body.shown(message, unfolded=True).text}".split("\n")
    try:
        with handed_over(screen.app):
            await asyncio.to_thread(_print, "\n".join(lines[-_BARE_LINES:]) + "\n\nEnter goes back. ")
            await line_typed()
    except SuspendNotSupported:
        screen.say("This terminal cannot show plain text.", Level.WARN)
