"""What events change on the screen, and when they may ring."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_xmpp.core import events as ev
from tui_xmpp.core import lookalikes
from tui_xmpp.core.budget_events import BudgetReached
from tui_xmpp.core.chat import ChatKey, ChatKind, Notify
from tui_xmpp.core.events import Event, Level
from tui_xmpp.core.file_events import TransferEnded, TransferProgress
from tui_xmpp.core.message import Delivery, Message, MessageType
from tui_xmpp.core.openpgp import PassphraseWanted
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.settings import Attention
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.world import World
from tui_xmpp.ui.actions.files import words
from tui_xmpp.ui.render.status import size
from tui_xmpp.ui.screens.lending import lend

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen

_ORDER = (
    ev.ChatChanged,
    ev.MessageKept,
    ev.RosterReplaced,
    ev.ContactChanged,
    ev.ContactRemoved,
    ev.AccountAdded,
    ev.AccountRemoved,
    ev.SubscriptionRequested,
    ev.SubscriptionSettled,
    ev.Question,
    ev.QuestionSettled,
    ev.BookmarksChanged,
)
_ROSTER = (ev.RosterReplaced, ev.ContactChanged, ev.ContactRemoved, ev.AccountRemoved)
_JOINING = "Joining rooms:"
_MEMBERS = (ev.OccupantsArrived, ev.OccupantChanged, ev.OccupantLeft, ev.RoomChanged)


def first_chat(world: World) -> ChatKey | None:
    """Return the chat to begin with: the one last talked in."""
    chats = [chat for chat in world.chats.values() if chat.open]
    timed = [chat for chat in chats if chat.last_at is not None]
    if timed:
        return max(timed, key=lambda chat: chat.last_at or datetime.min).key
    return chats[0].key if chats else None


async def take(screen: MainScreen, happened: tuple[Event, ...]) -> None:
    """Show a batch of events, and ring for it."""
    await show(screen, screen.settling.sift(happened))
    if ringing := [
        event.message
        for event in happened
        if isinstance(event, ev.MessageKept) and rings(screen, event.message, event.old or event.left_out)
    ]:
        screen.ring(ringing)


async def show(screen: MainScreen, happened: tuple[Event, ...]) -> None:
    """Draw what a batch of events changed."""
    if all(isinstance(event, ev.RatesChanged) for event in happened):
        # Once a second while anything moves: nothing else can have changed.
        screen.furniture.rates()
        return
    if all(isinstance(event, TransferProgress) and event.transfer.done for event in happened):
        # A few times a second; the line that says so is drawn with the clock.
        return
    happened = tuple(map(screen.view.judged, happened))
    order = members = False
    for event in happened:
        order = order or isinstance(event, _ORDER)
        if isinstance(event, _ROSTER):
            screen.lists.model.roster_changed()
        members = members or (isinstance(event, _MEMBERS) and event.key == screen.chat)
        _notice(screen, event)
        if not screen.profile.linear:
            _come_and_go(screen, event)
    if screen.profile.linear:
        screen.speaking.take(happened)
    kind = screen.popups.kind
    if kind is not None and any(isinstance(event, kind.follows) for event in happened):
        screen.refill()
    first = first_chat(screen.world) if screen.chat is None else None
    # A line that was begun without a chat would be lost, or worse, sent to the one that comes up.
    if first is not None and not screen.composer.text:
        await screen.enter(first)
    elif screen.view.take(happened):
        await screen.read()
    gone = screen.world.chats.get(screen.chat) if screen.chat else None
    if screen.chat is not None and (gone is None or not gone.open):
        await screen.leave()
    if screen.profile.settle and all(isinstance(event, ev.MessageKept) for event in happened):
        # Nothing but a new message is drawn with it; counts come when they have settled.
        return
    screen.lists.refill(order=order)
    if members:
        screen.lists.refill_members()
    screen.furniture.all()


def _notice(screen: MainScreen, event: Event) -> None:
    now = datetime.now(UTC)
    match event:
        case ev.Notice(text, level, _, ChatKey() as chat) if level is not Level.INFO:
            # Words below the log go with the next key: what one should know of a chat stays in it.
            open_here = chat == screen.chat and screen.transcript.following
            linear = screen.profile.linear
            if linear or not open_here:
                screen.say(text, level)
            screen.view.warn(chat, text, told=linear and screen.transcript.following)
        case ev.Notice(text, level):
            screen.say(text, level)
        case ev.PriceAsked() | ev.QuestionSettled() | ev.SecurityChanged() | ev.DevicesChanged():
            screen.refill()
        case PassphraseWanted(id, at_once=True):
            # The user has just sent something: the key press was this one.
            screen.start(lend(screen, id))
        case TransferProgress(transfer) if screen.profile.linear and not transfer.done:
            screen.say(*words(transfer))
        case TransferEnded(transfer):
            screen.say(*words(transfer))
        case ev.LinkChanged():
            screen.furniture.link_changed(event)
        case ev.LinkSuggested(_, profile, reason) if profile:
            key = screen.keymap.keys_of("lean") or "/link"
            screen.say(f"{reason.rstrip('.')}. {key} uses the link profile {profile}.")
        case BudgetReached(_, spent, budget, share):
            screen.say(f"{share:.0%} of the month's {size(budget)} is spent: {size(spent)}.", Level.WARN)
        case ev.RoomsProgress() if screen.profile.linear:
            return
        case ev.RoomsProgress(_, joined, total) if joined < total:
            screen.say(f"{_JOINING} {joined} of {total}.")
        case ev.RoomsProgress():
            screen.furniture.take_back(_JOINING)
        case ev.RoomChanged(key, RoomState.FAILED, reason=str(reason)) if key == screen.chat and reason:
            # The topic line has no room for what to do about it.
            if not screen.profile.linear:
                screen.transcript.add_notice(clean_line(reason), now, "warning")


def _come_and_go(screen: MainScreen, event: Event) -> None:
    now = datetime.now(UTC)
    match event:
        case ev.OccupantChanged(key, occupant, True) if key == screen.chat:
            warning = lookalikes.of_nick(screen.world, key, occupant.nick)
            screen.transcript.add_notice(f"{clean_line(occupant.nick)} joined", now, "join")
            if warning:
                screen.transcript.add_notice(warning, now, "warning")
        case ev.OccupantLeft(key, nick, new_nick, reason) if key == screen.chat:
            if new_nick:
                screen.transcript.add_notice(f"{clean_line(nick)} is now {clean_line(new_nick)}", now)
            elif reason:
                screen.transcript.add_notice(f"{clean_line(nick)} left: {clean_line(reason)}", now, "warning")
            else:
                screen.transcript.add_notice(f"{clean_line(nick)} left", now, "leave")


def rings(screen: MainScreen, message: Message, old: bool) -> bool:
    """Whether a message may ring: it is new, not in view, and its chat's rule allows it."""
    if old or message.delivery is not Delivery.INCOMING:
        return False
    if message.outgoing or not message.body or message.type is MessageType.ERROR:
        return False
    if message.chat == screen.chat and screen.app.app_focus and screen.transcript.following:
        return False
    return _allowed(screen.world, message, screen.settings.notify)


def _allowed(world: World, message: Message, attention: Attention) -> bool:
    chat = world.chats.get(message.chat)
    if chat is None:
        return True
    rule = chat.notify
    if rule is Notify.ALL:
        # A chat without a rule of its own follows the configuration.
        rule = attention.rooms if chat.kind is ChatKind.ROOM else attention.default
    return rule is Notify.ALL or (rule is Notify.MENTIONS and message.mention)
