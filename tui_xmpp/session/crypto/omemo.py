"""OMEMO (XEP-0384) as a way of sealing: messages in both versions, one-to-one and in rooms."""

from __future__ import annotations

import logging
from xml.etree import ElementTree as ET

from doubleratchet import DuplicateMessageException
from omemo.backend import DecryptionFailed, KeyExchangeFailed
from omemo.session_manager import (
    MessageNotForUs,
    NoEligibleDevices,
    NoSession,
    PublicDataInconsistency,
    SenderDistrusted,
    SenderNotFound,
)
from omemo.types import DeviceInformation

from ...core.address import Address
from ...core.chat import ChatKey, ChatKind
from ...core.link import Bundles
from ...core.ports import StorageError
from ...core.security import Method, Preflight, Protection, Trust
from .. import convert
from ..draft import Draft
from ..feature import Context
from ..unwrap import Unwrapped
from . import omemo_wire as wire
from . import sce
from .beside import EME, is_outside
from .cipher import Later, Opened, Silent, Unreadable, Unsealable
from .omemo_desk import Missing, Undecided, fingerprint_of, trust_of
from .omemo_devices import OmemoDevices
from .omemo_keys import OmemoKeys
from .omemo_names import NEW, OLD, all_encrypted, encrypted_for
from .omemo_trust import OmemoTrust
from .room_members import RoomMembers
from .trust_messages import TAG as TRUST_MESSAGE

log = logging.getLogger("tui-xmpp")

_PER_DEVICE = 10_000
"""Bytes of the keys of one device, about."""
_IN_ROOMS = "This message is encrypted with OMEMO."
"""The body for programs that cannot open it (XEP-0380 §3): what a room tells those who come later has one."""
_DAMAGED = "The sealed message cannot be opened: it is damaged, or was made for keys that are gone."


