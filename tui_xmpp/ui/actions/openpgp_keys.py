"""The OpenPGP keys of a contact and of ourselves: which are accepted, and what seals the chat."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import Level
from tui_xmpp.core.openpgp import ChooseKey, KeysOf, OpenPgpKey, PinKey, SignPresence, UnpinKey
from tui_xmpp.core.questions import Unanswered
from tui_xmpp.core.security import Method
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.value import value
from tui_xmpp.ui.actions import protection
from tui_xmpp.ui.actions.device_rows import Choice, DeviceRows
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.actions.slash_security import METHODS, choose_method
from tui_xmpp.ui.render import openpgp as render
from tui_xmpp.ui.render.security import fingerprint_rows

WAYS = {
    "v": "accept it: I have compared the fingerprint with its owner",
    "a": "accept it without comparing",
    "p": "accept it for legacy PGP only, for old programs",
    "d": "remove: nothing is sealed for it any more",
}
OWN_WAYS = {"u": "use it as yours: kept in the configuration, and announced by your account"}
"""For a key that gpg has the secret part of."""
METHOD_LETTERS = {"m": "omemo", "o": "openpgp", "l": "pgp"}
"""What seals the chat, by its letter."""
_MAKE = "gpg --quick-generate-key"
_SIGN = "sign presence"
_ASKING = "asking …"
_NO_KEY = "This account has no OpenPGP key yet."


@value
class KeyRow:
    """A row of a key: its head (0), a part of its fingerprint, or another name."""

    owner: Address
    fingerprint: str
    part: int = 0


async def open_keys(face: Face, account: Address, chat: ChatKey | None, back: Kind | None = None) -> None:
    """Take our account, a chat (None: none) and what Esc goes back to; open the popup of their keys."""
    if chat is not None and (chat in face.world.rooms or chat.address.resource):
        face.say("OpenPGP seals what is said between two people only.")
        chat = None
    await face.open(OpenPgpKeys(face, account, chat, back))


class OpenPgpKeys(DeviceRows):
    """The popup of a contact's keys and ours."""

    hint = "v compared, accept  a accept  p legacy only  d remove  u use as yours  Esc"

    def __init__(self, face: Face, account: Address, chat: ChatKey | None, back: Kind | None) -> None:
        super().__init__(face, account)
        self._chat = chat
        self.back = back
        whose = clean_line(face.world.name_of(chat), 40) if chat is not None else clean_line(str(account), 60)
        self.title = f"OpenPGP keys of {whose}"
        self._known: dict[Address, Sequence[OpenPgpKey]] = {}
        self._failures: dict[Address, str] = {}
        self.look_again()

    def look_again(self) -> None:
        """Ask for the keys of everybody shown here."""
        for owner in self._owners:
            self.begin(lambda owner=owner: self._ask(owner))  # type: ignore[misc]

    async def _ask(self, owner: Address) -> None:
        try:
            found = await self._face.engine.ask(KeysOf(self._account, owner))
            self._known[owner] = found
            self._failures.pop(owner, None)
        except Unanswered as error:
            self._failures[owner] = str(error)

    @property
    def _owners(self) -> Sequence[Address]:
        return (*((self._chat.address,) if self._chat is not None else ()), self._account)

    @property
    def _has_key(self) -> bool:
        known = self._face.world.accounts.get(self._account)
        return known is not None and bool(known.account.openpgp_key)

    def key(self, row: Hashable | None) -> OpenPgpKey | None:
        """Take a row; return the key it belongs to, None: to none."""
        if not isinstance(row, KeyRow):
            return None
        keys = self._known.get(row.owner, ())
        return next((one for one in keys if one.fingerprint == row.fingerprint), None)

    # --- rows -------------------------------------------------------------------------------------------

    def keys(self, text: str) -> Sequence[Hashable]:
        """The keys of the contact, what seals the chat, and our own keys."""
        rows: list[Hashable] = []
        if not self._has_key:
            rows += self.said(_NO_KEY, "warn")
        for owner in self._owners:
            mine = owner == self._account
            rows += self.heading("Your keys" if mine else f"Keys of {clean_line(str(owner), 60)}")
            rows += self._section(owner)
            if mine and self._has_key:
                rows += [*self.said(""), Choice(_SIGN, self._presence())]
            if not mine:
                rows += [*self.heading("Encrypt this chat with"), *self._methods()]
        return rows

    def _presence(self) -> str:
        state = "on, " if self._signs else "off, "
        return f" s  sign your presence, for old programs: {state}200 to 800 bytes on each"

    @property
    def _signs(self) -> bool:
        return self._face.world.accounts[self._account].account.sign_presence

    def _section(self, owner: Address) -> list[Hashable]:
        if owner in self._failures:
            return self.said(self._failures[owner], "warn")
        if owner not in self._known:
            return self.said(_ASKING, "dim")
        found: list[Hashable] = []
        for key in self._known[owner]:
            count = len(self._below(key))
            found += (KeyRow(owner, key.fingerprint, part) for part in range(count + 1))
        if found:
            return found
        if owner == self._account:
            return [*self.said("gpg has no secret key. This makes one:"), *self.said(f"{_MAKE} xmpp:{owner}")]
        return self.said("No key is announced, and none was accepted.", "dim")

    def _below(self, key: OpenPgpKey) -> list[Text]:
        dim = self._face.look.style("dim")
        more = [Text(f"   {name}", style=dim, no_wrap=True) for name in render.names_of(key)[1:]]
        if dates := render.key_dates(key):
            more.insert(0, Text(f"   {dates}", style=dim, no_wrap=True))
        return [*fingerprint_rows(self._face.look, key.fingerprint, self.width), *more]

    def _methods(self) -> list[Hashable]:
        assert self._chat is not None
        world = self._face.world
        is_on = protection.is_sealed(world, self._chat, self._face.settings.encryption)
        now = protection.security_of(world, self._chat).method
        return [
            Choice(
                word,
                f" {letter}  {METHODS[word].value}{'  now' if is_on and METHODS[word] is now else ''}",
                "accent" if is_on and METHODS[word] is now else "text",
            )
            for letter, word in METHOD_LETTERS.items()
        ]

    def stands(self, key: Hashable) -> bool:
        """On keys and on what does something; a screen reader is led to fingerprints too.

        On nothing before the keys of the contact are there, so that the cursor begins with them.
        """
        first = self._owners[0]
        if first not in self._known and first not in self._failures:
            return False
        if isinstance(key, KeyRow):
            return not key.part or self._face.look.linear
        return super().stands(key)

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        found = self.key(key)
        if found is None or not isinstance(key, KeyRow):
            return super().draw(key, width)
        if not key.part:
            return render.key_row(self._face.look, found, width, own=key.owner == self._account)
        below = self._below(found)
        text = below[key.part - 1] if key.part <= len(below) else Text()
        text.truncate(width, overflow="ellipsis")
        return text

    # --- verbs ------------------------------------------------------------------------------------------

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Choose what seals the chat, or look at one key."""
        self._at = key
        if isinstance(key, Choice) and key.id == _SIGN:
            self._face.start(self._sign())
        elif isinstance(key, Choice):
            self._face.start(self._choose(METHODS[key.id]))
        elif isinstance(key, KeyRow) and (found := self.key(key)) is not None:
            await self._face.open(KeyMenu(self._face, self, key.owner, found))
        return False

    async def _sign(self) -> None:
        on = not self._signs
        if await self._face.do(SignPresence(self._account, on)):
            self._face.say(
                f"Your presence is {'signed with your key from now on' if on else 'not signed any more'}."
            )
        self._face.refill()

    async def _choose(self, method: Method) -> None:
        if await choose_method(self._face, method):
            # It is what one came for.
            await self._face.close_popup()
        else:
            self._face.refill()

    async def press(self, key: str, row: Hashable | None) -> bool:
        """The letters of what can be decided about the key under the cursor, and of what seals the chat."""
        if self._chat is not None and key in METHOD_LETTERS:
            self._face.start(self._choose(METHODS[METHOD_LETTERS[key]]))
        elif key == "s" and self._has_key:
            self._face.start(self._sign())
        elif key in OWN_WAYS and (only := self._only_own(row)) is not None:
            self.decide(key, self._account, only)
        elif key in WAYS or key in OWN_WAYS:
            found = self.key(row)
            if found is None or not isinstance(row, KeyRow):
                self._face.say("Move to a key first.")
            else:
                self.decide(key, row.owner, found)
        return False

    def _only_own(self, row: Hashable | None) -> OpenPgpKey | None:
        """The one key that could be ours, where there is no choice and the cursor is on none of ours."""
        secret = [one for one in self._known.get(self._account, ()) if one.secret]
        is_elsewhere = not isinstance(row, KeyRow) or row.owner != self._account
        return secret[0] if len(secret) == 1 and is_elsewhere else None

    def decide(self, way: str, owner: Address, key: OpenPgpKey) -> None:
        """Take one of the ways, whose key it is, and the key; have it done without holding up the keys."""
        if way in OWN_WAYS:
            if key.secret:
                self._face.start(self._use(key))
            else:
                self._face.say("gpg does not have the secret part of this key: it cannot be yours here.")
        elif owner == self._account and self._has_key and key.pinned and way == "d":
            self._face.say("Your own key is used until you choose another one.")
        else:
            self._face.start(self._decide(way, owner, key))

    async def _use(self, key: OpenPgpKey) -> None:
        if not await self._face.do(ChooseKey(self._account, key.fingerprint)):
            return
        if render.names_address(key, self._account):
            self._face.say(f"Yours is {render.key_words(key)}.")
        else:
            self._face.say(
                f"Used, but it does not name xmpp:{self._account}: others may refuse it.", Level.WARN
            )
        self.look_again()

    async def _decide(self, way: str, owner: Address, key: OpenPgpKey) -> None:
        face, words = self._face, render.key_words(key)
        if way == "d":
            if not key.pinned:
                face.say("It was not accepted.")
                return
            if not all(
                [await face.do(UnpinKey(self._account, owner, key.fingerprint, one)) for one in key.pinned]
            ):
                return
            face.say(f"Removed: nothing is sealed for {words} any more.")
        else:
            method = Method.PGP if way == "p" else Method.OPENPGP
            pin = PinKey(self._account, owner, key.fingerprint, method, verified=way == "v")
            if not await face.do(pin):
                return
            face.say(f"Accepted for {method.value}: {words}.")
        self.look_again()


class KeyMenu(Kind):
    """A key with its fingerprint and names; a letter, Enter or a click decides."""

    field = False
    hint = "Enter or the letter decides   Esc back"

    def __init__(self, face: Face, back: OpenPgpKeys, owner: Address, key: OpenPgpKey) -> None:
        self._face = face
        self.back = self._list = back
        self._owner = owner
        self._key = key
        self.title = f"OpenPGP key of {clean_line(str(owner), 60)}"
        self._ways = OWN_WAYS if key.secret else WAYS

    def keys(self, text: str) -> Sequence[Hashable]:
        """The fingerprint, the names, then the ways."""
        return (*range(len(self._about())), *self._ways)

    def _about(self) -> list[Text]:
        look = self._face.look
        names = [
            Text(f" {name}", style=look.style("dim"), no_wrap=True) for name in render.names_of(self._key)
        ]
        dates = Text(f" {render.key_dates(self._key)}", style=look.style("dim"), no_wrap=True)
        return [*fingerprint_rows(look, self._key.fingerprint, self.width, margin=1), dates, *names]

    def stands(self, key: Hashable) -> bool:
        """On the ways."""
        return key in self._ways

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        text = (
            self._about()[key]
            if isinstance(key, int)
            else Text(f" {key}  {self._ways[str(key)]}", no_wrap=True)
        )
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Go one of the ways."""
        return await self.press(str(key), key)

    async def press(self, key: str, row: Hashable | None) -> bool:
        """The letters of the ways."""
        if key in self._ways:
            await self._face.open(self._list)
            self._list.decide(key, self._owner, self._key)
        return False
