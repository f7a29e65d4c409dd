"""What a stream tells the session it carries."""

from __future__ import annotations


class Listener:
    """Hears nothing; the session hears what it needs."""

    def library_says(self, text: str) -> bool:
        """The library sends a stanza by itself, once the session has begun; True: it will be written."""
        return False

    def heard(self) -> None:
        """Anything came."""

    def left_out(self) -> None:
        """A stanza came that is beyond our limits; nobody gets to see it."""

    def has_room(self) -> None:
        """The wire takes more again."""

    def takes_along(self) -> list[str]:
        """A packet is about to leave: elements to put at its end."""
        return []

    def may_wait(self) -> float:
        """Seconds that what is written waits for more, to leave in one packet."""
        return 0.0

    def last_words(self) -> None:
        """We are about to leave: say what must still be said."""
