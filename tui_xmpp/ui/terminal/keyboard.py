"""Reads the terminal: its answers are taken out, and what is typed becomes Textual's messages."""

from __future__ import annotations

import asyncio
import codecs
import os
from collections.abc import Iterable
from typing import Protocol

from textual import constants
from textual._xterm_parser import XTermParser
from textual.message import Message

from tui_xmpp.ui.terminal.replies import ReplyFilter

_PATIENCE = 3.0
"""Seconds an answer may take from its first byte to its last."""


class Listener(Protocol):
    """Who hears of it."""

    def process_message(self, message: Message) -> None:
        """A key, a click, a paste."""

    def typed(self) -> None:
        """Somebody typed."""

    def answered(self, answer: str) -> None:
        """The terminal answered, with this control sequence."""

    def lost(self) -> None:
        """The terminal is there no more."""


class Keyboard:
    """Listens to one descriptor without a thread, and never waits."""

    def __init__(self, listener: Listener, descriptor: int) -> None:
        self._listener, self._descriptor = listener, descriptor
        self._loop = asyncio.get_running_loop()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._replies = ReplyFilter()
        self._parser = XTermParser()
        self._timers: list[asyncio.TimerHandle] = []

    def start(self) -> None:
        """Listen."""
        self._loop.add_reader(self._descriptor, self._read)

    def stop(self) -> None:
        """Listen no more."""
        self._loop.remove_reader(self._descriptor)
        for timer in self._timers:
            timer.cancel()

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._listener.lost()
            return
        for timer in self._timers:
            timer.cancel()
        self._take(self._replies.feed(self._decoder.decode(data), whole=False))
        self._timers = [
            self._loop.call_later(constants.ESCAPE_DELAY, self._rested),
            # The end of an answer did not come: some of it may have been typed.
            self._loop.call_later(_PATIENCE, lambda: self._take(self._replies.forget())),
        ]

    def _rested(self) -> None:
        """Nothing followed for a moment: an Esc was the key."""
        self._take(self._replies.feed(""))
        tick = self._loop.call_later(constants.ESCAPE_DELAY, lambda: self._tell(self._parser.tick()))
        self._timers.append(tick)

    def _take(self, typed: str) -> None:
        for answer in self._replies.answers():
            self._listener.answered(answer)
        if typed:
            self._listener.typed()
            self._tell(self._parser.feed(typed))

    def _tell(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._listener.process_message(message)
