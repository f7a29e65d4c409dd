"""Acknowledgements (XEP-0198): what the server has of ours, and we of its."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from xml.etree import ElementTree as ET

from . import convert

SM = "urn:xmpp:sm:3"
OFFERED = f"{{{SM}}}sm"
_MODULUS = 2**32
_STANZAS = frozenset(f"{{{convert.CLIENT}}}{name}" for name in ("message", "presence", "iq"))


class Acks:
    """Counts both directions of one stream; `write` takes an element that is no stanza."""

    def __init__(self, write: Callable[[ET.Element], object], taken: Callable[[Iterable[str]], None]) -> None:
        self._write = write
        self._taken = taken
        self.enabled = False
        """The server has confirmed."""
        self._counting = False
        self._sent: deque[str] = deque()
        """Message ids (empty: another stanza) not acknowledged yet, oldest first."""
        self._acknowledged = 0
        self._handled = 0

    def start(self) -> None:
        """Ask for it, right after binding (XEP-0198 §3).

        "The client MUST NOT attempt to negotiate stream management until it is authenticated"; counting of
        what we send begins with the request itself, of what we receive with the server's answer.
        """
        self._counting = True
        self._write(convert.element(SM, "enable"))

    def stop(self) -> None:
        """The stream is gone and cannot be resumed."""
        self.enabled = self._counting = False
        self._sent.clear()
        self._acknowledged = self._handled = 0

    def sent(self, stanza: ET.Element, message_id: str = "") -> None:
        """A stanza was written."""
        if self._counting and stanza.tag in _STANZAS:
            self._sent.append(message_id)

    def handled(self) -> None:
        """The inbox has dealt with one stanza, messages being on disk."""
        if self.enabled:
            self._handled = (self._handled + 1) % _MODULUS

    def request(self) -> None:
        """Ask what the server has."""
        if self._counting:
            self._write(convert.element(SM, "r"))

    def answer(self) -> None:
        """The server asked what we have handled (XEP-0198 §4)."""
        if self.enabled:
            self._write(convert.element(SM, "a", h=str(self._handled)))

    def on_enabled(self) -> None:
        """The server said `<enabled/>`."""
        self.enabled = self._counting
        self._handled = 0

    def on_failed(self) -> None:
        """The server said `<failed/>`: go on without."""
        self.stop()

    def on_ack(self, element: ET.Element) -> None:
        """The server said `<a h='…'/>`: everything up to there has arrived."""
        try:
            count = (int(element.get("h", "")) - self._acknowledged) % _MODULUS
        except ValueError:
            return
        # A count beyond what was sent is the server's fault (XEP-0198 §4): nothing of it can be believed.
        if not self._counting or count > len(self._sent):
            return
        self._acknowledged = (self._acknowledged + count) % _MODULUS
        taken = [self._sent.popleft() for _ in range(count)]
        self._taken(one for one in taken if one)
