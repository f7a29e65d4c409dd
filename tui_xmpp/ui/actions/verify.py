"""Comparing fingerprints by a code: ours as a picture and as text, and what theirs says of their devices."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core import omemo_uri
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import Level
from tui_xmpp.core.omemo_uri import OmemoUri, UriError
from tui_xmpp.core.questions import DevicesOf, Unanswered
from tui_xmpp.core.security import Device, Trust
from tui_xmpp.core.security_commands import SetTrust
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.value import value
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.render import qr, security
from tui_xmpp.ui.render.wrap import wrap

_COPY = "copy"


@value
class Line:
    """A row of words, or of the picture."""

    words: str
    is_picture: bool = False


class Compare(Kind):
    """Shows our code and takes theirs."""

    tall = True
    placeholder = "paste their code here: xmpp:…?omemo-sid-…"
    hint = "Enter on an empty line copies your code   Esc back"

    def __init__(self, face: Face, account: Address, chat: ChatKey | None, back: Kind | None = None) -> None:
        """*chat*: whom the code has to be of; None: of anybody."""
        self._face = face
        self._account = account
        self._chat = chat if chat is not None and chat not in face.world.rooms else None
        self.back = back
        whom = f" with {clean_line(face.world.name_of(chat), 40)}" if chat is not None else ""
        self.title = f"Compare fingerprints{whom}"
        self._failure = ""
        self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        try:
            await self._face.engine.ask(DevicesOf(self._account, self._account))
        except Unanswered as error:
            self._failure = str(error)
        self._face.refill()

    @property
    def _code(self) -> str:
        known = self._face.world.devices.get((self._account, self._account), ())
        here = next((one for one in known if one.this and one.fingerprint), None)
        return omemo_uri.written(self._account, here.id, here.fingerprint) if here else ""

    def keys(self, text: str) -> Sequence[Hashable]:
        """The picture where it fits, the code as text, and what to do with them."""
        code = self._code
        if not code:
            return [Line(self._failure or "This device has no key yet; asking …")]
        rows: list[Hashable] = [] if self._face.look.linear else self._picture(code)
        rows += self._wrapped("This device, as text:")
        rows += self._wrapped(code)
        rows.append(_COPY)
        words = "Scan each other's code, or hand it over on a way that nobody can change: face to face, by"
        return [*rows, Line(""), *self._wrapped(f"{words} telephone. Theirs goes into the line above.")]

    def _picture(self, code: str) -> list[Hashable]:
        picture = qr.rows(code)
        # Below it stand the code as text, and what to do with it.
        if not self.height or (len(picture) <= self.height and len(picture[0]) < self.width):
            fits = bool(self.height)
            return [Line(row, is_picture=True) for row in picture] if fits else []
        needed = f"{len(picture[0]) + 1} columns and {len(picture)} lines"
        return self._wrapped(f"Make the window larger to see the code as a picture: it needs {needed} here.")

    def _wrapped(self, words: str) -> list[Hashable]:
        return [Line(words[start:end]) for start, end in wrap(words, self.width - 2)]

    def stands(self, key: Hashable) -> bool:
        """On what copies."""
        return key == _COPY

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        look = self._face.look
        if isinstance(key, Line) and key.is_picture:
            return Text(" ", no_wrap=True).append(key.words, qr.DARK_ON_LIGHT)
        if isinstance(key, Line):
            return Text(f" {key.words}", style=look.style("text"), no_wrap=True)
        return Text(" copy this code", style=look.style("accent"), no_wrap=True)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Compare what was given, or copy ours."""
        if text.strip():
            return await compare(self._face, self._account, text, self._chat, self.back)
        if key == _COPY:
            from tui_xmpp.ui.terminal import clipboard

            self._face.say(await clipboard.copy(self._face.transcript.app, self._code, "your code"))
        return False

    def cancelled(self) -> None:
        """Nobody waits for our key any more."""
        self._asking.cancel()


