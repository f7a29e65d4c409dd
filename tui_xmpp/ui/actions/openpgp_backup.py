"""Our secret key kept at the server, sealed by a code, and fetched from there (XEP-0373 §5)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core.address import Address
from tui_xmpp.core.events import Level
from tui_xmpp.core.openpgp import BackUpKey, RestoreKey
from tui_xmpp.core.questions import Unanswered
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face, Kind


class _Secret(Kind):
    """The base of what asks for one secret line; it is not shown and not kept in any history."""

    secret = True
    about: tuple[str, ...] = ()

    def __init__(self, face: Face, account: Address) -> None:
        self._face = face
        self._account = account

    def keys(self, text: str) -> Sequence[Hashable]:
        """What to know first."""
        return self.about

    def stands(self, key: Hashable) -> bool:
        """Nowhere: one writes."""
        return False

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one line."""
        text = Text(f" {key}", style=self._face.look.style("text"), no_wrap=True)
        text.truncate(width, overflow="ellipsis")
        return text


class BackUp(_Secret):
    """Asks for the passphrase of the key, and has a copy kept that only a new code opens."""

    title = "Keep your secret OpenPGP key at the server"
    hint = "Enter keeps it   Esc does not"
    about = (
        "A copy is sealed by a code, which is shown once and kept nowhere.",
        "Write the passphrase of the key, or nothing where it has none.",
    )

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Have it kept."""
        self._face.say("The key is being sealed and kept …")
        self._face.start(self._back_up(text))
        return True

    async def _back_up(self, passphrase: str) -> None:
        try:
            code = await self._face.engine.ask(BackUpKey(self._account, passphrase))
        except Unanswered as error:
            self._face.say(str(error), Level.WARN)
            return
        await self._face.open(Code(self._face, code))


class Code(Kind):
    """Shows the code, once."""

    title = "Your secret key is kept at the server"
    field = False
    hint = "Esc closes: the code is not shown again"

    def __init__(self, face: Face, code: str) -> None:
        self._face = face
        self._code = clean_line(code)

    def keys(self, text: str) -> Sequence[Hashable]:
        """The code and what it is for."""
        return (
            "Write this code down, with its dashes. Only it opens the copy:",
            self._code,
            "/openpgp restore asks for it on another device.",
        )

    def stands(self, key: Hashable) -> bool:
        """Nothing is chosen here; a screen reader is led to each line."""
        return self._face.look.linear

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one line."""
        token = "accent" if key == self._code else "text"
        text = Text(f" {key}", style=self._face.look.style(token), no_wrap=True)
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Enter alone does not close what is shown once."""
        return False


class Restore(_Secret):
    """Asks for the code, and gives gpg the key that the server keeps."""

    title = "Fetch your secret OpenPGP key from the server"
    hint = "Enter fetches it   Esc does not"
    about = ("Write the code it was sealed by, with its dashes.",)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Fetch it; without a code nothing is done."""
        if not text.strip():
            return False
        self._face.say("The key is being fetched …")
        self._face.start(self._face.do(RestoreKey(self._account, text.strip())))
        return True
