"""OMEMO for the user: keys of our own, lists of devices, what to think of them, and when a chat is sealed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from ...core import security_commands as cmd
from ...core.account import Connection
from ...core.address import Address
from ...core.chat import ChatKey
from ...core.commands import Command, Refused
from ...core.events import ConnectionChanged, Event, Level, Notice, RoomChanged
from ...core.link import Bundles, LinkProfile
from ...core.questions import CanSeal, DevicesOf
from ...core.room import RoomState
from ...core.security import Device, Encrypt, Preflight
from .. import guard
from ..crypto.cipher import Unsealable
from ..crypto.omemo_names import LISTS, NEW, OLD
from ..feature import Failed, Feature, Handler

if TYPE_CHECKING:
    from ..crypto.omemo import Omemo

_RESTORED = (
    "The archive was put back from a copy, or copied to here. Its keys may have been used since, so this is a"
    " new device for OMEMO now, and the one it was before is gone. Who had verified it has to do so anew."
)


class Encryption(Feature):
    """Publishes our keys, follows everybody's devices, and carries out what the user decides about them."""

    XEPS = ("XEP-0380", "XEP-0384", "XEP-0420", "XEP-0434", "XEP-0450")
    NAMESPACES = (f"{LISTS[OLD]}+notify", f"{LISTS[NEW]}+notify")

    _has_begun = False
    """The session has begun, as far as sealing goes."""

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Nobody's lists are wanted where OMEMO is turned off."""
        return self.NAMESPACES if self._is_on else ()

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """What the user decides."""
        return {
            cmd.SetEncryption: self._choose,
            cmd.SetTrust: self._trust,
            cmd.RemoveDevice: self._remove,
            cmd.RepairDevice: self._repair,
            cmd.Reopen: self._reopen,
        }

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Awaitable[Any]]]:
        """What takes the server to answer."""
        return {DevicesOf: self._devices_of, CanSeal: self._can_seal}

    @property
    def pep(self) -> Mapping[str, Callable[[ET.Element], None]]:
        """Our own lists."""
        return {
            LISTS[OLD]: lambda items: self._listed(OLD, self.context.own, items),
            LISTS[NEW]: lambda items: self._listed(NEW, self.context.own, items),
        }

    @property
    def others_pep(self) -> Mapping[str, Callable[[Address, ET.Element], None]]:
        """Those of contacts."""
        return {
            LISTS[OLD]: lambda owner, items: self._listed_by(OLD, owner, items),
            LISTS[NEW]: lambda owner, items: self._listed_by(NEW, owner, items),
        }

    # --- a session begins -----------------------------------------------------------------------------------

    def on_ready(self) -> None:
        """Publish what is due, seal what waits, and open what could not be opened."""
        if self._is_on:
            self.context.spawn(self._begin())

    def on_resumed(self) -> None:
        """The same: an earlier process may not have come to it."""
        self.on_ready()

    async def _begin(self) -> None:
        self._has_begun = False
        # Importing the library takes more than half a second, and the screen is not to wait for it.
        await asyncio.to_thread(importlib.import_module, "tui_xmpp.session.crypto.omemo")
        omemo = self._omemo
        # Our keys are 20 kB, once: on a link where that counts they are made when they are first needed.
        early = self.context.pacing.bundles in (Bundles.EARLY, Bundles.OPENED)
        former = omemo.keys.former
        if omemo.keys.device is not None or early or former is not None:
            # What waits asks once more, and is not to wait for the next session.
            with suppress(Failed):
                await omemo.keys.set_up()
                omemo.keys.keep_fresh()
                omemo.devices.tell(self.context.own)
                if former is not None:
                    await omemo.devices.remove(former)
                    omemo.keys.former_removed()
                    self.context.emit(Notice(_RESTORED, Level.WARN, self.context.own))
                await omemo.trust.tell()
        self._has_begun = True
        self.context.sealing.begin()

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """What was not to be sent on the other link is sent."""
        if self._is_on and self._has_begun and self._omemo.keys.device is not None:
            self.context.spawn(self._omemo.trust.tell())

    def on_stop(self) -> None:
        """Nobody answers any more."""
        self._has_begun = False
        self.context.sealing.end()

    @property
    def _is_on(self) -> bool:
        return self.context.sealing.is_on

    @property
    def _omemo(self) -> Omemo:
        return self.context.sealing.omemo

    # --- lists of devices -----------------------------------------------------------------------------------

    def _listed_by(self, namespace: str, owner: Address, items: ET.Element) -> None:
        # A stranger may publish what it likes: it is not kept for it.
        known = guard.is_contact(self.context.world, self.context.own, owner)
        if known or ChatKey(self.context.own, owner) in self.context.world.chats:
            self._listed(namespace, owner, items)

    def _listed(self, namespace: str, owner: Address, items: ET.Element) -> None:
        if not self._is_on:
            return
        from ..crypto import omemo_wire as wire

        omemo = self._omemo
        if omemo.keys.device is None:
            return
        before = omemo.devices.known(owner)
        try:
            devices = wire.read_list(namespace, items, frozenset(id for id, _ in before))
        except ValueError:
            return
        new = omemo.devices.take_list(namespace, owner, devices)
        if before and new:
            self._tell_new(owner, len(new))

    def _tell_new(self, owner: Address, count: int) -> None:
        own = self.context.own
        devices = "a new device" if count == 1 else f"{count} new devices"
        if owner == own:
            words = f"Your account has {devices}. Nothing is sealed for it before you accept it: /devices."
            self.context.emit(Notice(words, Level.WARN, own))
            return
        chat = ChatKey(own, owner)
        if self.context.world.security.get(chat) is not None:
            name = self.context.world.name_of(chat)
            words = f"{name} has {devices} for encryption. /devices shows it."
            self.context.emit(Notice(words, Level.WARN, own, chat))

    def told(self, event: Event) -> None:
        """Go on with what waits for keys whenever there is a link; ask anew for whom a room is sealed."""
        if isinstance(event, ConnectionChanged) and event.account == self.context.own and self._is_on:
            if event.connection is Connection.ONLINE and self._has_begun:
                self.context.sealing.begin()
            return
        if isinstance(event, RoomChanged) and event.key.account == self.context.own and self._is_on:
            is_changed = event.state in (RoomState.LEFT, RoomState.QUEUED) or event.affiliation is not None
            if is_changed and self.context.world.security.get(event.key) is not None:
                self._omemo.members.forget(event.key)

    # --- what the user decides ------------------------------------------------------------------------------

    async def _choose(self, command: cmd.SetEncryption) -> None:
        if command.chat.account != self.context.own:
            return
        if command.encrypt is Encrypt.ALWAYS:
            try:
                flight = await self.context.sealing.cipher(command.method).preflight(command.chat)
            except Unsealable as error:
                raise Refused(str(error)) from None
            if flight.problems:
                raise Refused(" ".join(flight.problems))
        self.context.sealing.choose(command.chat, command.encrypt, command.method)

    async def _trust(self, command: cmd.SetTrust) -> None:
        if command.account != self.context.own:
            return
        if not self._omemo.devices.set_trust(command.owner, command.fingerprint, command.trust):
            raise Refused("No device of that account has this fingerprint.")
        self._omemo.trust.decided(command.owner, command.fingerprint, command.trust)
        self.context.spawn(self._omemo.trust.tell())

    async def _remove(self, command: cmd.RemoveDevice) -> None:
        if command.account == self.context.own:
            await self._omemo.devices.remove(command.device)

    async def _repair(self, command: cmd.RepairDevice) -> None:
        if command.account == self.context.own:
            await self._omemo.devices.repair(command.owner, command.device)

    async def _reopen(self, command: cmd.Reopen) -> None:
        if command.chat.account == self.context.own:
            await self.context.sealing.incoming.again(command.chat, command.row)

    async def _devices_of(self, question: DevicesOf) -> tuple[Device, ...]:
        await self._omemo.keys.set_up()
        await self._omemo.devices.look(question.owner)
        self._omemo.trust.apply()
        return self._omemo.devices.all(question.owner)

    async def _can_seal(self, question: CanSeal) -> Preflight:
        sealing = self.context.sealing
        try:
            return await sealing.cipher(sealing.security(question.chat).method).preflight(question.chat)
        except Unsealable as error:
            return Preflight((str(error),))
