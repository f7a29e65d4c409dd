"""The way PGP was used on XMPP before (XEP-0027), for programs that know no other.

Only the text is sealed. Nothing says for whom, and most programs do not sign: who wrote it is then not known,
and the message is marked. So it is neither written nor read where the user has not chosen it for the chat.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.chat import ChatKey, ChatKind
from ...core.security import Method, Protection
from ...core.text import wire_safe
from .. import convert
from ..feature import Context
from ..guard import MAX_ENVELOPE
from ..unwrap import Unwrapped
from . import openpgp_wire as wire
from . import packets, signcrypt
from .beside import EME, is_outside
from .cipher import Opened, Unreadable, Unsealable
from .openpgp_names import ENCRYPTED, NO_KEY
from .pgp_cipher import PgpCipher
from .pgp_desk import PgpDesk

_BODY = "This message is encrypted."
_FRAME = "-----"
"""What the lines around armor begin with (RFC 4880 §6.2)."""


class LegacyPgp(PgpCipher):
    """Of one account; implements `cipher.Cipher`."""

    method = Method.PGP

    def __init__(self, context: Context, desk: PgpDesk) -> None:
        super().__init__(context, desk)
        self._said: set[ChatKey] = set()

    # --- incoming -----------------------------------------------------------------------------------------

    def is_sealed(self, stanza: ET.Element) -> bool:
        """Whether it carries sealed text."""
        return convert.child(stanza, ENCRYPTED, "x") is not None

    def seals_references(self, stanza: ET.Element) -> bool:
        """Nothing but the text is under the seal."""
        return False

    def open(self, found: Unwrapped) -> Opened:
        """As `Cipher.open`; a signature, where there is one, has to be by a key that was accepted."""
        draft = found.draft
        opened = self._desk.taken(self._offered(found))
        body = convert.element(convert.CLIENT, "body", wire_safe(opened.text.decode("utf-8", "replace")))
        if not opened.signer:
            return Opened((body,), Protection.UNPROVEN, self._unsigned(draft.chat))
        writer = draft.sender.bare
        if opened.signer not in self._desk.accepted(writer, self.method):
            raise Unreadable(f"It was signed by another key than you have accepted for {writer}.")
        assert opened.signed is not None
        signcrypt.check_time(opened.signed, draft.at)
        if self._desk.pins.was_read(opened):
            raise Unreadable("It is a copy of a message that has been read.")
        self._desk.pins.note_read(opened)
        # For whom it was written nobody has signed, so it is never more than sealed.
        return Opened((body,), Protection.SEALED)

    def _unsigned(self, chat: ChatKey) -> str:
        if chat in self._said:
            return ""
        self._said.add(chat)
        who = chat.address
        return f"Nobody has signed what comes from {who}: it was sealed for you, maybe by somebody else."

    def _offered(self, found: Unwrapped) -> bytes:
        draft = found.draft
        if draft.kind is not ChatKind.CONTACT:
            raise Unreadable("Legacy PGP is read between two people only.")
        if self._context.sealing.security(draft.chat).method is not self.method:
            raise Unreadable("It is sealed with legacy PGP, which you have not chosen for this chat.")
        if not self._desk.own_key:
            raise Unreadable(f"It is sealed with legacy PGP. {NO_KEY}")
        if not self._desk.pins.of(draft.chat.address, self.method):
            raise Unreadable(
                f"It is sealed with legacy PGP; you have not accepted a key of {draft.chat.address}."
            )
        sealed = without_armor(convert.text_of(found.stanza, "x", ENCRYPTED))
        if sealed is None or not packets.is_sealed(sealed):
            raise Unreadable("What came is not sealed, though it says so.")
        return sealed

    # --- outgoing -----------------------------------------------------------------------------------------

    def seal(self, chat: ChatKey, stanza: ET.Element) -> ET.Element:
        """As `Cipher.seal`."""
        made = self._desk.made(chat, self._content(chat, stanza))
        sealed = ET.Element(stanza.tag, stanza.attrib)
        convert.add(sealed, convert.CLIENT, "body", _BODY)
        sealed.extend(one for one in stanza if is_outside(one, references=True))
        convert.add(sealed, ENCRYPTED, "x", without_frame(made.decode("ascii")))
        convert.add(sealed, EME, "encryption", namespace=ENCRYPTED)
        convert.add(sealed, convert.HINTS, "store")
        return sealed

    async def prepare(self, chat: ChatKey, stanza: ET.Element | None) -> None:
        """As `Cipher.prepare`."""
        if stanza is None:
            return
        content = self._content(chat, stanza)
        text = (content[0].text or "").encode()
        await self._desk.make(chat, self.method, content, text, armor=True)

    def _content(self, chat: ChatKey, stanza: ET.Element) -> list[ET.Element]:
        problem = self._desk.problem(chat, self.method)
        if problem:
            raise Unsealable(problem)
        content = [one for one in stanza if not is_outside(one, references=True)]
        if [one.tag for one in content] != [f"{{{convert.CLIENT}}}body"]:
            raise Unsealable("Only text can be sealed with legacy PGP.")
        return content


def without_frame(armored: str) -> str:
    """ "All program output is US-ASCII armored output with the headers removed" (XEP-0027 §1)."""
    _, _, rest = armored.replace("\r\n", "\n").partition("\n\n")
    return rest.partition(_FRAME)[0].strip("\n")


def without_armor(text: str) -> bytes | None:
    """The message in armor whose headers may have been removed; None: there is none."""
    lines = [one.strip() for one in text.splitlines()]
    # RFC 4880 §6.2: headers have a colon, the checksum begins with "=".
    kept = "".join(one for one in lines if ":" not in one and not one.startswith(("=", _FRAME)))
    return wire.decoded(kept, MAX_ENVELOPE)
