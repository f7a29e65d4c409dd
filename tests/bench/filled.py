"""Makes what the benches measure on: archives of any size, rosters and rooms, quickly and always the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind
from tui_xmpp.core.contact import Contact, Subscription
from tui_xmpp.core.message import Delivery, Message, MessageType
from tui_xmpp.core.room import Affiliation, Occupant, Role
from tui_xmpp.storage import rows
from tui_xmpp.storage.cache import SqliteCache
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.links import has_link
from tui_xmpp.storage.paths import Paths

ME = Address.parse("alice@example.org")
NEWEST = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=47)
LINES = (
    "Did you see the draft?",
    "Yes. Page two needs the new figures, and the third paragraph says the opposite of the first.",
    "I will send them after lunch.",
    "ok",
    "/me waters bed 7",
    "The train is late again, start without me. Somebody else has the key to the shed, ask in the room.",
    "See https://garden.example.org/seeds for the *whole* list",
    "> Shall I print it?\nTwo copies, please.",
    "Все хорошо, 你好, ñandú 🌻",
    "The compost is warm: 54 degrees. A hedgehog sleeps under the pallets, so please leave them where they "
    "are until somebody has had a look; there are more pallets behind the greenhouse, if you need any.",
)
RARE = "rhubarb"
"""A word that stands in one message of every 10,000."""


def contact(number: int) -> Contact:
    """One of any number of people, in one of forty groups."""
    return Contact(
        ME,
        Address(f"friend{number:04d}", "example.org"),
        f"{_NAMES[number % len(_NAMES)]} {number:04d}",
        (f"Group {number % 40:02d}",),
        Subscription.BOTH,
    )


def occupant(number: int) -> Occupant:
    """One of any number of people in a room."""
    return Occupant(
        f"{_NAMES[number % len(_NAMES)].lower()}-{number:04d}",
        Role.MODERATOR if number % 100 == 0 else Role.PARTICIPANT,
        Affiliation.OWNER if number == 0 else Affiliation.NONE,
    )


def messages(chat: ChatKey, count: int, *, newest: datetime = NEWEST) -> Iterator[Message]:
    """Yield messages of one chat, oldest first: every third is ours and read."""
    for number in range(count):
        own = number % 3 == 2
        body = LINES[number * 7 % len(LINES)]
        yield Message(
            chat,
            newest - STEP * (count - 1 - number),
            ME if own else chat.address,
            f"{body} {RARE}" if number % 10_000 == 9_999 else body,
            id=f"m{number}",
            origin_id=f"m{number}" if own else "",
            archive_id=f"a{number}",
            outgoing=own,
            delivery=Delivery.READ if own else Delivery.INCOMING,
        )


def room_message(chat: ChatKey, number: int) -> Message:
    """What one occupant says."""
    nick = occupant(number).nick
    return Message(
        chat,
        NEWEST + timedelta(milliseconds=number),
        chat.address.with_resource(nick),
        LINES[number % len(LINES)],
        id=f"r{number}",
        nick=nick,
        type=MessageType.GROUPCHAT,
    )


def fill(database: Database, chats: dict[ChatKey, int]) -> None:
    """Write chats of so many messages each into an empty archive: as `keep_all`, many times faster."""
    with database.writing(durable=False) as connection:
        # The index of words is made at once, afterwards: a row at a time takes most of the time.
        trigger = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'message_added'").fetchone()[
            0
        ]
        connection.execute("DROP TRIGGER message_added")
        for place, (key, count) in enumerate(chats.items(), 1):
            newest = NEWEST - timedelta(minutes=place)
            number = rows.put_chat(connection, Chat(key, ChatKind.CONTACT))
            names = list(rows.message_values(next(messages(key, 1))))
            connection.executemany(
                f"INSERT INTO message (chat, has_link, {', '.join(names)})"
                f" VALUES (?, ?, {', '.join('?' * len(names))})",
                (
                    (number, has_link(one.body), *rows.message_values(one).values())
                    for one in messages(key, count, newest=newest)
                ),
            )
            last = connection.execute("SELECT max(row) FROM message").fetchone()[0]
            chat = Chat(
                key, ChatKind.CONTACT, last_at=newest, read_at=newest, read_row=last or 0, number=place
            )
            rows.put_chat(connection, replace(chat, last_text=LINES[0]))
        connection.execute("INSERT INTO words (words) VALUES ('rebuild')")
        # As years of single messages leave it; else the first message kept would pay for the hurry here.
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.execute(trigger)


def folder(paths: Paths, *, people: int, chats: int, each: int, port: int) -> None:
    """Make the folders of an account that has been used: roster, chats, and a server at a loopback port.

    An archive that is there already is kept, and gets the roster.
    """
    paths.config.mkdir(parents=True, exist_ok=True)
    paths.data.mkdir(parents=True, exist_ok=True)
    paths.config_file.write_text(
        f'[[account]]\naddress = "{ME}"\npassword_command = "echo secret"\nhost = "127.0.0.1"\n'
        f"port = {port}\n[encryption]\nomemo = false\n"
    )
    with closing(Database(paths.database)) as database:
        known = [contact(number) for number in range(people)]
        SqliteCache(database).put_roster(ME, "1", known)
        if chats:
            fill(database, {ChatKey(ME, one.address): each for one in known[:chats]})


def archive_file(path: Path, chats: dict[ChatKey, int]) -> Database:
    """Open a new archive with so many messages in each chat; the caller closes it."""
    database = Database(path)
    fill(database, chats)
    return database


_NAMES = ("Ava", "Bram", "Chiara", "Dmitri", "Elif", "Farid", "Gita", "Hugo", "Ines", "Jonas", "Kim", "Lena")
