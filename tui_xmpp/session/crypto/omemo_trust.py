"""Automatic trust management (XEP-0450): what the user found out on one device is told to the others.

Only who is verified is told, and only who is verified is believed: one's own devices about everybody's keys,
a contact's devices about that contact's keys. What the user has distrusted stays so.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from xml.etree import ElementTree as ET

from omemo.session_manager import NoEligibleDevices

from ...core.address import Address
from ...core.events import Level, Notice
from ...core.link import Bundles
from ...core.security import Device, Trust
from .. import convert
from ..feature import Context, Failed
from . import omemo_wire as wire
from . import sce, trust_messages
from .beside import EME
from .omemo_devices import OmemoDevices
from .omemo_keys import OmemoKeys
from .omemo_names import NEW
from .trust_messages import Verdict

_WAITING = "omemo-trust"
"""In the facts: what unverified devices said, and what was said of unknown keys."""
_DUE = "omemo-trust-due"
"""In the facts: what others are still to be told."""
_SEEN = "omemo-trust-seen"
"""In the facts: trust messages that were sent or read, which are no messages when the archive tells them."""
_MOST_WAITING = 100
"""Verdicts kept of one account."""
_MOST_SEEN = 300

_Said = tuple[Verdict, Address, str]
"""What is said, by whose device, and that device's fingerprint."""
_Due = tuple[Address, tuple[str, ...], tuple[Verdict, ...]]
"""To whose devices, by their fingerprints, and what."""


