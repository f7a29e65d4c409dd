"""Says when nobody looks, to servers that send less then (XEP-0352)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from ...core.commands import Command, SetClientState
from ...core.events import AbilitiesChanged, Event
from ...core.link import LinkProfile
from ..feature import Context, Feature, Handler
from ..sasl2 import CLIENT_STATE
from ..server_software import EJABBERD, server_software

if TYPE_CHECKING:
    from ..stream import Stream

_OFFERED = f"{{{CLIENT_STATE}}}csi"
_STARTED = "session_start"
_MERGING = (EJABBERD,)
"""Servers, as they call themselves in their capabilities, that send only the last of what only passes by.

Prosody holds everything back and sends it later, each with a stamp: a burst costs two fifths more than while
somebody looks.
"""


class ClientState(Feature):
    """Costs nothing as long as somebody looks: every stream begins so (XEP-0352 §4.2)."""

    XEPS = ("XEP-0352",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._active = True
        self._told = True
        """What the server takes us for."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Somebody looks, or nobody."""
        return {SetClientState: self._set}

    def on_stream(self, stream: Stream) -> None:  # type: ignore[override]
        """The state is that of a stream: it does not outlive it (XEP-0352 §5.2)."""
        self._told = True
        if not self._looked_at and self._saves():
            stream.inline |= {CLIENT_STATE}
        stream.add_event_handler(_STARTED, lambda _: self._tell())

    def on_ready(self) -> None:
        """Before our presence, so that what it makes the server send is less already."""
        self._told = CLIENT_STATE not in self.context.inlined
        self._tell(opening=True)

    def told(self, event: Event) -> None:
        """By now the server has said what it is."""
        if isinstance(event, AbilitiesChanged):
            self._tell()

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """Another profile may make it worth saying, or not."""
        self._tell()

    @property
    def _looked_at(self) -> bool:
        """What the server is to take us for."""
        return self._active or not self.context.pacing.tells_client_state

    async def _set(self, command: SetClientState) -> None:
        self._active = command.active
        self._tell()

    def _tell(self, *, opening: bool = False) -> None:
        stream = cast("Stream | None", self.context.stream)
        if stream is None or stream.lost.done() or not (opening or stream.sessionstarted):
            return
        if self._saves() and self._told != self._looked_at and _OFFERED in self.context.stream_features:
            self._told = self._looked_at
            stream.write(f"<{'active' if self._told else 'inactive'} xmlns='{CLIENT_STATE}'/>")

    def _saves(self) -> bool:
        """Whether the server sends less to who does not look, as far as it has said what it is."""
        return server_software(self.context) in _MERGING
