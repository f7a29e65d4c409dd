"""What a stream tells the meter that counts its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from .transport.wire import Item


class Meter:
    """Counts nothing; `Metering` counts what it needs."""

    def said(self, items: Sequence[Item]) -> None:
        """These leave in one packet."""

    def came(self, element: ET.Element | None, size: int) -> None:
        """An element of so many bytes came; None: a header, an end, or what was left out."""

    def ending(self) -> None:
        """The link is about to be cut, or has just gone: the last moment to ask the kernel."""
