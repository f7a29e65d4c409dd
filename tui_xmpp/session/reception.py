"""Messages that came in, on their way to the disk and to those who listen: open, read, keep, tell."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ..core.chat import Chat, ChatKind
from ..core.events import ChatChanged, MessageChanged, MessageKept
from ..core.message import Delivery, Message, MessageType, Reaction
from ..core.ports import StorageError
from . import convert, guard, unwrap
from .chronology import Chronology

if TYPE_CHECKING:
    from .account import AccountSession
    from .draft import Draft

log = logging.getLogger("tui-xmpp")

_NOW = timedelta(milliseconds=50)
"""A stamp that is no older is our own of this very turn, or that of the last thing held for us."""


class Reception:
    """Takes what the inbox has unwrapped, live or from an archive; all of it in the inbox's transaction."""

    def __init__(self, account: AccountSession) -> None:
        self._account = account
        self.chronology = Chronology()

    def take(self, found: Iterable[unwrap.Unwrapped], *, seen: bool) -> int:
        """Keep and tell; returns how many messages were new. *seen*: they count as read."""
        count = 0
        drafts: list[Draft] = []
        ids: set[str] = set()
        for one in found:
            # What speaks of another message is read once that one is on disk.
            if ids and not ids.isdisjoint(_named(one.stanza)):
                count += self._keep(drafts, seen=seen)
                drafts, ids = [], set()
            self._open(one)
            if not one.draft.dropped:
                self._read(one)
            if not one.draft.dropped:
                drafts.append(one.draft)
                ids |= {one.draft.id, one.draft.origin_id, one.draft.archive_id} - {""}
        return count + self._keep(drafts, seen=seen)

    def _open(self, found: unwrap.Unwrapped) -> None:
        """Decrypt; what cannot be is kept with the reason, and nothing beside it is believed."""
        self._account.sealing.incoming.open(found)

    def _read(self, found: unwrap.Unwrapped) -> None:
        stanza, draft = found.stanza, found.draft
        draft.body = convert.text_of(stanza, "body")
        if draft.type is MessageType.ERROR:
            draft.failure = convert.sentence(convert.child(stanza, convert.CLIENT, "error"))
            if not draft.old and not draft.outgoing:
                for feature in self._account.features:
                    feature.refused(stanza, draft)
            return
        for feature in self._account.features:
            feature.read(stanza, draft)
            if draft.dropped:
                return

    def _keep(self, drafts: Sequence[Draft], *, seen: bool) -> int:
        account = self._account
        drafts = [draft for draft in drafts if not self._is_about_own(draft)]
        messages = [draft for draft in drafts if self._is_new_message(draft)]
        now = account.clock.now()
        for draft in messages:
            # What is fetched to fill a hole lies before what is known; what is said now is stamped by us.
            if not seen:
                is_held = draft.at < now - _NOW
                draft.at = self.chronology.placed(draft.chat, draft.at, is_held=is_held)
                draft.at = self.chronology.in_turn(draft.chat, draft.at, draft.archive_id)
        for draft in messages:
            alike = [one.at for one in messages if one.chat == draft.chat] if seen else [draft.at]
            moment = timedelta(microseconds=1 if seen else -1)
            self._ensure_chat(draft, max(alike) + moment)
            self._place(draft)
        stored = account.archive.keep_all([_message(draft) for draft in messages])
        count = 0
        for draft, (message, is_new) in zip(messages, stored, strict=True):
            if is_new:
                count += 1
                # Fetching keys takes a moment: it is told once it can be read, or is known not to be.
                if not draft.is_fetching:
                    told = replace(message, attachment=draft.attachment or message.attachment)
                    account.emit(MessageKept(told, old=draft.old, left_out=draft.left_out))
            elif draft.outgoing:
                account.emit(MessageChanged(message))
        # After all are told: what is on disk counts as known, and nobody would tell it a second time.
        for draft, (message, is_new) in zip(messages, stored, strict=True):
            if is_new:
                account.sealing.incoming.kept(draft, message)
                self._kept(draft, message)
        for draft in drafts:
            self._apply(draft)
            account.emit(*draft.events)
            # What comes back to us has arrived: it is not on its way any more.
            if draft.outgoing and draft.type is not MessageType.ERROR:
                account.outbox.forget(draft.chat, draft.id, draft.origin_id)
        for key in {draft.chat for draft in messages}:
            account.remember_chat(key)
        return count

    def _kept(self, draft: Draft, message: Message) -> None:
        for feature in self._account.features:
            try:
                feature.kept(draft, message)
            except StorageError:
                raise
            except Exception:
                # A message on disk is not to be lost for what should have followed it.
                log.exception("%s failed at a message that was kept", type(feature).__name__)

    def _is_about_own(self, draft: Draft) -> bool:
        """An error about a message of ours is its failure, and nothing to show beside it (RFC 6120 §8.3)."""
        if draft.type is not MessageType.ERROR:
            return False
        if draft.id and not draft.old and not draft.outgoing:
            archive = self._account.archive
            self._account.outbox.forget(draft.chat, draft.id)
            changed = archive.set_delivery(draft.chat, draft.id, Delivery.FAILED, draft.failure)
            self._account.emit(*(MessageChanged(one) for one in changed))
            if changed or archive.find(draft.chat, draft.id) is not None:
                return True
        # Errors that answer a chat state, receipt or marker say nothing to the user.
        return draft.old or draft.outgoing or not draft.body

    def _is_new_message(self, draft: Draft) -> bool:
        if not draft.is_message:
            return False
        if not draft.corrects:
            return True
        archive = self._account.archive
        original = archive.find(draft.chat, draft.corrects)
        if original is None:
            return True
        if not guard.may_correct(original, draft.protection):
            draft.dropped = "a correction in clear of sealed text"
            return False
        if not guard.keeps_mark(original, draft.protection):
            return True
        changed = archive.correct(
            draft.chat,
            draft.corrects,
            draft.sender,
            draft.body,
            occupant_id=draft.occupant_id,
            own=draft.outgoing,
        )
        # A correction by anybody but the writer is a message like any other (XEP-0308 §5).
        if changed is None:
            return True
        draft.events.append(MessageChanged(changed))
        return False

    def _apply(self, draft: Draft) -> None:
        """What a message says about other messages."""
        archive, chat = self._account.archive, draft.chat
        changed: list[Message | None] = []
        if draft.retracts:
            changed.append(
                archive.retract(
                    chat,
                    draft.retracts,
                    draft.sender,
                    draft.nick or str(draft.sender.bare),
                    occupant_id=draft.occupant_id,
                    own=draft.outgoing,
                )
            )
        if draft.reacts is not None:
            id, emojis = draft.reacts
            reaction = Reaction(draft.sender, draft.nick, emojis[: guard.MAX_EMOJIS], draft.outgoing)
            changed.append(archive.react(chat, id, reaction))
        # In a room a receipt or marker says little: one of many has it (XEP-0184 §5.3, XEP-0333 §5.2).
        if not draft.outgoing and draft.kind is not ChatKind.ROOM:
            for id in {draft.receipt_for, draft.displayed} - {""}:
                self._account.outbox.proven(chat, id)
            if draft.receipt_for:
                changed += archive.set_delivery(chat, draft.receipt_for, Delivery.DELIVERED)
            if draft.displayed:
                changed += archive.set_delivery(chat, draft.displayed, Delivery.READ, up_to=True)
        self._account.emit(*(MessageChanged(one) for one in changed if one is not None))

    def _ensure_chat(self, draft: Draft, read_at: datetime) -> None:
        account = self._account
        known = account.world.chats.get(draft.chat)
        draft.left_out = not account.strangers.admits_message(draft)
        if known is None and draft.left_out:
            aside = Chat(draft.chat, draft.kind, read_at=read_at, open=False)
            account.archive.put_chat(aside)
            account.emit(ChatChanged(aside))
        elif known is None:
            account.open_chat(draft.chat, draft.kind)
            known = account.world.chats[draft.chat]
            account.emit(ChatChanged(replace(known, read_at=read_at)))
            draft.first = True
        elif not known.open and not draft.old and not draft.left_out:
            account.open_chat(draft.chat, draft.kind)

    def _place(self, draft: Draft) -> None:
        """A chat opened by hand was read up to a time of our clock; what comes now came later."""
        account = self._account
        chat = account.world.chats.get(draft.chat)
        if chat is None or chat.read_at is None or draft.old or draft.outgoing or chat.read_at < draft.at:
            return
        # Only the newest message: what a server held back may well lie before what was read.
        if chat.last_at is None or chat.last_at < draft.at:
            earlier = replace(chat, read_at=draft.at - timedelta(microseconds=1))
            account.archive.put_chat(earlier)
            account.emit(ChatChanged(earlier))


def _named(stanza: ET.Element) -> set[str]:
    """Ids of other messages that a message may speak of."""
    return {one.get("id", "") for one in stanza if not one.tag.startswith(f"{{{unwrap.SID}}}")}


def _message(draft: Draft) -> Message:
    return Message(
        chat=draft.chat,
        at=draft.at,
        sender=draft.sender,
        body=draft.failure if draft.type is MessageType.ERROR else draft.body,
        id=draft.id,
        origin_id=draft.origin_id,
        archive_id=draft.archive_id,
        nick=draft.nick,
        occupant_id=draft.occupant_id,
        outgoing=draft.outgoing,
        type=draft.type,
        subject=draft.subject,
        # What comes back to us has been taken by the server.
        delivery=Delivery.TAKEN if draft.outgoing else Delivery.INCOMING,
        failure=draft.failure,
        protection=draft.protection,
        mention=draft.mention and not draft.outgoing,
        reply=draft.reply,
        markable=draft.markable,
    )
