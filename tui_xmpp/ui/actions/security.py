"""The security of a chat: how it is protected, what stands in the way, whose devices, what servers see."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import Level
from tui_xmpp.core.openpgp import PresenceSignature, PresenceSignatureOf
from tui_xmpp.core.questions import CanSeal, Unanswered
from tui_xmpp.core.security import Encrypt, Method, Preflight
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions import protection
from tui_xmpp.ui.actions.device_rows import VERBS, Choice, DeviceRows
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.actions.server_view import seen_by_servers
from tui_xmpp.ui.actions.turn_off import TurnOff, asks_first, set_encryption
from tui_xmpp.ui.render import openpgp as render

WHEN = {
    Encrypt.ALWAYS: "what cannot be sealed is not sent",
    Encrypt.POSSIBLE: "where they have keys; from then on always",
    Encrypt.ASK: "not before you choose always",
    Encrypt.OFF: "the servers can read it",
}
_COMPARE = "compare"
_OPENPGP = "openpgp"
_ASKING = "asking the server …"


async def open_security(face: Face) -> bool:
    """Open the popup for the open chat."""
    if face.chat is None:
        face.say("No chat is open.", Level.WARN)
        return False
    await face.open(Security(face, face.chat))
    return True


class Security(DeviceRows):
    """The popup of a chat's security."""

    hint = f"{VERBS}  x remove  c compare  o OpenPGP  Esc"

    def __init__(self, face: Face, chat: ChatKey) -> None:
        super().__init__(face, chat.account)
        self._chat = chat
        name, address = clean_line(face.world.name_of(chat), 40), clean_line(str(chat.address), 60)
        self.title = f"Security of {name}" + (f"  {address}" if address != name else "")
        self._flight: Preflight | None = None
        self._failure = ""
        self._own = _ASKING
        """Said where nothing is known of devices of ours."""
        self.begin(self._ask)
        self.begin(self._ask_own)
        self._signature: PresenceSignature | None = None
        if chat not in face.world.rooms and not chat.address.resource:
            self.begin(self._ask_signature)

    async def _ask(self) -> None:
        try:
            self._flight = await self._face.engine.ask(CanSeal(self._account, self._chat))
        except Unanswered as error:
            self._failure = str(error)

    async def _ask_own(self) -> None:
        self._own = await self.ask_devices(self._account) or "This account takes no part in encryption yet."

    async def _ask_signature(self) -> None:
        with suppress(Unanswered):
            self._signature = await self._face.engine.ask(
                PresenceSignatureOf(self._account, self._chat.address)
            )

    @property
    def _is_sealed(self) -> bool:
        return protection.is_sealed(self._face.world, self._chat, self._face.settings.encryption)

    @property
    def _owners(self) -> Sequence[Address]:
        flight = self._flight.for_whom if self._flight is not None else ()
        return protection.owners(self._face.world, self._chat, flight)

    # --- rows -------------------------------------------------------------------------------------------

    def keys(self, text: str) -> Sequence[Hashable]:
        """Everything, from how it is protected to what the servers see."""
        rows = [*self._state(), *self._in_the_way()]
        if self._signature is not None:
            rows += self.said(*render.presence_words(self._face.look, self._signature))
        nothing = "No device is known yet." if self._flight or self._failure else _ASKING
        for owner in self._owners:
            rows += self.heading(f"Devices of {clean_line(str(owner), 60)}")
            rows += self.section(owner, nothing)
        rows += [*self.heading("Your devices"), *self.section(self._account, self._own)]
        if self._owners:
            rows += [*self.said(""), Choice(_COMPARE, " c  compare fingerprints by a code")]
        if self._chat not in self._face.world.rooms:
            rows += [
                *([] if self._owners else self.said("")),
                Choice(_OPENPGP, " o  OpenPGP keys, and what with"),
            ]
        rows += [*self.heading("Encrypt"), *self._choices()]
        rows += self.heading("What the servers still see")
        for words in seen_by_servers(self._chat in self._face.world.rooms, sealed=self._is_sealed):
            rows += self.said(words, reached=True)
        return rows

    def _state(self) -> list[Hashable]:
        is_room = self._chat in self._face.world.rooms
        security = protection.security_of(self._face.world, self._chat)
        if self._is_sealed:
            readers = "all members of the room, present or not," if is_room else "both of you"
            what = "devices" if security.method is Method.OMEMO else "OpenPGP keys"
            words = f"Encrypted with {security.method.value}: only the {what} of {readers} can read it."
            rows = self.said(words, "ok")
            if security.method is Method.PGP:
                rows += self.said("Nothing proves who wrote what, or when.", "warn")
            if security.since is not None:
                since = self._face.look.local(security.since)
                rows += self.said(f"Since {since:%d %b %Y} {self._face.look.clock(security.since)}.", "dim")
        else:
            servers = "The servers of everybody in the room" if is_room else "Your server and theirs"
            rows = self.said(f"Not encrypted. {servers} can read what is written here.", "warn")
        for owner in (*self._owners, self._account):
            if waits := self.waiting(owner):
                mine = owner == self._account
                whose = "Your account" if mine else clean_line(str(owner), 60)
                count = "a new device" if len(waits) == 1 else f"{len(waits)} new devices"
                stop = "Nothing is sealed for it" if mine else "Nothing is sent"
                rows += self.said(f"{whose} has {count}. {stop} before you have decided: see below.", "warn")
        return rows

    def _in_the_way(self) -> list[Hashable]:
        if self._failure:
            return self.said(f"Whether it can be encrypted is not known: {self._failure}", "warn")
        if self._flight is None:
            return self.said(_ASKING, "dim")
        problems = [row for words in self._flight.problems for row in self.said(words, "warn")]
        if problems:
            return [*self.heading("In the way of encryption"), *problems]
        return [] if self._is_sealed else self.said("Nothing stands in the way of encryption.", "dim")

    def _choices(self) -> list[Hashable]:
        chosen = protection.security_of(self._face.world, self._chat).encrypt
        now = protection.wanted(self._face.world, self._chat, self._face.settings.encryption)
        used = "now: " if chosen is not None else "now, by your settings: "
        return [
            Choice(
                one.value,
                f" {one.value:<9} {used if one is now else ''}{words}",
                "accent" if one is now else "text",
            )
            for one, words in WHEN.items()
        ]

    # --- verbs ------------------------------------------------------------------------------------------

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Choose when it is encrypted, compare, or look at one device."""
        if not isinstance(key, Choice):
            return await super().pick(key, text)
        self.moved(key)
        if key.id == _COMPARE:
            await self._compare()
        elif key.id == _OPENPGP:
            await self._openpgp()
        elif asks_first(self._face, self._chat, encrypt := Encrypt(key.id)):
            await self._face.open(TurnOff(self._face, self._chat, encrypt, self))
        else:
            # Devices may have to be fetched first.
            self._face.start(set_encryption(self._face, self._chat, encrypt))
        return False

    async def press(self, key: str, row: Hashable | None) -> bool:
        """`c`, and what can be done with a device."""
        if key == "c":
            await self._compare()
            return False
        if key == "o":
            await self._openpgp()
            return False
        return await super().press(key, row)

    async def _openpgp(self) -> None:
        from tui_xmpp.ui.actions.openpgp_keys import open_keys

        await open_keys(self._face, self._account, self._chat, self)

    async def _compare(self) -> None:
        from tui_xmpp.ui.actions.verify import Compare

        await self._face.open(Compare(self._face, self._account, self._chat, self))
