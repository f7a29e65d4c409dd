"""Invitations into rooms, told as questions and sent (XEP-0045 §7.8, XEP-0249)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ...core.address import Address
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Answer, Command, Invite, Refused
from ...core.events import Event, Invited, Level, Notice, QuestionSettled
from ...core.message import MessageType
from ...core.room import RoomState
from ...core.strangers import Block, RefuseAll, Want, covers
from .. import convert, guard, muc
from ..draft import Draft
from ..feature import Context, Feature, Handler

CONFERENCE = "jabber:x:conference"
MAX_TEXT = 500
"""Characters kept of what is said with one."""


@value
class _Invitation:
    room: Address
    sender: Address | None
    text: str
    password: str
    is_mediated: bool
    """The room passed it on, and passes an answer back."""
    is_known: bool = False
    """A contact sent it."""

    @property
    def senders(self) -> tuple[Address, ...]:
        """Whom it is from, and where it leads."""
        return (self.room, self.sender) if self.sender else (self.room,)


class Invitations(Feature):
    """Asks the user once for each room; nothing is joined before they say yes."""

    XEPS = ("XEP-0045", "XEP-0249")
    NAMESPACES = (CONFERENCE,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._open: dict[str, _Invitation] = {}
        self._sent: dict[str, tuple[ChatKey, Address]] = {}
        """By message id: the room, and whom we invited."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Inviting somebody, and saying no."""
        return {
            Invite: self._invite,
            Answer: self._answer,
            Block: self._block,
            RefuseAll: self._refuse_all,
        }

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read an invitation; what is one is no message."""
        if draft.type is MessageType.GROUPCHAT:
            return
        found = _mediated(stanza)
        if found is not None and guard.is_contact(self.context.world, self.context.own, found.room):
            # Only rooms pass invitations on; this is a person who plays one.
            draft.dropped = "an invitation that comes from no room"
            return
        found = found or _direct(stanza)
        if found is None:
            self._read_refusal(stanza, draft)
            return
        draft.dropped = "an invitation"
        # What an archive page brings was asked, or answered elsewhere, in its time.
        if not draft.old and not draft.outgoing:
            self._ask(found)

    def _ask(self, found: _Invitation) -> None:
        room = self.context.world.rooms.get(ChatKey(self.context.own, found.room))
        is_open = any(one.room == found.room for one in self._open.values())
        if is_open or (room and room.state is RoomState.JOINED):
            return
        # Whom a room names as the one who invites is the room's word; a message's sender is the server's.
        by = None if found.is_mediated else found.sender
        is_known = by is not None and guard.is_contact(self.context.world, self.context.own, by)
        found = replace(found, is_known=is_known)
        waiting = sum(one.is_known == is_known for one in self._open.values())
        senders = () if is_known else found.senders
        if not self.context.strangers.admits(Want.INVITATION, found.room, waiting, senders):
            return
        id = self.context.new_id()
        self._open[id] = found
        self.context.emit(
            Invited(
                id,
                self.context.own,
                found.room,
                found.sender,
                found.text[:MAX_TEXT],
                found.password,
                is_known,
                self.context.clock.now(),
            )
        )

    async def _block(self, command: Block) -> None:
        # Unanswered, so that nobody learns that we are there.
        dropped = [
            id
            for id, one in self._open.items()
            if not one.is_known and any(covers(command.address, sender) for sender in one.senders)
        ]
        self.context.emit(*map(QuestionSettled, dropped))

    async def _refuse_all(self, command: RefuseAll) -> None:
        if command.want is not Want.INVITATION:
            return
        refused = [id for id, one in self._open.items() if not one.is_known]
        for id in refused:
            self._decline(self._open[id])
        self.context.emit(*map(QuestionSettled, refused))

    def told(self, event: Event) -> None:
        """An answered question makes room for another."""
        if isinstance(event, QuestionSettled):
            self._open.pop(event.id, None)

    def refused(self, stanza: ET.Element, draft: Draft) -> None:
        """Say that an invitation did not arrive."""
        room, address = self._sent.get(draft.id, (None, None))
        # Only whom it was sent to can refuse it.
        if room is not None and draft.chat.address in (room.address, address):
            del self._sent[draft.id]
            words = f"{address} was not invited. {draft.failure}"
            self.context.emit(Notice(words, Level.WARN, self.context.own, room))

    def _read_refusal(self, stanza: ET.Element, draft: Draft) -> None:
        """Say that somebody we invited said no (XEP-0045 §7.8.2)."""
        room = draft.chat
        told = convert.child(stanza, muc.USER, "x")
        decline = None if told is None else convert.child(told, muc.USER, "decline")
        sender = None if decline is None else convert.address_in(decline)
        if decline is None or draft.kind is not ChatKind.ROOM or draft.source.resource:
            return
        draft.dropped = "an answer to an invitation"
        sent = [id for id, one in self._sent.items() if sender and one == (room, sender.bare)]
        if sent and sender is not None and not draft.old and not draft.outgoing:
            del self._sent[sent[0]]
            reason = convert.text_of(decline, "reason", muc.USER).strip()[:MAX_TEXT]
            words = f"{sender.bare} does not come into {room.address}." + (f" {reason}" if reason else "")
            self.context.emit(Notice(words, account=self.context.own, chat=room))

    async def _answer(self, command: Answer) -> None:
        found = self._open.get(command.id)
        if found is not None and not command.yes:
            self._decline(found)

    def _decline(self, found: _Invitation) -> None:
        # A direct invitation has no answer (XEP-0249); no is silence there.
        if not found.is_mediated or found.sender is None:
            return
        # XEP-0045 §7.8.2: "a message to the <room@service> itself" with <decline/>.
        stanza = convert.stanza("message", found.room, id=self.context.new_id())
        told = convert.add(stanza, muc.USER, "x")
        convert.add(told, muc.USER, "decline", to=str(found.sender))
        self.context.send(stanza)

    async def _invite(self, command: Invite) -> None:
        key = command.chat
        if key.account != self.context.own:
            return
        room = self.context.world.rooms.get(key)
        if room is None or room.state is not RoomState.JOINED or not self.context.online:
            raise Refused("You are not in this room now; join it first.")
        address = command.address.bare
        if not address.local or address == key.address:
            raise Refused("Only people can be invited; an address looks like name@example.org.")
        if room.members_only:
            # XEP-0249 §3: a direct invitation makes nobody a member; the room's own one does.
            stanza = _written_mediated(key.address, address, command.text)
        else:
            bookmark = self.context.world.bookmarks.get((key.account, key.address))
            password = bookmark.password if bookmark else ""
            stanza = _written_direct(key.address, address, command.text, password)
        id = self.context.new_id()
        stanza.set("id", id)
        self._sent[id] = key, address
        self.context.send(stanza)
        words = f"{address} was invited into {key.address}."
        self.context.emit(Notice(words, account=self.context.own, chat=key))


def _mediated(stanza: ET.Element) -> _Invitation | None:
    told = convert.child(stanza, muc.USER, "x")
    invite = None if told is None else convert.child(told, muc.USER, "invite")
    if told is None or invite is None:
        return None
    room = convert.address_in(stanza)
    # XEP-0045 §7.8.2: it is the room itself that passes an invitation on.
    if room is None or room.resource or not room.local:
        return None
    return _Invitation(
        room,
        convert.address_in(invite),
        convert.text_of(invite, "reason", muc.USER),
        convert.text_of(told, "password", muc.USER),
        is_mediated=True,
    )


def _direct(stanza: ET.Element) -> _Invitation | None:
    told = convert.child(stanza, CONFERENCE, "x")
    room = None if told is None else convert.address_in(told, "jid")
    if told is None or room is None or room.resource or not room.local:
        return None
    sender = convert.address_in(stanza)
    return _Invitation(
        room,
        sender.bare if sender else None,
        told.get("reason", ""),
        told.get("password", ""),
        is_mediated=False,
    )


def _written_direct(room: Address, address: Address, text: str, password: str) -> ET.Element:
    stanza = convert.stanza("message", address)
    convert.add(stanza, CONFERENCE, "x", jid=str(room), reason=text or None, password=password or None)
    return stanza


def _written_mediated(room: Address, address: Address, text: str) -> ET.Element:
    stanza = convert.stanza("message", room)
    told = convert.add(stanza, muc.USER, "x")
    invite = convert.add(told, muc.USER, "invite", to=str(address))
    if text:
        convert.add(invite, muc.USER, "reason", text)
    return stanza
