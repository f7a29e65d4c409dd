"""Who is typing (XEP-0085): told only to people on the roster, and only where the link allows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, SetTyping
from ...core.events import ChatState, Event, TypingChanged
from ...core.link import LinkProfile
from ...core.message import MessageType
from ...core.traffic import Category
from .. import convert, guard
from ..draft import Draft
from ..feature import Context, Feature, Handler, Outgoing

STATES = "http://jabber.org/protocol/chatstates"
TYPING_SECONDS = 60.0
"""How long somebody types who says nothing more: their program may be gone."""
_MAX_TYPING = 50
_NOTICE_BYTES = 160
"""About what one costs."""
_TYPES = (ChatState.COMPOSING, ChatState.PAUSED)


class ChatStates(Feature):
    """Reads and sends composing, paused and active."""

    XEPS = ("XEP-0085",)
    NAMESPACES = (STATES,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._said: dict[ChatKey, ChatState] = {}
        self._ends: dict[tuple[ChatKey, str], asyncio.TimerHandle] = {}
        """When those who type are taken to have stopped."""
        self._deaf: set[ChatKey] = set()
        """They answered without saying a state: they know of none."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Our typing."""
        return {SetTyping: self._typing}

    def on_stop(self) -> None:
        """A new stream begins with nobody knowing anything."""
        self._said.clear()
        self._deaf.clear()
        for end in self._ends.values():
            end.cancel()
        self._ends.clear()

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """Who was told that we type is told that we do not; who types is not shown any longer."""
        if before.typing_out and not self.context.pacing.tells_typing:
            for key in [key for key, said in self._said.items() if said is ChatState.COMPOSING]:
                self._tell(key, ChatState.PAUSED)
        if not self.context.pacing.shows_typing:
            for chat, who in list(self._ends):
                self.context.emit(TypingChanged(chat, who, ChatState.ACTIVE))

    def told(self, event: Event) -> None:
        """Whoever types stops some time."""
        if not isinstance(event, TypingChanged) or event.chat.account != self.context.own:
            return
        end = self._ends.pop((event.chat, event.who), None)
        if end is not None:
            end.cancel()
        if event.state in _TYPES:
            stopped = TypingChanged(event.chat, event.who, ChatState.ACTIVE)
            loop = asyncio.get_running_loop()
            self._ends[event.chat, event.who] = loop.call_later(TYPING_SECONDS, self.context.emit, stopped)

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read a state; a message without one ends the typing as well."""
        if draft.old or draft.outgoing or draft.type is MessageType.ERROR:
            return
        self._note_support(stanza, draft)
        if not self.context.pacing.shows_typing:
            return
        who = draft.nick if draft.kind is not ChatKind.CONTACT else str(draft.sender.bare)
        typing = self.context.world.typing.get(draft.chat, {})
        for state in ChatState:
            if convert.child(stanza, STATES, state.value) is not None:
                draft.typing = state
        if draft.typing is None and draft.body:
            draft.typing = ChatState.ACTIVE
        if draft.typing is None or not who:
            return
        # A stranger who only types is nobody to show, and there may be any number of them.
        is_known = draft.chat in self.context.world.chats or guard.is_contact(
            self.context.world, self.context.own, draft.chat.address
        )
        starts = draft.typing in _TYPES and is_known
        if (starts and (who in typing or len(typing) < _MAX_TYPING)) or who in typing:
            draft.events.append(TypingChanged(draft.chat, who, draft.typing))

    def _note_support(self, stanza: ET.Element, draft: Draft) -> None:
        """Who says a state knows what they are; who answers without one does not."""
        if any(convert.child(stanza, STATES, state.value) is not None for state in ChatState):
            self._deaf.discard(draft.chat)
        elif draft.body and draft.kind is ChatKind.CONTACT and draft.chat in self._said:
            self._deaf.add(draft.chat)

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Say with a message that we stopped typing, where we said that we began; and with the first one.

        XEP-0085 §5.1: the first message "MUST include <active/>", which asks whether states are known there.
        Behind a message without one, who was not typing goes on not typing.
        """
        key = outgoing.message.chat
        if outgoing.message.body and self._may_tell(key):
            told, self._said[key] = self._said.get(key), ChatState.ACTIVE
            if self.context.pacing.tells_typing and told is not ChatState.ACTIVE:
                convert.add(stanza, STATES, ChatState.ACTIVE.value)

    async def _typing(self, command: SetTyping) -> None:
        key = command.chat
        state = ChatState.COMPOSING if command.composing else ChatState.PAUSED
        told = self._said.get(key, ChatState.ACTIVE)
        if state is told or (state is ChatState.PAUSED and told is not ChatState.COMPOSING):
            return
        if not self.context.online or not self._may_tell(key):
            return
        if self.context.pacing.tells_typing:
            self._tell(key, state)
        else:
            self._said[key] = state
            self.context.metering.spared(Category.CHAT, _NOTICE_BYTES, 0, key)

    def _tell(self, key: ChatKey, state: ChatState) -> None:
        self._said[key] = state
        is_room = key in self.context.world.rooms
        stanza = convert.stanza(
            "message", key.address, "groupchat" if is_room else "chat", self.context.new_id()
        )
        convert.add(stanza, STATES, state.value)
        convert.add(stanza, convert.HINTS, "no-store")
        self.context.send(stanza)

    def _may_tell(self, key: ChatKey) -> bool:
        context = self.context
        if not context.settings.privacy.send_typing:
            return False
        # XEP-0085 §5.5: rooms make it public; it stays between two people.
        if key in context.world.rooms or key.address.resource:
            return False
        # XEP-0085 §5.1: to who answers without a state, none may be sent any more.
        return key not in self._deaf and guard.sees_us(context.world, context.own, key.address)
