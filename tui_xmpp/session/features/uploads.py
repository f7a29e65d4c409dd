"""Files to others: put on our server (XEP-0363), sealed where the chat is (XEP-0454), told by a message."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import mimetypes
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree as ET

from ...core.attachment import SEALED_SCHEME, Attachment, Transfer
from ...core.chat import ChatKey
from ...core.commands import Command, Refused
from ...core.file_commands import CancelTransfer, SendFile
from ...core.room import RoomState
from ...core.security import Method, waiting
from ...core.text import clean_line
from .. import aesgcm, convert, file_sharing
from ..crypto.cipher import Unsealable
from ..feature import Context, Failed, Feature, Handler, Outgoing
from ..file_names import safe_name
from ..own_message import own_message
from ..transfers import Running, Transfers
from ..upload_slots import Slots, in_words

_ANY_TYPE = "application/octet-stream"
_SEAL_CHANGED = "The encryption of the chat was changed meanwhile. Send the file again."


class Uploads(Feature):
    """Sends files; each is sealed with a key of its own, or goes readable, as the chat is."""

    XEPS = ("XEP-0363", "XEP-0454")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._transfers = Transfers(context)
        self._slots = Slots(context)
        self._known = file_sharing.Known(context.facts, context.own)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Sending, and stopping."""
        return {SendFile: self._send, CancelTransfer: self._cancel}

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Say in a message in clear which file it is about."""
        message = outgoing.message
        attachment = outgoing.attachment
        if attachment is None and outgoing.again:
            attachment = self._known.get(message.row)
        elif attachment is not None:
            self._known.put(message.row, attachment)
        if attachment is not None and attachment.url == message.body:
            file_sharing.write(attachment, stanza)

    async def _send(self, command: SendFile) -> None:
        context, chat = self.context, command.chat
        path = _place(command.path)
        file, size = _opened(path)
        file.close()
        if not context.online:
            raise Refused("You are offline: files are sent once you are connected.")
        room = context.world.rooms.get(chat)
        if room is not None and room.state is not RoomState.JOINED:
            raise Refused("You are not in this room; join it first.")
        transfer = Transfer(context.new_id(), chat, True, clean_line(path.name), total=size, file=str(path))
        self._transfers.start(transfer, lambda running: self._carry(running, path))

    async def _cancel(self, command: CancelTransfer) -> None:
        self._transfers.cancel(command.id)

    async def _carry(self, running: Running, path: Path) -> None:
        context, chat = self.context, running.transfer.chat
        must = await self._must_seal(chat)
        service = await self._slots.service()
        with ExitStack() as opened:
            file, size = _opened(path)
            opened.enter_context(file)
            whole = size + (aesgcm.TAG_BYTES if must else 0)
            running.at(0, whole)
            if service.most is not None and whole > service.most:
                limit = in_words(service.most)
                raise Failed(f"Your server takes files of up to {limit}, and this one has {in_words(whole)}.")
            if not await context.pricing.agree(f"Send {running.transfer.name}", whole):
                raise Failed("Not sent, because you said so.")
            if not must:
                attachment = await self._put(running, file, size, _described(path, size), must=False)
            else:
                # What is on the disk for a while is what the server will have.
                sealed = opened.enter_context(tempfile.TemporaryFile())
                attachment = await self._put_sealed(running, file, size, sealed, path)
        await self._tell(running, attachment, must)

    async def _must_seal(self, chat: ChatKey) -> bool:
        """Whether it has to be sealed, and can be; before anything of it leaves.

        Keys are fetched for the message that tells of it: what is fetched long before may be old by then.
        """
        sealing = self.context.sealing
        try:
            if sealing.must_seal(chat) is None:
                await sealing.prepare(chat, convert.stanza("message", chat.address))
            must = sealing.must_seal(chat)
            can = sealing.cipher(sealing.security(chat).method).can_seal(chat) if must else None
        except Unsealable as error:
            raise Failed(f"Not sent: {error}") from None
        if must is None:
            raise Failed("Not sent: whether the chat can be sealed could not be found out. Try again.")
        if must and can is False:
            raise Failed(
                "Not sent: there are no keys to seal it with. `/encrypt off` would send it readable."
            )
        if must and sealing.security(chat).method is Method.OMEMO:
            self._check_devices(chat)
        return must

    def _check_devices(self, chat: ChatKey) -> None:
        """What tells of the file would be held back, once all of it has been carried."""
        context = self.context
        if waiting(context.world.devices.get((context.own, chat.address), ())):
            raise Failed(
                f"Not sent: {chat.address} has a new device, and you had verified another one. "
                "Decide about it in /devices."
            )

    async def _put_sealed(
        self, running: Running, file: BinaryIO, size: int, sealed: BinaryIO, path: Path
    ) -> Attachment:
        key = aesgcm.fresh()
        try:
            await asyncio.to_thread(aesgcm.seal, file, size, sealed, key)
        except EOFError:
            raise Failed("The file became shorter while it was read.") from None
        sealed.seek(0)
        # The name is nobody's business but theirs who get it; its ending says how it is opened.
        suffix = Path(safe_name(path.name)).suffix
        name = secrets.token_hex(12) + (suffix if suffix.isascii() and len(suffix) <= 10 else "")
        wanted = Attachment("", name, size + aesgcm.TAG_BYTES, _ANY_TYPE)
        put = await self._put(running, sealed, size + aesgcm.TAG_BYTES, wanted, must=True)
        url = put.url.removeprefix("https://")
        return Attachment(f"{SEALED_SCHEME}{url}#{key.fragment}", path.name, size)

    async def _put(
        self, running: Running, file: BinaryIO, size: int, wanted: Attachment, *, must: bool
    ) -> Attachment:
        context, chat, digest = self.context, running.transfer.chat, hashlib.sha256()
        service = await self._slots.service()
        slot = await self._slots.ask(service, wanted.name, size, wanted.media_type)
        self._check_seal(chat, is_sealed=must)
        done = 0

        def passed(block: bytes) -> None:
            nonlocal done
            done += len(block)
            digest.update(block)
            running.at(done, size)

        headers = {**slot.headers, "Content-Type": wanted.media_type}
        await context.files.put(slot.put, headers, file, size, chat=chat, passed=passed)
        hashed = (("sha-256", base64.b64encode(digest.digest()).decode("ascii")),)
        return Attachment(slot.get, wanted.name, size, wanted.media_type, hashed)

    def _check_seal(self, chat: ChatKey, *, is_sealed: bool) -> None:
        """The user may have chosen otherwise since the file was read."""
        if (self.context.sealing.must_seal(chat) is True) is not is_sealed:
            raise Failed(_SEAL_CHANGED)

    async def _tell(self, running: Running, attachment: Attachment, must: bool) -> None:
        context, chat = self.context, running.transfer.chat
        self._check_seal(chat, is_sealed=must)
        is_room = chat in context.world.rooms
        outgoing = Outgoing(
            own_message(context, chat, attachment.url), is_room=is_room, attachment=attachment
        )
        await context.submit(outgoing)
        running.note(row=outgoing.message.row)


def _place(path: str) -> Path:
    return Path(path).expanduser().absolute()


def _described(path: Path, size: int) -> Attachment:
    kind, encoding = mimetypes.guess_type(path.name)
    return Attachment("", path.name, size, kind if kind and not encoding else _ANY_TYPE)


def _opened(path: Path) -> tuple[BinaryIO, int]:
    """Return a file to read and its size; raises `Refused` for what is none."""
    try:
        # A pipe would have us wait for whoever writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise Refused(f"{path}: {(error.strerror or str(error)).lower()}.") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        os.close(descriptor)
        raise Refused(f"{path} is empty." if stat.S_ISREG(found.st_mode) else f"{path} is no file.")
    return os.fdopen(descriptor, "rb"), found.st_size
