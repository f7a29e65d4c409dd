"""What gpg says of a sealed message, judged line by line: was it sealed, and who has signed it.

The library answers "valid" for a good signature beside others, and fills in the text of what was never sealed
(cases G-01, G-02); so the lines themselves decide, in their order. They are described in GnuPG's doc/DETAILS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from tui_xmpp.core.value import value

NO_PINENTRY = 85
"""The code of libgpg-error for: a passphrase is needed, and may not be asked for."""
CANCELED = (99, 198)
_MODULUS = 1 << 16
"""Above it the code says which part of gpg has failed."""
_SIGNATURE_FAULTS = {
    "BADSIG": "Its signature is wrong: it was changed on its way.",
    "EXPSIG": "Its signature has expired.",
    "EXPKEYSIG": "It was signed by a key that has expired.",
    "REVKEYSIG": "It was signed by a key that was revoked.",
    "NO_PUBKEY": "It was signed by a key that gpg does not have.",
    "ERRSIG": "Its signature cannot be checked.",
}
_DAMAGED = ("UNEXPECTED", "BADMDC", "NODATA", "BADARMOR", "TRUNCATED", "DECRYPTION_FAILED")

_OF_SEALS = ("BEGIN_DECRYPTION", "DECRYPTION", "END_DECRYPTION", "ENC_TO", "NEED_PASSPHRASE")

Line = tuple[str, str]
"""Keyword and the rest of a status line."""


class GpgFailed(Exception):
    """gpg could not do it; the text is a sentence for the user."""


class PassphraseNeeded(GpgFailed):
    """A passphrase is needed, and gpg was not allowed to ask for it."""


class PassphraseRefused(GpgFailed):
    """The user was asked for a passphrase, and did not give it."""


@value
class Unsealed:
    """What was under a seal."""

    text: bytes
    signer: str = ""
    """Fingerprint of the primary key that has signed it; empty: nobody has."""
    signed: datetime | None = None
    """When it says that it was signed, UTC."""
    sealed: bool = True
    """False: it was signed only, and the servers could read it."""


def unsealed(lines: Iterable[Line], text: bytes, code: int) -> Unsealed:
    """What gpg has opened, where all of it was sealed, and at most one signature was under the seal.

    Raises `GpgFailed` where anything else was offered, or the signature is not good.
    """
    found = list(lines)
    names = _sound(found)
    is_whole = all(names.count(one) == 1 for one in ("BEGIN_DECRYPTION", "DECRYPTION_OKAY", "END_DECRYPTION"))
    if code or not is_whole or not _is_guarded(found):
        raise GpgFailed("It is damaged, or was never sealed.")
    inside = names[names.index("BEGIN_DECRYPTION") : names.index("END_DECRYPTION")]
    # Another text, or a signature, in front of the sealed one or behind it.
    if names.count("PLAINTEXT") != 1 or inside.count("PLAINTEXT") != 1:
        raise GpgFailed("Something that is not sealed was put beside what is.")
    signatures = [names.count(one) for one in ("NEWSIG", "GOODSIG", "VALIDSIG")]
    if signatures == [0, 0, 0]:
        return Unsealed(text)
    if signatures != [1, 1, 1] or inside.count("VALIDSIG") != 1:
        raise GpgFailed("It does not have one good signature.")
    return _signed(next(rest for key, rest in found if key == "VALIDSIG"), text)


def signed_only(lines: Iterable[Line], text: bytes, code: int) -> Unsealed:
    """What gpg has read, where nothing of it was sealed, and one good signature is over all of it.

    Raises `GpgFailed` for anything else.
    """
    found = list(lines)
    names = _sound(found)
    if any(key.startswith(_OF_SEALS) for key in names):
        raise GpgFailed("Something sealed was put under a signature.")
    if code or any(names.count(one) != 1 for one in ("PLAINTEXT", "NEWSIG", "GOODSIG", "VALIDSIG")):
        raise GpgFailed("It does not have one good signature.")
    return replace(_signed(next(rest for key, rest in found if key == "VALIDSIG"), text), sealed=False)


def detached(lines: Iterable[Line], code: int) -> Unsealed:
    """Who has signed a text that is elsewhere, where that is one good signature; raises `GpgFailed`."""
    found = list(lines)
    # ERRSIG <key id> <algorithm> <hash> <class> <time> <reason> <fingerprint>
    claimed = next((rest.split()[6:7] for key, rest in found if key == "ERRSIG"), [])
    if any(key == "NO_PUBKEY" for key, _ in found) and claimed and claimed != ["-"]:
        raise GpgFailed(f"It claims to be by a key that gpg does not have: {claimed[0]}.")
    names = _sound(found)
    if code or any(names.count(one) != 1 for one in ("NEWSIG", "GOODSIG", "VALIDSIG")):
        raise GpgFailed("It does not have one good signature.")
    return replace(_signed(next(rest for key, rest in found if key == "VALIDSIG"), b""), sealed=False)


def _sound(found: list[Line]) -> list[str]:
    """The keywords, in their order; raises `GpgFailed` where one of them says that something is wrong."""
    for keyword, reason in _SIGNATURE_FAULTS.items():
        if any(key == keyword for key, _ in found):
            raise GpgFailed(reason)
    refuse_failure(found)
    names = [key for key, _ in found]
    if any(key in _DAMAGED for key in names):
        raise GpgFailed("It is damaged.")
    return names


def _signed(rest: str, text: bytes) -> Unsealed:
    # VALIDSIG <fingerprint> <date> <seconds> <expires> <version> <reserved> <key> <hash> <class> <primary>
    fields = rest.split()
    try:
        signed = datetime.fromtimestamp(int(fields[2]), UTC)
        return Unsealed(text, fields[9].upper(), signed)
    except (IndexError, ValueError, OverflowError):
        raise GpgFailed("Its signature cannot be checked.") from None


def _is_guarded(found: list[Line]) -> bool:
    """Whether changes on the way would have been noticed (RFC 4880 §5.13)."""
    for key, rest in found:
        if key == "DECRYPTION_INFO":
            fields = rest.split()
            return bool(fields) and (fields[0] != "0" or (len(fields) > 2 and fields[2] != "0"))
    return False


def refuse_failure(lines: Iterable[Line]) -> None:
    """Raise `GpgFailed` with what gpg itself gives as the reason, where it gives one."""
    found = list(lines)
    codes = set()
    for key, rest in found:
        if key == "INV_RECP":
            raise GpgFailed("A key it would be sealed for has expired, was revoked, or is missing.")
        if key == "INV_SGNR":
            raise GpgFailed("The secret key to sign with has expired, was revoked, or is missing.")
        fields = rest.split()
        if key in ("ERROR", "FAILURE") and len(fields) > 1 and fields[1].isdecimal():
            codes.add(int(fields[1]) % _MODULUS)
    if NO_PINENTRY in codes:
        raise PassphraseNeeded("The passphrase of your key is needed.")
    if codes.intersection(CANCELED):
        raise PassphraseRefused("You did not enter the passphrase.")
    # It is said of every recipient whose key is not here, ours may be among the others.
    names = [key for key, _ in found]
    if "NO_SECKEY" in names and "DECRYPTION_FAILED" in names:
        raise GpgFailed("gpg does not have the secret key for it.")
