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
from tui_xmpp.ui.terminal.cell import Row, cell
from tui_xmpp.ui.terminal.frame_reader import cells_of, read_frame
from tui_xmpp.ui.terminal.kept_frame import ENTER, LEAVE, Shown, quieten
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
_SIGNALS = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)
_MOUSE_ON, _MOUSE_OFF = "\x1b[?1000h\x1b[?1006h", "\x1b[?1000l\x1b[?1006l"


class ChatDriver(Driver):
    """Draws by difference, at the terminal's own speed; a terminal that does not read holds up nothing."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._input = sys.__stdin__.fileno() if sys.__stdin__ else 0
        self._output = next((one for one in (1, 2, 0) if os.isatty(one)), 1)
        # GNU screen erases with the ground of the terminal, not with that of the pen.
        self._painter = Painter(erases="STY" not in os.environ)
        # The Linux console prints what it does not know.
        self._questions = questions(os.environ)
        self._asks = bool(self._questions) and not os.environ["TERM"].startswith("linux")
        self._pacing = Pacing(asks=self._asks)
        self.capabilities = Capabilities()
        self._outlet: Outlet | None = None
        self._modes: list[Any] | None = None
        self._asides: list[str] = []
        self._place: tuple[int, int] | None = None
        self._shape = 0
        self._cursor_shown, self._shape_shown = False, 0
        self._typed_at = float("-inf")
        self._turn: asyncio.Handle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._resizing: asyncio.TimerHandle | None = None
        self._title = "\x1b]2;tui-xmpp\x07"
        self._keys = Keyboard(self, self._input)
        chosen = getattr(app, "terminal", None)
        self.use(chosen.choice.profile if chosen else first_profile(os.environ))

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
        """Draw as often as this profile allows; on a slow way the terminal is not asked what it can.

        Where a screen reader listens to what is sent, as yasr does, a question would be read out.
        """
        self._pacing.asks = self._asks and not profile.linear
        self._pacing.interval = 1 / profile.frames
        self._painter.linear = profile.linear
        self._questions = "" if profile.settle else self._questions

    def say(self, sequence: str) -> None:
        """Send a control sequence of our own between two frames, once; too many that wait are dropped."""
        room = sum(map(len, self._asides)) < _ASIDES
        if room and self._outlet is not None and sequence not in self._asides:
            self._asides.append(sequence)
            self._soon()

    def mouse(self, on: bool) -> None:
        """Ask for buttons and wheel (1000) in the SGR form (1006), or give the mouse back to the terminal."""
        self._mouse = on
        self.say(_MOUSE_ON if on else _MOUSE_OFF)

    def title(self, unread: int) -> None:
        """Say in the window's title how many messages wait, never anything that somebody else wrote.

        Not where it is said in lines: a screen reader may read out the sequence.
        """
        self._title = f"\x1b]2;{f'({unread}) ' if unread else ''}tui-xmpp\x07"
        if not self._painter.linear:
            self.say(self._title)

    def cursor(self, place: tuple[int, int] | None, shape: int = 0) -> None:
        """Put the real cursor into this cell at the end of the next frame (DECSCUSR: `shape`), or hide it."""
        if (self._place, self._shape) != (place, shape):
            self._place, self._shape = place, shape
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
        self._painter.resize(*self._app.size)
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
        if self._later is not None:
            self._later.cancel()
        text = "".join(self._asides)
        self._asides.clear()
        now = time.monotonic()
        wait = self._pacing.wait(now)
        if not wait:
            text += self._frame(now)
        else:
            row = self._place[1] if self._place is not None else None
            if row is not None and row == self._painter.written and now - self._typed_at < _ECHO:
                # The row that is written on goes at once: what was typed waits for nobody.
                text += self._frame(now, row)
            if self._waits():
                self._later = self._loop.call_later(min(wait, 1.0), self._send)
        if text:
            outlet.write(text)

    def _frame(self, now: float, echo: int | None = None) -> str:
        """What the terminal is to be sent now; `echo`: of this row alone."""
        frame = self._painter.frame(self._place, None if echo is None else (echo,)) + self._visible()
        if not frame:
            return ""
        if len(frame) > _LONG and self.capabilities.synchronised:
            frame = f"\x1b[?2026h{frame}\x1b[?2026l"
        return frame + self._pacing.sent(len(frame), now, echo=echo is not None)

    def _visible(self) -> str:
        wanted = self._place is not None
        shape = self._shape if wanted else self._shape_shown
        sequence = f"\x1b[{shape} q" if shape != self._shape_shown else ""
        if wanted != self._cursor_shown:
            sequence += "\x1b[?25h" if wanted else "\x1b[?25l"
        self._cursor_shown, self._shape_shown = wanted, shape
        return sequence

    def _waits(self) -> bool:
        return (self._place is not None) != self._cursor_shown or self._painter.waiting(self._place)

    # --- what the terminal says -------------------------------------------------------------------------

    def typed(self) -> None:
        """Somebody typed; what changes beside the cursor now is the echo."""
        self._typed_at = time.monotonic()

    def answered(self, answer: str) -> None:
        """The terminal answered."""
        if answer.startswith(ANSWER):
            self._pacing.answered(time.monotonic())
            self._soon()
        self.capabilities.learn(answer)
        self._painter.margins = self.capabilities.margins

    def lost(self) -> None:
        """The terminal is gone: leave as one does, with everything kept."""
        self._keys.stop()
        self._loop.call_soon(self._app.exit)

    # --- taking the terminal, and giving it back --------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take the terminal, with what the last session left on it if that is still there."""
        size = self._size_now()
        self._painter.resize(*size)
        self._painter.forget()
        shown: Shown | None = getattr(self._app, "shown", None)
        if taken := shown is not None and not shown.over:
            self._painter.take_over([_filled(line, size.width) for line in shown.lines])
            self._modes = shown.hand_over()
        with suppress(termios.error):
            before = quieten(self._input, signals=False)
            self._modes = self._modes or before
        self._pacing.forget()
        self._outlet = Outlet(self._output, drained=self._soon, gone=self.lost)
        for number, heard in zip(_SIGNALS, (self._resized, self._stopped, self._continued), strict=True):
            self._loop.add_signal_handler(number, heard)
        begin = ("" if taken else ENTER) + (_MOUSE_ON if self._mouse else "") + _BEGIN
        self._cursor_shown, self._shape_shown = False, 0
        self._outlet.write(f"{begin}\x1b[?25l{self._title}{self._questions}")
        self._questions = ""
        self._keys.start()
        self._tell_size()
        self._soon()

    def disable_input(self) -> None:
        """Hear nothing more."""
        self._keys.stop()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was; what Textual draws meanwhile is not sent."""
        outlet, self._outlet = self._outlet, None
        self._keys.stop()
        for number in _SIGNALS:
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
            self._modes = None

    def _size_now(self) -> Size:
        try:
            return Size(*os.get_terminal_size(self._output))
        except OSError:
            return Size(80, 24)

    def _resized(self) -> None:
        """While a window is drawn larger it has a hundred sizes; only a few of them are worth a layout."""
        if self._resizing is None:
            self._resizing = self._loop.call_later(_STORM, self._tell_size)

    def _tell_size(self) -> None:
        self._resizing = None
        size = self._size_now()
        self.send_message(events.Resize(size, size))

    def _stopped(self) -> None:
        """Ctrl+Z or a job control signal: stop with the terminal given back, and go on when continued."""
        if self._auto_restart:
            self.suspend_application_mode()
        os.kill(os.getpid(), signal.SIGSTOP)
        if self._auto_restart:
            self.resume_application_mode()
            self.send_message(self.SignalResume())

    def _continued(self) -> None:
        """Somebody else may have used the terminal while we were stopped."""
        with suppress(termios.error):
            quieten(self._input, signals=False)
        self._pacing.forget()
        self.repaint()


def _filled(line: str, columns: int) -> Row:
    """The cells of a kept row; the ground of its last style goes on to its end."""
    cells, pen = cells_of(line)
    return [*cells, *[cell(" ", pen._replace(colour="", attributes=""))] * (columns - len(cells))]
