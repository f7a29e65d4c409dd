"""Where the records of a TLS stream end, for a link that must keep packets apart."""

from __future__ import annotations

from collections.abc import Iterator

TLS_HANDSHAKE = b"\x16\x03"


class Records:
    """Cuts a stream of TLS where its records end (RFC 8446 §5.1): senders give each to the network by itself.

    On a busy machine several are read at once that came in packets of their own.
    """

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._in_clear = True

    def cut(self, data: bytes) -> Iterator[bytes]:
        """Yield what was read, in pieces of which none reaches over an end."""
        if self._in_clear and data[:2] == TLS_HANDSHAKE:
            self._in_clear = False
        start = at = 0
        while at < len(data) and not self._in_clear:
            if not self._left:
                missing = data[at : at + 5 - len(self._head)]
                self._head, at = self._head + missing, at + len(missing)
                if len(self._head) == 5:
                    self._left, self._head = int.from_bytes(self._head[3:]), b""
                continue
            taken = min(self._left, len(data) - at)
            self._left, at = self._left - taken, at + taken
            if not self._left:
                yield data[start:at]
                start = at
        if start < len(data):
            yield data[start:]
