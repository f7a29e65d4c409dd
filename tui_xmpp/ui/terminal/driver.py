"""Textual's driver for this program: a grid of cells, a paced and never waiting way out, the real cursor."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual import events
from textual.driver import Driver
from textual.geometry import Size

from tui_xmpp.core.terminal import TerminalProfile, first_profile
from tui_xmpp.ui.terminal.capabilities import Capabilities, questions
from tui_xmpp.ui.terminal.frame_reader import cells_of, read_frame
from tui_xmpp.ui.terminal.kept_frame import ENTER, LEAVE, Shown
from tui_xmpp.ui.terminal.keyboard import Keyboard
from tui_xmpp.ui.terminal.outlet import Outlet
from tui_xmpp.ui.terminal.pacing import ANSWER, Pacing
from tui_xmpp.ui.terminal.painter import Painter

if TYPE_CHECKING:
    from textual.app import App

_LONG = 1000
"""Characters from which on a frame is bracketed so that it appears at once (mode 2026)."""
_ECHO = 0.5
"""Seconds after a key in which a change beside the cursor is its echo."""
_LAST_WORDS = 1.0
"""Seconds the terminal has at the end to take what gives it back."""
_STORM = 0.05
"""Seconds in which several changes of the window's size are one."""
_ASIDES = 256 * 1024
"""Characters of sequences between frames that may wait."""
# Title kept; no wrapping; focus and paste reported; the kitty keyboard protocol's first level, which tells
# Esc from Alt and Shift+Enter from Enter, and leaves letters one byte long.
_BEGIN = "\x1b[22;2t\x1b[?7l\x1b[?1004h\x1b[?2004h\x1b[>1u"
_END = "\x1b[<u\x1b[?2004l\x1b[?1004l\x1b[r\x1b[23;2t"
_MOUSE_ON, _MOUSE_OFF = "\x1b[?1000h\x1b[?1006h", "\x1b[?1000l\x1b[?1006l"
_SILENT = ("dumb", "linux")
"""Kinds of terminal that print a question instead of answering it."""


