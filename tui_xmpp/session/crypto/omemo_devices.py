"""OMEMO devices, ours and those of contacts: whose lists and keys are known, and what is thought of them."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import datetime, timedelta

from omemo.types import DeviceInformation, DeviceList

from ...core.address import Address
from ...core.events import DevicesChanged
from ...core.security import Device, Trust
from ..feature import Context, Failed
from . import omemo_wire as wire
from .omemo_desk import fingerprint_of, trust_of
from .omemo_keys import OmemoKeys, namespace_for
from .omemo_names import NEW, OLD

_LISTS = "omemo-lists"
_TOLD = "omemo-told"
"""In the facts: fingerprints that another device has decided about."""
_VERIFIED = "omemo-verified"
"""In the facts: of whom a device was ever verified."""
_LASTS = timedelta(days=7)
"""How long nobody is asked again who was seen to have no devices."""


class OmemoDevices:
    """Of one account."""

    def __init__(self, context: Context, keys: OmemoKeys) -> None:
        self._context = context
        self._keys = keys

    def has_any(self, owner: Address) -> bool | None:
        """Whether an account has devices; None: its lists were never seen, or long ago and were empty."""
        text = self._context.facts.get(_LISTS, self._fact(owner))
        if text is None:
            return None
        known = json.loads(text)
        if known["count"]:
            return True
        seen = datetime.fromisoformat(known["at"])
        return None if self._context.clock.now() - seen > _LASTS else False

    async def fetch_lists(self, owner: Address) -> None:
        """Ask for both lists of an account; raises `Failed`."""
        context = self._context
        lists = await asyncio.gather(*(wire.fetch_list(context, one, owner) for one in (NEW, OLD)))
        for namespace, devices in zip((NEW, OLD), lists, strict=True):
            if devices or self.known(owner):
                self.take_list(namespace, owner, devices)
        self._note_list(owner)

    def take_list(self, namespace: str, owner: Address, devices: DeviceList) -> tuple[int, ...]:
        """An account has published a list; returns the ids that are new on it."""
        before = {id for id, _ in self.known(owner)}
        # Labels are verified with keys that would have to be fetched: only where they are known.
        self._keys.do(lambda core: core.update_device_list(namespace, str(owner), devices), fetching=False)
        self._note_list(owner)
        self.tell(owner)
        return tuple(id for id in devices if id not in before)

    def known(self, owner: Address) -> tuple[tuple[int, frozenset[str]], ...]:
        """The active devices of an account, with the versions each has; their keys may be unknown."""
        return self._keys.listed(owner)

    async def fetch_keys(self, owners: frozenset[Address]) -> None:
        """Fetch the keys of all devices that nothing can be sealed for yet; raises `Failed`."""
        wanted = self.without_session(owners)
        found = await asyncio.gather(
            *(wire.fetch_bundle(self._context, namespace, owner, id) for owner, id, namespace in wanted)
        )
        for (owner, id, namespace), bundle in zip(wanted, found, strict=True):
            self._keys.desk.bundles[namespace, str(owner), id] = bundle

    def without_session(self, owners: frozenset[Address]) -> list[tuple[Address, int, str]]:
        """The devices that nothing was sealed for yet, each with the version it is written to in."""
        return [
            (owner, id, namespace_for(namespaces))
            for owner in sorted(owners)
            for id, namespaces in self.known(owner)
            if not self._is_this(owner, id)
            and not self._keys.is_session(owner, id, namespace_for(namespaces))
        ]

    async def look(self, owner: Address) -> tuple[Device, ...]:
        """The devices of an account with their fingerprints, as far as they can be had; raises `Failed`."""
        await self.fetch_lists(owner)
        unknown = [one for one in self.all(owner) if not one.fingerprint and one.active]
        if unknown:
            await self.fetch_keys(frozenset({owner}))
            self.tell(owner)
        return self.all(owner)

    def all(self, owner: Address) -> tuple[Device, ...]:
        """What is known of the devices of an account, the active ones first."""
        if self._keys.device is None:
            return ()
        with_keys = self._keys.do(lambda core: core.get_device_information(str(owner)), fetching=False)
        found = {one.device_id: self._device(owner, one) for one in with_keys}
        for id, _ in self.known(owner):
            found.setdefault(id, Device(owner, id, "", Trust.UNDECIDED, this=self._is_this(owner, id)))
        return tuple(sorted(found.values(), key=lambda one: (not one.this, not one.active, one.id)))

    async def remove(self, device: int) -> None:
        """Take another device of ours off both lists, and its keys away; raises `Failed`."""
        context, own = self._context, self._context.own
        for namespace in (NEW, OLD):
            devices = await wire.fetch_list(context, namespace, own)
            if devices.pop(device, device) is not device:
                await wire.publish_list(context, namespace, devices)
                with suppress(Failed):
                    await wire.delete_bundle(context, namespace, device)
            if devices:
                self.take_list(namespace, own, devices)

    async def repair(self, owner: Address, device: int) -> None:
        """Begin a new session with a device, with keys fetched anew; raises `Failed`."""
        namespaces = dict(self.known(owner)).get(device, frozenset())
        for namespace in namespaces:
            bundle = await wire.fetch_bundle(self._context, namespace, owner, device)
            if bundle is not None:
                self._keys.begin_session(owner, bundle)

    def set_trust(self, owner: Address, fingerprint: str, trust: Trust, *, told: bool = False) -> bool:
        """Note what is thought of a key, by the user or *told* by another device; False: it is not known."""
        infos = self._keys.do(lambda core: core.get_device_information(str(owner)), fetching=False)
        matching = [one for one in infos if fingerprint_of(one.identity_key) == fingerprint]
        for info in matching:
            self._keys.do(lambda core: core.set_trust(str(owner), info.identity_key, trust.name))  # noqa: B023
        if matching:
            self._note(_TOLD, fingerprint, is_in=told)
            if trust is Trust.VERIFIED:
                self._note(_VERIFIED, str(owner), is_in=True)
            self.tell(owner)
        return bool(matching)

    def ever_verified(self) -> tuple[Address, ...]:
        """Ourselves, and all of whom a device was ever verified."""
        others = {Address.parse(one) for one in self._noted(_VERIFIED)} - {self._context.own}
        return (self._context.own, *sorted(others))

    def tell(self, owner: Address) -> None:
        """Tell the front ends what is known of an account's devices."""
        self._context.emit(DevicesChanged(self._context.own, owner, self.all(owner)))

    def _device(self, owner: Address, info: DeviceInformation) -> Device:
        return Device(
            owner,
            info.device_id,
            fingerprint_of(info.identity_key),
            Trust.VERIFIED if self._is_this(owner, info.device_id) else trust_of(info.trust_level_name),
            active=any(active for _, active in info.active),
            label=info.label or "",
            this=self._is_this(owner, info.device_id),
            told=fingerprint_of(info.identity_key) in self._noted(_TOLD),
        )

    def _noted(self, space: str) -> list[str]:
        return (self._context.facts.get(space, str(self._context.own)) or "").split()

    def _note(self, space: str, word: str, *, is_in: bool) -> None:
        others = [one for one in self._noted(space) if one != word]
        words = [*others, word] if is_in else others
        self._context.facts.put(space, str(self._context.own), " ".join(words))

    def _is_this(self, owner: Address, id: int) -> bool:
        return owner == self._context.own and id == self._keys.device

    def _fact(self, owner: Address) -> str:
        return f"{self._context.own} {owner}"

    def _note_list(self, owner: Address) -> None:
        others = [id for id, _ in self.known(owner) if not self._is_this(owner, id)]
        known = {"count": len(others), "at": self._context.clock.now().isoformat()}
        self._context.facts.put(_LISTS, self._fact(owner), json.dumps(known))
