"""The library's client without what it would do by itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from slixmpp import ClientXMPP
from slixmpp.jid import JID

from . import wire_log

_IQ_TIMER = "IqTimeout_"
_REPLACED_PLUGINS = frozenset({"feature_mechanisms", "feature_starttls", "feature_bind", "feature_session"})

_log = logging.getLogger("tui-xmpp")


class TamedClient(ClientXMPP):
    """Connects nowhere, signs in nowhere, and lets nobody see our presence, unless it is told to."""

    def __init__(self, jid: str, context: ssl.SSLContext) -> None:
        self._iq_timeouts: dict[str, Callable[[], None]] = {}
        loop = asyncio.get_running_loop()
        super().__init__(JID(jid), "", ssl_context=context, loop=loop, lang=None)
        # Nobody gets to see our presence, and nobody's is asked for, unless the user says so.
        self.auto_authorize = None
        self.auto_subscribe = False
        self.use_presence_ids = False
        # The link is watched by what costs less and says more (XEP-0198 §4).
        self.whitespace_keepalive = False
        wire_log.silence()

    def register_plugin(self, plugin: str, pconfig: Any = None, module: Any = None) -> None:
        """As the library's, but without its own TLS, SASL and binding: those are ours."""
        if plugin not in _REPLACED_PLUGINS:
            super().register_plugin(plugin, pconfig, module)
            wire_log.silence()

    def connect(self, host: str | None = None, port: int | None = None) -> NoReturn:
        """Never: the connector opens the socket."""
        raise RuntimeError("a stream is connected by its connector")

    def reconnect(self, wait: float = 2.0, reason: str = "") -> None:
        """End this stream; whoever made it makes the next one."""
        self.abort()

    def abort(self) -> None:
        """Cut the link at once; more often than once is no error."""
        if self.transport is not None:
            # Python before 3.11.4 trips over a TLS transport that is closed already.
            with suppress(AttributeError):
                self.transport.abort()
            self.event("killed")

    async def start_tls(self) -> bool:
        """Never: `secure` does it."""
        return False

    def new_id(self) -> str:
        """Return 9 random characters of base64url: 54 bits that nobody can guess, and few bytes."""
        return secrets.token_urlsafe(7)[:9]

    def exception(self, exception: Exception) -> None:
        """Note a handler's failure; the stream goes on."""
        where = "".join(traceback.format_tb(exception.__traceback__))
        _log.warning("A handler failed with %s\n%s", type(exception).__name__, where)

    def schedule(self, name: str, seconds: float, callback: Any, *args: Any, **kwargs: Any) -> None:
        """As the library's; remembers what to tell requests that will never be answered."""
        if name.startswith(_IQ_TIMER):
            self._iq_timeouts[name] = callback
        super().schedule(name, seconds, callback, *args, **kwargs)  # type: ignore[arg-type]

    def cancel_schedule(self, name: str) -> None:
        """As the library's."""
        self._iq_timeouts.pop(name, None)
        super().cancel_schedule(name)

    def give_up(self) -> None:
        """Tell everybody who waits for an answer that there will be none, and stop all timers."""
        for timed_out in list(self._iq_timeouts.values()):
            timed_out()
        for name in list(self.scheduled_events):
            self.cancel_schedule(name)
        if self._run_out_filters is not None:
            self._run_out_filters.cancel()
