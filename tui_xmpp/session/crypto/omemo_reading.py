"""Opening one sealed OMEMO message: with the session in use, or with an earlier one of the same device."""

from __future__ import annotations

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
    own: Address,
) -> Read:
    """Open a sealed element; raises what the library raises."""
    if namespace == OLD:
        message = await oldmemo.etree.parse_message(element, str(sender), str(own), core)
    else:
        message = twomemo.etree.parse_message(element, str(sender))
    sessions = OmemoSessions(storage, namespace, str(sender), message.device_id)
    before = await sessions.current()
    try:
        found = await _decrypt(core, message)
    except (DecryptionFailed, KeyExchangeFailed, NoSession) as error:
        # A key exchange that is repeated is one of these: its one-time key went with the first.
        return await _with_earlier(core, sessions, message, before, error)
    if await sessions.is_replaced(before):
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
