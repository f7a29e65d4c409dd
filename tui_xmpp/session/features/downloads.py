"""Files from others: fetched when the user asks for them, checked, and put where nothing was before."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree as ET

from ...core.attachment import Attachment, Transfer, attachment_in
from ...core.chat import ChatKey
from ...core.commands import Command, Refused
from ...core.file_commands import CancelTransfer, Download
from ...core.message import Message
from ...core.text import clean_line
from .. import aesgcm, file_names, file_sharing
from ..download_place import download_place
from ..draft import Draft
from ..feature import Context, Failed, Feature, Handler
from ..http_files import MOST_BYTES
from ..http_targets import plain_url
from ..part_file import PartFile
from ..transfers import Running, Transfers

_ALGORITHMS = {
    "sha-256": "sha256",
    "sha-512": "sha512",
    "sha3-256": "sha3_256",
    "sha3-512": "sha3_512",
    "blake2b-512": "blake2b",
}
"""Names of XEP-0300 §4; weaker ones prove nothing."""
_NOT_ASKED = ("400", "403", "405", "501")
"""What servers answer to HEAD that know GET only."""
_CHANGED = "The file was changed on its way, or is not whole. Nothing of it was kept."


class Downloads(Feature):
    """Reads what messages say of files, and fetches one when the user says so."""

    XEPS = ("XEP-0066", "XEP-0446", "XEP-0447")
    NAMESPACES = (file_sharing.OOB, file_sharing.SHARING)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._transfers = Transfers(context)
        self._known = file_sharing.Known(context.facts, context.own)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Fetching, and stopping."""
        return {Download: self._download, CancelTransfer: self._cancel}

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read what a message says of a file; one that says nothing else is its address."""
        draft.attachment = file_sharing.read(stanza)
        if draft.attachment is not None and not draft.body:
            draft.body = draft.attachment.url

    def kept(self, draft: Draft, message: Message) -> None:
        """Keep what was said of the file, for when it is fetched."""
        if draft.attachment is not None:
            self._known.put(message.row, draft.attachment)

    async def _download(self, command: Download) -> None:
        message = self.context.archive.message(command.chat, command.row)
        attachment = None if message is None else self._known.get(message.row) or attachment_in(message.body)
        if attachment is None:
            raise Refused("There is no file in this message.")
        if self._transfers.is_under_way(command.row):
            raise Refused("This file is being fetched already.")
        directory = download_place(command.directory, self.context.settings.files.downloads)
        name = clean_line(attachment.name) or "file"
        made = Transfer(
            self.context.new_id(), command.chat, False, name, total=attachment.size, row=command.row
        )
        self._transfers.start(made, lambda running: self._carry(running, attachment, directory))

    async def _cancel(self, command: CancelTransfer) -> None:
        self._transfers.cancel(command.id)

    async def _carry(self, running: Running, attachment: Attachment, directory: Path) -> None:
        url, chat = plain_url(attachment.url), running.transfer.chat
        most = attachment.size
        if most is not None and attachment.is_sealed:
            most += aesgcm.TAG_BYTES
        size = await self._size(url, chat) if most is None else most
        await asyncio.to_thread(directory.mkdir, 0o700, True, True)
        of = f"{self.context.own} {running.transfer.row}"
        part = PartFile(directory, of, attachment.url, self.context.facts)
        try:
            with part:
                left = 0 if size is None else max(0, size - part.size)
                if not await self.context.pricing.agree(f"Fetch {running.transfer.name}", left):
                    raise Failed("Not fetched, because you said so.")
                await self._fetch(running, part, url, size, MOST_BYTES if most is None else most)
                file = await asyncio.to_thread(_finish, part, attachment, directory)
        except asyncio.CancelledError:
            if running.is_cancelled:
                part.remove()
            raise
        except _Spoilt:
            part.remove()
            raise Failed(_CHANGED) from None
        part.forget()
        running.note(file=str(file))

    async def _size(self, url: str, chat: ChatKey) -> int | None:
        """Ask how large a file is, which says what it costs; None: the server does not say."""
        try:
            async with self.context.files.get(url, chat=chat, size=0, headers={}, method="HEAD") as told:
                return told.length
        except Failed as failed:
            if failed.condition in _NOT_ASKED:
                return None
            raise

    async def _fetch(self, running: Running, part: PartFile, url: str, size: int | None, most: int) -> None:
        """Fetch what is not there yet (RFC 9110 §14); a server that knows no parts sends it all again."""
        if part.size > most:
            part.begin(0, "")
        headers = {}
        # Of a file that nobody has named it could be another one by now; `_finish` finds out where it can.
        if part.size:
            headers = {"Range": f"bytes={part.size}-"}
            if part.tag:
                headers["If-Range"] = part.tag
        async with self.context.files.get(
            url, chat=running.transfer.chat, size=size, headers=headers
        ) as coming:
            if coming.status != 416 and coming.start in (0, part.size):
                part.begin(coming.start, coming.tag)
                total = None if coming.length is None else part.size + coming.length
                running.at(part.size, total)
                async for block in coming.blocks(most - part.size):
                    part.write(block)
                    running.at(part.size, total)
                return
        if not part.size:
            raise Failed("The server sent a part of the file that was not asked for.", "range")
        if coming.status != 416 or size != part.size:
            part.begin(0, "")
            await self._fetch(running, part, url, size, most)


class _Spoilt(Exception):
    """It is not what its sender has sent."""


def _finish(part: PartFile, attachment: Attachment, directory: Path) -> Path:
    """Check the whole file, and put what it holds where nothing was; raises `_Spoilt`, OSError."""
    name = attachment.name or "file"
    if not attachment.is_sealed:
        _check(part, attachment)
        descriptor, path = file_names.create(directory, name)
        os.close(descriptor)
        return part.path.replace(path)
    key = aesgcm.read_fragment(attachment.url.partition("#")[2])
    descriptor, path = file_names.create(directory, name)
    try:
        with os.fdopen(descriptor, "wb") as target:
            aesgcm.unseal(part.file, part.size, key, target.write)
    except BaseException as error:
        path.unlink(missing_ok=True)
        raise (_Spoilt() if isinstance(error, aesgcm.Tampered) else error) from None
    with suppress(OSError):
        part.path.unlink()
    return path


def _check(part: PartFile, attachment: Attachment) -> None:
    """XEP-0447 §6: the receiving client SHOULD verify that the hash matches before it presents the file."""
    if attachment.size is not None and part.size != attachment.size:
        raise _Spoilt
    for algorithm, digest in attachment.hashes:
        known = _ALGORITHMS.get(algorithm.lower())
        if known is not None and _digest(part.file, known) != _decoded(digest):
            raise _Spoilt


def _digest(file: BinaryIO, algorithm: str) -> bytes:
    file.seek(0)
    digest = hashlib.new(algorithm)
    while block := file.read(1 << 16):
        digest.update(block)
    return digest.digest()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
