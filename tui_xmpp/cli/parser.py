"""The command line: what may be said, and what it means."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tui_xmpp import __version__
from tui_xmpp.core.terminal import AUTO, PROFILES
from tui_xmpp.core.value import value

from .exit_codes import MEANINGS

BOTS = "demo-bots"
"""The verb of the demo's child process; of no use by itself, so nothing names it."""


@value
class Options:
    """One command line, checked. Addresses are as typed: they are prepared by the verb that uses them."""

    verb: str = ""
    """Empty: the screen."""
    config: Path | None = None
    data: Path | None = None
    account: str = ""
    """Empty: the only one, or the one that knows the address."""
    address: str = ""
    text: str = ""
    """`-`: read it from stdin."""
    wait: str = "taken"
    """`taken` by the server, or `delivered` to the other side."""
    timeout: float = 60.0
    """Seconds."""
    room: bool = False
    """The address is a room, whatever is known of it."""
    json: bool = False
    limit: int = 100
    """Messages at most; 0: all."""
    before: datetime | None = None
    """UTC."""
    after: datetime | None = None
    """UTC."""
    terminal: str = ""
    """Name of a terminal profile, or `auto`; empty: as the configuration says."""
    stock_driver: bool = False
    """Textual's own driver in place of ours."""
    action: str = ""
    """What `vault` or `archive` is to do."""
    to: str = ""
    """The place that secrets are moved to."""
    folder: Path | None = None
    """Where the demo's server lives, for its child process."""

    @property
    def as_usual(self) -> bool:
        """The screen is as the configuration says, so that it may begin with what was on the last one.

        One account alone or another terminal profile has another, and only our own driver takes a frame over.
        """
        return not (self.account or self.terminal or self.stock_driver)


def parse(arguments: Sequence[str]) -> Options:
    """Return what the command line asks for.

    Raises SystemExit: 0 after `--help` and `--version`, 2 after telling what is wrong.
    """
    if len(arguments) == 2 and arguments[0] == BOTS:
        return Options(verb=BOTS, folder=Path(arguments[1]))
    # What is said before the verb must not be undone by the verb's own defaults, so nobody has defaults.
    said = vars(_parser().parse_args(list(arguments)))
    return Options(**{name: value for name, value in said.items() if value is not None})


def _parser() -> argparse.ArgumentParser:
    everywhere = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    everywhere.add_argument("--config", metavar="DIR", type=Path, help="where config.toml is")
    everywhere.add_argument("--data", metavar="DIR", type=Path, help="where the archive is")
    everywhere.add_argument("--account", metavar="ADDRESS", help="which of the configured accounts")

    screen = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    profile = screen.add_argument_group("the screen").add_mutually_exclusive_group()
    profile.add_argument("--terminal", choices=(AUTO, *PROFILES), help="what the way to it may carry")
    profile.add_argument(
        "--slow", dest="terminal", action="store_const", const="slow", help="as --terminal slow: few bytes"
    )
    profile.add_argument(
        "--screen-reader",
        dest="terminal",
        action="store_const",
        const="reader",
        help="as --terminal reader: one column of lines, for speech and braille",
    )
    screen.add_argument(
        "--stock-driver", action="store_true", help="let Textual drive the terminal, if ours does it wrong"
    )

    parser = argparse.ArgumentParser(
        "tui-xmpp",
        description="A terminal XMPP chat client. Without a command it opens the screen.",
        epilog="exit status:\n" + "\n".join(f"  {code:>3}  {words}" for code, words in MEANINGS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[everywhere, screen],
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"tui-xmpp {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", title="commands")

    def verb(name: str, does: str, *more: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return verbs.add_parser(
            name,
            help=does,
            description=does[0].upper() + does[1:] + ".",
            parents=[everywhere, *more],
            argument_default=argparse.SUPPRESS,
            allow_abbrev=False,
        )

    send = verb("send", "send a message, and end when the server has taken it")
    send.add_argument("address", metavar="ADDRESS", help="a contact, or a room: it is joined when needed")
    send.add_argument("text", metavar="TEXT", help="the message; - reads it from stdin")
    send.add_argument("--wait", choices=("taken", "delivered"), help="for the server, or for the receipt")
    send.add_argument("--room", action="store_true", help="ADDRESS is a room, even if nothing says so")
    send.add_argument("--timeout", metavar="SECONDS", type=_seconds, help="how long to wait (60)")

    watch = verb("watch", "write a line for everything that happens, until interrupted")
    watch.add_argument("--json", action="store_true", help="one JSON object a line")

    history = verb("history", "write the messages kept here with somebody, oldest first")
    history.add_argument("address", metavar="ADDRESS", help="a contact or a room")
    history.add_argument("--json", action="store_true", help="one JSON object a line")
    history.add_argument("--limit", metavar="N", type=_count, help="so many at most (100); 0: all")
    history.add_argument("--before", metavar="DATE", type=_moment, help="only what is older")
    history.add_argument("--after", metavar="DATE", type=_moment, help="only what is as new, or newer")

    link = verb("link", "write what was spent, by hour, day and month, and on what")
    link.add_argument("--json", action="store_true", help="one JSON object a line")

    vault = verb("vault", "say where passwords and keys are kept, and move them")
    archive = verb("archive", "encrypt the messages on this disk, or make them plain again")

    def action(of: argparse.ArgumentParser, **actions: str) -> dict[str, argparse.ArgumentParser]:
        group = of.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
        return {
            name: group.add_parser(
                name,
                help=does,
                description=does[0].upper() + does[1:] + ".",
                parents=[everywhere],
                argument_default=argparse.SUPPRESS,
                allow_abbrev=False,
            )
            for name, does in actions.items()
        }

    of_vault = action(
        vault,
        status="say where each account's password is, without showing it",
        create="make an encrypted file for passwords and keys, and keep them there from now on",
        passphrase="change the passphrase of that file",
        move="move everything to the system keyring, or to the vault",
        forget="forget the password of an account",
    )
    of_vault["move"].add_argument("--to", choices=("keyring", "vault"), required=True, help="where to")
    of_vault["forget"].add_argument("address", metavar="ADDRESS", help="the account")
    action(
        archive,
        status="say whether the archive is encrypted, and what never is",
        encrypt="encrypt the archive; its key is kept where passwords are",
        decrypt="make the archive plain again",
    )

    verb("demo", "open a client on a private server with some company; leaves nothing behind", screen)
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError
    return seconds


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError
    return count


def _moment(text: str) -> datetime:
    """A date or a date and time; without an offset it is local."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date. Write it like 2026-05-31 or 2026-05-31T18:30."
        ) from None
