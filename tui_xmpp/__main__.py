"""The command `tui-xmpp`, and `python -m tui_xmpp`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tui_xmpp.cli import output
from tui_xmpp.cli.exit_codes import ExitCode, Failure
from tui_xmpp.cli.parser import parse
from tui_xmpp.cli.surroundings import harden


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, by default the process's own, and return its exit status."""
    harden()
    options = parse(sys.argv[1:] if arguments is None else arguments)
    output.accept_any_text()
    try:
        # Nothing that costs time is imported before the command line is understood.
        from tui_xmpp.assemble import run

        return int(run(options))
    except Failure as failure:
        output.words(str(failure))
        return int(failure.code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our lines has seen enough: `tui-xmpp history … | head`.
        output.reader_gone()
        return int(ExitCode.FAILED)


if __name__ == "__main__":
    sys.exit(main())
