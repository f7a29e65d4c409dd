"""What may leave, what is asked for and how soon: the only reader of an account's link profile."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.account import Account
from ..core.link import PROFILES, Announce, Asking, Compression, LinkProfile, Markers, Rooms, Telling


class Pacing:
    """Decides, for one account, what is worth its bytes now; features ask it, and never "is it slow?"."""

    def __init__(self, account: Account, profiles: Mapping[str, LinkProfile] = PROFILES) -> None:
        """`profiles`: the shipped ones and the user's own, by name."""
        self.profile: LinkProfile = profiles.get(account.link, PROFILES["full"])

    @property
    def tells_capabilities(self) -> bool:
        """Whether our presence says what we can do (XEP-0115)."""
        return self.profile.announce is not Announce.NOTHING

    @property
    def asks_by_itself(self) -> bool:
        """Whether anything is asked of servers that no key press asked for."""
        return self.profile.capabilities is not Asking.NEVER

    @property
    def tells_typing(self) -> bool:
        """Whether others hear that we type (XEP-0085)."""
        return self.profile.typing_out

    @property
    def asks_for_receipts(self) -> bool:
        """Whether each message asks for a receipt (XEP-0184)."""
        return self.profile.receipts_asked is Asking.ALWAYS

    @property
    def gives_receipts(self) -> bool:
        """Whether receipts are given that are asked of us."""
        return self.profile.receipts_given is not Telling.NEVER

    @property
    def tells_displayed(self) -> bool:
        """Whether the other side hears what we have read (XEP-0333)."""
        return self.profile.markers in (Markers.EACH, Markers.CHAT)

    @property
    def tells_own_devices(self) -> bool:
        """Whether our own devices hear what we have read (XEP-0490)."""
        return self.profile.markers is not Markers.NONE

    @property
    def joins_marked(self) -> bool:
        """Whether rooms marked for it are entered at sign-in."""
        return self.profile.rooms is Rooms.ALL

    @property
    def page(self) -> int:
        """Messages to fetch from an archive at a time."""
        return self.profile.page

    @property
    def catch_up_pages(self) -> int:
        """Pages to fetch after signing in before the rest is left as a gap."""
        return max(1, self.profile.catch_up_pages)

    @property
    def paced(self) -> bool:
        """Whether to sign in without waiting for each answer."""
        return self.profile.paced

    @property
    def compressed(self) -> bool:
        """Whether the stream is to be compressed, where the server offers it (XEP-0138)."""
        return self.profile.compression is Compression.ZLIB

    @property
    def stale_seconds(self) -> float:
        """How long the server's address is used without asking DNS."""
        return self.profile.stale_seconds

    @property
    def idle_seconds(self) -> float:
        """Seconds of silence after which the server is asked for a sign of life."""
        return self.profile.idle_seconds

    @property
    def ack_delay(self) -> float:
        """Seconds an acknowledgement may wait for something to ride on."""
        return self.profile.ack_delay
