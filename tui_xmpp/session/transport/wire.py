"""The seam between a stream and what carries its bytes: TCP, WebSocket or BOSH."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Protocol

from tui_xmpp.core.value import value

from ...core.account import TransportKind
from ..gate import TLS
from .carrying import Look


@value
class Opening:
    """The beginning of a stream, also of one that begins anew (RFC 6120 §4.2, §4.3.3)."""

    to: str
    """The domain."""
    from_: str = ""
    """Our bare address; only over TLS (RFC 6120 §4.7.1)."""


@value
class Closing:
    """The end of a stream (RFC 6120 §4.4)."""


Item = Opening | str | Closing
"""What is written: a string is one complete top-level element."""


def may_go_in_clear(item: Item) -> bool:
    """Whether *item* may be written before TLS stands: the way to it, and the end."""
    if isinstance(item, Opening):
        return not item.from_
    return isinstance(item, Closing) or item == f"<starttls xmlns='{TLS}'/>"


class Receiver(Protocol):
    """The stream, as its wire sees it."""

    def received(self, data: bytes) -> None:
        """XML came, framed as a TCP stream would carry it: header, elements, closing tag."""

    def drained(self) -> None:
        """What was written has left, all but a little: more may be written."""

    def broken(self, error: BaseException | None) -> None:
        """The wire is gone; called once, and nothing after it. *error* may be a Failure that says why."""


class Wire(Protocol):
    """Carries one stream; made ready (connected, and where it can be, secured) by whoever opens it."""

    @property
    def kind(self) -> TransportKind:
        """Which transport this is."""

    def attach(self, receiver: Receiver) -> None:
        """Begin to hand over what comes; called once, before anything is written."""

    def write(self, items: Sequence[Item]) -> None:
        """Send in order, in as few packets as it can; on a broken wire nothing happens."""

    @property
    def waiting(self) -> int:
        """Bytes accepted that the network has not taken yet."""

    def hold(self, is_held: bool) -> None:
        """Read no more while *is_held*, so that the network holds the server back."""

    def abort(self) -> None:
        """Cut at once, without a word to the server; more often than once is no error."""

    def certificate(self) -> bytes | None:
        """The certificate (DER) the verified peer showed; None while the wire is not secure."""

    def socket(self) -> socket.socket | None:
        """The TCP socket that now carries it, for measuring only; None: there is none."""

    def carried(self) -> Look | None:
        """What the kernel says that TCP has carried for it; None: it does not tell, or not of all of it."""

    @property
    def bytes_in(self) -> int:
        """Bytes received, before what TLS adds."""

    @property
    def bytes_out(self) -> int:
        """Bytes sent, before what TLS adds."""
