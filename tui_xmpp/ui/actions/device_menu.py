"""One device: what can be decided about it, as rows for mouse and keys."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core.address import Address
from tui_xmpp.core.security import Device
from tui_xmpp.core.security_commands import RemoveDevice
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.device_rows import TRUSTS, decide, repair
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.render import security as render

_WAYS = {
    "v": "verified: I have compared the fingerprint with its owner",
    "t": "trust it without comparing",
    "d": "distrust it: nothing is sealed for it, and what it sends is not shown",
    "r": "repair: fetch its keys anew and begin a new session",
    "x": "remove it from my account: nobody seals for it any more",
}


class DeviceMenu(Kind):
    """A device with its fingerprint; a letter, Enter or a click decides."""

    field = False
    hint = "Enter or the letter decides   Esc back"

    def __init__(self, face: Face, account: Address, device: Device, back: Kind) -> None:
        self._face = face
        self._account = account
        self._device = device
        self.back = self._list = back
        self.title = f"{render.device_words(device)} of {clean_line(str(device.owner), 60)}"

    def keys(self, text: str) -> Sequence[Hashable]:
        """The fingerprint, then the ways."""
        rows = range(len(render.fingerprint_rows(self._face.look, self._device.fingerprint, self.width)))
        if self._device.this:
            return (*rows, "This is the device you sit at.")
        own = self._device.owner == self._account
        return (*rows, *(way for way in _WAYS if way != "x" or own))

    def stands(self, key: Hashable) -> bool:
        """On the ways."""
        return key in _WAYS

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        look = self._face.look
        if isinstance(key, int):
            return render.fingerprint_rows(look, self._device.fingerprint, width, margin=1)[key]
        text = Text(f" {key}  {_WAYS[str(key)]}" if key in _WAYS else f" {key}", no_wrap=True)
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Go one of the ways."""
        await self.press(str(key), key)
        return False

    async def press(self, key: str, row: Hashable | None) -> bool:
        """The letters of the ways."""
        if key not in self.keys(""):
            return False
        if key == "x":
            await remove(self._face, self._account, self._device, self._list)
            return False
        if key in TRUSTS:
            decide(self._face, self._account, self._device, TRUSTS[key])
        elif key == "r":
            repair(self._face, self._account, self._device)
        await self._face.open(self._list)
        return False


async def remove(face: Face, account: Address, device: Device, back: Kind) -> None:
    """Ask, then take a device of ours off the list."""
    if device.owner != account:
        face.say("Only its owner can remove it; d distrusts it.")
    elif device.this:
        face.say("This device takes part in encryption while `omemo = true` stands under [encryption].")
    elif not device.active:
        face.say("It is no longer used already.")
    else:
        await face.open(Removal(face, account, device, back))


class Removal(Kind):
    """Asks before a device of ours is taken off the list."""

    field = False
    hint = "y removes it   n or Esc keeps it"

    def __init__(self, face: Face, account: Address, device: Device, back: Kind) -> None:
        self._face = face
        self._account = account
        self._device = device
        self.back = self._list = back
        self.title = f"Remove {render.device_words(device)} from your account?"

    def keys(self, text: str) -> Sequence[Hashable]:
        """What to know first, and the answers."""
        return ("It can read nothing new then, unless it puts itself back. Old messages stay.", "y", "n")

    def stands(self, key: Hashable) -> bool:
        """On the answers."""
        return key in ("y", "n")

    @property
    def first(self) -> Hashable:
        """Enter alone keeps it."""
        return "n"

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        words = {"y": "y  remove it", "n": "n  keep it"}.get(str(key), str(key))
        return Text(f" {words}", no_wrap=True, overflow="ellipsis")

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """A click answers too."""
        await self.press(str(key), key)
        return False

    async def press(self, key: str, row: Hashable | None) -> bool:
        """`y` or `n`."""
        if key == "y":
            # The server is asked, and nobody waits for it.
            self._face.start(self._face.do(RemoveDevice(self._account, self._device.id)))
        if key in ("y", "n"):
            await self._face.open(self._list)
        return False
