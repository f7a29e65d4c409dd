"""What a sign-in needs of the session it opens, and what it brings back."""

from __future__ import annotations

from typing import Protocol
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ..core.address import Address


@value
class Resumption:
    """A session the server may still hold (XEP-0198 §5)."""

    id: str
    """The server's name for it (SM-ID)."""
    handled: int
    """What we have of it: the `h` to say."""
    bound: Address
    """The full address it is bound to."""


@value
class SignedIn:
    """How a sign-in ended well."""

    bound: Address
    """Our full address."""
    resumed: int | None = None
    """The `h` of `<resumed/>`: the old session goes on; None: this is a new one."""
    failed: int | None = None
    """The `h` of `<failed/>`, where a resumption was refused and the server said what it has."""
    enabled: ET.Element | None = None
    """The `<enabled/>` that came inline (XEP-0386); else it comes over the stream."""


class Opener(Protocol):
    """The session, while it is being opened."""

    def resumption(self) -> Resumption | None:
        """What to resume; None: nothing is left to resume."""

    def open(self, inlined: frozenset[str]) -> None:
        """A new session is being bound: write all that a new session asks for.

        Called once, before anything else of the session is told: what is written in here leaves in the same
        packet as the request to bind, or as soon as that is granted. *inlined* holds the namespaces that the
        request to bind enables by itself (XEP-0386 §3.2): `urn:xmpp:sm:3`, `urn:xmpp:carbons:2`. Not called
        when the old session is resumed. The sign-in may still fail behind it.
        """

    def established(self, signed_in: SignedIn) -> None:
        """The session stands, a new one or the old one; called before anything of it is handed over."""


class NothingToOpen:
    """A session that resumes nothing and asks for nothing."""

    def resumption(self) -> Resumption | None:
        """As `Opener.resumption`."""
        return None

    def open(self, inlined: frozenset[str]) -> None:
        """As `Opener.open`."""

    def established(self, signed_in: SignedIn) -> None:
        """As `Opener.established`."""


class Unresumed:
    """*opener*, but that nothing is resumed: over BOSH its rid does what XEP-0198 does elsewhere."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    def resumption(self) -> Resumption | None:
        """As `Opener.resumption`."""
        return None

    def open(self, inlined: frozenset[str]) -> None:
        """As `Opener.open`."""
        self._opener.open(inlined)

    def established(self, signed_in: SignedIn) -> None:
        """As `Opener.established`."""
        self._opener.established(signed_in)