class Omemo:
    """Of one account; implements `cipher.Cipher`."""

    method = Method.OMEMO

    def __init__(self, context: Context) -> None:
        self._context = context
        self.keys = OmemoKeys(context)
        self.devices = OmemoDevices(context, self.keys)
        self.members = RoomMembers(context)
        self.trust = OmemoTrust(context, self.keys, self.devices)

    # --- incoming -----------------------------------------------------------------------------------------

    def is_sealed(self, stanza: ET.Element) -> bool:
        """Whether it carries a sealed element of either version."""
        return bool(all_encrypted(stanza))

    def seals_references(self, stanza: ET.Element) -> bool:
        """In the newer version all is under the seal."""
        sealed = self._encrypted_for(stanza)
        return sealed is not None and sealed[0] == NEW

    async def hurry(self, found: Unwrapped) -> None:
        """Nothing: it opens at once, or has to ask the server."""

    def open(self, found: Unwrapped) -> Opened:
        """As `Cipher.open`."""
        sealed = self._encrypted_for(found.stanza)
        assert sealed is not None
        namespace, element = sealed
        sender = self._writer(found.draft)
        if self.trust.is_seen(element):
            raise Silent
        self._refuse_own(namespace, element, sender)
        try:
            text, device = self.keys.read(element, namespace, sender)
        except Missing as missing:
            words = "The keys of the device that sent this message are being fetched."
            raise Later(words, missing) from None
        except (Later, StorageError):
            raise
        except Exception as error:
            if convert.child(element, namespace, "payload") is None:
                # Keys for another device, or a copy of keys: there is nothing in it to be read.
                raise Silent from error
            raise Unreadable(self._reason(error, sender)) from error
        if text is None:
            raise Silent
        if namespace == OLD:
            body = convert.element(convert.CLIENT, "body", text.decode("utf-8", "replace"))
            content: tuple[ET.Element, ...] = (body,)
        else:
            room = found.draft.chat.address if found.draft.kind is ChatKind.ROOM else None
            content = sce.read(text, sender, room)
            if room is None:
                self._take_trust(element, content, device)
        self.trust.apply()
        return self._opened(content, device)

    def _take_trust(
        self, element: ET.Element, content: tuple[ET.Element, ...], device: DeviceInformation
    ) -> None:
        about_keys = [one for one in content if one.tag == TRUST_MESSAGE]
        if about_keys:
            sender = Address.parse(device.bare_jid)
            self.trust.take(about_keys, sender, fingerprint_of(device.identity_key))
            if len(about_keys) == len(content):
                self.trust.read(element)
                raise Silent

    def _opened(self, content: tuple[ET.Element, ...], device: DeviceInformation) -> Opened:
        trust = trust_of(device.trust_level_name)
        if trust is Trust.VERIFIED:
            return Opened(content, Protection.VERIFIED)
        if trust is Trust.UNDECIDED and device.bare_jid == str(self._own):
            note = "A device of your own account sent it that you have not accepted: /devices."
            return Opened(content, Protection.ATTENTION, note)
        return Opened(content, Protection.SEALED)

    def _writer(self, draft: Draft) -> Address:
        """The bare address that wrote a message; raises `Unreadable` where a room hides it."""
        if draft.kind is ChatKind.CONTACT:
            return draft.sender.bare
        room = self._context.world.rooms.get(ChatKey(self._own, draft.chat.address.bare))
        if room is not None and draft.outgoing:
            return self._own
        occupant = None if room is None else room.occupants.get(draft.sender.resource)
        if draft.real is not None:
            return draft.real.bare
        if occupant is None or occupant.address is None:
            raise Unreadable("The room does not tell who wrote this message, so its keys are not known.")
        return occupant.address.bare

    def _refuse_own(self, namespace: str, element: ET.Element, sender: Address) -> None:
        header = convert.child(element, namespace, "header")
        if sender == self._own and header is not None and header.get("sid") == str(self.keys.device):
            if convert.child(element, namespace, "payload") is None:
                # Keys that the library has sent, as the archive gives them back.
                raise Silent
            raise Unreadable("This device sent it and no longer has its text: nothing is sealed for oneself.")

    def _reason(self, error: Exception, sender: Address) -> str:
        if isinstance(error, MessageNotForUs):
            return "It was not sealed for this device."
        if isinstance(error, SenderDistrusted):
            return "It comes from a device that you distrust, and is not shown."
        if isinstance(error, SenderNotFound):
            return f"It comes from a device that {sender} does not name among its own."
        if isinstance(error, NoSession):
            return "There is no session with the device that sent it. A repair begins one; ask for it again."
        if isinstance(error, PublicDataInconsistency):
            return "It was sealed with other keys than the device has published. Somebody may be pretending."
        if isinstance(error, DecryptionFailed | KeyExchangeFailed):
            if isinstance(error.__cause__, DuplicateMessageException):
                return "It is a copy of a message that has been read."
            return _DAMAGED
        log.warning("a sealed message is malformed: %s", type(error).__name__)
        return "The sealed message is malformed."

    async def prepare_to_open(self, found: Unwrapped, later: Later) -> None:
        """As `Cipher.prepare_to_open`."""
        if self.keys.device is None:
            await self.keys.set_up()
        missing, sealed = later.missing, self._encrypted_for(found.stanza)
        assert sealed is not None
        if not isinstance(missing, Missing):
            return
        owner, desk = Address.parse(missing.owner), self.keys.desk
        devices = await wire.fetch_list(self._context, sealed[0], owner)
        if devices:
            self.devices.take_list(sealed[0], owner, devices)
        header = convert.child(sealed[1], sealed[0], "header")
        id = "" if header is None else header.get("sid", "")
        if id.isdecimal() and int(id) in devices:
            bundle = await wire.fetch_bundle(self._context, sealed[0], owner, int(id))
            desk.bundles[sealed[0], str(owner), int(id)] = bundle
        else:
            desk.lists[sealed[0], str(owner)] = devices

    # --- outgoing -----------------------------------------------------------------------------------------

    def can_seal(self, chat: ChatKey) -> bool | None:
        """As `Cipher.can_seal`."""
        if chat in self._context.world.rooms:
            if self.members.problems(chat):
                return False
            members = self.members.known(chat)
            return None if members is None else True
        return False if chat.address.resource else self.devices.has_any(chat.address)

    def seal(self, chat: ChatKey, stanza: ET.Element) -> ET.Element:
        """As `Cipher.seal`."""
        owners = self._owners(chat)
        content = [one for one in stanza if not is_outside(one, references=True)]
        inside = [one for one in stanza if not is_outside(one, references=False)]
        body = convert.text_of(stanza, "body")
        is_body_only = bool(body) and all(one.tag == f"{{{convert.CLIENT}}}body" for one in content)
        room = chat.address if chat in self._context.world.rooms else None
        plain = {NEW: sce.written(inside, self._own, room, self._context.clock.now())}
        if body:
            # The older version holds a text and nothing else.
            plain[OLD] = body.encode()
        if not is_body_only:
            self._refuse_old(owners)
        names = frozenset(map(str, owners))
        try:
            messages, _ = self.keys.do(lambda core: core.encrypt(names, plain, [*plain]), sealing=True)
        except Missing:
            raise Later("The keys of the other side are being fetched.") from None
        except Undecided as undecided:
            raise Unsealable(_undecided(undecided)) from None
        except NoEligibleDevices as error:
            who = ", ".join(sorted(error.bare_jids))
            raise Unsealable(f"{who} has no device to seal this for. /devices shows why.") from None
        sealed = ET.Element(stanza.tag, stanza.attrib)
        has_old = any(message.namespace == OLD for message in messages)
        sealed.extend(one for one in stanza if is_outside(one, references=has_old))
        if room is not None and body:
            convert.add(sealed, convert.CLIENT, "body", _IN_ROOMS)
        for message in messages:
            sealed.append(wire.written(message))
            # XEP-0380 §3: programs that cannot open it tell their user what it is.
            convert.add(sealed, EME, "encryption", namespace=message.namespace)
        # XEP-0334 §4.4: without a body it would not be archived, nor kept for who is offline.
        convert.add(sealed, convert.HINTS, "store")
        return sealed

    def _owners(self, chat: ChatKey) -> frozenset[Address]:
        if chat not in self._context.world.rooms:
            if self.devices.has_any(chat.address) is None:
                raise Later("The devices of the other side are being asked for.")
            return frozenset({chat.address})
        problems = self.members.problems(chat)
        if problems:
            raise Unsealable(" ".join(problems))
        members = self.members.known(chat)
        if members is None or any(self.devices.has_any(one) is None for one in members):
            raise Later("The members of the room are being asked for.")
        return members

    def _refuse_old(self, owners: frozenset[Address]) -> None:
        for owner in owners:
            if any(NEW not in namespaces for _, namespaces in self.devices.known(owner)):
                words = f"Only text can be sealed for {owner}: a device there knows the old OMEMO only."
                raise Unsealable(words)

    async def prepare(self, chat: ChatKey, stanza: ET.Element | None) -> None:
        """As `Cipher.prepare`."""
        await self.keys.set_up()
        if chat in self._context.world.rooms:
            if self.members.known(chat) is None:
                await self.members.fetch(chat)
            owners = self.members.known(chat) or frozenset()
        else:
            owners = frozenset({chat.address})
        for owner in owners:
            if self.devices.has_any(owner) is None:
                await self.devices.fetch_lists(owner)
        if stanza is not None:
            await self._fetch_keys(chat, owners | {self._own})

    async def _fetch_keys(self, chat: ChatKey, owners: frozenset[Address]) -> None:
        count = len(self.devices.without_session(owners))
        if count and self._context.pacing.bundles is Bundles.ASK:
            what = f"Fetch the keys of {count} devices to seal {self._context.world.name_of(chat)}"
            if not await self._context.pricing.agree(what, count * _PER_DEVICE):
                raise Unsealable("The keys were not fetched, because you said so.")
        await self.devices.fetch_keys(owners)
        # Of keys that are known now it may have been said already what to think.
        self.trust.apply()

    async def preflight(self, chat: ChatKey) -> Preflight:
        """As `Cipher.preflight`."""
        problems: list[str] = []
        if chat in self._context.world.rooms:
            problems += self.members.problems(chat)
            if problems:
                return Preflight(tuple(problems))
        elif chat.address.resource:
            return Preflight(("What is said to one occupant through a room cannot be sealed.",))
        await self.prepare(chat, None)
        owners = self.members.known(chat) if chat in self._context.world.rooms else {chat.address}
        devices = []
        for owner in sorted(owners or ()):
            theirs = [one for one in await self.devices.look(owner) if one.active and not one.this]
            if not theirs:
                problems.append(f"{owner} has no device that takes part in OMEMO.")
            elif not any(one.trust.seals or one.trust is Trust.UNDECIDED for one in theirs):
                problems.append(f"You distrust every device of {owner}.")
            devices += theirs
        return Preflight(tuple(problems), tuple(devices))

    def _encrypted_for(self, stanza: ET.Element) -> tuple[str, ET.Element] | None:
        return encrypted_for(stanza, self._own, self.keys.device)

    @property
    def _own(self) -> Address:
        return self._context.own


def _undecided(undecided: Undecided) -> str:
    who = ", ".join(sorted({one.bare_jid for one in undecided.devices}))
    return f"{who} has a new device, and you had verified another one. Decide about it in /devices."
