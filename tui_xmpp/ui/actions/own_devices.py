"""The devices of an account of ours, and below them those of the open chat."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.device_rows import VERBS, Choice, DeviceRows
from tui_xmpp.ui.actions.face import Face
from tui_xmpp.ui.actions.protection import owners

_CODE, _OPENPGP = "code", "openpgp"


class OwnDevices(DeviceRows):
    """This device above, our others below it, then those of the other side."""

    hint = f"{VERBS}  x remove  c code  o OpenPGP  Esc"

    def __init__(self, face: Face, account: Address, chat: ChatKey | None = None) -> None:
        super().__init__(face, account)
        self._chat = chat
        self.title = f"Your devices  {clean_line(str(account), 60)}"
        self._failure = ""
        self._nothing = "asking the server …"
        self.begin(self._ask)
        if chat is not None and chat not in face.world.rooms:
            self.begin(self._ask_theirs)

    async def _ask(self) -> None:
        self._failure = await self.ask_devices(self._account)
        self._nothing = "This account takes no part in encryption yet."

    async def _ask_theirs(self) -> None:
        for owner in self._others:
            await self.ask_devices(owner)

    @property
    def _others(self) -> Sequence[Address]:
        return owners(self._face.world, self._chat) if self._chat is not None else ()

    def keys(self, text: str) -> Sequence[Hashable]:
        """What waits, the devices, and the code."""
        rows: list[Hashable] = []
        if self._failure:
            rows += self.said(self._failure, "warn")
        if self.waiting(self._account):
            words = "Nothing is sealed for an undecided device before you accept it. If you do not know it:"
            rows += self.said(f"{words} x removes it, and change your password.", "warn")
        rows += self.section(self._account, self._nothing)
        for owner in self._others:
            if self.devices(owner):
                rows += self.heading(f"Devices of {clean_line(str(owner), 60)}")
                rows += self.section(owner, "")
        return [
            *rows,
            *self.said(""),
            Choice(_CODE, " c  show the code of this device, or compare"),
            Choice(_OPENPGP, " o  OpenPGP keys: choose yours"),
        ]

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """The code, the OpenPGP keys, or one device."""
        if isinstance(key, Choice):
            self.moved(key)
            await (self._compare() if key.id == _CODE else self._openpgp())
            return False
        return await super().pick(key, text)

    async def press(self, key: str, row: Hashable | None) -> bool:
        """`c`, `o`, and what can be done with a device."""
        if key == "c":
            await self._compare()
            return False
        if key == "o":
            await self._openpgp()
            return False
        return await super().press(key, row)

    async def _openpgp(self) -> None:
        from tui_xmpp.ui.actions.openpgp_keys import open_keys

        await open_keys(self._face, self._account, None, self)

    async def _compare(self) -> None:
        from tui_xmpp.ui.actions.verify import Compare

        await self._face.open(Compare(self._face, self._account, self._chat, self))