class ChatDriver(Driver):
    """Draws by difference, at the terminal's own speed; a terminal that does not read holds up nothing."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        environment = os.environ
        kind = environment.get("TERM", "")
        asks = not kind.startswith(_SILENT) and environment.get("TERM_PROGRAM") != "Apple_Terminal"
        self._input = sys.__stdin__.fileno() if sys.__stdin__ else 0
        self._output = next((one for one in (1, 2, 0) if os.isatty(one)), 1)
        # GNU screen erases with the ground of the terminal, not with that of the pen.
        self._painter = Painter(erases="STY" not in environment)
        self._pacing = Pacing(asks=asks)
        self.capabilities = Capabilities()
        self._curious = True
        self._outlet: Outlet | None = None
        self._modes: list[Any] | None = None
        self._asides: list[str] = []
        self._place: tuple[int, int] | None = None
        self._shape = 0
        self._cursor_shown = False
        self._shape_shown = 0
        self._typed_at = float("-inf")
        self._turn: asyncio.Handle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._resizing: asyncio.TimerHandle | None = None
        self._unread = 0
        self._keys = Keyboard(self)
        self.use(first_profile(environment))

    # --- what the screen asks ---------------------------------------------------------------------------

    @property
    def can_suspend(self) -> bool:
        """The terminal can be handed to another program."""
        return True

    @property
    def round_trip(self) -> float | None:
        """Seconds to the terminal and back."""
        return self._pacing.round_trip

    @property
    def rate(self) -> float | None:
        """Bytes a second that the way carries."""
        return self._pacing.rate

    def use(self, profile: TerminalProfile) -> None:
        """Draw as often as this profile allows."""
        self._pacing.interval = 1 / profile.frames
        self._painter.linear = profile.linear
        self._curious = self._curious and not profile.settle

    def say(self, sequence: str) -> None:
        """Send a control sequence of our own between two frames, once; too many that wait are dropped."""
        if sequence in self._asides:
            return
        if self._outlet is not None and sum(map(len, self._asides)) < _ASIDES:
            self._asides.append(sequence)
            self._soon()

    def mouse(self, on: bool) -> None:
        """Ask for buttons and wheel (1000) in the SGR form (1006), or give the mouse back to the terminal."""
        self._mouse = on
        self.say(_MOUSE_ON if on else _MOUSE_OFF)

    def title(self, unread: int) -> None:
        """Say in the window's title how many messages wait; never anything that somebody else wrote."""
        self._unread = unread
        self.say(_title(unread))

    def place_cursor(self, x: int, y: int, shape: int = 0) -> None:
        """Put the real cursor into this cell at the end of the next frame, in a shape of DECSCUSR."""
        if (self._place, self._shape) != ((x, y), shape):
            self._place, self._shape = (x, y), shape
            self._soon()

    def hide_cursor(self) -> None:
        """Show no cursor."""
        if self._place is not None:
            self._place = None
            self._soon()

    def repaint(self) -> None:
        """Draw every cell again."""
        self._painter.forget()
        self._cursor_shown = False
        self._soon()

    # --- what Textual writes ----------------------------------------------------------------------------

    def write(self, data: str) -> None:
        """Take a frame; of anything else only the bell is let through, for all the rest is said by `say`."""
        if data == "\x07":
            self.say(data)
            return
        size = self._app.size
        if size != (self._painter.width, self._painter.height):
            self._painter.resize(*size)
        read_frame(data, self._painter.put)
        self._soon()

    def _soon(self) -> None:
        """Send what there is once everything of this turn of the loop is written."""
        if self._turn is None and self._outlet is not None:
            self._turn = self._loop.call_soon(self._send)

    def _send(self) -> None:
        self._turn = None
        outlet = self._outlet
        if outlet is None or outlet.busy:
            return
        text = "".join(self._asides)
        self._asides.clear()
        now = time.monotonic()
        wait = self._pacing.wait(now)
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if not wait:
            text += self._frame(now)
        else:
            if self._place is not None and now - self._typed_at < _ECHO:
                text += self._echo(now, self._place[1])
            if self._painter.waiting or self._moved():
                self._later = self._loop.call_later(min(wait, 1.0), self._send)
        if text:
            outlet.write(text)

    def _frame(self, now: float) -> str:
        frame = self._painter.frame(self._place) + self._visible()
        if not frame:
            return ""
        if len(frame) > _LONG and self.capabilities.synchronised:
            frame = f"\x1b[?2026h{frame}\x1b[?2026l"
        return frame + self._pacing.sent(len(frame), now)

    def _echo(self, now: float, row: int) -> str:
        """The row that is written on, at once: what was typed waits for nobody."""
        frame = self._painter.frame(self._place, (row,)) + self._visible()
        return frame + self._pacing.sent(len(frame), now, echo=True) if frame else ""

    def _visible(self) -> str:
        wanted = self._place is not None
        sequence = ""
        if wanted and self._shape != self._shape_shown:
            self._shape_shown = self._shape
            sequence = f"\x1b[{self._shape} q"
        if wanted != self._cursor_shown:
            self._cursor_shown = wanted
            sequence += "\x1b[?25h" if wanted else "\x1b[?25l"
        return sequence

    def _moved(self) -> bool:
        return (self._place is not None) != self._cursor_shown or self._painter.cursor_differs(self._place)

    # --- what the terminal says -------------------------------------------------------------------------

    def typed(self) -> None:
        """Somebody typed; what changes beside the cursor now is the echo."""
        self._typed_at = time.monotonic()

    def answered(self, answer: str) -> None:
        """The terminal answered."""
        if answer.startswith(ANSWER):
            self._pacing.answered(time.monotonic())
            if self._painter.waiting:
                self._soon()
        self.capabilities.learn(answer)

    def lost(self) -> None:
        """The terminal is gone: leave as one does, with everything kept."""
        self._keys.stop()
        self._loop.call_soon(self._app.exit)

    # --- taking the terminal, and giving it back --------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take the terminal."""
        begin = "" if self._take_over() else ENTER
        self._pacing.forget()
        self._outlet = Outlet(self._output, drained=self._soon, gone=self.lost)
        self._loop.add_signal_handler(signal.SIGWINCH, self._resized)
        self._loop.add_signal_handler(signal.SIGTSTP, self._stopped)
        self._loop.add_signal_handler(signal.SIGCONT, self._continued)
        if self._mouse:
            begin += _MOUSE_ON
        self._cursor_shown, self._shape_shown = False, 0
        self._outlet.write(f"{begin}{_BEGIN}\x1b[?25l{_title(self._unread)}{self._questions()}")
        self._keys.start(self._input)
        self._tell_size()
        self._soon()

    def _questions(self) -> str:
        """What the terminal is asked, once; a slow one is not asked at all."""
        curious, self._curious = self._curious, False
        return questions(os.environ) if curious else ""

    def _take_over(self) -> bool:
        """Set the modes of the line; True: the last session's frame is on the terminal already."""
        columns, rows = self._size_now()
        if (columns, rows) != (self._painter.width, self._painter.height):
            self._painter.resize(columns, rows)
        self._painter.forget()
        shown: Shown | None = getattr(self._app, "shown", None)
        there = shown is not None and not shown.over
        if shown is not None and there:
            self._painter.take_over()
            for row, line in enumerate(shown.lines):
                cells, pen = cells_of(line)
                blank = cells_of(" ", pen._replace(colour="", attributes=""))[0]
                self._painter.show(row, [*cells, *blank * (columns - len(cells))])
            self._modes = shown.hand_over()
        else:
            with suppress(termios.error):
                self._modes = termios.tcgetattr(self._input)
        self._raw()
        return there

    def _raw(self) -> None:
        with suppress(termios.error):
            modes = termios.tcgetattr(self._input)
            modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
            modes[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
            modes[6][termios.VMIN] = 1
            termios.tcsetattr(self._input, termios.TCSANOW, modes)

    def disable_input(self) -> None:
        """Hear nothing more."""
        self._keys.stop()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was; what Textual draws meanwhile is not sent."""
        outlet, self._outlet = self._outlet, None
        self._keys.stop()
        for number in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT):
            self._loop.remove_signal_handler(number)
        for waiting in (self._turn, self._later, self._resizing):
            if waiting is not None:
                waiting.cancel()
        self._turn = self._later = self._resizing = None
        if outlet is not None:
            shape = "\x1b[0 q" if self._shape_shown else ""
            outlet.close(f"{_MOUSE_OFF}{shape}{_END}{LEAVE}", _LAST_WORDS)
        if self._modes is not None:
            with suppress(termios.error):
                termios.tcsetattr(self._input, termios.TCSANOW, self._modes)

    def _size_now(self) -> tuple[int, int]:
        try:
            columns, rows = os.get_terminal_size(self._output)
        except OSError:
            return 80, 24
        return columns, rows

    def _resized(self) -> None:
        """While a window is drawn larger it has a hundred sizes; only a few of them are worth a layout."""
        if self._resizing is None:
            self._resizing = self._loop.call_later(_STORM, self._tell_size)

    def _tell_size(self) -> None:
        self._resizing = None
        size = Size(*self._size_now())
        self.send_message(events.Resize(size, size))

    def _stopped(self) -> None:
        """Ctrl+Z or a job control signal: stop with the terminal given back, and go on when continued."""
        if not self._auto_restart:
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self.suspend_application_mode()
        os.kill(os.getpid(), signal.SIGSTOP)
        self.resume_application_mode()
        self.send_message(self.SignalResume())

    def _continued(self) -> None:
        """Somebody else may have used the terminal while we were stopped."""
        self._raw()
        self._pacing.forget()
        self.repaint()


def _title(unread: int) -> str:
    return f"\x1b]2;{f'({unread}) ' if unread else ''}tui-xmpp\x07"
