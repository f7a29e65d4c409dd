"""The archive of messages: reads from any thread, writes in the session's thread, a transaction each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind
from tui_xmpp.core.message import Delivery, Gap, Message, Place, Reaction

from . import amendments, archive_write, gaps, rows
from .amendments import Amendment, Kind
from .archive_read import SqliteArchiveReader


class SqliteArchive(SqliteArchiveReader):
    """`core.ports.Archive` on a database; every method may raise `StorageError`."""

    def keep(self, message: Message) -> tuple[Message, bool]:
        """As `Archive.keep`; the chat's newest text and counts change in the same transaction."""
        return self.keep_all((message,))[0]

    def keep_all(self, messages: Sequence[Message]) -> Sequence[tuple[Message, bool]]:
        """As `Archive.keep_all`."""
        with self._database.writing() as connection:
            return [archive_write.keep(connection, message) for message in messages]

    def set_delivery(
        self, chat: ChatKey, id: str, delivery: Delivery, failure: str = "", *, up_to: bool = False
    ) -> Sequence[Message]:
        """As `Archive.set_delivery`; a refusal is above the server's word and below the peer's."""
        with self._database.writing() as connection:
            return archive_write.set_delivery(connection, chat, id, delivery, failure, up_to=up_to)

    def set_archive_id(self, chat: ChatKey, id: str, archive_id: str, at: datetime | None) -> Message | None:
        """As `Archive.set_archive_id`; the message counts as taken from then on."""
        with self._database.writing() as connection:
            return archive_write.set_archive_id(connection, chat, id, archive_id, rows.optional_micros(at))

    def postpone(self, chat: ChatKey, id: str, at: datetime) -> Message | None:
        """As `Archive.postpone`."""
        with self._database.writing() as connection:
            return archive_write.postpone(connection, chat, id, rows.micros(at))

    def correct(
        self, chat: ChatKey, id: str, sender: Address, body: str, *, occupant_id: str = "", own: bool = False
    ) -> Message | None:
        """As `Archive.correct`; the former body is kept as a revision."""
        body = rows.storable(body)
        return self._amend(chat, Amendment(Kind.CORRECT, id, sender, occupant_id, own, body))

    def uncorrect(self, chat: ChatKey, id: str, body: str) -> Message | None:
        """As `Archive.uncorrect`; the revision goes too."""
        with self._database.writing() as connection:
            return amendments.uncorrect(connection, chat, id, rows.storable(body))

    def retract(
        self, chat: ChatKey, id: str, sender: Address, by: str, *, occupant_id: str = "", own: bool = False
    ) -> Message | None:
        """As `Archive.retract`; former bodies and reactions go too."""
        return self._amend(chat, Amendment(Kind.RETRACT, id, sender, occupant_id, own, by))

    def react(self, chat: ChatKey, id: str, reaction: Reaction) -> Message | None:
        """As `Archive.react`."""
        return self._amend(chat, amendments.reaction(id, reaction))

    def unsent(self, account: Address) -> Sequence[Message]:
        """As `Archive.unsent`."""
        with self._database.reading() as connection:
            return rows.messages(
                connection,
                f"SELECT {rows.MESSAGE} FROM message m JOIN chat c ON c.number = m.chat"
                " WHERE c.account = ? AND m.delivery IN (1, 2) ORDER BY m.at, m.row",
                (str(account),),
            )

    def newest_archive_id(self, account: Address, chat: ChatKey | None = None) -> tuple[str, datetime] | None:
        """As `Archive.newest_archive_id`."""
        with self._database.reading() as connection:
            return gaps.head(connection, account, chat)

    def set_newest_archive_id(
        self, account: Address, archive_id: str, at: datetime, chat: ChatKey | None = None
    ) -> None:
        """As `Archive.set_newest_archive_id`."""
        with self._database.writing(durable=False) as connection:
            gaps.set_head(connection, account, archive_id, at, chat)

    def add_gap(self, gap: Gap) -> Gap:
        """As `Archive.add_gap`; one that is replaced gives its number."""
        with self._database.writing(durable=False) as connection:
            number = rows.chat_number(connection, gap.chat)
            if number is None:
                number = rows.put_chat(connection, _unknown(gap.chat))
            return gaps.add(connection, number, gap)

    def replace_gap(self, gap: Gap, rest: Gap | None) -> None:
        """As `Archive.replace_gap`; the rest keeps the number."""
        with self._database.writing(durable=False) as connection:
            gaps.shrink(connection, gap.number, rest)

    def gap(self, number: int) -> Gap | None:
        """As `Archive.gap`."""
        with self._database.reading() as connection:
            return gaps.by_number(connection, number)

    def put_chat(self, chat: Chat) -> None:
        """As `Archive.put_chat`."""
        with self._database.writing(durable=False) as connection:
            rows.put_chat(connection, chat)

    def unread(self, chat: ChatKey, place: Place | None) -> tuple[int, int]:
        """As `Archive.unread`; what has neither body nor subject is not counted."""
        at, row = (rows.micros(place.at), place.row) if place else (-(1 << 62), 0)
        with self._database.reading() as connection:
            count, mentions = connection.execute(
                "SELECT count(*), ifnull(sum(mention), 0) FROM message WHERE chat = ? AND (at, row) > (?, ?)"
                " AND delivery = 0 AND (body <> '' OR subject <> '')",
                (rows.chat_number(connection, chat), at, row),
            ).fetchone()
            return count, mentions

    def _amend(self, chat: ChatKey, amendment: Amendment) -> Message | None:
        with self._database.writing() as connection:
            number = rows.chat_number(connection, chat)
            if number is None:
                number = rows.put_chat(connection, _unknown(chat))
            return amendments.amend(connection, chat, number, amendment)


def _unknown(key: ChatKey) -> Chat:
    return Chat(key, ChatKind.PRIVATE if key.address.resource else ChatKind.CONTACT, open=False)
