"""Takes what a terminal answers out of what a user types, and tells Alt keys apart from letters."""

from __future__ import annotations

import re
from collections import deque
from enum import Enum, auto

_ESC = "\x1b"
_PASTE_BEGIN, _PASTE_END = "\x1b[200~", "\x1b[201~"
_MOST = 100_000
"""Characters of one answer; a longer one is given up."""
_MOST_CSI = 64
_MOST_ANSWERS = 64
"""Answers kept until somebody asks for them."""

_REPORT = re.compile(
    r"\x1b\[(?:[?>=][\d;:]*c"  # DA1, DA2
    r"|\?[\d;]*n|[03]n"  # DSR, the colour scheme among them
    r"|\??\d+;\d\$y"  # DECRPM
    r"|\?[\d;]+R"  # DECXCPR; without the question mark it is F3 with Shift or Alt
    r"|>[\d;]*[mqu]|\?\d*u"  # XTMODKEYS, kitty keyboard flags
    r"|[12]t|[34568];\d+;\d+t|9;\d+;\d+t)"  # XTWINOPS; 48 is Textual's own resize report
)
# How strings may begin after Esc. What no longer fits is a key with Alt and what was typed after it.
_PERHAPS = {
    "]": re.compile(r"\d{0,4}"),
    "P": re.compile(r"[>!]?|[\d;]{0,8}[$+]?"),
    "_": re.compile(r"(?:G[a-zA-Z]?)?"),
}
# No one types this: the string goes on to its end, whatever is in it.
_SURELY = {
    "]": re.compile(r"\d{1,4};"),
    "P": re.compile(r"[>!]\||[\d;]{0,8}[$+][a-z]"),
    "_": re.compile(r"G[a-zA-Z]="),
}
_STRINGS = "]P_^X"
"""OSC, DCS, APC, PM and SOS (ECMA-48 §5.6)."""
# A string is ended by ST (two forms) or BEL; any other control character was typed.
_STOP = re.compile("[\x00-\x1f\x7f\x9c]")
# What an answer goes on with whose Esc has been taken for the key.
_TAIL = re.compile(r"\]\d{1,4};|P(?:[>!]\||[01]?[$+]r)|_G[a-zA-Z]=|\[\?\d[\d;]*[$cnu]")
# Clicks, changes of focus and of size may come by themselves right behind a paste.
_NO_KEY = re.compile(r"\x1b\[(?:<[\d;]*[Mm]|[IO]|48;[\d;]*t)")
# Textual reads some of these as the letters of a Mac keyboard, or as word keys.
_NO_ALT = re.compile(r"[\x00-\x20\x7f\[\]OP_^X\\]")


class _State(Enum):
    TYPING = auto()
    ESCAPE = auto()
    CSI = auto()
    BEGUN = auto()
    """A string, or an Alt key and what was typed after it."""
    STRING = auto()
    STRING_ESCAPE = auto()
    PASTE = auto()


