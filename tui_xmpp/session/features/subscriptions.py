"""Who may see whose presence: asked, approved, refused and cancelled only by the user (RFC 6121 §3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from .. import convert, guard
from ..feature import Context, Feature, Handler

PRE_APPROVAL = "{urn:xmpp:features:pre-approval}sub"
NICK = "http://jabber.org/protocol/nick"
_TYPES = ("subscribe", "subscribed", "unsubscribe", "unsubscribed")
_SPACE = "subscription-requests"
"""In the facts: requests nobody has answered yet."""


class Subscriptions(Feature):
    """Shows requests as questions; nothing is ever accepted without a key press."""

    XEPS = ("XEP-0172",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._flooded = False

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """The four things a user can do about presence."""
        return {
            RequestSubscription: self._request,
            ApproveSubscription: self._approve,
            RefuseSubscription: self._refuse,
            CancelSubscription: self._cancel,
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
            requests = [SubscriptionRequest(own, Address.parse(a), n, t) for a, n, t in kept]
        except (ValueError, TypeError):
            return
        self.context.emit(*(SubscriptionRequested(one) for one in requests))

    def on_stop(self) -> None:
        """A new session brings open requests again."""
        self._flooded = False

    def _keep(self) -> None:
        """Have the open requests on the disk."""
        own = self.context.own
        held = [one for (account, _), one in self.context.world.requests.items() if account == own]
        rows = json.dumps([(str(one.address), one.nick, one.text) for one in held])
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
        held = sum(1 for account, _ in context.world.requests if account == context.own)
        if not known and contact is None and held >= guard.MAX_REQUESTS:
            if not self._flooded:
                self._flooded = True
                text = "Many people ask to see your presence; answer some to see the rest."
                context.emit(Notice(text, Level.WARN, context.own))
            return
        if known:
            return
        nick = convert.text_of(stanza, "nick", NICK)
        text = convert.text_of(stanza, "status")
        request = SubscriptionRequest(
            context.own, sender, nick[: guard.MAX_REQUEST_TEXT], text[: guard.MAX_REQUEST_TEXT]
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

    async def _cancel(self, command: CancelSubscription) -> None:
        self.context.send(self._stanza(command.address, "unsubscribe"))

    def _stanza(self, address: Address, kind: str) -> ET.Element:
        if not self.context.online:
            raise Refused("You are offline; connect first.")
        # RFC 6121 §3.1.1: "the 'to' address MUST be the bare JID".
        return convert.stanza("presence", address.bare, kind)
