"""The words of topic line, status line and empty chats, from what is known of the world."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tui_xmpp.core import lookalikes
from tui_xmpp.core.account import AccountState, Connection
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind, Notify
from tui_xmpp.core.contact import Presence, Show
from tui_xmpp.core.events import ChatState
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.settings import Encryption
from tui_xmpp.core.terminal_choice import TerminalChoice
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.world import World
from tui_xmpp.ui.actions.protection import standing
from tui_xmpp.ui.actions.rank import ordered_activity
from tui_xmpp.ui.render.status import Activity, Status, size

_SHOWS = {
    Show.CHAT: "wants to talk",
    Show.AVAILABLE: "here",
    Show.AWAY: "away",
    Show.XA: "away for long",
    Show.DND: "do not disturb",
    Show.OFFLINE: "offline",
}
NO_MESSAGES = "No messages yet. Write the first one below."

NO_CHAT = """No chat is open.

  {jump}go to a person, a room or any address
  /add ADDRESS    put somebody on your list
  /join ROOM      enter a room

{help} shows all keys and commands."""


def show_word(show: Show) -> str:
    """Return a presence in words."""
    return _SHOWS[show]


def about(world: World, chat: ChatKey) -> str:
    """Return what the topic line says after the name: status, subject, or why we are not in the room."""
    room = world.rooms.get(chat)
    if room is not None:
        if room.state is RoomState.JOINED:
            return clean_line(room.subject)
        states = {
            RoomState.QUEUED: "waits for its turn to be joined",
            RoomState.JOINING: "joining",
            RoomState.LEFT: "not joined; /join enters it",
            RoomState.FAILED: "could not be joined",
        }
        return clean_line(room.reason) or states[room.state]
    private = world.rooms.get(ChatKey(chat.account, chat.address.bare)) if chat.address.resource else None
    if private is not None:
        occupant = private.occupants.get(chat.address.resource)
        here = show_word(occupant.show) if occupant else "not in the room now"
        return f"{here}, privately in {clean_line(world.name_of(private.key))}"
    warning = lookalikes.of_address(world, chat.account, chat.address)
    if warning:
        return warning
    presence = world.best_presence(chat.account, chat.address)
    state = world.accounts.get(chat.account)
    online = state is not None and state.connection is Connection.ONLINE
    if online and not world.hears(chat.account, chat.address):
        return unheard(presence)
    if presence is None:
        return "offline" if online else ""
    return clean_line(presence.status) or show_word(presence.show)


def unheard(presence: Presence | None) -> str:
    """Return what is known of somebody whose presence this link profile keeps off, and how old that is."""
    words = "presence not received on this link"
    if presence is None:
        return words
    since = "" if presence.since is None else f" since {presence.since.astimezone():%H:%M}"
    return f"{words}; last known: {show_word(presence.show)}{since}"


def security(world: World, chat: ChatKey, encryption: Encryption) -> str:
    """Return the right end of the topic line: protection, members, account where there are several."""
    words = [standing(world, chat, encryption).words]
    room = world.rooms.get(chat)
    if room is not None and room.occupants:
        words.append(f"{len(room.occupants)} members")
    known = world.chats.get(chat)
    if known is not None and known.notify is Notify.NONE:
        words.append("muted")
    if len(world.accounts) > 1:
        words.append(clean_line(str(chat.account)))
    return ", ".join(words)


def typing(world: World, chat: ChatKey) -> list[str]:
    """Return the names of those who type in a chat."""
    known = world.typing.get(chat, {})
    names = []
    for who, state in known.items():
        if state is ChatState.COMPOSING:
            # A nick may look like an address.
            names.append(clean_line(who if chat in world.rooms else world.name_of(chat)))
    return names


def account_of(world: World, chat: ChatKey | None) -> AccountState | None:
    """Return the account the status line is about: the open chat's, else the first."""
    if chat is not None and chat.account in world.accounts:
        return world.accounts[chat.account]
    return next(iter(world.accounts.values()), None)


def status(world: World, chat: ChatKey | None, terminal: TerminalChoice) -> Status:
    """Return what the status line shows; the terminal only where it is slow."""
    state = account_of(world, chat)
    if state is None:
        return Status("no account")
    return Status(
        clean_line(state.account.address.local or str(state.account.address)),
        state.connection,
        state.presence.show,
        tuple(activity(one, clean_line(world.name_of(one.key))) for one in ordered_activity(world, chat)),
        state.link.name,
        **_rates(state),
        terminal="slow" if terminal.profile.name == "slow" else "",
        terminal_lag=terminal.lag,
    )


def _rates(state: AccountState) -> dict[str, Any]:
    now = state.rates
    if now is None:
        return {}
    return {
        "up": now.up,
        "down": now.down,
        "round_trip": now.round_trip,
        "queued": now.queued,
        "queue_seconds": now.queue_seconds,
        "today": now.today.total,
    }


def summary(world: World, chat: ChatKey | None, terminal: str, encryption: Encryption) -> str:
    """Return what the status line and the topic say, in one breath; *terminal*: the way to it in words."""
    state = account_of(world, chat)
    if state is None:
        return f"No account is in use. {terminal}"
    account = clean_line(str(state.account.address))
    online = state.connection is Connection.ONLINE
    spent = f", {size(state.rates.today.total)} today" if state.rates is not None else ""
    here = f"online, {show_word(state.presence.show)}, link {state.link.name}{spent}"
    parts = [f"{account}: {here if online else _trouble(state)}."]
    waiting = [one for one in ordered_activity(world, chat) if one.unread]
    unread = ", ".join(f"{one.unread} in {clean_line(world.name_of(one.key))}" for one in waiting)
    parts.append(f"Unread: {unread}." if unread else "Nothing unread.")
    if chat is not None:
        told = [clean_line(world.name_of(chat)), about(world, chat), security(world, chat, encryption)]
        parts.append(f"Open: {', '.join(word for word in told if word)}.")
    return " ".join([*parts, terminal])


def _trouble(state: AccountState) -> str:
    return f"{state.connection.value}, {clean_line(state.reason)}".rstrip("., ")


def activity(chat: Chat, name: str) -> Activity:
    """Return one entry of the activity list."""
    return Activity(
        chat.number, name, chat.unread, chat.mentions, chat.kind is not ChatKind.ROOM, bool(chat.draft)
    )


def connection(world: World, chat: ChatKey | None, now: datetime) -> str:
    """Return the sentence about the connection; empty while all is well."""
    state = account_of(world, chat)
    if state is None or state.connection is Connection.ONLINE:
        return ""
    words = clean_line(state.reason) or state.connection.value
    if state.retry_at is not None:
        seconds = max(0, round((state.retry_at - now).total_seconds()))
        words += f" Next try in {seconds} s; /connect tries now."
    elif state.connection is Connection.OFFLINE:
        words = f"{words.removesuffix('.')}. /connect signs in."
    return words
