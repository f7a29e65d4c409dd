"""For as long as a link stands: its death is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .failure import Failure
from .liveness import Liveness
from .timing import LinkTiming

if TYPE_CHECKING:
    from .stream import Stream


class Watching:
    """Of one account. *ask* puts a question to the server that it answers at once; *idle_seconds* is how long
    the server may say nothing before it is asked.
    """

    def __init__(
        self,
        timing: LinkTiming,
        *,
        ask: Callable[[], None],
        idle_seconds: Callable[[], float],
    ) -> None:
        self._timing = timing
        self._ask = ask
        self._idle_seconds = idle_seconds
        self._liveness: Liveness | None = None

    def begin(self, stream: Stream) -> None:
        """A session stands on *stream*, which is cut once it is found dead."""
        if stream.wire is None:
            return

        def dead(_: str) -> None:
            stream.fail(Failure("The link is dead: nothing comes through.", "dead"))

        self._liveness = Liveness(
            self._timing, stream.wire, ask=self._ask, dead=dead, idle_seconds=self._idle_seconds()
        )

    def end(self) -> None:
        """The link is gone."""
        if self._liveness is not None:
            self._liveness.stop()
            self._liveness = None

    def idle_changed(self) -> None:
        """The server may say nothing for longer or less long."""
        if self._liveness is not None:
            self._liveness.idle_changed(self._idle_seconds())

    def surroundings_changed(self, *, slept: bool) -> None:
        """This computer woke up, or its network changed: the link may be gone."""
        if self._liveness is not None:
            (self._liveness.woke if slept else self._liveness.network_changed)()

    def heard(self) -> None:
        """Anything came from the server."""
        if self._liveness is not None:
            self._liveness.heard()

    def said(self) -> None:
        """Anything was written."""
        if self._liveness is not None:
            self._liveness.said()

    def asked(self) -> None:
        """A question was written that the server answers at once."""
        if self._liveness is not None:
            self._liveness.asked()

    def answered(self) -> None:
        """The server answered the oldest of them."""
        if self._liveness is not None:
            self._liveness.answered()
