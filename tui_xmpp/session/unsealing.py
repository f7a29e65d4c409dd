"""Sealed messages that come in: opened, or kept with the reason until what is missing has been fetched."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from slixmpp.xmlstream import tostring

from ..core.address import Address
from ..core.chat import ChatKey, ChatKind
from ..core.commands import Refused
from ..core.events import Level, MessageChanged, MessageKept, Notice
from ..core.message import Message, MessageType
from ..core.security import Encrypt, Method, Protection
from . import convert
from .crypto.beside import may_stand
from .crypto.cipher import Cipher, Later, Opened, Silent, Unreadable, Unsealable
from .crypto.seals import method_of
from .draft import Draft
from .feature import Failed
from .unwrap import Unwrapped

if TYPE_CHECKING:
    from .account import AccountSession

_SILENT = "There is nothing to read in it: it carries keys only."
_TRIES = 3
"""Times that something new may be found missing for one message."""
_MOMENT = 3.0
"""Seconds that all other stanzas wait for gpg to open some; what takes longer is opened behind them."""


class Unsealing:
    """Of one account."""

    def __init__(self, account: AccountSession) -> None:
        self._account = account
        self._under_way: set[int] = set()
        self._untold: dict[int, bool] = {}
        """Rows of messages that nobody was told of yet; whether they are old."""

    def open(self, found: Unwrapped) -> None:
        """Put what was under the seal in its place; of what stands beside it only the harmless is left."""
        stanza, draft = found.stanza, found.draft
        method = method_of(stanza)
        if draft.type is MessageType.ERROR:
            return
        if method is None:
            self._mark_clear(found)
            return
        original = tostring(stanza)
        try:
            cipher = self._account.sealing.cipher(method)
        except Unsealable as error:
            self._give_reason(found, original, error)
            return
        is_named = not cipher.seals_references(stanza)
        beside = [one for one in stanza if may_stand(one, references=is_named)]
        copy = self._copy(draft)
        if copy is not None:
            draft.protection = copy.protection
            stanza[:] = [*beside, _body(copy.body)]
            return
        try:
            opened = cipher.open(found)
        except Silent:
            draft.dropped = "carries keys only"
            return
        except (Later, Unreadable) as error:
            self._give_reason(found, original, error)
            return
        stanza[:] = [*beside, *opened.content]
        self._note(draft.chat, draft, opened, method)

    def _give_reason(self, found: Unwrapped, original: str, error: Exception) -> None:
        """It is a message by itself for now: what it would have replaced is not lost for a reason."""
        draft, stanza = found.draft, found.stanza
        draft.protection, draft.sealed = Protection.ATTENTION, original
        draft.is_fetching = isinstance(error, Later)
        stanza[:] = [*(one for one in stanza if may_stand(one, references=False)), _body(str(error))]

    def _note(self, chat: ChatKey, draft: Draft, opened: Opened, method: Method) -> None:
        draft.protection = opened.protection
        if opened.note:
            draft.events.append(Notice(opened.note, Level.WARN, self._account.own, chat))
        if self._is_begun(chat, opened.protection):
            self._account.sealing.note_sealed(chat, method)

    def _is_begun(self, chat: ChatKey, protection: Protection) -> bool:
        """Whether a chat is sealed from now on: not for what the servers could read, or anybody may seal."""
        if protection is Protection.UNPROVEN:
            return self._account.sealing.security(chat).encrypt is Encrypt.ALWAYS
        return protection is not Protection.SIGNED

    def _mark_clear(self, found: Unwrapped) -> None:
        """What comes readable in a sealed chat is marked, unless it is older than the seal."""
        draft = found.draft
        security = self._account.sealing.security(draft.chat)
        if not convert.text_of(found.stanza, "body") or not security.sealed:
            return
        if security.since is None or draft.at >= security.since:
            draft.protection = Protection.ATTENTION

    def _copy(self, draft: Draft) -> Message | None:
        """The message that is on the disk already: a key opens once, and nothing is sealed for oneself."""
        archive, key = self._account.archive, draft.chat
        for id in filter(None, (draft.archive_id, draft.origin_id, draft.id)):
            known = archive.find(key, id)
            if known is None or known.outgoing != draft.outgoing:
                continue
            if known.outgoing or (known.archive_id and known.archive_id == draft.archive_id):
                return known
            # The archive's copy of what came live: the same sender and id within a day.
            same = known.sender == draft.sender and known.id == draft.id
            if same and draft.old and not known.archive_id and abs((known.at - draft.at).days) < 1:
                return known
        return None

    # --- before and later ---------------------------------------------------------------------------------

    async def hurry(self, found: Iterable[Unwrapped]) -> None:
        """Have opened, before their turn comes, what would otherwise be `Later`; for a moment at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MOMENT):
                for one in found:
                    cipher = self._cipher(one.stanza)
                    if cipher is not None and self._copy(one.draft) is None:
                        await cipher.hurry(one)

    def _cipher(self, stanza: ET.Element) -> Cipher | None:
        method = method_of(stanza)
        with contextlib.suppress(Unsealable):
            return None if method is None else self._account.sealing.cipher(method)
        return None

    def kept(self, draft: Draft, message: Message) -> None:
        """A message that could not be read is on the disk: keep its seal, and fetch what is missing."""
        if not draft.sealed:
            return
        self._account.sealed.put(message.row, draft.sealed)
        if draft.is_fetching:
            self._untold[message.row] = draft.old
            real = draft.real
            self._account.once_kept(lambda: self._begin_fetch(message, draft.sealed, real))

    def _begin_fetch(self, message: Message, xml: str, real: Address | None = None) -> None:
        """Have what is missing fetched in the background, and the message opened then."""
        if message.row not in self._under_way:
            self._under_way.add(message.row)
            self._account.spawn(self._fetch(message, xml, real))

    def begin(self) -> None:
        """There is a link: what could not be read for want of keys is tried once more."""
        account = self._account
        for message in account.sealed.waiting(account.own):
            xml = account.sealed.get(message.row)
            if xml is not None:
                self._begin_fetch(message, xml)

    def end(self) -> None:
        """The session is over: what could not be read yet is told of as it is."""
        account = self._account
        self._under_way.clear()
        for row in list(self._untold):
            for message in account.sealed.waiting(account.own):
                if message.row == row:
                    self._tell(message)

    async def again(self, chat: ChatKey, row: int) -> None:
        """The user asks for a message to be read; raises `Refused` with the reason."""
        account = self._account
        message, xml = account.archive.message(chat, row), account.sealed.get(row)
        if message is None or xml is None:
            raise Refused("This message is not sealed.")
        reason = await self._try(message, xml, None)
        if reason:
            raise Refused(reason)

    async def _fetch(self, message: Message, xml: str, real: Address | None) -> None:
        try:
            if await self._try(message, xml, real) and message.row in self._untold:
                shown = self._account.archive.message(message.chat, message.row)
                self._tell(message if shown is None else shown)
        finally:
            self._under_way.discard(message.row)

    def _tell(self, message: Message) -> None:
        """Tell of a message as it is now, as of a new one where nobody knows of it."""
        is_old = self._untold.pop(message.row, None)
        if is_old is None:
            self._account.emit(MessageChanged(message))
            self._retell(message)
        else:
            left_out = self._account.strangers.hides(message.chat)
            self._account.emit(MessageKept(message, old=is_old, left_out=left_out))

    async def _try(self, message: Message, xml: str, real: Address | None) -> str:
        """Returns why it cannot be read, or nothing."""
        account = self._account
        found = _rebuilt(message, xml, real, account.own)
        cipher = self._cipher(found.stanza)
        if cipher is None:
            return "This message is not sealed."
        reason = ""
        for _ in range(_TRIES):
            try:
                with account.together(durable=True):
                    try:
                        self._reveal(message, found, cipher.open(found), cipher.method)
                    except Silent:
                        # Kept all the same: what it has told of keys stands.
                        self._tell_silent(message)
                return ""
            except Later as needs:
                later, reason = needs, str(needs)
            except Unreadable as error:
                self._tell_reason(message, str(error))
                return str(error)
            try:
                await cipher.prepare_to_open(found, later)
            except Unreadable as error:
                self._tell_reason(message, str(error))
                return str(error)
            except Failed as failed:
                return str(failed)
        return reason

    def _reveal(self, message: Message, found: Unwrapped, opened: Opened, method: Method) -> None:
        account = self._account
        body = next((one.text or "" for one in opened.content if one.tag == f"{{{convert.CLIENT}}}body"), "")
        shown = account.sealed.reveal(message.row, body, opened.protection)
        self._note(message.chat, found.draft, opened, method)
        self._tell(shown)
        account.emit(*found.draft.events)

    def _tell_silent(self, message: Message) -> None:
        self._tell(self._account.sealed.reveal(message.row, _SILENT, Protection.SEALED))

    def _tell_reason(self, message: Message, reason: str) -> None:
        """The reason is another one now; the seal stays."""
        account = self._account
        if reason == message.body:
            return
        with account.together(durable=False):
            xml = account.sealed.get(message.row)
            shown = account.sealed.reveal(message.row, reason, Protection.ATTENTION)
            if xml is not None:
                account.sealed.put(message.row, xml)
            self._tell(shown)

    def _retell(self, message: Message) -> None:
        """The list of chats shows the newest text."""
        account = self._account
        chat = account.world.chats.get(message.chat)
        if chat is not None and chat.last_at == message.at:
            text = message.body.partition("\n")[0][:200]
            account.world.chats[message.chat] = replace(chat, last_text=text)
            account.remember_chat(message.chat)


def _body(text: str) -> ET.Element:
    return convert.element(convert.CLIENT, "body", text)


def _rebuilt(message: Message, xml: str, real: Address | None, own: Address) -> Unwrapped:
    kind = ChatKind.CONTACT
    if message.type is MessageType.GROUPCHAT:
        kind = ChatKind.ROOM
    elif message.chat.address.resource:
        kind = ChatKind.PRIVATE
    draft = Draft(
        account=own,
        chat=message.chat,
        kind=kind,
        sender=message.sender,
        source=message.sender,
        at=message.at,
        outgoing=message.outgoing,
        real=real,
    )
    return Unwrapped(ET.fromstring(xml), draft)
