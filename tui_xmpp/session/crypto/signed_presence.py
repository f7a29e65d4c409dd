"""Presence under a signature of XEP-0027 §Signing: by it old programs learn which key they may seal for.

It proves little: what is signed is the status text alone, so a server may repeat it. No key is fetched for
it, and gpg looks at what came only once the user asks.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.address import Address
from ...core.openpgp import PresenceSignature
from ...core.security import Method
from .. import convert
from ..feature import Context, Failed
from . import packets
from .gpg import Lent
from .gpg_status import GpgFailed
from .legacy_pgp import without_armor, without_frame
from .openpgp_names import SIGNED
from .pgp_desk import PgpDesk

_MOST_TEXT = 8_000
"""Characters of a signature."""
_MOST_HEARD = 500
"""Signatures that are kept, the newest."""
_MOST_MADE = 20


class SignedPresence:
    """Of one account."""

    def __init__(self, context: Context, desk: PgpDesk) -> None:
        self._context = context
        self._desk = desk
        self._made: dict[tuple[str, str], str] = {}
        """By our key and the status text."""
        self._heard: dict[Address, tuple[str, str]] = {}
        """Status text and signature, by full address."""

    # --- ours ---------------------------------------------------------------------------------------------

    def element(self, status: str) -> ET.Element | None:
        """The signature of a presence with this status text; None: it has to be made first."""
        made = self._made.get((self._desk.own_key, status))
        return None if made is None else convert.element(SIGNED, "x", made)

    async def make(self, status: str) -> None:
        """Have gpg sign a status text, and ask the user where it has to; raises `Failed`."""
        key = self._desk.own_key

        async def work(lent: Lent | None) -> bytes:
            return await self._desk.gpg.sign(status.encode(), key, lent)

        what = "Your OpenPGP key is locked, and is needed to sign your presence."
        try:
            signature = await self._desk.lending.have(work, what, at_once=False)
        except GpgFailed as failed:
            raise Failed(f"Your presence goes out without a signature. {failed}") from None
        self._made[key, status] = without_frame(signature.decode("ascii"))
        while len(self._made) > _MOST_MADE:
            del self._made[next(iter(self._made))]

    # --- of contacts --------------------------------------------------------------------------------------

    def heard(self, sender: Address, presence: ET.Element) -> None:
        """A contact's resource announces itself, with a signature or without, or leaves."""
        self._heard.pop(sender, None)
        signature = convert.text_of(presence, "x", SIGNED)
        if presence.get("type") is None and 0 < len(signature) <= _MOST_TEXT:
            self._heard[sender] = (convert.text_of(presence, "status"), signature)
            while len(self._heard) > _MOST_HEARD:
                del self._heard[next(iter(self._heard))]

    def forget(self) -> None:
        """Nothing is known of anybody now."""
        self._heard.clear()

    async def look(self, owner: Address) -> PresenceSignature | None:
        """Who has signed the presence of a bare address, of its resources what came last; None: nobody."""
        found = [one for sender, one in self._heard.items() if sender.bare == owner]
        if not found:
            return None
        status, text = found[-1]
        signature = without_armor(text)
        if signature is None or not packets.is_signature(signature):
            return PresenceSignature(fault="What is there is no signature.")
        try:
            signed = await self._desk.gpg.verify(signature, status.encode())
        except GpgFailed as failed:
            return PresenceSignature(fault=str(failed))
        pins = self._desk.pins
        accepted = pins.of(owner, Method.PGP) | pins.of(owner, Method.OPENPGP)
        return PresenceSignature(signed.signer, accepted=signed.signer in accepted, at=signed.signed)
