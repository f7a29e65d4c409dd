"""Strangers in words and rows: who wants what, what they say, how many there are."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from rich.text import Text

from tui_xmpp.core import asking, lookalikes
from tui_xmpp.core.asking import Asking
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.strangers import MOST, Want
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.world import World
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.wrap import cut

_COUNTED = {
    Want.REQUEST: ("request", "requests"),
    Want.INVITATION: ("invitation", "invitations"),
    Want.CHAT: ("chat", "chats"),
}
_LONGEST_NICK, _LONGEST_TEXT = 40, 1000


def counted(want: Want, count: int) -> str:
    """Return a number of requests, invitations or chats: `9,998 requests`."""
    return f"{count:,} {_COUNTED[want][count != 1]}"


def listed(counts: Mapping[Want, int]) -> str:
    """Return the numbers that are not 0: `2 requests, 1 chat`; empty: all are."""
    return ", ".join(counted(want, counts[want]) for want in Want if counts.get(want))


def limits() -> str:
    """Return what strangers may do at all."""
    most = f"{counted(Want.REQUEST, MOST[Want.REQUEST])}, {counted(Want.INVITATION, MOST[Want.INVITATION])}"
    return (
        f"Nothing is accepted before you say so. At most {most} and {counted(Want.CHAT, MOST[Want.CHAT])} "
        "of strangers wait at once; more are left out and counted."
    )


def wanted(world: World, one: Asking) -> str:
    """Return what somebody wants, behind their address."""
    if one.want is Want.REQUEST:
        return "asks to see when you are here"
    if one.want is Want.INVITATION:
        return "invites you into a room"
    chat = world.chats.get(ChatKey(one.account, one.address))
    return f"writes to you, {chat.unread} unread" if chat and chat.unread else "writes to you"


def who(world: World, one: Asking) -> str:
    """Return the address of who asks, in full."""
    sender = asking.sender(world, one)
    return "somebody" if sender is None else clean_line(str(sender))


def warning(world: World, one: Asking) -> str:
    """Return whom they look like; empty: nobody we know."""
    sender = asking.sender(world, one)
    if one.want is Want.CHAT and one.address.resource:
        # An occupant of a room, who goes by a nick.
        return lookalikes.of_nick(world, ChatKey(one.account, one.address.bare), one.address.resource)
    return "" if sender is None else lookalikes.of_address(world, one.account, sender)


def quoted(world: World, one: Asking) -> str:
    """Return what they say, with the room or the nick they name before it."""
    nick, text = asking.said(world, one)
    said = f"“{clean_line(text, _LONGEST_TEXT)}”" if text.strip() else ""
    if one.want is Want.INVITATION:
        return f"{clean_line(str(one.address))} {said}".rstrip()
    if nick.strip():
        return f"calls themselves {clean_line(nick, _LONGEST_NICK)} {said}".rstrip()
    return said or "They wrote nothing with it."


def head_row(look: Look, world: World, one: Asking, width: int) -> Text:
    """Return the row of who wants what; of an address without room the middle is left out, never the end."""
    at = asking.since(world, one)
    time = f"{look.local(at):%d %b} {look.clock(at)}" if at is not None else ""
    text = Text(f" {time:<12}  " if not look.linear else f"{time} ", style=look.style("dim"), no_wrap=True)
    to = f" ({clean_line(one.account.local or str(one.account))})" if len(world.accounts) > 1 else ""
    wish = f"  {wanted(world, one)}{to}"
    text.append(_narrowed(who(world, one), width - text.cell_len - cell_len(wish)), style=look.style("text"))
    text.append(wish, style=look.style("accent"))
    text.truncate(width, overflow="ellipsis")
    return text


def _narrowed(address: str, width: int) -> str:
    """Return an address in at most *width* cells: how it begins, and its server."""
    if cell_len(address) <= width:
        return address
    end = address[-max(1, width // 2) :]
    while cell_len(end) > width // 2 > 0:
        end = end[1:]
    return f"{cut(address, width - cell_len(end))}{end}"


def words_row(look: Look, world: World, one: Asking, warned: str, width: int) -> Text:
    """Return the row below it: a warning goes before what they say."""
    text = Text(" " * (0 if look.linear else 15), no_wrap=True)
    if warned:
        text.append(f"⚠ {warned} ", style=look.style("warn"))
    text.append(quoted(world, one), style=look.style("dim"))
    text.truncate(width, overflow="ellipsis")
    return text