class OmemoTrust:
    """Of one account."""

    def __init__(self, context: Context, keys: OmemoKeys, devices: OmemoDevices) -> None:
        self._context = context
        self._keys = keys
        self._devices = devices
        self._telling = asyncio.Lock()

    # --- incoming -----------------------------------------------------------------------------------------

    def take(self, content: Iterable[ET.Element], sender: Address, fingerprint: str) -> None:
        """A device with this fingerprint said this under its seal; in the caller's transaction."""
        own = self._context.own
        verdicts = [one for one in trust_messages.read(content) if sender in (own, one.owner)]
        if verdicts and self._is_on:
            self._wait([*self._waiting(), *((one, sender, fingerprint) for one in verdicts)])
            self.apply()

    def apply(self) -> None:
        """Believe what was said by devices that are verified now, of keys that are known now."""
        is_changed = True
        while is_changed:
            is_changed = False
            for said in self._waiting():
                verdict, by, fingerprint = said
                target = self._device(verdict.owner, verdict.fingerprint)
                if target is None or self._trust(by, fingerprint) is not Trust.VERIFIED:
                    continue
                self._wait([one for one in self._waiting() if one != said])
                is_changed = self._believe(target, verdict, by) or is_changed

    def _believe(self, target: Device, verdict: Verdict, by: Address) -> bool:
        wanted = Trust.VERIFIED if verdict.trusted else Trust.DISTRUSTED
        if target.this or target.trust in (wanted, Trust.DISTRUSTED):
            return False
        self._devices.set_trust(verdict.owner, verdict.fingerprint, wanted, told=True)
        what = "verified" if verdict.trusted else "distrusted"
        who = "Another device of yours" if by == self._context.own else f"Another device of {by}"
        words = f"{who} has {what} device {target.id} of {verdict.owner}, and so it is here: /devices."
        level = Level.INFO if verdict.trusted else Level.WARN
        self._context.emit(Notice(words, level, self._context.own))
        return True

    # --- outgoing -----------------------------------------------------------------------------------------

    def decided(self, owner: Address, fingerprint: str, trust: Trust) -> None:
        """The user has verified or distrusted a key: note who is to hear of it, and go on with what waits."""
        own, is_own = self._context.own, owner == self._context.own
        verdict = Verdict(owner, fingerprint, trust is Trust.VERIFIED)
        if self._is_on and trust in (Trust.VERIFIED, Trust.DISTRUSTED):
            due: list[_Due] = []
            for to in self._devices.ever_verified() if is_own else (own,):
                hearers = tuple(one for one in self._verified(to) if (to, one) != (owner, fingerprint))
                due.append((to, hearers, (verdict,)))
            if verdict.trusted:
                tellable = self._devices.ever_verified() if is_own else (own,)
                known = (Verdict(one, key, trusted=True) for one in tellable for key in self._verified(one))
                others = tuple(one for one in known if one != verdict)
                due.append((owner, (fingerprint,), others))
            self._put_due([*self._due(), *(one for one in due if one[1] and one[2])])
        self.apply()

    async def tell(self) -> None:
        """Send what is due, where the link profile lets anything be sent by itself."""
        async with self._telling:
            for due in self._due() if self._may_send else ():
                # What could not be fetched is tried again in the next session.
                with suppress(Failed):
                    await self._devices.fetch_keys(frozenset({due[0], self._context.own}))
                    self._tell_one(due)

    def _tell_one(self, due: _Due) -> None:
        to, hearers, verdicts = due
        if not self._may_send:
            return
        present = {one.fingerprint for one in self._reachable(to)}.intersection(hearers)
        # A message to a contact is copied to our other devices: they are to be able to read it.
        own = self._context.own
        copies = {one.fingerprint for one in self._reachable(own)} if to != own else set()
        with self._context.together(durable=True):
            self._put_due([one for one in self._due() if one != due])
            if present:
                self._send(to, present | copies, verdicts)

    def _send(self, to: Address, hearers: set[str], verdicts: tuple[Verdict, ...]) -> None:
        own, now = self._context.own, self._context.clock.now()
        plain = {NEW: sce.written([trust_messages.written(verdicts)], own, to, now)}
        names = frozenset({str(to)})
        try:
            with self._keys.desk.sealing_only(frozenset(hearers)):
                messages, _ = self._keys.do(lambda core: core.encrypt(names, plain, [NEW]), fetching=False)
        except NoEligibleDevices:
            return
        # XEP-0434 §4: kept by the archive, and copied to our other devices.
        stanza = convert.stanza("message", to, "chat", self._context.new_id())
        for message in messages:
            sealed = wire.written(message)
            self._note_seen(sealed)
            stanza.append(sealed)
            convert.add(stanza, EME, "encryption", namespace=NEW)
        convert.add(stanza, convert.HINTS, "store")
        self._context.send(stanza)

    @property
    def _is_on(self) -> bool:
        return self._context.settings.encryption.trust_messages

    @property
    def _may_send(self) -> bool:
        allowed = self._context.pacing.bundles in (Bundles.EARLY, Bundles.OPENED)
        return self._is_on and allowed and self._context.online

    # --- copies -------------------------------------------------------------------------------------------

    def is_seen(self, sealed: ET.Element) -> bool:
        """Whether this is a copy of a trust message that was sent or read."""
        return _digest(sealed) in self._seen()

    def read(self, sealed: ET.Element) -> None:
        """It was a trust message and nothing else."""
        self._note_seen(sealed)

    def _note_seen(self, sealed: ET.Element) -> None:
        seen = [*self._seen(), _digest(sealed)][-_MOST_SEEN:]
        self._context.facts.put(_SEEN, str(self._context.own), " ".join(seen))

    def _seen(self) -> list[str]:
        return (self._context.facts.get(_SEEN, str(self._context.own)) or "").split()

    # --- devices ------------------------------------------------------------------------------------------

    def _verified(self, owner: Address) -> tuple[str, ...]:
        devices = self._devices.all(owner)
        return tuple(one.fingerprint for one in devices if one.trust is Trust.VERIFIED and not one.this)

    def _reachable(self, owner: Address) -> list[Device]:
        """Verified devices that read the newer version: nothing else can seal it."""
        newer = {id for id, namespaces in self._devices.known(owner) if NEW in namespaces}
        return [
            one
            for one in self._devices.all(owner)
            if one.id in newer and one.active and one.trust is Trust.VERIFIED and not one.this
        ]

    def _device(self, owner: Address, fingerprint: str) -> Device | None:
        return next((one for one in self._devices.all(owner) if one.fingerprint == fingerprint), None)

    def _trust(self, owner: Address, fingerprint: str) -> Trust | None:
        device = self._device(owner, fingerprint)
        return None if device is None else device.trust

    # --- the disk -----------------------------------------------------------------------------------------

    def _waiting(self) -> list[_Said]:
        kept = json.loads(self._context.facts.get(_WAITING, str(self._context.own)) or "[]")
        return [(_verdict(said), Address.parse(by), fingerprint) for said, by, fingerprint in kept]

    def _wait(self, said: list[_Said]) -> None:
        # The last word of a device about a key counts; and no account fills the disk of another one.
        newest = {(by, key, one.owner, one.fingerprint): (one, by, key) for one, by, key in said}
        count: dict[Address, int] = {}
        kept = []
        for verdict, by, fingerprint in reversed(newest.values()):
            count[by] = count.get(by, 0) + 1
            if count[by] <= _MOST_WAITING:
                kept.append([_listed(verdict), str(by), fingerprint])
        self._context.facts.put(_WAITING, str(self._context.own), json.dumps(kept[::-1]))

    def _due(self) -> list[_Due]:
        kept = json.loads(self._context.facts.get(_DUE, str(self._context.own)) or "[]")
        return [(Address.parse(to), tuple(keys), tuple(map(_verdict, said))) for to, keys, said in kept]

    def _put_due(self, due: list[_Due]) -> None:
        kept = [[str(to), keys, [_listed(one) for one in said]] for to, keys, said in due]
        self._context.facts.put(_DUE, str(self._context.own), json.dumps(kept))


def _listed(verdict: Verdict) -> list[object]:
    return [str(verdict.owner), verdict.fingerprint, verdict.trusted]


def _verdict(kept: list[str]) -> Verdict:
    return Verdict(Address.parse(kept[0]), kept[1], bool(kept[2]))


def _digest(sealed: ET.Element) -> str:
    payload = convert.text_of(sealed, "payload", NEW)
    return hashlib.blake2s(payload.encode(), digest_size=12).hexdigest()
