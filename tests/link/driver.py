"""Our engine in a process of its own, for tests that cut its link and kill it.

`python -m tests.link.driver FOLDER` reads an order a line from stdin and writes what happens, one JSON object
a line, to stdout.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from tui_xmpp import parts
from tui_xmpp.cli.parser import Options
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account, Token
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom, Refused, SendMessage, SetLinkCell
from tui_xmpp.core.message import Delivery
from tui_xmpp.session import convert
from tui_xmpp.session.crypto.omemo_names import NEW, OLD
from tui_xmpp.session.lifetime import Lifetime
from tui_xmpp.session.unwrap import MAM, SID

if TYPE_CHECKING:
    from tui_xmpp.session.session import Session
    from tui_xmpp.storage.opening import Storage

_MESSAGE = f"{{{convert.CLIENT}}}message"
PASSWORD = "password"
TOKEN = "token.json"


class FolderVault:
    """Password and token in files of the test's folder: a keyring that a killed process leaves behind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def password(self, account: Account) -> str | None:
        return (self._folder / PASSWORD).read_text(encoding="utf-8")

    async def remember(self, account: Address, password: str, *, keep: bool) -> str:
        return ""

    async def forget(self, account: Address) -> None:
        (self._folder / TOKEN).unlink(missing_ok=True)

    async def token(self, account: Address) -> Token | None:
        try:
            kept = json.loads((self._folder / TOKEN).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        until = kept["expires"]
        return Token(kept["mechanism"], kept["secret"], datetime.fromisoformat(until) if until else None)

    async def keep_token(self, account: Address, token: Token | None) -> None:
        if token is None:
            return await self.forget(account)
        kept = {
            "mechanism": token.mechanism,
            "secret": token.secret,
            "expires": token.expires.isoformat() if token.expires else None,
        }
        unfinished = self._folder / f"{TOKEN}.new"
        unfinished.write_text(json.dumps(kept), encoding="utf-8")
        unfinished.replace(self._folder / TOKEN)
        return None


def report(kind: str, **fields: Any) -> None:
    """Write one line; it has left the process when this returns."""
    sys.stdout.write(json.dumps({"told": kind, "time": time.monotonic(), **fields}) + "\n")
    sys.stdout.flush()


def tell(event: ev.Event) -> None:
    """Write what of an event the tests judge."""
    match event:
        case ev.ConnectionChanged():
            bound = str(event.full_address) if event.full_address else ""
            report("connection", state=event.connection.value, reason=event.reason, bound=bound)
        case ev.MessageKept() | ev.MessageChanged():
            message = event.message
            report(
                "message",
                chat=str(message.chat.address),
                body=message.body,
                id=message.id,
                outgoing=message.outgoing,
                delivery=message.delivery.name,
                failure=message.failure,
                new=isinstance(event, ev.MessageKept),
                old=isinstance(event, ev.MessageKept) and event.old,
            )
        case ev.PresenceChanged():
            show = event.presence.show.value
            report("presence", address=str(event.address), resource=event.presence.resource, show=show)
        case ev.RosterReplaced():
            report("roster", contacts=len(event.contacts))
        case ev.AbilitiesChanged():
            report("abilities", names=sorted(event.abilities))
        case ev.Notice():
            report("notice", text=event.text)
        case ev.Question():
            report("question", what=type(event).__name__, reason=getattr(event, "reason", ""))


def watch_the_wire() -> None:
    """From now on tell of every text that comes over the wire, from which archive entry it is."""
    take = Lifetime.receive

    def receive(self: Lifetime, stanza: ET.Element) -> None:
        if stanza.tag == _MESSAGE:
            copy = copy_in(stanza, self._account.own)
            if copy is not None:
                report("copy", **copy)
            for id, key in keys_in(stanza):
                report("key", id=id, key=key)
        take(self, stanza)

    Lifetime.receive = receive  # type: ignore[method-assign]


def keys_in(stanza: ET.Element) -> list[tuple[str, str]]:
    """The sealed message keys of a message, live or from an archive, each with the message's id."""
    found = []
    for message in (stanza, *stanza.iter(_MESSAGE)):
        for namespace in (OLD, NEW):
            sealed = message.find(f"{{{namespace}}}encrypted")
            if sealed is not None:
                keys = sealed.iter(f"{{{namespace}}}key")
                found += [(message.get("id", ""), key.text or "") for key in keys]
    return found


def copy_in(stanza: ET.Element, own: Address) -> dict[str, str] | None:
    """What a message says of the copy that it is; None: it is none, or nobody counts it.

    Two copies with the same archive id are one message, handed over twice: as a session is resumed, or live
    and from the archive. Two archive ids are two messages to everybody but us.
    """
    result = convert.child(stanza, MAM, "result")
    inner = stanza if result is None else result.find(f".//{_MESSAGE}")
    body = "" if inner is None else convert.text_of(inner, "body")
    if inner is None or not body or inner.get("type") == "error":
        return None
    sender, to = convert.address_in(inner), convert.address_in(inner, "to")
    chat = to if sender is not None and sender.bare == own else sender
    if result is not None:
        archive_id = result.get("id", "")
    else:
        given = convert.children(inner, SID, "stanza-id")
        archive_id = next((one.get("id", "") for one in given if one.get("by") == str(own)), "")
    return {
        "chat": "" if chat is None else str(chat.bare),
        "body": body,
        "id": inner.get("id", ""),
        "archive_id": archive_id,
    }


async def obey(session: Session, own: Address, order: dict[str, Any]) -> bool:
    """Do one thing; returns False when it was to end."""
    match order["do"]:
        case "send":
            chat = ChatKey(own, Address.parse(order["chat"]))
            try:
                await session.do(SendMessage(chat, order["text"]))
            except Refused as refused:
                report("refused", text=order["text"], reason=str(refused))
            else:
                report("accepted", text=order["text"])
        case "send twice":
            # Two stanzas of one id, as of a program that cannot tell what has arrived.
            stanza = convert.stanza("message", Address.parse(order["chat"]), "chat", "said twice")
            convert.add(stanza, convert.CLIENT, "body", order["text"])
            for _ in range(2):
                session._accounts[own].account.send(stanza)
            report("accepted", text=order["text"])
        case "cell":
            await session.do(SetLinkCell(own, order["cell"], order["text"]))
        case "join":
            await session.do(JoinRoom(own, Address.parse(order["room"])))
        case "quit":
            return False
    return True


async def live(storage: Storage, own: Address, make: Any) -> None:
    """Run until told to quit, or until stdin ends."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    session: Session = make()
    events = session.events()

    async def listen() -> None:
        async for batch in events:
            for event in batch:
                tell(event)

    listening = asyncio.create_task(listen())
    known = storage.cache.roster(own)[1]
    report("started", roster=len(known))
    for message in storage.archive.unsent(own):
        report("unsent", body=message.body, id=message.id, delivery=Delivery(message.delivery).name)
    await session.start()
    order: dict[str, Any] = {}
    try:
        while line := await orders.readline():
            order = json.loads(line)
            if not await obey(session, own, order):
                break
    finally:
        await session.close(leave=order.get("do") == "quit" and order["how"] == "leave")
        with suppress(TimeoutError):
            await asyncio.wait_for(listening, 5)
    report("ended")


def main() -> None:
    """Open the folder as the program does, and live."""
    watch_the_wire()
    folder = Path(sys.argv[1])
    paths = parts.find_paths(Options(config=folder / "config", data=folder / "data"))
    with parts.opened_storage(paths) as storage:
        settings = parts.chosen_settings(storage, "")
        world = parts.remembered_world(storage, settings)
        make = parts.session_maker(storage, settings, world, FolderVault(folder))
        asyncio.run(live(storage, settings.accounts[0].address, make))


if __name__ == "__main__":
    main()
