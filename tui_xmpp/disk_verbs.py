"""The verbs that need the disk alone, put together: no network, no session, no screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .cli import output
from .cli.parser import Options
from .passphrase import ask_in_terminal

if TYPE_CHECKING:
    from .storage.paths import Paths


def history(options: Options, paths: Paths) -> None:
    """Write the messages kept with somebody."""
    from .cli.event_lines import json_line, readable_line
    from .cli.history import history
    from .storage.opening import open_reader

    archive, opened = open_reader(paths, ask_in_terminal)
    line = json_line if options.json else readable_line
    with closing(opened):
        for record in history(
            archive,
            options.address,
            account=options.account,
            limit=options.limit,
            before=options.before,
            after=options.after,
        ):
            output.data(line(record))


def link(options: Options, paths: Paths) -> None:
    """Write what was spent."""
    from .cli.addressing import parsed
    from .cli.link import json_line, lines, readable
    from .storage.opening import open_ledger

    ledger, opened = open_ledger(paths, ask_in_terminal)
    with closing(opened):
        account = parsed(options.account).bare if options.account else None
        found = lines(ledger, account, datetime.now(UTC))
        for line in map(json_line, found) if options.json else readable(found):
            output.data(line)


def vault(options: Options, paths: Paths) -> None:
    """Do one of the things that are done with secrets."""
    from .vault_verbs import VERBS

    VERBS[options.action](options, paths)


def archive(options: Options, paths: Paths) -> None:
    """Do one of the things that are done with the archive as a whole."""
    from .archive_verbs import VERBS

    VERBS[options.action](paths)


VERBS: dict[str, Callable[[Options, Paths], None]] = {
    "history": history,
    "link": link,
    "vault": vault,
    "archive": archive,
}
"""By the word on the command line."""
