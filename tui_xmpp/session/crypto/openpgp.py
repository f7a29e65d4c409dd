"""OpenPGP for XMPP (XEP-0373) between two people (XEP-0374) as a way of sealing."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.chat import ChatKey, ChatKind
from ...core.security import Method, Protection
from .. import convert
from ..guard import MAX_ENVELOPE
from ..unwrap import Unwrapped
from . import openpgp_wire as wire
from . import packets, signcrypt
from .beside import EME, is_outside
from .cipher import Opened, Unreadable, Unsealable
from .openpgp_names import NO_KEY, OX
from .pgp_cipher import PgpCipher

_BODY = "This message is encrypted using OpenPGP."
"""For programs that cannot open it (XEP-0374 §3.2)."""


class OpenPgp(PgpCipher):
    """Of one account; implements `cipher.Cipher`."""

    method = Method.OPENPGP

    # --- incoming -----------------------------------------------------------------------------------------

    def is_sealed(self, stanza: ET.Element) -> bool:
        """Whether it carries an `<openpgp/>`."""
        return convert.child(stanza, OX, "openpgp") is not None

    def seals_references(self, stanza: ET.Element) -> bool:
        """All elements are under the seal, so ids of other messages beside it are nobody's word."""
        return True

    def open(self, found: Unwrapped) -> Opened:
        """As `Cipher.open`: signed by a key that was accepted, for us, now, and for the first time.

        What is only sealed (`crypt`) could be from anyone, and what is only signed (`sign`) was read by the
        servers: each is marked so.
        """
        draft = found.draft
        sealed = self._offered(found)
        opened = self._desk.taken(sealed)
        writer = draft.sender.bare
        accepted = self._desk.accepted(writer, self.method)
        if opened.signer and opened.signer not in accepted:
            raise Unreadable(f"It was signed by another key than you have accepted for {writer}.")
        to = draft.chat.address if draft.outgoing else self._context.own
        content = signcrypt.read(opened, to, draft.at)
        if self._desk.pins.was_read(opened):
            raise Unreadable("It is a copy of a message that has been read.")
        self._desk.pins.note_read(opened)
        if not opened.signer or not opened.sealed:
            return Opened(content, Protection.SIGNED if opened.signer else Protection.UNPROVEN)
        return Opened(content, Protection.VERIFIED if accepted[opened.signer] else Protection.SEALED)

    def _offered(self, found: Unwrapped) -> bytes:
        draft = found.draft
        if draft.kind is not ChatKind.CONTACT:
            raise Unreadable("OpenPGP is read between two people only.")
        if not self._desk.own_key:
            raise Unreadable(f"It is sealed with OpenPGP. {NO_KEY}")
        if not self._desk.accepted(draft.sender.bare, self.method):
            who = draft.sender.bare
            raise Unreadable(f"It is sealed with OpenPGP, and you have not accepted a key of {who}.")
        sealed = wire.decoded(convert.text_of(found.stanza, "openpgp", OX), MAX_ENVELOPE)
        if sealed is None or not (packets.is_sealed(sealed) or packets.is_signed(sealed)):
            raise Unreadable("What came is neither sealed nor signed, though it says so.")
        return sealed

    # --- outgoing -----------------------------------------------------------------------------------------

    def seal(self, chat: ChatKey, stanza: ET.Element) -> ET.Element:
        """As `Cipher.seal`."""
        inside = self._content(chat, stanza)
        made = self._desk.made(chat, inside)
        sealed = ET.Element(stanza.tag, stanza.attrib)
        if any(one.tag == f"{{{convert.CLIENT}}}body" for one in inside):
            convert.add(sealed, convert.CLIENT, "body", _BODY)
        sealed.extend(one for one in stanza if is_outside(one, references=False))
        convert.add(sealed, OX, "openpgp", wire.encoded(made))
        convert.add(sealed, EME, "encryption", namespace=OX)
        convert.add(sealed, convert.HINTS, "store")
        return sealed

    async def prepare(self, chat: ChatKey, stanza: ET.Element | None) -> None:
        """As `Cipher.prepare`."""
        if stanza is None:
            return
        inside = self._content(chat, stanza)
        text = signcrypt.written(inside, chat.address, self._context.clock.now())
        await self._desk.make(chat, self.method, inside, text)

    def _content(self, chat: ChatKey, stanza: ET.Element) -> list[ET.Element]:
        problem = self._desk.problem(chat, self.method)
        if problem:
            raise Unsealable(problem)
        return [one for one in stanza if not is_outside(one, references=False)]
