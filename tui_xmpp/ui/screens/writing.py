"""What becomes of what the user writes: drafts, typing notices, replies, edits, sending."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui_xmpp.core import commands as cmd
from tui_xmpp.core import slash
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import Level
from tui_xmpp.core.message import Message
from tui_xmpp.core.slash_commands import COMMANDS
from tui_xmpp.ui.actions.slash_guard import SlashGuard
from tui_xmpp.ui.actions.slash_run import run

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui_xmpp.ui.screens.main import MainScreen

DRAFT_PAUSE = 1.0
"""Seconds without a key before a draft is kept."""
TYPING_PAUSE = 8.0
"""Seconds without a key before we no longer type (XEP-0085 §5.2 suggests a short while)."""


class Writing:
    """Stands between the composer and the engine; the composer is emptied only when the engine has it."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.reply: Message | None = None
        self.edited: Message | None = None
        self._draft_timer: Timer | None = None
        self._typing_timer: Timer | None = None
        self._typing: ChatKey | None = None
        self._before_edit = ""
        self._running: str | None = None
        """The command being run."""
        self._asked: dict[ChatKey, str] = {}
        """Drafts as last handed over: the engine may take a while to have them."""
        self._submitting = asyncio.Lock()

    async def changed(self) -> None:
        """Another text stands in the composer."""
        screen = self._screen
        if self._draft_timer is not None:
            self._draft_timer.stop()
        self._draft_timer = screen.set_timer(DRAFT_PAUSE, self.keep_draft)
        text = screen.composer.text
        if screen.chat is None or self.edited is not None or not text or text.startswith("/"):
            await self.stop_typing()
            return
        if self._typing != screen.chat:
            await self.stop_typing()
            self._typing = screen.chat
            screen.later(cmd.SetTyping(screen.chat, True))
        if self._typing_timer is not None:
            self._typing_timer.stop()
        self._typing_timer = screen.set_timer(TYPING_PAUSE, self.stop_typing)

    async def stop_typing(self) -> None:
        """Say that we stopped."""
        if self._typing is not None:
            chat, self._typing = self._typing, None
            self._screen.later(cmd.SetTyping(chat, False))

    async def keep_draft(self) -> None:
        """Keep the text of this chat where a restart finds it."""
        if self._draft_timer is not None:
            self._draft_timer.stop()
            self._draft_timer = None
        command = self.unkept()
        if command is not None:
            self._screen.later(command)

    def unkept(self) -> cmd.SaveDraft | None:
        """Return what keeps the text of this chat; None: it is kept."""
        chat = self._screen.chat
        known = self._screen.world.chats.get(chat) if chat is not None else None
        if known is None:
            return None
        text = self._before_edit if self.edited is not None else self._screen.composer.text
        if text == self._running:
            # A command that opens another chat must not stay behind as this one's draft.
            text = ""
        if self._asked.get(known.key, known.draft) == text:
            return None
        self._asked[known.key] = text
        return cmd.SaveDraft(known.key, text)

    async def leave(self) -> None:
        """The chat is left: keep its draft, forget reply and edit."""
        await self.keep_draft()
        await self.stop_typing()
        self.reply = self.edited = None
        self._before_edit = ""

    def enter(self, chat: ChatKey) -> None:
        """Another chat is open: show its draft."""
        known = self._screen.world.chats.get(chat)
        self._screen.composer.load(self._asked.get(chat, known.draft if known else ""))

    def answer(self, message: Message | None) -> None:
        """The next message answers this one."""
        self._drop_edit()
        self.reply = message

    def edit(self, message: Message | None) -> None:
        """Enter replaces this message."""
        self._drop_edit()
        self.reply = None
        if message is not None:
            self._before_edit = self._screen.composer.text
            self.edited = message
            self._screen.composer.load(message.body)

    def _drop_edit(self) -> None:
        if self.edited is not None:
            self.edited = None
            self._screen.composer.load(self._before_edit)
            self._before_edit = ""

    async def submit(self, text: str, *, pasted: bool) -> None:
        """Enter: one at a time, so that a second press never sends a text twice."""
        async with self._submitting:
            # Gone meanwhile: it was sent by the press before.
            if self._screen.composer.text.startswith(text):
                await self._submit(text, pasted=pasted)

    async def _submit(self, text: str, *, pasted: bool) -> None:
        """A command runs, text is sent, and a doubtful line asks first."""
        screen = self._screen
        if not text.strip():
            return
        first = text.lstrip()
        doubtful = first.startswith("/") and not first.startswith(("//", "/me "))
        if doubtful and (pasted or "\n" in text.strip()):
            await screen.open(SlashGuard(self, text))
            return
        parsed = slash.parse(text if "\n" in text else text.rstrip(), COMMANDS)
        if isinstance(parsed, slash.Hint):
            usage = f" Usage: {parsed.usage}" if parsed.usage else ""
            screen.say(parsed.message + usage, Level.WARN)
        elif parsed.command is None:
            await self.send(parsed.text, typed=text)
        else:
            await self.run(parsed, text)

    async def run(self, parsed: slash.Parsed, text: str) -> None:
        """Run a command; the line stays when it was refused."""
        composer = self._screen.composer
        chat = self._screen.chat
        self._running = text
        done = await run(self._screen, parsed)
        self._running = None
        if done:
            composer.remember(text)
            if self._screen.chat == chat and composer.text == text:
                composer.load("")

    async def send(self, text: str, *, typed: str) -> None:
        """Send a text to the open chat, or replace the message that is edited."""
        screen = self._screen
        chat = screen.chat
        if chat is None:
            screen.say("No chat is open. /msg ADDRESS opens one.", Level.WARN)
            return
        edited, reply = self.edited, self.reply
        if edited is not None:
            done = await screen.do(cmd.CorrectMessage(chat, edited.row, text))
        else:
            done = await screen.do(cmd.SendMessage(chat, text, reply.row if reply else 0))
        if not done:
            return
        screen.composer.remember(typed)
        rest = self._before_edit if edited is not None else ""
        if screen.chat != chat:
            # It was left as a draft meanwhile, and must not be sent again from there.
            if self._asked.get(chat) == typed:
                self._asked[chat] = rest
                screen.later(cmd.SaveDraft(chat, rest))
            return
        self.edited = self.reply = None
        self._before_edit = ""
        now = screen.composer.text
        # What was typed while the message went to disk stays.
        screen.composer.load(rest if now == typed else now.removeprefix(typed))
        screen.view.move_unread(None)
        screen.transcript.jump_end()
        self._typing = None
        await self.keep_draft()
        screen.furniture.banner()
