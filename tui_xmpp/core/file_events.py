"""What happens to files, as the front ends hear it."""

from __future__ import annotations

from .attachment import Transfer
from .events import Event
from .value import value


@value
class TransferProgress(Event):
    """A transfer began, or has come further; a few times a second at most."""

    transfer: Transfer


@value
class TransferEnded(Event):
    """A transfer is done, has failed or was cancelled."""

    transfer: Transfer
