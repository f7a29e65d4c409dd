"""Lists of devices among sentences: the rows, and what is done with the device under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence

from rich.text import Text

from tui_xmpp.core.address import Address
from tui_xmpp.core.events import Level
from tui_xmpp.core.questions import DevicesOf, Unanswered
from tui_xmpp.core.security import Device, Trust, waiting
from tui_xmpp.core.security_commands import RepairDevice, SetTrust
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.value import value
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.render import security as render
from tui_xmpp.ui.render.wrap import wrap

TRUSTS = {"v": Trust.VERIFIED, "t": Trust.TRUSTED, "d": Trust.DISTRUSTED}
_DONE = {
    Trust.VERIFIED: "verified; you have compared its fingerprint.",
    Trust.TRUSTED: "trusted, without comparing.",
    Trust.DISTRUSTED: "distrusted; nothing is sealed for it, and what it sends is not shown.",
}
VERBS = "v verified  t trust  d distrust  r repair"


@value
class Said:
    """A row of words; *token* says how they look, *reached* whether the cursor comes to it."""

    words: str
    token: str = "text"
    reached: bool = False


@value
class Choice:
    """A row that does something."""

    id: str
    words: str
    token: str = "accent"


@value
class DeviceRow:
    """A row of a device: its head, or a part of its fingerprint."""

    owner: Address
    device: int
    part: int = 0


class DeviceRows(Kind):
    """The base of what shows devices."""

    field = False
    tall = True

    def __init__(self, face: Face, account: Address) -> None:
        self._face = face
        self._account = account
        self._asking: list[asyncio.Task[None]] = []
        self._at: Hashable | None = None
        """Where the cursor was, for who comes back."""

    @property
    def first(self) -> Hashable | None:
        """Where the cursor was; None: the first row it may stand on."""
        return self._at

    def moved(self, key: Hashable) -> None:
        """The cursor stands on another row."""
        self._at = key

    # --- what is known ----------------------------------------------------------------------------------

    def devices(self, owner: Address) -> Sequence[Device]:
        """The devices of an account: this one, those in use, then the old ones."""
        known = self._face.world.devices.get((self._account, owner), ())
        return sorted(known, key=lambda one: (not one.this, not one.active))

    def device(self, row: Hashable | None) -> Device | None:
        """The device that a row belongs to."""
        if not isinstance(row, DeviceRow):
            return None
        return next((one for one in self.devices(row.owner) if one.id == row.device), None)

    def begin(self, work: Callable[[], Awaitable[None]]) -> None:
        """Ask in the background, and fill the rows again with the answer."""

        async def run() -> None:
            await work()
            self._face.refill()

        self._asking.append(asyncio.create_task(run()))

    async def ask_devices(self, owner: Address) -> str:
        """Have the devices of an account fetched; return why that was not possible."""
        try:
            await self._face.engine.ask(DevicesOf(self._account, owner))
        except Unanswered as error:
            return str(error)
        return ""

    # --- rows -------------------------------------------------------------------------------------------

    def said(self, words: str, token: str = "text", *, reached: bool = False) -> list[Hashable]:
        """The rows of a sentence, as many as its words need."""
        text = clean_line(words, 1000)
        return [Said(f" {text[a:z]}", token, reached) for a, z in wrap(text, self.width - 2)]

    def heading(self, words: str) -> list[Hashable]:
        """The rows above a part: an empty one, and what it is about."""
        return [Said(""), *self.said(words, "accent")]

    def section(self, owner: Address, nothing: str) -> list[Hashable]:
        """The rows of an account's devices, fingerprints below them; *nothing*: said where none is known."""
        found: list[Hashable] = []
        for device in self.devices(owner):
            rows = render.fingerprint_rows(self._face.look, device.fingerprint, self.width)
            found += (DeviceRow(owner, device.id, part) for part in range(len(rows) + 1))
        return found or self.said(nothing, "dim")

    def stands(self, key: Hashable) -> bool:
        """On devices and on what does something; a screen reader is led to fingerprints too."""
        if isinstance(key, DeviceRow):
            return not key.part or self._face.look.linear
        return isinstance(key, Choice) or (isinstance(key, Said) and key.reached)

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        look = self._face.look
        if isinstance(key, Said | Choice):
            text = Text(key.words, style=look.style(key.token), no_wrap=True)
            text.truncate(width, overflow="ellipsis")
            return text
        device = self.device(key)
        if device is None or not isinstance(key, DeviceRow):
            return Text()
        if not key.part:
            waits = device in self.waiting(key.owner)
            return render.device_row(look, device, width, waits=waits)
        rows = render.fingerprint_rows(look, device.fingerprint, width)
        return rows[key.part - 1] if key.part <= len(rows) else Text()

    def waiting(self, owner: Address) -> Sequence[Device]:
        """The devices of an account that nothing is sealed for before the user decides."""
        devices = self.devices(owner)
        if owner == self._account:
            # A server could put one there: a new device of ours is never taken as it comes.
            return [one for one in devices if one.active and one.trust is Trust.UNDECIDED]
        return waiting(devices)

    # --- verbs ------------------------------------------------------------------------------------------

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """What can be done with a device, as rows to choose from."""
        from tui_xmpp.ui.actions.device_menu import DeviceMenu

        self._at = key
        if (device := self.device(key)) is not None:
            await self._face.open(DeviceMenu(self._face, self._account, device, self))
        return False

    async def press(self, key: str, row: Hashable | None) -> bool:
        """The letters of what can be done with the device under the cursor."""
        device = self.device(row)
        if device is None:
            if key in TRUSTS or key in ("r", "x"):
                self._face.say("Move to a device first.")
        elif key in TRUSTS:
            decide(self._face, self._account, device, TRUSTS[key])
        elif key == "r":
            repair(self._face, self._account, device)
        elif key == "x":
            from tui_xmpp.ui.actions.device_menu import remove

            await remove(self._face, self._account, device, self)
        return False

    def cancelled(self) -> None:
        """Nobody waits for the answers any more."""
        for task in self._asking:
            task.cancel()


def decide(face: Face, account: Address, device: Device, trust: Trust) -> None:
    """Say what is thought of a device."""
    if device.this:
        face.say("That is this device: it needs no trust.")
    elif not device.fingerprint:
        face.say("Its key is not known yet, so there is nothing to decide about.", Level.WARN)
    else:
        face.start(_decide(face, account, device, trust))


async def _decide(face: Face, account: Address, device: Device, trust: Trust) -> None:
    if await face.do(SetTrust(account, device.owner, device.fingerprint, trust)):
        face.say(f"{render.device_words(device)}: {_DONE[trust]}")


def repair(face: Face, account: Address, device: Device) -> None:
    """Begin a new session with a device."""
    if device.this:
        face.say("That is this device: there is no session to repair.")
    else:
        face.start(_repair(face, account, device))


async def _repair(face: Face, account: Address, device: Device) -> None:
    if await face.do(RepairDevice(account, device.owner, device.id)):
        face.say(f"A new session with {render.device_words(device)} was begun.")
