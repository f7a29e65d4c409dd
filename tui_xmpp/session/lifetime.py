"""A session at the server: opened by a sign-in, carried by one link after the other, ended once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.xmlstream import NotConnectedError

from ..core.account import TransportKind
from ..core.events import Level, Notice
from ..core.ports import StorageError
from . import convert
from .acknowledging import Acknowledging
from .failure import Failure
from .feature import Failed
from .hooks import Hooks
from .lanes import Lane, Lanes, Parcel, is_mark
from .listener import Listener
from .opening import Resumption, SignedIn
from .outbox import PING
from .riding import Riding
from .server_software import EJABBERD, server_software
from .stream_management import ENABLE, ENABLE_ONCE, OFFERED, SM, StreamManagement
from .taking_over import take_over
from .timing import LinkTiming
from .watching import Watching

if TYPE_CHECKING:
    from ..core.address import Address
    from ..core.link import LinkProfile
    from .account import AccountSession
    from .stream import Stream

PACE, _ROOM_BYTES = 0.1, 1500
"""Seconds between two packets that are to be read apart; more may not wait in front of the network."""
_STANZAS = ("message", "presence", "iq")
_COUNT_LATE = (EJABBERD,)
"""Servers whose old stream may take a stanza yet when `<resumed/>` has told the count (XEP-0198 §5)."""


class Lifetime(Listener):
    """Of one account's session (`opening.Opener`). It outlives its links where the server keeps it.

    Between a lost link and the next, or the end, no feature is told: requests stay open, rooms stay joined.
    """

    def __init__(self, account: AccountSession, boot: str) -> None:
        self._account = account
        self.hooks = Hooks(account)
        self.stream: Stream | None = None
        """The link there is, or is being made."""
        self.full: Address | None = None
        """Our bound address."""
        self.opened = False
        """The features have begun a session."""
        self.confirmed = False
        """That session stands at the server, with or without a link."""
        self.inlined: frozenset[str] = frozenset()
        self.offered: frozenset[str] = frozenset()
        """Tags of what the server offered last."""
        self._worker: asyncio.Task[None] | None = None
        self.management = StreamManagement(
            account.own, account.custody, account.clock, boot, account.outbox.arrived
        )
        self.riding = Riding(account.post)
        self.timing = LinkTiming(account.facts, account.own, account.clock, lambda: account.pacing.patience)
        """What is known of the link."""
        self._watching = Watching(
            self.timing,
            ask=self._ask,
            stands=self.management.stands,
            idle_seconds=lambda: account.pacing.idle_seconds,
        )
        self.acknowledging = Acknowledging(
            self.management,
            self._write,
            lambda: account.pacing.ack_delay,
            self._watching.asked,
            lambda: account.pacing.ask_seconds,
        )
        self.lanes = Lanes(
            self._put_on_wire,
            self._has_room,
            lambda: self.management.holds(Lane.BACKGROUND),
            self.acknowledging.ask_once,
        )

    @property
    def online(self) -> bool:
        """A session is being opened or stands, and there is a link."""
        return self.opened and self.stream is not None

    def on_stream(self, stream: Stream) -> None:
        """A new stream object was made, not connected yet."""
        self.stream = stream
        stream.lost.add_done_callback(lambda _: self._ended(stream))
        stream.listener = self
        stream.is_full = lambda: self._account.inbox.is_full(stream.read_bytes)
        self._account.metering.begin(stream)
        takers: dict[str, Callable[[ET.Element], None]] = {
            f"{{{SM}}}enabled": self._on_enabled,
            f"{{{SM}}}failed": lambda _: self._on_refused(),
            f"{{{SM}}}a": self._on_ack,
            # Answered behind what came before, so that it is on the disk by then.
            f"{{{SM}}}r": lambda _: self._account.inbox.put(self.acknowledging.owe),
        }
        take_over(stream, {f"{{{convert.CLIENT}}}{name}": self.receive for name in _STANZAS} | takers)
        for feature in self._account.features:
            for plugin in feature.PLUGINS:
                stream.register_plugin(plugin)
            feature.on_stream(stream)

    def resumption(self) -> Resumption | None:
        """What to resume."""
        return self.management.resumption()

    def open(self, inlined: frozenset[str]) -> None:
        """Ask for all that a new session needs, in one packet."""
        self._stop_features()
        self.inlined = inlined
        counting = SM in inlined or (self.stream is not None and OFFERED in self.stream.offered)
        self.management.begin(counting=counting)
        if counting and SM not in inlined:
            self._write(ENABLE if self._may_be_resumed() else ENABLE_ONCE)
        self.opened = True
        if self.timing.thin:
            # What is read at once is answered in one TLS record: on a thin link that is long in coming.
            asyncio.get_running_loop().call_later(PACE, self._open_lanes, self.stream)
        else:
            self.lanes.open()
        self._start_worker()
        self.hooks.ready()
        self._account.switching.opened()

    def _open_lanes(self, stream: Stream | None) -> None:
        if stream is not None and stream is self.stream and self.opened:
            self.lanes.open()

    def established(self, signed_in: SignedIn) -> None:
        """The session stands: a new one, or an old one again."""
        self.full = signed_in.bound
        self._account.inbox.begin()
        self._start_worker()
        try:
            if signed_in.resumed is None:
                self._confirm(signed_in)
            elif not self._go_on(signed_in.resumed):
                return
            self.confirmed = True
            self.timing.signed_in()
            if self.stream is not None:
                self._watching.begin(self.stream)
            if self._account.unsettled():
                # All that the user says waits for an archive: a link that dies meanwhile must be noticed.
                self.acknowledging.want()
            self.lanes.open()
            self._account.outbox.flush()
        except StorageError as error:
            self.give_up(str(error))
            return
        self._account.switching.settle()

    def _confirm(self, signed_in: SignedIn) -> None:
        if signed_in.enabled is not None:
            self.management.on_enabled(signed_in.enabled)
        elif SM in self.inlined:
            self._on_refused()
        left = self.management.confirm(signed_in.bound, signed_in.failed)
        self._account.outbox.renew()
        for parcel in left:
            if parcel.pending is None and is_mark(parcel.text):
                self._account.post(parcel)

    def _go_on(self, h: int) -> bool:
        again = self.management.on_resumed(h)
        if again is None:
            self._absurd()
            return False
        counts_late = server_software(self._account) in _COUNT_LATE
        if counts_late:
            again = self._account.outbox.doubt(again)
        if not self.opened:
            self._take_up()
        elif counts_late and self._account.unsettled():
            self.hooks.doubt()
        for parcel in again:
            self._put_on_wire(parcel)
        return True

    def _take_up(self) -> None:
        """This process did not have the session before."""
        self.opened = True
        self._account.outbox.renew()
        self._account.switching.took_up(self.hooks.resumed)
        self._account.inbox.replay_all(self._account.custody.presences(self._account.own))

    def apply(self, before: LinkProfile, after: LinkProfile) -> None:
        """Another link profile is in use: all that follows from it, in one turn."""
        self._watching.idle_changed()
        self.hooks.link(before, after)

    def surroundings_changed(self, *, slept: bool) -> None:
        """This computer woke up, or its network changed: the link may be gone."""
        self._watching.surroundings_changed(slept=slept)

    def _ask(self) -> None:
        """Put a question to the server that it answers at once."""
        if self.management.enabled:
            self.acknowledging.ask()
        else:
            self._watching.asked()
            self._account.spawn(self._ping(self._account.request("get", convert.element(PING, "ping"))))

    async def _ping(self, answer: Awaitable[object]) -> None:
        with suppress(Failed):
            await answer
            self._watching.answered()

    # --- what the stream tells ------------------------------------------------------------------------

    def library_says(self, text: str) -> bool:
        """As `Listener.library_says`: it goes the way of all stanzas."""
        self._account.post(Parcel(text, Lane.REQUEST))
        return True

    def heard(self) -> None:
        """As `Listener.heard`."""
        self._watching.heard()

    def left_out(self) -> None:
        """As `Listener.left_out`: the server counts it, and so do we."""
        if self.opened:
            self._account.inbox.put(None, counts=self.management.enabled)

    def has_room(self) -> None:
        """As `Listener.has_room`."""
        self.lanes.run()

    def takes_along(self) -> list[str]:
        """As `Listener.takes_along`: acknowledgements, and the question for them."""
        self._watching.said()
        riding = self.riding.take() if self.lanes.is_open else []
        for parcel in riding:
            self.management.number(parcel)
        return [*(one.text for one in riding), *self.acknowledging.before_packet()]

    def may_wait(self) -> float:
        """As `Listener.may_wait`: so long as the link profile says, once the session stands."""
        return max(self._account.pacing.coalesce, self._account.switching.window) if self.confirmed else 0.0

    def last_words(self) -> None:
        """As `Listener.last_words`."""
        self.acknowledging.last_words()

    def _ended(self, stream: Stream) -> None:
        if self.stream is stream:
            self.on_lost()

    def on_lost(self) -> None:
        """The link is gone; the session may go on."""
        if self.stream is None:
            return
        self._account.adapting.lost(self.stream.lost, stood=self.confirmed)
        self.offered, self.stream = self.stream.offered, None
        self._account.metering.lost()
        self.lanes.close()
        self.acknowledging.stop()
        self._watching.end()
        self._account.inbox.clear()
        if not self.confirmed and self.opened:
            self.management.abandon()
            self._forget_session()
        elif self.confirmed:
            self.management.lost()
            if self.management.state is None:
                self._forget_session()

    def rest(self) -> None:
        """Do no more in this process; the session stays at the server, and on the disk."""
        self.on_lost()
        self._stop_features()

    def end(self) -> None:
        """The session is over at the server too."""
        self.rest()
        self.management.end()
        self._forget_session()

    def _forget_session(self) -> None:
        self._stop_features()
        # What cannot be read now is read once the next session stands.
        with suppress(StorageError):
            self._account.outbox.renew()

    def give_up(self, sentence: str) -> None:
        """Cut the link because we cannot go on; the connector tries again later."""
        self._account.emit(Notice(sentence, Level.ERROR, self._account.own))
        if self.stream is not None:
            self.stream.fail(Failure(sentence))

    def receive(self, stanza: ET.Element) -> None:
        """Take one stanza from the stream: the only way in."""
        if not self.opened:
            return
        counts = self.management.enabled
        self._account.silences.note(stanza)
        if stanza.tag == f"{{{convert.CLIENT}}}message" and self._account.requests.collected(stanza):
            self._account.inbox.put(None, counts=counts)
        elif stanza.tag == f"{{{convert.CLIENT}}}iq" and stanza.get("type") in ("result", "error"):
            # In its turn: what came before it, and what follows from it, is known before what came after it.
            self._account.inbox.put(lambda: self._account.requests.answered(stanza, self.full), counts=counts)
        else:
            self._account.inbox.put(stanza, counts=counts)

    def _put_on_wire(self, parcel: Parcel) -> None:
        """Number a stanza and write it: the order of the numbers is the order on the wire."""
        pending = parcel.pending
        # Held in memory first: what the disk refuses goes again when the session goes on.
        sequence = self.management.number(parcel)
        if pending is not None:
            try:
                with self._account.together(durable=False):
                    self._account.custody.written(pending.number, sequence)
                    self._account.outbox.written(pending)
            except StorageError as error:
                self.give_up(str(error))
                return
            self.acknowledging.want()
        self._write(parcel.text)
        if pending is not None and not self.management.counting:
            self._account.spawn(self._account.outbox.ask_by_ping([pending]))

    def _write(self, text: str) -> None:
        if self.stream is not None:
            with suppress(NotConnectedError, Failure):
                self.stream.write(text)

    def _may_be_resumed(self) -> bool:
        """Over BOSH the request ids of the transport would have to be resumed too (XEP-0124 §14)."""
        return not self.stream or not self.stream.wire or self.stream.wire.kind is not TransportKind.BOSH

    def _has_room(self) -> bool:
        return self.stream is not None and self.stream.waiting < _ROOM_BYTES

    def _on_enabled(self, element: ET.Element) -> None:
        if self.confirmed and self.full is not None:
            try:
                self.management.enabled_late(element, self.full)
            except StorageError as error:
                self.give_up(str(error))
        else:
            self.management.on_enabled(element)

    def _on_refused(self) -> None:
        if left := self.management.on_refused():
            self._account.spawn(self._account.outbox.ask_by_ping(left))
        # Nothing waits for a count any more.
        self.lanes.run()

    def _on_ack(self, element: ET.Element) -> None:
        self._watching.answered()
        try:
            is_sound = self.management.on_ack(element)
        except StorageError as error:
            self.give_up(str(error))
            return
        if is_sound:
            self.acknowledging.answered()
            self.lanes.run()
        else:
            self._absurd()

    def _absurd(self) -> None:
        """XEP-0198 §4: a count beyond what was sent cannot be believed; the session cannot go on."""
        self.management.end()
        self.give_up("The server claims more of what you sent than was sent. A new session is begun.")

    def _start_worker(self) -> None:
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._account.inbox.run())

    def _stop_features(self) -> None:
        """The session is over for us."""
        was_open, self.opened, self.confirmed, self.full = self.opened, False, False, None
        if not was_open:
            return
        self._account.drop_tasks()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        self._account.requests.stop()
        self._account.inbox.clear()
        self.lanes.clear()
        self.riding.clear()
        self.hooks.stop()
