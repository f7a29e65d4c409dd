"""Which OpenPGP keys the user has accepted for whom, and which messages have been read: both on the disk.

gpg's own trust and the names in a key say nothing here: a key speaks for a contact because the user said so.
"""

from __future__ import annotations

import hashlib
import json

from ...core.address import Address
from ...core.ports import KeyValue
from ...core.security import Method
from .gpg_status import Unsealed

_PINS, _SEEN = "openpgp pins", "openpgp seen"
_ANNOUNCED, _PUBLISHED = "openpgp announced", "openpgp published"


class Pins:
    """Of one account."""

    def __init__(self, facts: KeyValue, account: Address) -> None:
        self._facts = facts
        self._account = account

    def of(self, owner: Address, method: Method) -> dict[str, bool]:
        """Fingerprints accepted for a bare address, each with whether the user has compared it."""
        return dict(self._all(owner).get(method.name, {}))

    def put(self, owner: Address, method: Method, fingerprint: str, *, verified: bool) -> None:
        """Accept a key."""
        found = self._all(owner)
        found.setdefault(method.name, {})[fingerprint.upper()] = verified
        self._keep(owner, found)

    def drop(self, owner: Address, method: Method, fingerprint: str) -> bool:
        """Accept a key no more; False: it was not accepted."""
        found = self._all(owner)
        if found.get(method.name, {}).pop(fingerprint.upper(), None) is None:
            return False
        self._keep(owner, found)
        return True

    def is_known(self, owner: Address) -> bool:
        """Whether any key was accepted for an address."""
        return any(self._all(owner).values())

    def _all(self, owner: Address) -> dict[str, dict[str, bool]]:
        text = self._facts.get(_PINS, f"{self._account} {owner}")
        return json.loads(text) if text else {}

    def _keep(self, owner: Address, found: dict[str, dict[str, bool]]) -> None:
        self._facts.put(_PINS, f"{self._account} {owner}", json.dumps(found))

    # --- what was announced -------------------------------------------------------------------------------

    def announced(self, owner: Address) -> frozenset[str]:
        """The fingerprints an account named when it was last heard of."""
        text = self._facts.get(_ANNOUNCED, f"{self._account} {owner}")
        return frozenset(text.split()) if text else frozenset()

    def note_announced(self, owner: Address, fingerprints: frozenset[str]) -> None:
        """Keep what an account names now."""
        self._facts.put(_ANNOUNCED, f"{self._account} {owner}", " ".join(sorted(fingerprints)))

    def published(self) -> frozenset[str]:
        """The fingerprints of our own keys that this program has published."""
        return frozenset((self._facts.get(_PUBLISHED, str(self._account)) or "").split())

    def note_published(self, fingerprints: frozenset[str]) -> None:
        """Keep which they are now."""
        self._facts.put(_PUBLISHED, str(self._account), " ".join(sorted(fingerprints)))

    # --- what was read ------------------------------------------------------------------------------------

    def was_read(self, opened: Unsealed) -> bool:
        """Whether a message, however it was sealed anew, has been read before (case G-03)."""
        return self._facts.get(_SEEN, self._digest(opened)) is not None

    def note_read(self, opened: Unsealed) -> None:
        """A message is shown now, in the caller's transaction: it is never shown again as a new one."""
        self._facts.put(_SEEN, self._digest(opened), "")

    def _digest(self, opened: Unsealed) -> str:
        # What is signed, not what came: whoever can open it could seal it again.
        signed = opened.signed.isoformat() if opened.signed else ""
        head = f"{self._account} {opened.signer} {signed} ".encode()
        return hashlib.sha256(head + opened.text).hexdigest()[:32]
