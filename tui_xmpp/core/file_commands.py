"""What a front end may ask for about files: frozen values; `Engine.do` takes them."""

from __future__ import annotations

from .address import Address
from .chat import ChatKey
from .commands import Command
from .value import value


@value
class SendFile(Command):
    """Put a file on the server and send its address; sealed where the chat is."""

    chat: ChatKey
    path: str
    """`~` is one's home."""


@value
class Download(Command):
    """Fetch the file that a message consists of; what was fetched before a failure is not fetched again."""

    chat: ChatKey
    row: int
    directory: str = ""
    """Where it is put; empty: where `[files] downloads` says, or the desktop."""


@value
class CancelTransfer(Command):
    """Stop a transfer; one that is over is no error."""

    account: Address
    id: str
