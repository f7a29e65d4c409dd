"""Opening one sealed OMEMO message: with the session in use, or with an earlier one of the same device."""

from __future__ import annotations

import base64
from xml.etree import ElementTree as ET

import oldmemo.etree
import twomemo.etree
from doubleratchet import DuplicateMessageException
from omemo.backend import DecryptionFailed, KeyExchangeFailed
from omemo.message import Message
from omemo.session_manager import NoSession, SessionManager
from omemo.storage import Storage
from omemo.types import DeviceInformation

from ...core.address import Address
from .omemo_names import OLD
from .omemo_sessions import Kept, OmemoSessions

Read = tuple[bytes | None, DeviceInformation]
"""What was sealed (None: keys only), and the device that sealed it."""


async def read(
    core: SessionManager,
    storage: Storage,
    element: ET.Element,
    namespace: str,
    sender: Address,
    own: tuple[Address, int],
) -> Read:
    """Open a sealed element; raises what the library raises."""
    if namespace == OLD:
        message = await oldmemo.etree.parse_message(element, str(sender), str(own[0]), core)
    else:
        message = twomemo.etree.parse_message(element, str(sender))
    sessions = OmemoSessions(storage, namespace, str(sender), message.device_id)
    begun = _exchange(message, own)
    before = await sessions.current()
    if begun and await sessions.is_repeated(begun):
        # It must not be taken for a new one: keys for it may still be there until all is caught up.
        return await _with_earlier(core, sessions, message, before, KeyExchangeFailed("repeated"))
    try:
        found = await _decrypt(core, message)
    except (DecryptionFailed, KeyExchangeFailed, NoSession) as error:
        return await _with_earlier(core, sessions, message, before, error)
    if begun:
        await sessions.note(begun)
        if (await sessions.current()).get("key_exchange/ephemeral_key") != before.get(
            "key_exchange/ephemeral_key"
        ):
            await sessions.keep(before)
    return found


async def _with_earlier(
    core: SessionManager, sessions: OmemoSessions, message: Message, before: Kept, error: Exception
) -> Read:
    """The earlier session that opens it is the one in use from then on: the other side uses it."""
    for one in await sessions.earlier():
        await sessions.use(one)
        try:
            found = await _decrypt(core, message)
        except (DecryptionFailed, KeyExchangeFailed, NoSession) as other:
            # Of all reasons this is the one that says what it is.
            if isinstance(other.__cause__, DuplicateMessageException):
                error = other
            continue
        await sessions.keep(before)
        return found
    await sessions.use(before)
    raise error


async def _decrypt(core: SessionManager, message: Message) -> Read:
    text, device, _ = await core.decrypt(message)
    return text, device


def _exchange(message: Message, own: tuple[Address, int]) -> str:
    """The ephemeral key of the key exchange for this device, as the library stores it; empty: none."""
    for material, exchange in message.keys:
        if (material.bare_jid, material.device_id) == (str(own[0]), own[1]) and exchange is not None:
            header = exchange.header  # type: ignore[attr-defined]
            return base64.urlsafe_b64encode(header.ephemeral_key).decode("ascii")
    return ""
