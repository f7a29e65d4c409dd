"""Moves secrets from one place to the other: what is gone here has been read there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tui_xmpp.core.address import Address
from tui_xmpp.core.ports import VaultError

from .places import Entry, Kind, Place
from .unlocking import ARCHIVE_KEY


def entries_of(accounts: Iterable[Address]) -> list[Entry]:
    """Everything that may be kept for these accounts, and the archive's key."""
    own = [Entry(kind, str(one)) for one in accounts for kind in (Kind.PASSWORD, Kind.TOKEN)]
    return [*own, ARCHIVE_KEY]


async def move(
    entries: Iterable[Entry], source: Place, target: Place, settle: Callable[[], object]
) -> list[Entry]:
    """Copy what there is of *entries*, read it back, and only then delete it at the source.

    *settle* is called in between: from then on the target is where secrets are looked for. Returns what was
    moved. Raises `VaultError`, and what *settle* raises; then everything is still at the source.
    """
    found = {one: secret for one in entries if (secret := await source.get(one)) is not None}
    key = found.get(ARCHIVE_KEY)
    if key is not None and await target.get(ARCHIVE_KEY) not in (None, key):
        # Which of them opens what, only the user can know: there may be copies of the archive.
        raise VaultError(
            f"There is a key of an archive in the {source.name} and another in the {target.name}. Nothing was"
            " moved. `tui-xmpp archive decrypt` makes the archive plain; then one of them can be forgotten."
        )
    for entry, secret in found.items():
        await target.put(entry, secret)
    for entry, secret in found.items():
        if await target.get(entry) != secret:
            raise VaultError(f"The {target.name} did not keep what it was given. Nothing was taken away.")
    settle()
    for entry in found:
        await source.delete(entry)
    return list(found)
