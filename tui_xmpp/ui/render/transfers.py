"""Files on their way as one line: which one, how far it is, and what stops it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from tui_xmpp.core.attachment import Transfer
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.render.files import NAME_CHARS, size_words
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.wrap import cut

STOP = "stop"


def progress_words(transfer: Transfer) -> str:
    """Take a transfer under way; return how far it is: `42 % of 2.8 MB`."""
    if transfer.total:
        share = min(100, transfer.done * 100 // transfer.total)
        return f"{share} % of {size_words(transfer.total)}"
    return size_words(transfer.done)


def transfer_line(look: Look, running: Sequence[Transfer], keys: str, width: int) -> Text:
    """Take what is under way (at least one), the keys that stop it and the cells there are; return the line.

    The end of it, as wide as `stop_cells` says, is what a click stops it by.
    """
    first, more = running[0], len(running) - 1
    how = progress_words(first) + (f" and {more} more" if more else "")
    verb = "sending" if first.outgoing else "fetching"
    right = _right(keys)
    name = clean_line(first.name, NAME_CHARS)
    room = max(1, width - len(verb) - len(how) - len(right) - 6)
    said = f" {verb} {cut(name, room)}  {how}"
    line = Text(said, style=look.style("accent"), no_wrap=True)
    line.truncate(max(0, width - len(right)), overflow="ellipsis", pad=True)
    return line.append(right, style=look.style("dim"))


def stop_cells(keys: str) -> int:
    """Take the keys that stop transfers; return the cells at the right end of the line that say so."""
    return len(_right(keys))


def _right(keys: str) -> str:
    return f" {keys} {STOP} "
