"""What may leave, what is asked for and how soon: the only reader of an account's link profile."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.account import Account
from ..core.link import (
    Announce,
    Asking,
    Bundles,
    Carbons,
    Compression,
    LinkProfile,
    Markers,
    Receive,
    Rooms,
    Telling,
)
from ..core.link_cells import known_cell, read, written
from ..core.link_choice import SPACE, Choice, choice, everything, parsed
from ..core.ports import KeyValue

_TOLD = "link-told"
"""In the facts: the profile that the session at the server was told."""
_MOST_CHANGES = 50
_NEWS = {
    "urn:xmpp:avatar:metadata": "avatar",
    "http://jabber.org/protocol/nick": "nick",
    "http://jabber.org/protocol/mood": "mood",
    "eu.siacs.conversations.axolotl.devicelist": "omemo",
    "urn:xmpp:omemo:2:devices": "omemo",
    # Keys to seal for, as those of OMEMO are: whoever wants one kind's news wants the other's.
    "urn:xmpp:openpgp:0:public-keys": "omemo",
    "urn:xmpp:bookmarks:1": "bookmarks",
    "urn:xmpp:mds:displayed:0": "read",
}
"""What the cell `notify` calls the nodes of personal events."""


class Pacing:
    """Decides, for one account, what is worth its bytes now; features ask it, and never "is it slow?"."""

    def __init__(
        self,
        account: Account,
        profiles: Mapping[str, LinkProfile] | None = None,
        facts: KeyValue | None = None,
    ) -> None:
        """`profiles`: the user's own, by name; `facts`: where the choice is remembered."""
        self.profiles: Mapping[str, LinkProfile] = everything(profiles or {})
        """What can be used."""
        self._key = str(account.address)
        self._configured = account.link
        self._facts = facts
        self._history: list[Choice] = []
        self._choice = choice(account, self.profiles, None if facts is None else facts.get(SPACE, self._key))
        self.profile: LinkProfile = self._choice.made(self.profiles)
        """The one in use, with its cells as they are now."""

    def know(self, profiles: Mapping[str, LinkProfile]) -> None:
        """The user's own profiles are these now; the one in use stays as it is."""
        used = self._choice.profile
        self.profiles = {used: self.profiles[used], **everything(profiles)}
        self._history = [one for one in self._history if one.profile in self.profiles]

    # --- which one ----------------------------------------------------------------------------------------

    def use(self, name: str, *, keep: bool = True) -> None:
        """Use another profile from now on; raises ValueError with a sentence where there is none.

        `keep`: in the next process too, because it was the user who chose it.
        """
        if name not in self.profiles:
            raise ValueError(f"There is no link profile {name}. There are {', '.join(self.profiles)}.")
        self._change(Choice(name), keep=keep)

    def set_cell(self, cell: str, text: str) -> None:
        """Change a cell of the profile in use; empty: as the profile has it. Raises ValueError."""
        try:
            cells = dict(self._choice.cells)
            cells.pop(known_cell(cell), None)
            if text.strip():
                cells[cell] = written(read(cell, text))
        except ValueError as error:
            raise ValueError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
        self._change(Choice(self._choice.profile, tuple(sorted(cells.items()))))

    def undo(self) -> None:
        """Use what was in use before the last change; raises ValueError where there was none."""
        if not self._history:
            raise ValueError("There is nothing to undo.")
        self._take(self._history.pop())

    def told(self) -> LinkProfile | None:
        """The profile that the session on the disk was told; None: not known."""
        kept = None if self._facts is None else self._facts.get(_TOLD, self._key)
        told = parsed(kept, self.profiles)
        return None if told is None else told.made(self.profiles)

    def note_told(self) -> None:
        """The session at the server is as the profile in use has it."""
        self._keep(_TOLD, self._choice.text)

    def _change(self, wanted: Choice, *, keep: bool = True) -> None:
        if wanted == self._choice and wanted.made(self.profiles) == self.profile:
            return
        self._history = [*self._history, self._choice][-_MOST_CHANGES:]
        self._take(wanted, keep=keep)

    def _take(self, wanted: Choice, *, keep: bool = True) -> None:
        self._choice, self.profile = wanted, wanted.made(self.profiles)
        if keep:
            self._keep(SPACE, wanted.kept(self._configured))

    def _keep(self, space: str, text: str) -> None:
        if self._facts is not None and self._facts.get(space, self._key) != text:
            self._facts.put(space, self._key, text)

    # --- presence and people ------------------------------------------------------------------------------

    @property
    def announces(self) -> bool:
        """Whether anybody hears of our presence."""
        return self.profile.announce is not Announce.NOTHING

    def tells_capabilities(self, *, first: bool) -> bool:
        """Whether our presence says what we can do (XEP-0115); `first`: nothing was said of it yet."""
        if self.profile.announce is Announce.ALL:
            return True
        # Where nobody else hears us, our own server needs it to send what is wanted (XEP-0163 §4.3).
        return first and (self.announces or bool(self.profile.notify))

    @property
    def tells_idle(self) -> bool:
        """Whether our presence says since when we are idle (XEP-0319)."""
        return self.profile.announce is Announce.ALL

    @property
    def announce_seconds(self) -> float:
        """Seconds that a change of our presence waits for another one."""
        return self.profile.announce_seconds

    @property
    def receives(self) -> tuple[str, ...] | None:
        """The groups whose presence is wanted; None: everybody's."""
        if self.profile.receive is Receive.ALL:
            return None
        return tuple(sorted(self.profile.groups)) if self.profile.receive is Receive.GROUPS else ()

    @property
    def tells_client_state(self) -> bool:
        """Whether the server hears when nobody looks (XEP-0352)."""
        return self.profile.client_state

    @property
    def asks_for_roster(self) -> bool:
        """Whether a sign-in asks what changed of the roster."""
        return self.profile.versioned_roster

    @property
    def asks_by_itself(self) -> bool:
        """Whether anything is asked of servers that no key press asked for."""
        return self.profile.capabilities is not Asking.NEVER

    @property
    def looks_again(self) -> bool:
        """Whether what servers can do is asked again after a while though it is known."""
        return self.profile.capabilities is Asking.ALWAYS

    def wants_news(self, node: str) -> bool:
        """Whether the events of a personal node are wanted (XEP-0163 §4.3)."""
        return _NEWS.get(node) in self.profile.notify

    # --- what hangs on a message --------------------------------------------------------------------------

    @property
    def tells_typing(self) -> bool:
        """Whether others hear that we type (XEP-0085)."""
        return self.profile.typing_out

    @property
    def shows_typing(self) -> bool:
        """Whether it is shown that others type."""
        return self.profile.typing_in

    def asks_for_receipt(self, *, demanded: bool) -> bool:
        """Whether a message asks for a receipt (XEP-0184); `demanded`: the user wants one for it."""
        asked = self.profile.receipts_asked
        return asked is Asking.ALWAYS or (demanded and asked is Asking.ON_DEMAND)

    @property
    def gives_receipts(self) -> bool:
        """Whether receipts are given that are asked of us."""
        return self.profile.receipts_given is not Telling.NEVER

    @property
    def receipt_seconds(self) -> float:
        """Seconds that they wait for something to ride on; 0: they leave at once."""
        return self.profile.receipt_seconds if self.profile.receipts_given is Telling.TOGETHER else 0.0

    @property
    def tells_displayed(self) -> bool:
        """Whether the other side hears what we have read (XEP-0333)."""
        return self.profile.markers in (Markers.EACH, Markers.CHAT)

    @property
    def tells_own_devices(self) -> bool:
        """Whether our own devices hear what we have read (XEP-0490)."""
        return self.profile.markers is not Markers.NONE

    @property
    def tells_on_leaving(self) -> bool:
        """Whether either of them waits until the chat is left."""
        return self.profile.markers in (Markers.CHAT, Markers.OWN)

    def wants_carbons(self, *, others: bool) -> bool:
        """Whether our other devices' messages come here (XEP-0280); `others`: one of those was seen."""
        return self.profile.carbons is Carbons.ON or (others and self.profile.carbons is Carbons.OTHERS)

    # --- rooms and the past -------------------------------------------------------------------------------

    @property
    def joins_marked(self) -> bool:
        """Whether rooms marked for it are entered at sign-in."""
        return self.profile.rooms is Rooms.ALL

    @property
    def joins_open(self) -> bool:
        """Whether those of them are whose chat is on the list."""
        return self.profile.rooms in (Rooms.ALL, Rooms.OPEN)

    @property
    def peeks(self) -> bool:
        """Whether a room that is not entered is read from its archive when its chat is opened."""
        return self.profile.rooms is Rooms.PEEK

    @property
    def room_history(self) -> int:
        """Messages a room without an archive sends when it is entered."""
        return self.profile.room_history

    @property
    def page(self) -> int:
        """Messages to fetch from an archive at a time."""
        return self.profile.page

    @property
    def catch_up_pages(self) -> int:
        """Pages to fetch after signing in before the rest is left as a gap; 0: nothing is asked."""
        return self.profile.catch_up_pages

    @property
    def bundles(self) -> Bundles:
        """When keys for encryption are fetched, about 10 kB a device."""
        return self.profile.bundles

    # --- the wire -----------------------------------------------------------------------------------------

    @property
    def confirm_seconds(self) -> float:
        """What would take longer is asked for first, with its price; 0: nothing is."""
        return self.profile.confirm_seconds

    @property
    def files_yield(self) -> bool:
        """Whether files leave a part of the link to what is said meanwhile."""
        return self.profile.confirm_seconds > 0

    @property
    def paced(self) -> bool:
        """Whether to sign in without waiting for each answer."""
        return self.profile.paced

    @property
    def compressed(self) -> bool:
        """Whether the stream is to be compressed, where the server offers it (XEP-0138)."""
        return self.profile.compression is Compression.ZLIB

    @property
    def small_hello(self) -> bool:
        """Whether TLS begins with a hello of half the bytes."""
        return self.profile.small_hello

    @property
    def stale_seconds(self) -> float:
        """How long the server's address is used without asking DNS."""
        return self.profile.stale_seconds

    @property
    def idle_seconds(self) -> float:
        """Seconds of silence after which the server is asked for a sign of life."""
        return self.profile.idle_seconds

    @property
    def ask_seconds(self) -> float:
        """Seconds between two questions for acknowledgement."""
        return self.profile.ask_seconds

    @property
    def ack_delay(self) -> float:
        """Seconds an acknowledgement may wait for something to ride on."""
        return self.profile.ack_delay

    @property
    def coalesce(self) -> float:
        """Seconds that what is written waits for more."""
        return self.profile.coalesce

    @property
    def short_ids(self) -> bool:
        """Whether ids are as short as they can safely be, and said once."""
        return self.profile.short_ids

    @property
    def patience(self) -> float:
        """How many times longer than usual to wait for answers."""
        return self.profile.patience
