"""Reactions (XEP-0444): a person's whole set replaces the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey
from ...core.commands import Command, React, Refused
from ...core.events import MessageChanged
from ...core.message import Reaction
from .. import convert, guard
from ..draft import Draft
from ..feature import Feature, Handler, Outgoing

REACTIONS = "urn:xmpp:reactions:0"
_MAX_LENGTH = 32
"""Characters of one emoji with all its modifiers; more is no emoji."""


class Reactions(Feature):
    """Reads and writes `<reactions/>`."""

    XEPS = ("XEP-0444",)
    NAMESPACES = (REACTIONS,)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Reacting."""
        return {React: self._react}

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read the sender's set."""
        found = convert.child(stanza, REACTIONS, "reactions")
        if found is None or not found.get("id"):
            return
        texts = [(one.text or "").strip() for one in convert.children(found, REACTIONS, "reaction")]
        # XEP-0444 §3.1: "each reaction occurs at most once".
        emojis = tuple(dict.fromkeys(one for one in texts if 0 < len(one) <= _MAX_LENGTH))
        draft.reacts = (found.get("id", ""), emojis[: guard.MAX_EMOJIS])
        draft.body = ""

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Write our set."""
        if outgoing.reacts is None:
            return
        id, emojis = outgoing.reacts
        reactions = convert.add(stanza, REACTIONS, "reactions", id=id)
        for emoji in emojis:
            convert.add(reactions, REACTIONS, "reaction", emoji)
        convert.add(stanza, convert.HINTS, "store")

    async def _react(self, command: React) -> None:
        context = self.context
        original = context.archive.message(command.chat, command.row)
        if original is None or original.retracted:
            raise Refused("There is no message to react to.")
        room = context.world.rooms.get(command.chat)
        # XEP-0444 §4: in a room the id that the room gave; elsewhere the origin id, or else the id.
        named = original.archive_id if room else original.origin_id or original.id
        named = named or original.id
        if not named:
            raise Refused("This message has no id, so nobody could tell what you react to.")
        emojis = tuple(dict.fromkeys(command.emojis))[: guard.MAX_EMOJIS]
        change = partial(context.archive.react, command.chat, named, self._ours(command.chat, emojis))
        message = replace(original, id=context.new_id(), origin_id="", body="", subject="", reply=None)
        outgoing = Outgoing(
            message, reacts=(named, emojis), is_room=room is not None, kept=False, change=change
        )
        await context.submit(outgoing)

    def unsent(self, chat: ChatKey, stanza: ET.Element) -> str:
        """Nothing of ours stands at the message that nobody else sees there."""
        found = convert.child(stanza, REACTIONS, "reactions")
        if found is None:
            return ""
        changed = self.context.archive.react(chat, found.get("id", ""), self._ours(chat, ()))
        if changed is not None:
            self.context.emit(MessageChanged(changed))
        return "Your reaction was not sent, and is not shown here either."

    def _ours(self, chat: ChatKey, emojis: tuple[str, ...]) -> Reaction:
        room = self.context.world.rooms.get(chat)
        nick = room.nick if room else ""
        sender = chat.address.with_resource(nick) if nick else self.context.own
        return Reaction(sender, nick, emojis, own=True)
