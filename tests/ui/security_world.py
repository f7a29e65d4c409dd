"""Devices, and chats that are sealed for them, for the tests of the screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.fakes.engine import ME, FakeEngine
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.security import ChatSecurity, Device, Trust

SINCE = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
NOBODY = Address.parse("nobody@example.org")


def fingerprint(seed: int) -> str:
    """64 hexadecimal digits."""
    return "".join(f"{(seed * 0x9E3779B1 + at * 0x85EBCA6B) % (1 << 32):08x}" for at in range(1, 9))


PHONE = Device(NOBODY, 1001, fingerprint(1), Trust.BLIND, label="Phone")
TABLET = Device(NOBODY, 1002, fingerprint(2), Trust.TRUSTED, label="Tablet")
HERE = Device(ME, 9001, fingerprint(9), Trust.VERIFIED, label="tui-xmpp", this=True)
LAPTOP = Device(ME, 9002, fingerprint(8), Trust.UNDECIDED, label="Laptop")


def known(engine: FakeEngine, owner: Address, *devices: Device) -> None:
    """Let these devices of somebody be known."""
    engine.emit(ev.DevicesChanged(ME, owner, tuple(replace(one, owner=owner) for one in devices)))


def sealed(engine: FakeEngine, chat: ChatKey) -> None:
    """Let a chat have been sealed."""
    engine.emit(ev.SecurityChanged(chat, ChatSecurity(sealed=True, since=SINCE)))
