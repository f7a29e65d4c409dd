"""The verb `history`: messages from the archive alone; no network, no session, no screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ..core.chat import ChatKey
from ..core.message import Message, Place
from ..core.ports import ArchiveReader
from .addressing import parsed, remembered_chat
from .event_lines import Record, message_record

PAGE = 500
_BEGINNING = Place(datetime(1, 1, 1, tzinfo=UTC), 0)


def history(
    archive: ArchiveReader,
    address: str,
    *,
    account: str = "",
    limit: int = 100,
    before: datetime | None = None,
    after: datetime | None = None,
) -> Iterator[Record]:
    """Yield records oldest first; `limit` 0: all.

    Without `after` these are the newest, with it the first of them. Raises Failure when nothing is kept.
    """
    chat = remembered_chat(archive.chats(), parsed(address), account)
    if after is not None or not limit:
        messages = _forward(archive, chat, after, before, limit)
    else:
        messages = _newest(archive, chat, before, limit)
    for message in messages:
        yield message_record(message)


def _forward(
    archive: ArchiveReader, chat: ChatKey, after: datetime | None, before: datetime | None, limit: int
) -> Iterator[Message]:
    # Rows count from one, so row 0 stands before every message of its moment.
    place = Place(after, 0) if after is not None else _BEGINNING
    left = limit or None
    while True:
        page = archive.page(chat, after=place, limit=PAGE if left is None else min(PAGE, left))
        for message in page.messages:
            if before is not None and message.at >= before:
                return
            yield message
        if left is not None:
            left -= len(page.messages)
        if page.at_end or not page.messages or left == 0:
            return
        place = page.messages[-1].place


def _newest(archive: ArchiveReader, chat: ChatKey, before: datetime | None, limit: int) -> Iterator[Message]:
    pages: list[tuple[Message, ...]] = []
    place = Place(before, 0) if before is not None else None
    while limit > 0:
        page = archive.page(chat, before=place, limit=min(PAGE, limit))
        pages.append(page.messages)
        limit -= len(page.messages)
        if page.at_start or not page.messages:
            break
        place = page.messages[0].place
    for messages in reversed(pages):
        yield from messages
