"""What somebody could write into a text to steer the terminal that shows it."""

from __future__ import annotations

ATTACKS = {
    "clipboard (OSC 52)": "\x1b]52;c;cm0gLXJmIH4=\x1b\\",
    "link (OSC 8)": "\x1b]8;;file:///etc/passwd\x1b\\press me\x1b]8;;\x1b\\",
    "title (OSC 0)": "\x1b]0;owned\x07",
    "palette (OSC 4)": "\x1b]4;1;rgb:00/00/00\x07",
    "colours (OSC 10)": "\x1b]10;?\x07\x1b]11;#000000\x07",
    "file (OSC 1337)": "\x1b]1337;File=name=eA==;inline=1:AAAA\x07",
    "notification (OSC 777)": "\x1b]777;notify;owned\x07",
    "device string (DECRQSS)": '\x1bP$q"p\x1b\\',
    "device string (sixel)": "\x1bPq#0;2;0;0;0~\x1b\\",
    "application string (APC)": "\x1b_Gi=1,a=T;AAAA\x1b\\",
    "report (CSI 6n)": "\x1b[6n\x1b[0c",
    "window report (CSI 21t)": "\x1b[21t",
    "reset (RIS)": "\x1bc",
    "character set": "\x1b(0\x0e",
    "full screen off": "\x1b[?47l\x1b[?3h",
    "8-bit CSI": "\x9b6n\x9b2J",
    "8-bit OSC": "\x9d52;c;eA==\x9c",
    "8-bit DCS": '\x90$q"p\x9c',
    "single controls": "\x00\x05\x07\x08\x0b\x0c\x0e\x0f\x18\x1a\x7f\x84\x85\x8d",
    "back over the line": "\r\x1b[9999D\x1b[2Kowned",
    "hidden (SGR)": "\x1b[8;5mowned",
    "a string that never ends": "\x1b]2;owned",
    "turned around": "\u202etxt.exe\u2066\u2067\u2069\u200e",
    "line separators": "one\u2028two\u2029three",
    "lone surrogates": "\ud800\udfff",
}
"""By name, each as it would stand in a text (ECMA-48; xterm, "Control Sequences")."""

MARKUP = "[@click=app.quit()]press[/] [/ [/x] [red on $var [bold]"
"""What is an action, a style or a mistake to whoever reads it as markup (Textual, Rich)."""
PARTS = 3
TEXTS = {
    # A third of them, one behind the other: a line that is shown has no room for more.
    **{f"part {number + 1}": " ".join(list(ATTACKS.values())[number::PARTS]) for number in range(PARTS)},
    "markup": MARKUP,
}
