"""Who may see whose presence: asked, approved, refused and cancelled only by the user (RFC 6121 §3)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from ...core.address import Address
from ...core.commands import (
    ApproveSubscription,
    CancelSubscription,
    Command,
    Refused,
    RefuseSubscription,
    RequestSubscription,
)
from ...core.contact import Subscription, SubscriptionRequest
from ...core.events import (
    ContactChanged,
    Event,
    Level,
    Notice,
    SubscriptionRequested,
    SubscriptionSettled,
)
from ...core.strangers import Block, RefuseAll, Want, covers
from .. import convert, guard
from ..feature import Feature, Handler

PRE_APPROVAL = "{urn:xmpp:features:pre-approval}sub"
NICK = "http://jabber.org/protocol/nick"
_TYPES = ("subscribe", "subscribed", "unsubscribe", "unsubscribed")
_SPACE = "subscription-requests"
"""In the facts: requests nobody has answered yet."""
_AT_ONCE = 50
"""Refusals written in one turn of the loop."""


class Subscriptions(Feature):
    """Shows requests as questions; nothing is ever accepted without a key press."""

    XEPS = ("XEP-0172",)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """What a user can do about presence."""
        return {
            RequestSubscription: self._request,
            ApproveSubscription: self._approve,
            RefuseSubscription: self._refuse,
            CancelSubscription: self._cancel,
            Block: self._block,
            RefuseAll: self._refuse_all,
        }

    def presence(self, stanza: ET.Element) -> bool:
        """Take what is about subscriptions."""
        kind = stanza.get("type", "")
        sender = convert.address_in(stanza)
        if kind == "error" and sender is not None:
            return self._failed(sender.bare, stanza)
        if kind not in _TYPES:
            return False
        if sender is None or sender.bare == self.context.own:
            return True
        if kind == "subscribe":
            self._asked(sender.bare, stanza)
        elif kind == "unsubscribe":
            self._settle(sender.bare)
        elif kind == "unsubscribed":
            contact = self.context.world.contacts.get((self.context.own, sender.bare))
            if contact is not None and contact.ask:
                text = f"{sender.bare} does not want to show you their presence."
                self.context.emit(Notice(text, Level.INFO, self.context.own))
        return True

    def told(self, event: Event) -> None:
        """A request answered on another device shows in the roster."""
        if isinstance(event, ContactChanged) and event.contact.subscription in (
            Subscription.FROM,
            Subscription.BOTH,
        ):
            self._settle(event.contact.address)

    def on_ready(self) -> None:
        """Whoever still waits for an answer is named again (RFC 6121 §3.1.3)."""
        self._keep()

    def on_resumed(self) -> None:
        """Only a new session brings open requests again (RFC 6121 §3.1.3)."""
        own = self.context.own
        try:
            kept = json.loads(self.context.facts.get(_SPACE, str(own)) or "[]")
            requests = [
                SubscriptionRequest(own, Address.parse(a), n, t, convert.stamp(at[0]) if at else None)
                for a, n, t, *at in kept
            ]
        except (ValueError, TypeError):
            return
        self.context.emit(*(SubscriptionRequested(one) for one in requests))

    def _keep(self) -> None:
        """Have the open requests on the disk."""
        own = self.context.own
        held = [one for (account, _), one in self.context.world.requests.items() if account == own]
        rows = json.dumps(
            [(str(one.address), one.nick, one.text, one.at and convert.written(one.at)) for one in held]
        )
        if (self.context.facts.get(_SPACE, str(own)) or "[]") != rows:
            self.context.facts.put(_SPACE, str(own), rows)

    def _failed(self, sender: Address, stanza: ET.Element) -> bool:
        contact = self.context.world.contacts.get((self.context.own, sender))
        if contact is None or not contact.ask:
            return False
        words = convert.sentence(convert.child(stanza, convert.CLIENT, "error"))
        self.context.emit(Notice(f"{sender} could not be asked. {words}", Level.WARN, self.context.own))
        return True

    def _asked(self, sender: Address, stanza: ET.Element) -> None:
        context = self.context
        known = (context.own, sender) in context.world.requests
        contact = context.world.contacts.get((context.own, sender))
        if contact is not None and contact.subscription in (Subscription.FROM, Subscription.BOTH):
            # RFC 6121 §3.1.3: they see us already; the server answers for itself.
            return
        if known:
            return
        if contact is None and not context.strangers.admits(
            Want.REQUEST, sender, len(self._of_strangers()), (sender,)
        ):
            return
        nick = convert.text_of(stanza, "nick", NICK)
        text = convert.text_of(stanza, "status")
        request = SubscriptionRequest(
            context.own,
            sender,
            nick[: guard.MAX_REQUEST_TEXT],
            text[: guard.MAX_REQUEST_TEXT],
            context.clock.now(),
        )
        context.emit(SubscriptionRequested(request))
        self._keep()

    def _settle(self, address: Address) -> None:
        if (self.context.own, address) in self.context.world.requests:
            self.context.emit(SubscriptionSettled(self.context.own, address))
            self._keep()

    async def _request(self, command: RequestSubscription) -> None:
        stanza = self._stanza(command.address, "subscribe")
        if command.text:
            convert.add(stanza, convert.CLIENT, "status", command.text)
        self.context.send(stanza)

    async def _approve(self, command: ApproveSubscription) -> None:
        key = (self.context.own, command.address.bare)
        # RFC 6121 §3.4: approval ahead of a request only where the server offers it.
        if key not in self.context.world.requests and PRE_APPROVAL not in self.context.stream_features:
            raise Refused("They have not asked, and your server cannot approve ahead.")
        self.context.send(self._stanza(command.address, "subscribed"))
        self._settle(command.address.bare)

    async def _refuse(self, command: RefuseSubscription) -> None:
        self.context.send(self._stanza(command.address, "unsubscribed"))
        self._settle(command.address.bare)

    def _of_strangers(self) -> list[Address]:
        """Who asks and is not on the roster."""
        own, world = self.context.own, self.context.world
        asking = (address for account, address in world.requests if account == own)
        return [one for one in asking if not guard.is_contact(world, own, one)]

    async def _block(self, command: Block) -> None:
        # Unanswered, so that nobody learns that we are there; the server brings them with the next session.
        self._settle_all([one for one in self._of_strangers() if covers(command.address, one)])

    async def _refuse_all(self, command: RefuseAll) -> None:
        if command.want is not Want.REQUEST:
            return
        if not self.context.online:
            raise Refused("You are offline; connect first.")
        waiting = self._of_strangers()
        self._settle_all(waiting)
        self.context.spawn(self._refuse_each([*waiting, *self.context.strangers.take_left(Want.REQUEST)]))

    async def _refuse_each(self, addresses: Sequence[Address]) -> None:
        """Refuse them behind all else that goes out; whom the link does not carry any more asks again."""
        for number, address in enumerate(addresses, start=1):
            if not guard.is_contact(self.context.world, self.context.own, address):
                self.context.send(convert.stanza("presence", address, "unsubscribed"), background=True)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    def _settle_all(self, addresses: Sequence[Address]) -> None:
        self.context.emit(*(SubscriptionSettled(self.context.own, one) for one in addresses))
        self._keep()

    async def _cancel(self, command: CancelSubscription) -> None:
        self.context.send(self._stanza(command.address, "unsubscribe"))

    def _stanza(self, address: Address, kind: str) -> ET.Element:
        if not self.context.online:
            raise Refused("You are offline; connect first.")
        # RFC 6121 §3.1.1: "the 'to' address MUST be the bare JID".
        return convert.stanza("presence", address.bare, kind)
