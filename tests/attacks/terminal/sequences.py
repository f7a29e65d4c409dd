"""Reads what a program wrote to a terminal, and tells which control sequences are not ours."""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(
    r"\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC
    r"|\x1b[P_^X][^\x1b\x9c]*(?:\x1b\\|\x9c)"  # DCS, APC, PM, SOS
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[ -/]*[0-~]"  # Fp, Fe, Fs, nF
    r"|.",
    re.DOTALL,
)
"""ECMA-48 §5.4 and 8.3: C1 controls in their 8-bit form are one character each, and none of them is ours."""

_LOOK = r"(?:[34]8;(?:5;\d{1,3}|2;\d{1,3};\d{1,3};\d{1,3})|[012347]|2[1-9]|[34][0-79]|9[0-7]|10[0-7])"
"""What a text may look like (ECMA-48 §8.3.117): no blinking, nothing concealed or struck out."""
_OURS = (
    # Where to write, what to clear, and how the text looks.
    r"\x1b\[\d{0,3};?\d{0,3}[Hfrs]",
    r"\x1b\[\d{0,3}[ABCDEFGKJLMPSTX@bd]",
    rf"\x1b\[(?:{_LOOK}(?:;{_LOOK})*)?m",
    # The screen, its wrapping, cursor, mouse, focus, pastes, frames at once, and margins.
    r"\x1b\[\?(?:7|25|69|1000|1002|1004|1006|1049|2004|2026|2048)[hl]",
    r"\x1b\[\d? q",
    r"\x1b\[2[23];2t",
    # The keyboard protocol, and the questions.
    r"\x1b\[[<>][\d]*u",
    r"\x1b\[\?u|\x1b\[c|\x1b\[>0q|\x1b\[\?(?:69|2026)\$p",
    r"\x1b\]11;\?\x1b\\|\x1b\]99;i=q:p=\?;\x1b\\|\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
    # The title holds a number and our name; links lead where links may lead.
    r"\x1b\]2;(?:\(\d+\) )?tui-xmpp\x07",
    r"\x1b\]8;(?:id=[\w-]+)?;(?:(?:https?://|xmpp:|mailto:|geo:)[!-~]+)?(?:\x07|\x1b\\)",
    # What the user copied, and what is told on the desktop.
    r"\x1b\]52;c;[A-Za-z0-9+/]*=*\x07",
    r"\x1b\]9;tui-xmpp: [^\x00-\x1f\x7f-\x9f]*\x07",
    r"\x1b\]99;i=\d+:d=[01]:(?:p=body:)?e=1;[A-Za-z0-9+/]*=*\x07",
    r"\x1b\]777;notify;[^\x00-\x1f\x7f-\x9f;]*;[^\x00-\x1f\x7f-\x9f]*\x07",
    r"\x1b[78M]",
    r"[\r\n\x08]",
)
_OUR = re.compile("|".join(f"(?:{one})" for one in _OURS))
_TURNING = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
"""What reorders text (UAX #9 §2)."""


def foreign(written: bytes | str) -> list[str]:
    """Return, in order, every control sequence and every character that no text of ours may hold.

    Bytes that are no UTF-8 are foreign too.
    """
    text = written if isinstance(written, str) else written.decode("utf-8", "surrogateescape")
    return [one for one in _TOKEN.findall(text) if not _is_harmless(one)]


def _is_harmless(token: str) -> bool:
    if len(token) == 1 and token not in "\r\n\b":
        kind = unicodedata.category(token)
        return kind not in ("Cc", "Cs", "Zl", "Zp") and ord(token) not in _TURNING
    return _OUR.fullmatch(token) is not None
