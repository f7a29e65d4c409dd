"""Calls for attention: bell, notification of the terminal, and the user's own command; never in a burst."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.events import Level
from tui_xmpp.core.message import Message
from tui_xmpp.core.otr import explained
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.value import value
from tui_xmpp.core.world import World
from tui_xmpp.ui.render.files import in_short
from tui_xmpp.ui.terminal.notification import form, notification
from tui_xmpp.ui.terminal.passthrough import Between, between, wrapped
from tui_xmpp.ui.terminal.port import terminal_of
from tui_xmpp.ui.terminal.saying import say
from tui_xmpp.ui.terminal.tmux import ask_tmux

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui_xmpp.ui.screens.main import MainScreen

PAUSE = 5.0
"""Seconds between two calls; what comes meanwhile is counted."""
_COMMAND_SECONDS = 30.0
"""How long a command may run; there is never more than one."""
_NAME, _TEXT = 60, 200


@value
class Call:
    """What is said; every text is cleaned."""

    title: str
    text: str
    count: int
    """Messages it is about."""


class Ringing:
    """Collects the messages that may ring, and rings for the first at once and for more after a pause."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._counts: Counter[ChatKey] = Counter()
        self._last: Message | None = None
        self._timer: Timer | None = None
        self._number = 0
        self._command: asyncio.Task[None] | None = None
        self._broken = ""
        """The command that did not start; it is told once."""

    def take(self, messages: Sequence[Message]) -> None:
        """Call for these, now or soon."""
        for message in messages:
            self._counts[message.chat] += 1
            self._last = message
        if self._timer is None:
            self._ring()

    async def end(self) -> None:
        """The screen is gone: so is a command that still runs."""
        if self._timer is not None:
            self._timer.stop()
        if self._command is not None:
            self._command.cancel()
            await asyncio.wait([self._command])

    def _due(self) -> None:
        self._timer = None
        # What was read in the meantime needs no call.
        chats = self._screen.world.chats
        for key in list(self._counts):
            if (chat := chats.get(key)) is not None and not chat.unread:
                del self._counts[key]
        if self._counts:
            self._ring()

    def _ring(self) -> None:
        screen = self._screen
        attention = screen.settings.notify
        if self._last is None:
            return
        call = called(screen.world, self._counts, self._last, attention.text)
        self._counts.clear()
        self._timer = screen.set_timer(PAUSE, self._due)
        self._number += 1
        if attention.bell:
            screen.app.bell()
        if attention.terminal != "off":
            screen.start(self._notify(call))
        if attention.command.strip() and (self._command is None or self._command.done()):
            self._command = asyncio.create_task(self._run(attention.command, call))

    async def _notify(self, call: Call) -> None:
        app, setting = self._screen.app, self._screen.settings.notify.terminal
        way = between(os.environ)
        terminal = terminal_of(app)
        name = terminal.capabilities.name if terminal else ""
        if way is Between.TMUX and setting == "auto":
            # It knows who is attached now, by XTVERSION and by TERM.
            name = await ask_tmux("display-message", "-p", "#{client_termtype} #{client_termname}") or ""
        answered = terminal is not None and terminal.capabilities.notifications
        kind = form(setting, os.environ, name, answered=answered)
        if sequence := notification(kind, call.title, call.text, self._number):
            say(app, wrapped(sequence, way))

    async def _run(self, command: str, call: Call) -> None:
        """Run the user's command, without a shell; what others wrote is in its environment, not its words."""
        environment = os.environ | {
            "TUI_XMPP_TITLE": call.title,
            "TUI_XMPP_TEXT": call.text,
            "TUI_XMPP_COUNT": str(call.count),
        }
        nothing = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *shlex.split(command),
                stdin=nothing,
                stdout=nothing,
                stderr=nothing,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            if command != self._broken:
                self._broken = command
                words = f"The command in [notify] does not start: {error}"
                self._screen.say(words, Level.WARN)
            return
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _COMMAND_SECONDS)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def called(world: World, counts: Counter[ChatKey], last: Message, how: str) -> Call:
    """Return what to say of so many messages by chat; *how* much: `none`, `sender` or `message`."""
    count = counts.total()
    text = "New message" if count == 1 else f"{count} new messages"
    if how == "none":
        return Call("tui-xmpp", text, count)
    if len(counts) > 1:
        return Call("tui-xmpp", f"{text} in {len(counts)} chats", count)
    title = clean_line(world.name_of(last.chat), _NAME)
    known = world.chats.get(last.chat)
    if count == 1:
        if known is not None and known.kind is ChatKind.ROOM and last.nick:
            title = f"{clean_line(last.nick, _NAME)} in {title}"
        if how == "message":
            text = clean_line(explained(last), _TEXT) or in_short(last, _TEXT)
    return Call(title, text, count)
