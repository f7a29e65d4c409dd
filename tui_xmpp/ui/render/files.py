"""A file as one line: its sign, its name, its size, and whether it is sealed; never its address or key."""

from __future__ import annotations

from tui_xmpp.core.attachment import Attachment, attachment_in, without_keys
from tui_xmpp.core.message import Message
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.render.look import Look

NAME_CHARS = 80


def file_of(message: Message) -> Attachment | None:
    """Take a message; return the file that is shown in it, None: there is none.

    An address alone, of which nobody has said that it is a file, is a link.
    """
    if message.retracted:
        return None
    told, found = message.attachment, attachment_in(message.body)
    if told is not None and (not message.edited or told.url == message.body.strip()):
        return told
    return found if found is not None and found.is_sealed else None


def text_beside(message: Message) -> str:
    """Take a message; return what it says beside its file; all of it where it has none."""
    file = file_of(message)
    if file is None or message.body.strip() == file.url:
        return "" if file is not None else message.body
    found = attachment_in(message.body)
    return "" if found is not None and found.url == file.url else message.body


def file_line(file: Attachment, look: Look | None = None) -> str:
    """Take a file, and how things are shown (None: in plain words); return its line."""
    spoken = look is None or look.linear
    sign = "file:" if look is None else look.sign("file")
    between = ", " if spoken or look is None else f" {look.sign('dot')} "
    parts = [name_of(file)]
    if file.size is not None:
        parts.append(size_words(file.size))
    if file.is_sealed:
        parts.append("sealed")
    return f"{sign} {between.join(parts)}"


def in_short(message: Message, most: int = 200) -> str:
    """Take a message; return it in one cleaned line of *most* characters, its file in words."""
    file = file_of(message)
    said = without_keys(text_beside(message)).strip()
    return clean_line(" ".join(part for part in (said, file_line(file) if file else "") if part), most)


def name_of(file: Attachment) -> str:
    """Take a file; return its name as it may be shown."""
    return clean_line(file.name, NAME_CHARS).strip() or "without a name"


def size_words(count: int) -> str:
    """Take an amount of bytes; return it as people write it: `900 B`, `1.2 MB`."""
    if count < 1000:
        return f"{count} B"
    amount = count / 1000
    for unit in ("kB", "MB"):
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
