"""An XMPP address (JID), prepared so that equal means the same entity (RFC 7622)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tui_xmpp.core import precis

# Three parts of at most 1023 bytes, "@" and "/"; wide forms shrink, a trailing dot goes.
_MAX_CHARS = 3 * precis.MAX_BYTES + 3
_CACHED = 8192
# Longer ones are not kept, so that a stranger cannot fill the memory with them.
_MAX_CACHED_CHARS = 256


class AddressError(ValueError):
    """The text is not an address; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`local@domain/resource`, each part prepared; a server has no *local*, a bare address no *resource*."""

    local: str
    domain: str
    resource: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address in *text*; raises AddressError (RFC 7622 §3.1)."""
        return _parse_cached(text) if len(text) <= _MAX_CACHED_CHARS else _parse(text)

    @property
    def bare(self) -> Address:
        """The address without its resource."""
        return Address(self.local, self.domain) if self.resource else self

    @property
    def is_bare(self) -> bool:
        """Whether there is no resource."""
        return not self.resource

    def with_resource(self, resource: str) -> Address:
        """Return this address with another *resource*, prepared here; raises AddressError."""
        try:
            return Address(self.local, self.domain, precis.resource(resource))
        except precis.PreparationError as error:
            raise AddressError(str(error)) from None

    def __str__(self) -> str:
        local = f"{self.local}@" if self.local else ""
        return f"{local}{self.domain}/{self.resource}" if self.resource else f"{local}{self.domain}"


def _parse(text: str) -> Address:
    if not text:
        raise AddressError("Enter an address, like name@example.org.")
    if len(text) > _MAX_CHARS:
        raise AddressError("This address is too long.")
    # RFC 7622 §3.1: the resourcepart is removed first, from the first "/" to the end, then the localpart.
    rest, slash, resource = text.partition("/")
    before, at, after = rest.partition("@")
    try:
        return Address(
            precis.local(before) if at else "",
            precis.domain(after if at else before),
            precis.resource(resource) if slash else "",
        )
    except precis.PreparationError as error:
        raise AddressError(str(error)) from None


_parse_cached = lru_cache(_CACHED)(_parse)
