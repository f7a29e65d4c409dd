"""What a user of ours has before them after an attack, and how one knows that the attack has come through."""

from __future__ import annotations

from itertools import count

from tests.server.person import Person
from tests.server.raw_peer import RawStream
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import MessageKept

_number = count(1)


def full_address(person: Person) -> Address:
    """Where this session of theirs is reached; the worst case is that an attacker knows it."""
    address = person.world.accounts[person.address].full_address
    assert address is not None
    return address


def bodies(person: Person) -> list[str]:
    """All that is in the archive, of every chat."""
    found = []
    for chat in person.archive.chats():
        found += [one.body for one in person.archive.page(chat.key).messages]
    return found


async def after(peer: RawStream, person: Person, sender: str = "") -> str:
    """Wait until an honest message has come that *peer* sends behind its attacks; returns its text.

    A server delivers what one stream says in order (RFC 6120 §10.1). *sender* is for a component.
    """
    text = f"honest {next(_number)}"
    by = f" from='{sender}'" if sender else ""
    peer.send(
        f"<message type='chat' to='{full_address(person)}'{by} id='{text}'><body>{text}</body></message>"
    )
    await person.until(
        lambda: text in [one.message.body for one in person.happened(MessageKept)], f"{text!r}"
    )
    assert text in bodies(person)
    return text


def with_peer(person: Person, address: str) -> ChatKey:
    """The chat with somebody."""
    return ChatKey(person.address, Address.parse(address).bare)
