"""Devices, fingerprints and what is thought of them, as text."""

from __future__ import annotations

from rich.text import Text

from tui_xmpp.core.security import Device, Trust
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.wrap import fit

GROUP = 8
"""Digits of a fingerprint that are shown together (XEP-0384 §6)."""
_TOKENS = {
    Trust.VERIFIED: "ok",
    Trust.TRUSTED: "text",
    Trust.BLIND: "text",
    Trust.UNDECIDED: "text",
    Trust.DISTRUSTED: "error",
}
_STATE_CELLS = 14
_LABEL_CELLS = 24


def groups(fingerprint: str) -> list[str]:
    """Return the digits of a fingerprint in groups of eight."""
    return [fingerprint[at : at + GROUP] for at in range(0, len(fingerprint), GROUP)]


def fingerprint_rows(look: Look, fingerprint: str, width: int, *, margin: int = 3) -> list[Text]:
    """Return a fingerprint as rows of at most *width* cells; each group has its own colour (XEP-0392)."""
    found = groups(clean_line(fingerprint))
    if not found:
        return [Text(f"{'':{margin}}its key is not known yet", style=look.style("dim"), no_wrap=True)]
    fitting = max(1, (width - margin + 1) // (GROUP + 1))
    # Eight, four, two or one: so that every row is as long.
    in_row = next((count for count in (8, 4, 2, 1) if count <= fitting), 1)
    rows = []
    for at in range(0, len(found), in_row):
        row = Text(" " * margin, no_wrap=True)
        for number, group in enumerate(found[at : at + in_row]):
            row.append(" " if number else "").append(group, look.nick_style(group))
        rows.append(row)
    return rows


def device_row(look: Look, device: Device, width: int, *, waits: bool) -> Text:
    """Return what is thought of a device, what its owner calls it, and its number.

    *waits*: nothing is sealed for it before the user has decided.
    """
    token = "warn" if waits else "dim" if not device.active else _TOKENS[device.trust]
    label = clean_line(device.label, 60).strip() or "without a name"
    row = Text(" ", no_wrap=True).append(fit(device.trust.value, _STATE_CELLS) + " ", look.style(token))
    row.append(fit(label, _LABEL_CELLS) + " ", look.style("text" if device.active else "dim"))
    row.append(f"{device.id}", look.style("dim"))
    for word, style in _remarks(device, waits=waits):
        row.append(f"  {word}", look.style(style))
    row.truncate(width, overflow="ellipsis")
    return row


def _remarks(device: Device, *, waits: bool) -> list[tuple[str, str]]:
    if device.this:
        return [("this device", "accent")]
    if not device.active:
        return [("no longer used", "dim")]
    if waits:
        return [("decide about it", "warn")]
    if device.told:
        return [("by another device", "dim")]
    return [("not used yet", "dim")] if device.trust is Trust.UNDECIDED else []


def device_words(device: Device) -> str:
    """Return a device as it is named in a sentence."""
    label = clean_line(device.label, 40).strip()
    return f"{label} ({device.id})" if label else f"device {device.id}"
