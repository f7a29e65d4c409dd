"""OpenPGP for XMPP (XEP-0373) between two people (XEP-0374) as a way of sealing."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.chat import ChatKey, ChatKind
from ...core.security import Method, Preflight, Protection
from .. import convert
from ..feature import Context
from ..guard import MAX_ENVELOPE
from ..unwrap import Unwrapped
from . import openpgp_wire as wire
from . import packets, signcrypt
from .beside import EME, is_outside
from .cipher import Later, Opened, Unreadable, Unsealable
from .gpg_status import GpgFailed
from .openpgp_names import OX
from .pgp_desk import NO_KEY, PgpDesk

_BODY = "This message is encrypted using OpenPGP."
"""For programs that cannot open it (XEP-0374 §3.2)."""


class OpenPgp:
    """Of one account; implements `cipher.Cipher`."""

    method = Method.OPENPGP

    def __init__(self, context: Context, desk: PgpDesk) -> None:
        self._context = context
        self._desk = desk

    # --- incoming -----------------------------------------------------------------------------------------

    def is_sealed(self, stanza: ET.Element) -> bool:
        """Whether it carries an `<openpgp/>`."""
        return convert.child(stanza, OX, "openpgp") is not None

    def seals_references(self, stanza: ET.Element) -> bool:
        """All elements are under the seal, so ids of other messages beside it are nobody's word."""
        return True

    def open(self, found: Unwrapped) -> Opened:
        """As `Cipher.open`: signed by a key that was accepted, for us, now, and for the first time."""
        draft = found.draft
        sealed = self._offered(found)
        opened = self._desk.taken(sealed)
        writer = draft.sender.bare
        accepted = self._desk.accepted(writer, self.method)
        if not opened.signer:
            raise Unreadable("Nobody has signed it: it could be from anyone.")
        if opened.signer not in accepted:
            raise Unreadable(f"It was signed by another key than you have accepted for {writer}.")
        to = draft.chat.address if draft.outgoing else self._context.own
        content = signcrypt.read(opened.text, to, draft.at)
        if self._desk.pins.was_read(opened):
            raise Unreadable("It is a copy of a message that has been read.")
        self._desk.pins.note_read(opened)
        return Opened(content, Protection.VERIFIED if accepted[opened.signer] else Protection.SEALED)

    def _offered(self, found: Unwrapped) -> bytes:
        """What gpg may be given: nothing of strangers, nothing that is not sealed; raises `Unreadable`."""
        draft = found.draft
        if draft.kind is not ChatKind.CONTACT:
            raise Unreadable("OpenPGP is read between two people only.")
        if not self._desk.own_key:
            raise Unreadable(f"It is sealed with OpenPGP. {NO_KEY}")
        if not self._desk.accepted(draft.sender.bare, self.method):
            who = draft.sender.bare
            raise Unreadable(f"It is sealed with OpenPGP, and you have not accepted a key of {who}.")
        sealed = wire.decoded(convert.text_of(found.stanza, "openpgp", OX), MAX_ENVELOPE)
        if sealed is None or not packets.is_sealed(sealed):
            raise Unreadable("What came is not sealed, though it says so.")
        return sealed

    async def hurry(self, found: Unwrapped) -> None:
        """As `Cipher.hurry`."""
        try:
            sealed = self._offered(found)
        except Unreadable:
            return
        await self._desk.open_now(sealed)

    async def prepare_to_open(self, found: Unwrapped, later: Later) -> None:
        """As `Cipher.prepare_to_open`."""
        await self._desk.open(self._offered(found), found.draft.chat.address)

    # --- outgoing -----------------------------------------------------------------------------------------

    def can_seal(self, chat: ChatKey) -> bool | None:
        """As `Cipher.can_seal`: where a key was accepted. None is looked for by itself."""
        return not self._desk.problem(chat, self.method)

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

    async def preflight(self, chat: ChatKey) -> Preflight:
        """As `Cipher.preflight`."""
        problem = self._desk.problem(chat, self.method)
        return Preflight((problem,)) if problem else Preflight(await faults(self._desk, chat, self.method))


async def faults(desk: PgpDesk, chat: ChatKey, method: Method) -> tuple[str, ...]:
    """What is wrong with the keys a chat would be sealed for, as gpg has them."""
    try:
        if await desk.gpg.key(desk.own_key, secret=True) is None:
            return ("gpg does not have the secret key that this account names.",)
        found = []
        for fingerprint in desk.recipients(chat, method):
            key = await desk.gpg.key(fingerprint)
            if key is None:
                found.append(f"gpg does not have the key {fingerprint}.")
            elif key.fault:
                found.append(f"The key {fingerprint} is {key.fault}.")
        return tuple(found)
    except GpgFailed as failed:
        return (str(failed),)
