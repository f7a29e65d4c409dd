"""Why a sign-in or a stream ended: each kind says what the connection does next."""

from __future__ import annotations

LEFT = "left"
"""The condition of a link that was given up on our own wish."""


class Failure(Exception):
    """The stream cannot go on; the text is a sentence for the user. By itself: try again later."""

    def __init__(self, sentence: str, condition: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.condition = condition
        """The defined condition of a stream or SASL error (RFC 6120 §4.9.3, §6.5); empty: none was given."""
        self.answered = False
        """The verified server itself had its say: another of its endpoints would say the same."""


class Stale(Failure):
    """What was remembered of the server, or a token, no longer holds: try once more at once, with care."""


class Refused(Failure):
    """Only the user can settle it; nothing is tried before they ask for it."""


class Violation(Refused):
    """The peer did what no honest server does: somebody may be in between."""


class BadCertificate(Refused):
    """The server could not prove that it is the account's server."""


class WrongPassword(Failure):
    """The server refused the credentials: ask for others, do not repeat these."""


class Weaker(Refused):
    """The server offers less than before; `mechanism` is the best it offers now; empty: none will do."""

    def __init__(self, sentence: str, mechanism: str) -> None:
        super().__init__(sentence)
        self.mechanism = mechanism