async def compare(
    face: Face, account: Address, text: str, chat: ChatKey | None = None, back: Kind | None = None
) -> bool:
    """Compare a code with what the server says of its owner's devices; False: it was no code to compare.

    *chat*: whom it has to be of; None: of anybody.
    """
    try:
        uri = omemo_uri.parse(text)
    except UriError as error:
        face.say(str(error), Level.WARN)
        return False
    if chat is not None and uri.address not in (chat.address, account):
        face.say(f"This is a code of {uri.address}, not of {chat.address}. Nothing was changed.", Level.WARN)
        return False
    # The server is asked meanwhile, and what it says may open another popup.
    await face.close_popup()
    face.start(_compare(face, account, uri, back))
    return True


async def _compare(face: Face, account: Address, uri: OmemoUri, back: Kind | None) -> None:
    failure = ""
    try:
        await face.engine.ask(DevicesOf(account, uri.address))
    except Unanswered as error:
        failure = str(error)
    known = [one for one in face.world.devices.get((account, uri.address), ()) if one.fingerprint]
    if not known:
        who = clean_line(str(uri.address), 60)
        face.say(failure or f"No device of {who} is known, so there is nothing to compare.", Level.WARN)
        return
    code = dict(uri.keys)
    same = [one for one in known if one.fingerprint in code.values()]
    verified = [one for one in same if one.this or await _verify(face, account, one)]
    differing = [one for one in known if one not in same and one.id in code]
    if differing:
        await face.open(Differs(face, account, differing, back))
        return
    if len(verified) < len(same):
        return
    if not same:
        words = "The code names none of the devices that the server tells of. Nothing was changed."
        face.say(f"{words} It may be old: have them show it anew.", Level.WARN)
        return
    if back is not None:
        await face.open(back)
    names = ", ".join(security.device_words(one) for one in same)
    face.say(f"Verified: {names} of {clean_line(str(uri.address), 60)}.")


async def _verify(face: Face, account: Address, device: Device) -> bool:
    return await face.do(SetTrust(account, device.owner, device.fingerprint, Trust.VERIFIED))


class Differs(Kind):
    """The server gave another key than the owner's code: a warning, and a key press that distrusts it."""

    field = False
    hint = "d distrusts it   Esc leaves it as it was"

    def __init__(self, face: Face, account: Address, devices: Sequence[Device], back: Kind | None) -> None:
        self._face = face
        self._account = account
        self._devices = devices
        self.back = back
        who = clean_line(str(devices[0].owner), 60)
        self.title = f"WARNING: the fingerprints of {who} differ"
        names = ", ".join(security.device_words(one) for one in devices)
        self._words = (
            f"The server gave you another key for {names} than this code says."
            " Somebody may be reading along, or the program was set up anew since the code was made."
            " Ask the owner in person before you write anything that matters."
        )

    def keys(self, text: str) -> Sequence[Hashable]:
        """The warning, and the ways."""
        rows = [Line(self._words[a:z]) for a, z in wrap(self._words, self.width - 2)]
        return (*rows, "d", "l")

    def stands(self, key: Hashable) -> bool:
        """On the ways."""
        return key in ("d", "l")

    @property
    def first(self) -> Hashable:
        """Enter alone changes nothing."""
        return "l"

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        look = self._face.look
        if isinstance(key, Line):
            return Text(f" {key.words}", style=look.style("error"), no_wrap=True)
        ways = {"d": "d  distrust: nothing is sealed for it any more", "l": "l  leave it as it was"}
        text = Text(f" {ways[str(key)]}", style=look.style("text"), no_wrap=True)
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """A click or Enter on a way."""
        return await self.press(str(key), key)

    async def press(self, key: str, row: Hashable | None) -> bool:
        """The letters of the ways."""
        if key not in ("d", "l"):
            return False
        if key == "d":
            for one in self._devices:
                await self._face.do(SetTrust(self._account, one.owner, one.fingerprint, Trust.DISTRUSTED))
        if self.back is not None:
            await self._face.open(self.back)
            return False
        return True
