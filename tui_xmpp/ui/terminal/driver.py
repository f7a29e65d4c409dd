"""The terminal as this program uses it: clicks and wheel but no motion, and no answers typed as text."""

from __future__ import annotations

import codecs
import os
import selectors
import time

from textual import constants
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui_xmpp.ui.terminal.kept_frame import ENTER, Shown
from tui_xmpp.ui.terminal.replies import ReplyFilter

_PATIENCE = 3.0
"""Seconds an answer may take from its first byte to its last."""


class ChatDriver(LinuxDriver):
    """Textual's driver with a smaller mouse and a filter before its parser."""

    _unread = 0
    _frame: Shown | None = None
    """On the terminal already when this driver starts."""

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.mouse(True)

    def _enable_mouse_pixels(self) -> None:
        """Pixels are reported for motion only, which is never asked for."""

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.mouse(False)

    def mouse(self, on: bool) -> None:
        """Ask for buttons and wheel (1000) in the SGR form (1006), or give the mouse back to the terminal."""
        letter = "h" if on else "l"
        self.write(f"\x1b[?1000{letter}\x1b[?1006{letter}")
        self.flush()

    def start_application_mode(self) -> None:
        """Also keep the window's title, which the terminal gives back at the end."""
        frame: Shown | None = getattr(self._app, "shown", None)
        if frame is not None and not frame.over:
            self._frame = frame
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._frame is not None:
            self.attrs_before = self._frame.hand_over()
            self._frame = None
        self.write("\x1b[22;2t")
        self.title(self._unread)

    def write(self, data: str) -> None:
        """Also leave out what would clear a frame that is shown already."""
        if self._frame is None or data != ENTER:
            super().write(data)

    def stop_application_mode(self) -> None:
        """Also give the window its title back."""
        self.write("\x1b[23;2t")
        super().stop_application_mode()

    def title(self, unread: int) -> None:
        """Say in the window's title how many messages wait; never anything that somebody else wrote."""
        self._unread = unread
        self.write(f"\x1b]2;{f'({unread}) ' if unread else ''}tui-xmpp\x07")

    def run_input_thread(self) -> None:
        """Read, filter and parse until the program leaves."""
        parser = XTermParser(self._debug)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        replies = ReplyFilter()
        heard = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    data = os.read(self.fileno, 4096)
                    if not data:
                        break
                    heard = time.monotonic()
                    if data.endswith(b"\x1b") and selector.select(constants.ESCAPE_DELAY):
                        data += os.read(self.fileno, 4096)
                    if typed := replies.feed(decoder.decode(data)):
                        for message in parser.feed(typed):
                            self.process_message(message)
                elif time.monotonic() - heard > _PATIENCE:
                    replies.forget()
                for message in parser.tick():
                    self.process_message(message)
        try:
            for _ in parser.feed(""):
                pass
        except (EOFError, ParseError):
            pass
