"""Between the OMEMO library and the network: it is given what was fetched, and what it wants sent is noted.

The library asks the network in the middle of its work. Here nothing is waited for: its work runs to its end
in one turn of the loop, which no other work can come between (one message key is never used twice, and none
that was used is brought back); or it stops because something is missing, and is begun anew with it.

Guard G7, for promises 3 to 5: the library has no lock, saves a session in a dozen steps and trusts new
devices of our own; here no key is used twice, none comes back, and nobody is added in silence (CWE-323,
CWE-362, CWE-294).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from omemo.bundle import Bundle
from omemo.message import Message
from omemo.session_manager import BundleDownloadFailed, BundleNotFound, SessionManager
from omemo.types import DeviceInformation, DeviceList, TrustLevel

from ...core.security import Trust

T = TypeVar("T")

# It logs plaintext and keys at DEBUG, and what is no fault at all as warnings: none of it is for a log file.
logging.getLogger(SessionManager.LOG_TAG).disabled = True


class Missing(Exception):
    """The library needs a list of devices, or the keys (bundle) of a device, that was not fetched."""

    def __init__(self, namespace: str, owner: str, device: int | None = None) -> None:
        super().__init__(f"{namespace} {owner} {device}")
        self.namespace = namespace
        self.owner = owner
        self.device = device


class Undecided(Exception):
    """The user has to say what to think of these devices first."""

    def __init__(self, devices: frozenset[DeviceInformation]) -> None:
        super().__init__("undecided")
        self.devices = devices


class Desk:
    """What was fetched, and what is to be sent, of one account."""

    def __init__(self, own: str, is_known: Callable[[str, int], bool]) -> None:
        """*is_known* tells whether the identity key of a device of somebody is known."""
        self.own = own
        self.is_known = is_known
        self.lists: dict[tuple[str, str], DeviceList] = {}
        """By namespace and owner; who puts them here takes them away."""
        self.bundles: dict[tuple[str, str, int], Bundle | None] = {}
        """By namespace, owner and device; None: there is none."""
        self.publish_bundles: set[str] = set()
        """Namespaces whose bundle has changed."""
        self.publish_lists: dict[str, DeviceList] = {}
        self.empties: list[tuple[Message, str]] = []
        """Messages that carry keys only, and to whom."""
        self.is_sealing = False
        """New devices of ours are left out."""
        self.is_fetching = True
        """A device whose keys were not fetched stops the work; else it is left out."""
        self._only: frozenset[str] | None = None

    @contextmanager
    def sealing_only(self, fingerprints: frozenset[str]) -> Iterator[None]:
        """Inside, all devices but these are left out."""
        self._only = fingerprints
        try:
            yield
        finally:
            self._only = None

    def leaves_out(self, identity_key: bytes) -> bool | None:
        """Whether a device with this key is left out; None: what is thought of it decides."""
        return None if self._only is None else fingerprint_of(identity_key) not in self._only

    def has_keys(self, owner: str, device: int) -> bool:
        """Whether the keys of a device were asked for, in whatever version."""
        return any((one, id) == (owner, device) for _, one, id in self.bundles)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do the library's work to its end, in this very turn of the loop."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError("the OMEMO library waited in the middle of its work")


def fingerprint_of(identity_key: bytes) -> str:
    """The fingerprint of an identity key, as `Device.fingerprint` has it."""
    return "".join(SessionManager.format_identity_key(identity_key))


def trust_of(level: str) -> Trust:
    """What the library's word for a trust level stands for; unknown words are undecided."""
    try:
        return Trust[level]
    except KeyError:
        return Trust.UNDECIDED


def manager_at(desk: Desk) -> type[SessionManager]:
    """The library's core, with its hands on the desk; it has to be made by its own `create`."""

    class Core(SessionManager):
        @staticmethod
        async def _upload_bundle(bundle: Bundle) -> None:
            desk.publish_bundles.add(bundle.namespace)

        @staticmethod
        async def _download_bundle(namespace: str, bare_jid: str, device_id: int) -> Bundle:
            try:
                bundle = desk.bundles[namespace, bare_jid, device_id]
            except KeyError:
                # To know a device the keys of one version do, as the identity key is in both; to begin
                # a session it takes those of that version.
                is_looking = not desk.is_known(bare_jid, device_id)
                if not desk.is_fetching or (is_looking and desk.has_keys(bare_jid, device_id)):
                    raise BundleDownloadFailed("not asked for") from None
                raise Missing(namespace, bare_jid, device_id) from None
            if bundle is None:
                raise BundleNotFound("there are no keys of this device")
            return bundle

        @staticmethod
        async def _delete_bundle(namespace: str, device_id: int) -> None:
            desk.publish_bundles.discard(namespace)

        @staticmethod
        async def _upload_device_list(namespace: str, device_list: DeviceList) -> None:
            desk.publish_lists[namespace] = device_list

        @staticmethod
        async def _download_device_list(namespace: str, bare_jid: str) -> DeviceList:
            try:
                return desk.lists[namespace, bare_jid]
            except KeyError:
                raise Missing(namespace, bare_jid) from None

        @staticmethod
        async def _send_message(message: Message, bare_jid: str) -> None:
            desk.empties.append((message, bare_jid))

        async def _evaluate_custom_trust_level(self, device: DeviceInformation) -> TrustLevel:
            trust = trust_of(device.trust_level_name)
            left_out = desk.leaves_out(device.identity_key)
            if left_out is not None:
                return TrustLevel.DISTRUSTED if left_out else TrustLevel.TRUSTED
            if trust is Trust.DISTRUSTED:
                return TrustLevel.DISTRUSTED
            if trust is not Trust.UNDECIDED:
                return TrustLevel.TRUSTED
            # A new device of ours may be one that the server has put there: it is left out until the user has
            # decided, and nobody is kept from talking by it.
            if desk.is_sealing and device.bare_jid == desk.own:
                return TrustLevel.DISTRUSTED
            return TrustLevel.UNDECIDED

        async def _make_trust_decision(
            self, undecided: frozenset[DeviceInformation], identifier: str | None
        ) -> None:
            """Blind trust before verification: as it came, unless one device of the contact was verified."""
            blocked = set()
            for device in undecided:
                known = await self.get_device_information(device.bare_jid)
                if any(trust_of(one.trust_level_name) is Trust.VERIFIED for one in known):
                    blocked.add(device)
                else:
                    await self.set_trust(device.bare_jid, device.identity_key, Trust.BLIND.name)
            if blocked:
                raise Undecided(frozenset(blocked))

    return Core
