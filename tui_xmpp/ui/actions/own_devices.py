"""The devices of an account of ours."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from tui_xmpp.core.address import Address
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.device_rows import VERBS, Choice, DeviceRows
from tui_xmpp.ui.actions.face import Face


class OwnDevices(DeviceRows):
    """This device above, the others below it."""

    hint = f"{VERBS}  x remove   c code   Esc closes"

    def __init__(self, face: Face, account: Address) -> None:
        super().__init__(face, account)
        self.title = f"Your devices  {clean_line(str(account), 60)}"
        self._failure = ""
        self._nothing = "asking the server …"
        self.begin(self._ask)

    async def _ask(self) -> None:
        self._failure = await self.ask_devices(self._account)
        self._nothing = "This account takes no part in encryption yet."

    def keys(self, text: str) -> Sequence[Hashable]:
        """What waits, the devices, and the code."""
        rows: list[Hashable] = []
        if self._failure:
            rows += self.said(self._failure, "warn")
        if self.waiting(self._account):
            words = "Nothing is sealed for an undecided device before you accept it. If you do not know it:"
            rows += self.said(f"{words} x removes it, and change your password.", "warn")
        rows += self.section(self._account, self._nothing)
        return [*rows, *self.said(""), Choice("code", " c  show the code of this device, or compare")]

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """The code, or one device."""
        if isinstance(key, Choice):
            self.moved(key)
            await self._compare()
            return False
        return await super().pick(key, text)

    async def press(self, key: str, row: Hashable | None) -> bool:
        """`c`, and what can be done with a device."""
        if key == "c":
            await self._compare()
            return False
        return await super().press(key, row)

    async def _compare(self) -> None:
        from tui_xmpp.ui.actions.verify import Compare

        await self._face.open(Compare(self._face, self._account, None, self))
