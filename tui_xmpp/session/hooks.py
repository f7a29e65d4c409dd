"""Calls the hooks of an account's features: what fails in one of them holds up neither the others nor us."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..core.events import Level, Notice
from ..core.link import LinkProfile
from ..core.ports import StorageError
from .feature import Failed

if TYPE_CHECKING:
    from .account import AccountSession

log = logging.getLogger("tui-xmpp")


class Hooks:
    """Of one account, in the order of `features.ALL`."""

    def __init__(self, account: AccountSession) -> None:
        self._account = account

    def ready(self) -> None:
        """A session is being opened."""
        for feature in self._account.features:
            self._call(feature.on_ready)

    def resumed(self) -> None:
        """The session of an earlier process goes on."""
        for feature in self._account.features:
            self._call(feature.on_resumed)

    def doubt(self) -> None:
        """What became of some messages is not known."""
        for feature in self._account.features:
            self._call(feature.on_doubt)

    def link(self, before: LinkProfile, after: LinkProfile) -> None:
        """Another link profile is in use."""
        for feature in self._account.features:
            self._call(partial(feature.on_link, before, after))

    def stop(self) -> None:
        """The session is over."""
        for feature in self._account.features:
            self._call(feature.on_stop)

    def _call(self, hook: Callable[[], None]) -> None:
        try:
            hook()
        except (Failed, StorageError) as error:
            self._account.emit(Notice(str(error), Level.ERROR, self._account.own))
        except Exception:
            # What waits to be sent, and everything else, must not wait for a fault of one feature.
            log.exception("%s failed", hook)