class ReplyFilter:
    """Give it what was read, piece by piece; it returns what the user typed and keeps what was answered."""

    def __init__(self) -> None:
        self._state = _State.TYPING
        self._held = ""
        """Of a sequence that is not whole yet, from its Esc on."""
        self._sure = False
        """What is held was not typed."""
        self._doubled = False
        """Another Esc came right before the one that is held."""
        self._lone = False
        """The last that was handed out is an Esc whose sequence may still come."""
        self._pasted = False
        """A paste has ended, and nothing has rested since: what follows belongs to it, whatever it says."""
        self._typed: list[str] = []
        self._answers: deque[str] = deque(maxlen=_MOST_ANSWERS)
        self._steps = {
            _State.TYPING: self._typing,
            _State.ESCAPE: self._escape,
            _State.CSI: self._csi,
            _State.BEGUN: self._begun,
            _State.STRING: self._string,
            _State.STRING_ESCAPE: self._string_escape,
            _State.PASTE: self._paste,
        }

    @property
    def undecided(self) -> bool:
        """Something is held that may turn out to be a key: `feed("")` if nothing comes for a moment."""
        return bool(self._held) and not self._sure and self._state is not _State.PASTE

    def feed(self, text: str, *, whole: bool = True) -> str:
        """Return what of *text* was typed; the beginning of an answer is held until its end arrives.

        *whole*: no more came for as long as the keys of one sequence take, so that an Esc at the end is
        that key. False: hold what may go on.
        """
        if text:
            if self._lone and self._state is _State.TYPING and _TAIL.match(text):
                self._state, self._held = _State.ESCAPE, _ESC
            self._lone = False
        position = 0
        while position < len(text):
            position = self._steps[self._state](text, position)
        if whole:
            self._decide()
            if self._pasted and self.undecided:
                # Begun right behind the paste: what is typed later does not make a key of it.
                self._give_up()
            self._pasted = False
        typed = "".join(self._typed)
        self._typed.clear()
        return typed

    def answers(self) -> list[str]:
        """Return the whole sequences that were taken out since the last call."""
        taken = list(self._answers)
        self._answers.clear()
        return taken

    def forget(self) -> str:
        """Give up an answer whose end did not come in time; return of it what may have been typed."""
        self._give_up()
        typed = "".join(self._typed)
        self._typed.clear()
        return typed

    # --- steps: each takes some of the text and returns where to go on -----------------------------------

    def _typing(self, text: str, at: int) -> int:
        end = text.find(_ESC, at)
        if end < 0:
            self._hand_out(text[at:])
            return len(text)
        self._hand_out(text[at:end])
        self._begin()
        return end + 1

    def _escape(self, text: str, at: int) -> int:
        char = text[at]
        if char == _ESC:
            self._hand_out(_ESC)
            self._doubled = True
        elif char == "[":
            self._state, self._held = _State.CSI, "\x1b["
        elif char in _STRINGS:
            # Nothing tells the beginning of PM and SOS from keys but their end.
            self._state = _State.BEGUN if char in _PERHAPS else _State.STRING
            self._held = _ESC + char
        else:
            plain = self._doubled or _NO_ALT.match(char)
            self._end(_ESC + char if plain else _alt(char))
        return at + 1

    def _csi(self, text: str, at: int) -> int:
        # ECMA-48 §5.4: parameters 3/0 to 3/15, intermediates 2/0 to 2/15, final 4/0 to 7/14.
        char = text[at]
        if " " <= char <= "?" and len(self._held) < _MOST_CSI:
            self._held += char
            self._sure = self._sure or self._held in ("\x1b[?", "\x1b[>")
            return at + 1
        if not "@" <= char <= "~":
            self._give_up()
            return at
        whole = self._held + char
        if _REPORT.fullmatch(whole):
            self._answers.append(whole)
            self._end("")
        else:
            self._end(whole)
            if whole == _PASTE_BEGIN:
                self._state = _State.PASTE
        return at + 1

    def _begun(self, text: str, at: int) -> int:
        longer = self._held + text[at]
        kind, rest = longer[1], longer[2:]
        if _SURELY[kind].fullmatch(rest):
            self._state, self._sure = _State.STRING, True
        elif not _PERHAPS[kind].fullmatch(rest):
            self._give_up()
            return at
        self._held = longer
        return at + 1

    def _string(self, text: str, at: int) -> int:
        found = _STOP.search(text, at)
        end = found.start() if found else len(text)
        self._held += text[at:end]
        if len(self._held) > _MOST:
            self._give_up()
            return end
        if found is None:
            return end
        if found.group() == _ESC:
            self._state = _State.STRING_ESCAPE
        elif found.group() in "\x07\x9c":
            self._answers.append(self._held + found.group())
            self._end("")
        else:
            self._give_up()
            return end
        return end + 1

    def _string_escape(self, text: str, at: int) -> int:
        if text[at] == "\\":
            self._answers.append(self._held + "\x1b\\")
            self._end("")
            return at + 1
        self._state = _State.STRING
        self._give_up()
        self._begin()
        return at

    def _paste(self, text: str, at: int) -> int:
        # What is pasted is handed on at once; held is only as much as its end mark may need.
        seen = self._held + text[at:]
        end = seen.find(_PASTE_END)
        if end < 0:
            self._typed.append(text[at:])
            self._held = seen[1 - len(_PASTE_END) :]
            return len(text)
        stop = at + end + len(_PASTE_END) - len(self._held)
        self._typed.append(text[at:stop])
        self._end("")
        self._pasted = True
        return stop

    # --- what becomes of what is held --------------------------------------------------------------------

    def _begin(self) -> None:
        self._state, self._held = _State.ESCAPE, _ESC
        self._sure = self._doubled = False

    def _hand_out(self, typed: str) -> None:
        """Pass on what was typed.

        Right behind a paste nobody has typed anything yet: the end mark was part of what somebody gave us to
        paste, and the terminal let it through. Text goes on being pasted, and keys are left out.
        """
        if not self._pasted or typed == _PASTE_BEGIN or _NO_KEY.fullmatch(typed):
            self._typed.append(typed)
        elif typed and not typed.startswith(_ESC):
            self._typed.append(f"{_PASTE_BEGIN}{typed}{_PASTE_END}")

    def _end(self, typed: str) -> None:
        self._hand_out(typed)
        self._state, self._held, self._sure = _State.TYPING, "", False

    def _give_up(self) -> None:
        if self._state is _State.PASTE:
            return
        escaped = _ESC if self._state is _State.STRING_ESCAPE else ""
        self._end(escaped if self._sure else self._held + escaped)

    def _decide(self) -> None:
        """Hand out what the keyboard may have sent alone: Esc, or Alt and the beginning of a sequence."""
        held = self._held
        if self._state is _State.ESCAPE:
            self._lone = True
        elif self._state is _State.CSI:
            # rxvt ends keys with Shift, one number each, by what is no end.
            if self._sure or (len(held) > 2 and not (held[-1] == "$" and ";" not in held)):
                return
        elif self._state not in (_State.BEGUN, _State.STRING) or len(held) > 2:
            return
        self._end(held)


def _alt(char: str) -> str:
    """Return an Alt key in the form that says so (CSI code ; 3 u, the kitty keyboard protocol)."""
    return f"\x1b[{ord(char)};3u"
