"""Joins the rooms in state `QUEUED`, small ones first and few at a time (XEP-0045 §7.2)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from xml.etree import ElementTree as ET

from ...core import commands as cmd
from ...core import events as ev
from ...core.address import AddressError
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command
from ...core.contact import Show
from ...core.events import Event, Notice, RoomChanged
from ...core.room import Room, RoomState
from .. import convert, muc, muc_sentences
from ..departures import Departures
from ..feature import Context, Failed, Feature, Handler
from ..join_queue import JoinQueue, retry_after
from ..rooms_inside import RoomsInside

_OUT_OF_REACH = ("timeout", "remote-server-not-found", "remote-server-timeout")


class Joining(Feature):
    """Asks each room what it is, enters it, and says why it could not."""

    XEPS = ("XEP-0045",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._queue = JoinQueue()
        self._first: set[ChatKey] = set()
        """Asked for by the user: before all that wait."""
        self._passwords: dict[ChatKey, str] = {}
        self._infos: dict[ChatKey, muc.RoomInfo] = {}
        self._entering: dict[ChatKey, asyncio.Future[None]] = {}
        self._questions: dict[str, ev.Invited | ev.RoomPasswordNeeded] = {}
        self._tries: dict[ChatKey, int] = {}
        """Failures in a row that pass by themselves."""
        self._is_signed_in = self._is_ready = False
        """Our presence is known: before that no room may hear of us (RFC 6121 §4.2)."""
        self._inside = RoomsInside(context)
        self._departures = Departures()
        self._resumed: set[ChatKey] = set()
        """Rooms of the session of an earlier process that have not let us in again yet."""
        self._round = 0
        """Counts the times we became unavailable: joins of an earlier round mean nothing any more."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Passwords given with a join, and answers to questions about rooms."""
        return {cmd.JoinRoom: self._noted, cmd.Answer: self._answered}

    async def _noted(self, command: cmd.JoinRoom) -> None:
        key = ChatKey(command.account, command.room.bare)
        if command.account == self.context.own:
            self._first.add(key)
            self._tries.pop(key, None)
            if command.password:
                self._passwords[key] = command.password

    async def _answered(self, command: cmd.Answer) -> None:
        question = self._questions.pop(command.id, None)
        if question is None:
            return
        self.context.emit(ev.QuestionSettled(command.id))
        if not command.yes:
            return
        key = ChatKey(self.context.own, question.room)
        password = question.password if isinstance(question, ev.Invited) else command.text
        if password:
            self._passwords[key] = password
        self._first.add(key)
        self.context.open_chat(key, ChatKind.ROOM)
        room = self.context.world.rooms.get(key)
        if room is None or room.state not in (RoomState.JOINING, RoomState.JOINED):
            self.context.emit(RoomChanged(key, RoomState.QUEUED))

    # --- what happens -----------------------------------------------------------------------------

    def told(self, event: Event) -> None:
        """Queue what is to be joined, and note what was asked about rooms."""
        if isinstance(event, RoomChanged):
            self._room_changed(event)
        elif isinstance(event, ev.Invited | ev.RoomPasswordNeeded) and event.account == self.context.own:
            self._questions[event.id] = event
        elif isinstance(event, ev.OccupantsArrived) and event.key.account == self.context.own:
            self._note_size(event)
        elif isinstance(event, ev.OwnPresenceChanged) and event.account == self.context.own:
            self._presence_changed(event)

    def _presence_changed(self, event: ev.OwnPresenceChanged) -> None:
        """No room hears of us while we are unavailable to everybody else."""
        if event.presence.show is Show.OFFLINE:
            # RFC 6121 §4.6.3: the server tells every room.
            self._departures.left_all()
            self._hold()
        elif self._is_signed_in and not self._is_ready:
            self._begin()

    def _note_size(self, event: ev.OccupantsArrived) -> None:
        """Not every room tells its size; what was seen serves for the order of the next joins."""
        info = self._infos.get(event.key)
        if info is not None and info.occupants is None:
            seen = replace(info, occupants=len(event.occupants))
            muc.remember(self.context.facts, event.key.account, event.key.address, seen, None)

    def _room_changed(self, event: RoomChanged) -> None:
        key = event.key
        if key.account != self.context.own:
            return
        self._note_inside(key)
        if event.state is RoomState.QUEUED and self._is_ready:
            self._wait(key)
        if event.state in (RoomState.LEFT, RoomState.QUEUED):
            self._departures.outside(key, told=event.state is RoomState.LEFT)
            self._entered(key)
        if event.state in (RoomState.LEFT, RoomState.JOINED):
            self._queue.remove(key)
            self._tries.pop(key, None)
            self._settle(key)

    def _wait(self, key: ChatKey) -> None:
        info = muc.remembered(self.context.facts, key.account, key.address)
        self._queue.add(key, info.occupants if info else None, first=key in self._first)
        # After all that are queued now, so that the smallest of them is first.
        self.context.spawn(self._start())

    def _settle(self, key: ChatKey) -> None:
        """Nothing needs to be asked about this room any more."""
        for id in [id for id, one in self._questions.items() if one.room == key.address]:
            del self._questions[id]
            self.context.emit(ev.QuestionSettled(id))

    def on_ready(self) -> None:
        """Join what waits, unless we are signed in unseen."""
        self._inside.clear()
        self._sign_in()

    def _sign_in(self) -> None:
        self._is_signed_in = True
        if muc.own_presence(self.context).show is not Show.OFFLINE:
            self._begin()

    def on_resumed(self) -> None:
        """The rooms we are in get ready for the presences that are told again; ours comes last."""
        own = self.context.own
        for room, nick in self._inside.recall().items():
            key = ChatKey(own, room)
            self._departures.entering(key)
            self._infos[key] = muc.remembered(self.context.facts, own, key.address) or muc.RoomInfo()
            self._resumed.add(key)
            self.context.emit(RoomChanged(key, RoomState.JOINING, nick=nick))
        self._is_signed_in = True
        self.context.spawn(self._go_on())

    async def _go_on(self) -> None:
        """All presences have been told again: what is not entered by now has to be joined."""
        left, self._resumed = self._resumed, set()
        for key in left:
            self.context.emit(RoomChanged(key, RoomState.QUEUED))
        self._sign_in()

    def _note_inside(self, key: ChatKey) -> None:
        """Have on the disk where we are, as long as the session goes on."""
        room = self.context.world.rooms[key]
        if not self._is_signed_in:
            return
        if room.state is RoomState.JOINED:
            self._inside.enter(key.address, room.nick)
        elif key not in self._resumed:
            self._inside.leave(key.address)

    def _begin(self) -> None:
        """Join what waits, and what could not be joined for a reason that passes."""
        self._is_ready = True
        for room in list(self.context.world.rooms.values()):
            if room.key.account != self.context.own:
                continue
            if room.state is RoomState.QUEUED:
                self._wait(room.key)
            elif room.key in self._tries:
                self.context.emit(RoomChanged(room.key, RoomState.QUEUED))

    def on_stop(self) -> None:
        """No join is under way any more."""
        self._is_signed_in = False
        self._resumed.clear()
        self._hold()
        self._departures.clear()

    def _hold(self) -> None:
        self._is_ready = False
        self._round += 1
        self._queue.stop()
        for key in list(self._entering):
            self._entered(key)

    # --- one join ---------------------------------------------------------------------------------

    async def _start(self) -> None:
        taken = self._queue.take()
        if taken and not self._queue.done:
            self._tell_progress()
        for key in taken:
            self.context.spawn(self._enter(key, self._round))

    def _tell_progress(self) -> None:
        self.context.emit(ev.RoomsProgress(self.context.own, self._queue.done, self._queue.total))

    async def _enter(self, key: ChatKey, round: int) -> None:
        try:
            await self._ask_to_enter(key, round)
        finally:
            self._first.discard(key)
            if round == self._round and self._queue.finish(key):
                self._tell_progress()
                self.context.spawn(self._start())

    async def _ask_to_enter(self, key: ChatKey, round: int) -> None:
        info = await self._look(key)
        size = None if info is None else info.occupants
        agreed = await self.context.pricing.agree_to_join(self.context.world.name_of(key), size)
        # The user may have left, or become unavailable, while the room was asked.
        if info is None or round != self._round or self._state(key) is not RoomState.QUEUED:
            return
        if not agreed:
            self._fail(key, muc_sentences.TOO_DEAR)
            return
        bookmark = self.context.world.bookmarks.get((key.account, key.address))
        chat = self.context.world.chats.get(key)
        try:
            occupant = muc.own_address(self.context, key)
        except AddressError as error:
            self._fail(key, f"Your nick cannot be used in this room. {error}")
            return
        entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._infos[key], self._entering[key] = info, entered
        self._departures.entering(key)
        self.context.emit(RoomChanged(key, RoomState.JOINING, nick=occupant.resource))
        self.context.send(
            muc.join(
                occupant,
                muc.own_presence(self.context),
                password=self._passwords.get(key) or (bookmark.password if bookmark else ""),
                archive=info.archive and not muc.tells_history(self.context, key),
                since=chat.last_at if chat else None,
                history=self.context.pacing.room_history,
            )
        )
        # A room tells of everybody in it before it lets us in, however slow the link is.
        silent = asyncio.ensure_future(self.context.silence(key.address))
        try:
            await asyncio.wait({entered, silent}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            silent.cancel()
        if not entered.done() and round == self._round and self._state(key) is RoomState.JOINING:
            self._fell_silent(key)

    def _fell_silent(self, key: ChatKey) -> None:
        if self._departures.forget(key):
            # What was taken for an answer to our going may have been that to this join: ask once more.
            self.context.emit(RoomChanged(key, RoomState.QUEUED))
        else:
            self._refuse(key, "timeout", None)

    def _state(self, key: ChatKey) -> RoomState:
        return self.context.world.rooms[key].state

    async def _look(self, key: ChatKey) -> muc.RoomInfo | None:
        """What the room is, asked where it never was (XEP-0045 §6.4); None: there is no getting in."""
        known = muc.remembered(self.context.facts, key.account, key.address)
        if known is not None:
            return known
        try:
            info = await muc.ask_info(self.context, key.address)
        except Failed as failed:
            if failed.condition in _OUT_OF_REACH:
                self._refuse(key, failed.condition, failed.error)
                return None
            # A room that does not exist yet, or does not tell, may still be entered.
            return muc.RoomInfo()
        if info is None:
            self._fail(key, muc_sentences.NO_ROOM)
        return info

    # --- what the room says -----------------------------------------------------------------------

    def presence(self, stanza: ET.Element) -> bool:
        """See how a join ends."""
        sender = convert.address_in(stanza)
        room = None
        if sender is not None:
            room = self.context.world.rooms.get(ChatKey(self.context.own, sender.bare))
        if sender is None or room is None:
            return False
        if self._departures.answers(room.key, stanza, room.nick):
            return True
        if room.state is not RoomState.JOINING:
            return False
        if stanza.get("type") == "error":
            self._departures.outside(room.key)
            error = convert.child(stanza, convert.CLIENT, "error")
            self._refuse(room.key, convert.condition_of(error), error)
            return True
        presence = muc.read_presence(stanza, sender.resource, vouched=False)
        if not presence.is_own(room.nick) or not presence.available:
            return False
        self._joined(room, presence)
        return True

    def _joined(self, room: Room, presence: muc.RoomPresence) -> None:
        info = self._infos.get(room.key, muc.RoomInfo())
        self.context.emit(
            RoomChanged(
                room.key,
                RoomState.JOINED,
                # XEP-0045 §7.2.3: with status 210 the room has given us another nick than we wanted.
                nick=presence.occupant.nick,
                name=info.name,
                role=presence.occupant.role,
                affiliation=presence.occupant.affiliation,
                # XEP-0045 §7.2.4: it is said at each join where everybody sees our real address.
                anonymous=info.anonymous and muc.Status.NOT_ANONYMOUS not in presence.statuses,
                members_only=info.members_only,
                archive=info.archive,
            )
        )
        if room.key in self._resumed:
            self._resumed.discard(room.key)
        elif muc.Status.NEW_ROOM in presence.statuses:
            self.context.spawn(self._unlock(room.key))
        else:
            self._look_again(room.key)
        self._entered(room.key)

    def _look_again(self, key: ChatKey) -> None:
        """Ask what the room is where it was not asked for long; nobody waits for that."""
        known = muc.remembered(self.context.facts, key.account, key.address)
        now = self.context.clock.now()
        if (
            known is not None
            and self.context.pacing.asks_by_itself
            and not muc.is_fresh(self.context.facts, key.account, key.address, now)
        ):
            self.context.spawn(self._renew(key))

    async def _renew(self, key: ChatKey) -> None:
        with contextlib.suppress(Failed):
            info = await muc.ask_info(self.context, key.address, background=True)
            if info is not None:
                self.context.emit(info.changed(key))

    async def _unlock(self, key: ChatKey) -> None:
        # XEP-0045 §10.1.2: an empty form of type submit makes an "instant room".
        query = convert.element(muc.OWNER, "query")
        convert.add(query, convert.DATA_FORMS, "x", type="submit")
        await self.context.request("set", query, to=key.address)
        words = f"There was no room {key.address}; it was made for you, and others can enter it now."
        self.context.emit(Notice(words, account=self.context.own, chat=key))
        info = await muc.ask_info(self.context, key.address)
        if info is not None:
            self.context.emit(info.changed(key))

    # --- how it ended -----------------------------------------------------------------------------

    def _refuse(self, key: ChatKey, condition: str, error: ET.Element | None) -> None:
        room = self.context.world.rooms[key]
        reason = muc_sentences.refusal(condition, error, key.address, room.nick)
        if condition == "not-authorized" and self._passwords.pop(key, ""):
            reason = muc_sentences.PASSWORD_WRONG
        self._fail(key, reason)
        if condition not in muc_sentences.TEMPORARY:
            self._tries.pop(key, None)
        if condition == "not-authorized":
            id = self.context.new_id()
            self.context.emit(ev.RoomPasswordNeeded(id, self.context.own, key.address, reason))
        elif condition in muc_sentences.TEMPORARY:
            tries = self._tries[key] = self._tries.get(key, 0) + 1
            self.context.spawn(self._try_again(key, tries))
        self._entered(key)

    def _fail(self, key: ChatKey, reason: str) -> None:
        self.context.emit(RoomChanged(key, RoomState.FAILED, reason))

    def _entered(self, key: ChatKey) -> None:
        future = self._entering.pop(key, None)
        if future is not None and not future.done():
            future.set_result(None)

    async def _try_again(self, key: ChatKey, tries: int) -> None:
        await asyncio.sleep(retry_after(tries))
        if self._tries.get(key) == tries and self._state(key) is RoomState.FAILED:
            self.context.emit(RoomChanged(key, RoomState.QUEUED))
