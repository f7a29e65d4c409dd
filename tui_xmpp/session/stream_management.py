"""Stream management (XEP-0198): what the server has of ours and we of its, across links and processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ..core.address import Address
from ..core.custody import MODULUS, Pending, Stage, StreamState
from ..core.ports import Clock, Custody, StorageError
from .lanes import Lane, Parcel
from .opening import Resumption

SM = "urn:xmpp:sm:3"
OFFERED = f"{{{SM}}}sm"
ENABLE = f"<enable xmlns='{SM}' resume='true'/>"
ENABLE_ONCE = f"<enable xmlns='{SM}'/>"
"""Without leave to resume."""
REQUEST = f"<r xmlns='{SM}'/>"
_USUAL_HOLD = timedelta(minutes=15)
"""How long a session is worth asking for when the server did not say how long it keeps it."""
_LONGEST_MEMORY = timedelta(days=1)
"""How long the server may still tell what it had of a session that it has given up (XEP-0198 §5)."""


@value
class Sent:
    """A stanza the server has not acknowledged."""

    sequence: int
    parcel: Parcel


class StreamManagement:
    """Counts both directions of one session; the session outlives its streams, and the process.

    *settled* is told which entries of the outbox have arrived.
    """

    def __init__(
        self,
        own: Address,
        custody: Custody,
        clock: Clock,
        boot: str,
        settled: Callable[[Sequence[Pending]], None],
    ) -> None:
        self._own = own
        self._custody = custody
        self._clock = clock
        self._boot = boot
        self._settled = settled
        self.counting = False
        """The server was asked to count, and has not refused."""
        self.enabled = False
        """The server has confirmed, on the stream there is now."""
        self.asked_at: float | None = None
        """When the oldest `<r/>` without an answer was sent, monotonic seconds."""
        self._sent: deque[Sent] = deque()
        self._acknowledged = 0
        self._handled = 0
        self._said = -1
        """The `h` of our last `<a/>` on this stream."""
        self._enabled: ET.Element | None = None
        self._old: tuple[deque[Sent], int, int, bool, StreamState | None] | None = None
        """The session before the one that is being opened."""
        self.state: StreamState | None = None
        """The session that can be resumed."""
        self._load()

    def _load(self) -> None:
        """Take up the session an earlier process left."""
        state = self._custody.stream(self._own)
        if state is not None and (state.boot != self._boot or state.seen_at is None):
            # After a power cut what was written last may be missing from the disk: only the archive can tell.
            self._custody.drop_stream(self._own)
            state = None
        if state is None:
            self._custody.restage(self._own, Stage.UNKNOWN)
            return
        self.state = state
        self._acknowledged, self._handled = state.acknowledged, state.handled
        written = [one for one in self._custody.pending(self._own) if one.stage is Stage.WRITTEN]
        self._sent.extend(
            Sent(one.sequence, Parcel(one.xml, Lane.MESSAGE, one))
            for one in sorted(written, key=lambda one: (one.sequence - self._acknowledged) % MODULUS)
        )

    # --- the life of a session ------------------------------------------------------------------------

    def resumption(self) -> Resumption | None:
        """What to ask the server for (XEP-0198 §5); None: nothing it could still know."""
        state = self.state
        if state is None or state.seen_at is None:
            return None
        kept = max(timedelta(seconds=state.seconds + 60), _USUAL_HOLD)
        # A session that is over is worth asking for while the answer may tell what became of a message.
        if self._clock.now() - state.seen_at > (_LONGEST_MEMORY if self.waits_for_message else kept):
            return None
        return Resumption(state.id, self._handled, state.bound)

    def location(self) -> str:
        """Where the server would have the session resumed; empty: anywhere."""
        return "" if self.state is None else self.state.location

    def begin(self, *, counting: bool) -> None:
        """A new session is being asked for: count from here what we send, where the server counts too.

        What the last session left stays as it is until the new one stands (`confirm`), for it may yet come to
        nothing.
        """
        self._old = (self._sent, self._acknowledged, self._handled, self.counting, self.state)
        self._sent = deque()
        self._acknowledged = self._handled = 0
        self._said, self.state, self._enabled = -1, None, None
        self.enabled, self.counting = False, counting

    def confirm(self, bound: Address, failed: int | None) -> list[Parcel]:
        """The new session stands under *bound*; *failed*: what the server had of the last one.

        Returns what is known not to have arrived of the last one (XEP-0198 §5), oldest first.
        """
        left: list[Parcel] = []
        if self._old is not None:
            new = self._sent, self._acknowledged, self._handled, self.counting
            self._sent, self._acknowledged, self._handled, self.counting, _ = self._old
            if failed is not None and self._acknowledge(failed):
                self._custody.restage(self._own, Stage.QUEUED)
                left = [one.parcel for one in self._sent]
            self._close()
            self._old = None
            self._sent, self._acknowledged, self._handled, self.counting = new
        self._keep(bound)
        return left

    def abandon(self) -> None:
        """The new session has come to nothing: the last one may still be there."""
        if self._old is not None:
            self._sent, self._acknowledged, self._handled, _, self.state = self._old
            self._old = None
        self.enabled = False
        # What else was sent in it is not known any more.
        self.counting = False

    def end(self) -> None:
        """The session is over; what it left unacknowledged only an archive can settle."""
        # What the disk does not take now is made up for before the next session stands (`confirm`).
        with suppress(StorageError):
            self._close()
        self._sent.clear()
        self._acknowledged = self._handled = 0
        self._said = -1
        self.state = self.asked_at = self._old = self._enabled = None
        self.enabled = self.counting = False

    def _close(self) -> None:
        self._custody.restage(self._own, Stage.UNKNOWN)
        self._custody.drop_stream(self._own)

    def lost(self) -> None:
        """The link is gone; the session goes on if it can be resumed."""
        self.stands()
        self.enabled, self._said = False, -1
        if self.state is None:
            self.end()

    def stands(self) -> None:
        """Write down that the session has stood until now: it is worth asking for by another process too."""
        # Only how long ago it stood: a disk that does not take it has said so before.
        with suppress(StorageError):
            self.keep_count(0)

    def on_enabled(self, element: ET.Element) -> None:
        """The server said `<enabled/>` (XEP-0198 §3): from now on it counts, and so do we."""
        if self.counting:
            self.enabled, self._enabled = True, element

    def _keep(self, bound: Address) -> None:
        """Write down the session that can be resumed, once it is known under which address it stands."""
        element = self._enabled
        id = "" if element is None else element.get("id", "")
        if element is None or not id or element.get("resume") not in ("true", "1"):
            return
        longest = element.get("max", "")
        self.state = StreamState(
            account=self._own,
            id=id,
            bound=bound,
            seconds=int(longest) if longest.isascii() and longest.isdigit() and len(longest) < 9 else 0,
            location=element.get("location", ""),
            handled=self._handled,
            acknowledged=self._acknowledged,
            seen_at=self._clock.now(),
            boot=self._boot,
        )
        self._custody.put_stream(self.state)

    def enabled_late(self, element: ET.Element, bound: Address) -> None:
        """`<enabled/>` came after the session had begun."""
        self.on_enabled(element)
        if self.enabled and self.state is None:
            self._keep(bound)

    def on_refused(self) -> list[Pending]:
        """The server will not count (XEP-0198 §3): go on without.

        Returns what of the outbox was written in the meantime: of that no count will ever tell.
        """
        self.counting = self.enabled = False
        self._enabled = None
        left = [one.parcel.pending for one in self._sent if one.parcel.pending is not None]
        self._sent.clear()
        return left

    def on_resumed(self, h: int) -> list[Parcel] | None:
        """The session goes on; returns what must be sent again, in order; None: the count is absurd."""
        if not self._acknowledge(h):
            return None
        self.counting = self.enabled = True
        again = [one.parcel for one in self._sent]
        self._sent.clear()
        self._acknowledged = h % MODULUS
        return again

    # --- out --------------------------------------------------------------------------------------------

    def number(self, parcel: Parcel) -> int:
        """A stanza is about to be written: returns its place on the wire, 0 where nobody counts."""
        parcel.leaves()
        if not self.counting:
            return 0
        newest = self._sent[-1].sequence if self._sent else self._acknowledged
        sequence = (newest + 1) % MODULUS
        self._sent.append(Sent(sequence, parcel))
        return sequence

    @property
    def waits_for_message(self) -> bool:
        """Whether the server has yet to confirm something of the user's."""
        return any(one.parcel.pending is not None for one in self._sent)

    def holds(self, lane: Lane) -> int:
        """Bytes of a lane that are under way."""
        return sum(len(one.parcel.text) for one in self._sent if one.parcel.lane is lane)

    def on_ack(self, element: ET.Element) -> bool:
        """The server said `<a h='…'/>`: everything up to there has arrived. False: its count is absurd."""
        self.asked_at = None
        count = element.get("h", "")
        if not self.enabled or not (count.isascii() and count.isdigit() and len(count) <= 10):
            return True
        return self._acknowledge(int(count))

    def _acknowledge(self, h: int) -> bool:
        far = (h - self._acknowledged) % MODULUS
        newest = self._sent[-1].sequence if self._sent else self._acknowledged
        # A process that was killed knows only of its messages; what else it had sent is counted as well.
        if self.counting and far > (newest - self._acknowledged) % MODULUS:
            return False
        if far >= MODULUS // 2:
            return False
        there = [one for one in self._sent if (one.sequence - self._acknowledged) % MODULUS <= far]
        arrived = [one.parcel.pending for one in there if one.parcel.pending is not None]
        if arrived:
            # First, so that what the disk does not take is told again by the next count.
            self._settled(arrived)
        for _ in there:
            self._sent.popleft()
        self._acknowledged = h % MODULUS
        return True

    # --- in ---------------------------------------------------------------------------------------------

    def keep_count(self, more: int) -> None:
        """Write down, in the transaction that keeps them, that *more* stanzas are dealt with."""
        if self.state is not None:
            now = self._clock.now()
            handled = (self._handled + more) % MODULUS
            self._custody.count(self._own, handled, self._acknowledged, now)
            self.state = replace(self.state, seen_at=now)

    def handled(self, more: int) -> None:
        """The transaction stands."""
        if self.enabled:
            self._handled = (self._handled + more) % MODULUS

    def answer(self) -> str:
        """What to say to `<r/>` (XEP-0198 §4); empty: nobody counts."""
        if not self.enabled:
            return ""
        self._said = self._handled
        return f"<a xmlns='{SM}' h='{self._handled}'/>"

    @property
    def owes(self) -> bool:
        """Whether there is something to acknowledge that we have not."""
        return self.enabled and self._handled != self._said
