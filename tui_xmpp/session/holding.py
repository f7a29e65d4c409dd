"""What happens in a transaction is told and done once it stands on the disk, or never."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..core.events import Event
from ..core.ports import Custody


class Holding:
    """Of one account: events and acts of the transaction that is open.

    *tell* hands an event to those who listen; *undone* is called where a transaction came to nothing.
    """

    def __init__(self, custody: Custody, tell: Callable[[Event], None], undone: Callable[[], None]) -> None:
        self._custody = custody
        self._tell = tell
        self._undone = undone
        self._held: list[Event] | None = None
        self._afterwards: list[Callable[[], None]] = []

    @contextmanager
    def together(self, *, durable: bool) -> Iterator[None]:
        """One transaction; may be nested, the outermost decides."""
        if self._held is not None:
            yield
            return
        self._held = []
        try:
            with self._custody.transaction(durable=durable):
                yield
        except BaseException:
            self._held, self._afterwards = None, []
            self._undone()
            raise
        held, self._held = self._held, None
        afterwards, self._afterwards = self._afterwards, []
        for event in held:
            self._tell(event)
        for act in afterwards:
            act()

    def tell(self, event: Event) -> None:
        """Tell an event, at once where no transaction is open."""
        if self._held is None:
            self._tell(event)
        else:
            self._held.append(event)

    def once_kept(self, act: Callable[[], None]) -> None:
        """Do something once the transaction stands; at once where there is none."""
        if self._held is None:
            act()
        else:
            self._afterwards.append(act)
