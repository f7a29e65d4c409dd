"""Prepares the parts of an address for comparison (RFC 7622, RFC 8264, RFC 8265)."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

MAX_BYTES = 1023
_MAX_LABEL = 63

# RFC 7622 §3.3.1: "the following characters ... are disallowed in localparts"
_FORBIDDEN_IN_LOCAL = frozenset("\"&'/:<>@")
_ASCII_LOCAL = re.compile(r"[!#$%()*+,\-.0-9;=?A-Z\[\\\]^_`a-z{|}~]+")
_ASCII_LABEL = re.compile(r"[0-9a-z_](?:[0-9a-z_-]*[0-9a-z_])?")
_IPV4_SHAPED = re.compile(r"[0-9]+(?:\.[0-9]+)*")
# RFC 5895 §2: "map the IDEOGRAPHIC FULL STOP character to the FULL STOP character"
_OTHER_DOTS = re.compile("[\u3002\uff0e\uff61]")

# RFC 8264 §9.6 (F): PVALID and DISALLOWED against the rule of their category.
_ALLOWED = frozenset("\u00df\u03c2\u06fd\u06fe\u0f0b\u3007")
_DISALLOWED = frozenset("\u0640\u07fa\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b")
_LETTERS_AND_DIGITS = frozenset({"Ll", "Lu", "Lo", "Lm", "Nd", "Mn", "Mc"})
_RTL = frozenset({"R", "AL", "AN"})
_RTL_ALLOWED = frozenset({"R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"})


class PreparationError(ValueError):
    """A part of an address is not valid; the message is a sentence for the user."""


def local(text: str) -> str:
    """Return *text* as a localpart by the profile UsernameCaseMapped (RFC 8265 §3.3)."""
    name = "The part before the @"
    if _ASCII_LOCAL.fullmatch(text):
        return _sized(text.lower(), name)
    # RFC 8265 §3.3.2: "Map fullwidth and halfwidth code points to their decomposition mappings"
    prepared = unicodedata.normalize("NFC", _narrow(text).lower())
    for place, char in enumerate(prepared):
        if char in _FORBIDDEN_IN_LOCAL or not _is_identifier(prepared, place):
            raise PreparationError(f"{name} may not contain {_named(char)}.")
    if not _follows_bidi_rule(prepared):
        raise PreparationError(f"{name} mixes writing directions in a way that is not allowed.")
    return _sized(prepared, name)


def domain(text: str) -> str:
    """Return *text* as a domainpart: an IP literal, or U-labels in lower case (RFC 7622 §3.2)."""
    if text.startswith("["):
        return _ipv6(text)
    if len(text) > MAX_BYTES:
        raise PreparationError("The server name is too long.")
    prepared = _OTHER_DOTS.sub(".", text)
    if not prepared.isascii():
        prepared = unicodedata.normalize("NFC", _narrow(prepared).lower())
    # RFC 7622 §3.2: "the trailing dot MUST be stripped before any other canonicalization steps are taken"
    prepared = prepared.removesuffix(".").lower()
    if not prepared:
        raise PreparationError("The server name is missing.")
    if _IPV4_SHAPED.fullmatch(prepared):
        return _ipv4(prepared)
    return _sized(".".join(_label(part) for part in prepared.split(".")), "The server name")


def resource(text: str) -> str:
    """Return *text* as a resourcepart by the profile OpaqueString (RFC 8265 §4.2).

    Unassigned code points and joiners pass, because people put new emoji in their room nicks.
    """
    name = "The part after the /"
    if not (text.isascii() and text.isprintable()):
        spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
        text = unicodedata.normalize("NFC", spaced)
        for char in text:
            if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or ord(char) & 0xFFFE == 0xFFFE:
                raise PreparationError(f"{name} may not contain {_named(char)}.")
    return _sized(text, name)


def _label(label: str) -> str:
    if len(label) > _MAX_LABEL:
        raise PreparationError("A part of the server name is too long.")
    if label.startswith("xn--"):
        label = _decoded(label)
    if label.isascii():
        if not _ASCII_LABEL.fullmatch(label):
            raise PreparationError("The server name is not valid.")
        return label
    for place, char in enumerate(label):
        ascii_letter = char.isascii() and (char.isalnum() or char in "-_")
        if not ascii_letter and (char.isascii() or not _is_identifier(label, place)):
            raise PreparationError(f"The server name may not contain {_named(char)}.")
    if label[0] == "-" or label[-1] == "-" or unicodedata.category(label[0]).startswith("M"):
        raise PreparationError("The server name is not valid.")
    if not _follows_bidi_rule(label):
        raise PreparationError("The server name mixes writing directions in a way that is not allowed.")
    if len(label.encode("punycode")) + 4 > _MAX_LABEL:
        raise PreparationError("A part of the server name is too long.")
    return label


def _decoded(label: str) -> str:
    """Return the U-label of an A-label, which must be the only one of it (RFC 5891 §5.4)."""
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
        again = "xn--" + decoded.encode("punycode").decode("ascii")
    except (ValueError, OverflowError):
        raise PreparationError("The server name is not valid.") from None
    canonical = unicodedata.normalize("NFC", _narrow(decoded).lower())
    if again != label or decoded.isascii() or canonical != decoded:
        raise PreparationError("The server name is not valid.")
    return decoded


def _ipv4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise PreparationError("The server name is not a valid IPv4 address.") from None


def _ipv6(text: str) -> str:
    inner = text[1:-1]
    try:
        if not text.endswith("]") or "%" in inner:
            raise ValueError
        return f"[{ipaddress.IPv6Address(inner).compressed}]"
    except ValueError:
        raise PreparationError("The server name is not a valid IPv6 address in brackets.") from None


def _is_identifier(text: str, place: int) -> bool:
    """Say if one character is in the IdentifierClass (RFC 8264 §4.2)."""
    char = text[place]
    if "!" <= char <= "~" or char in _ALLOWED:
        return True
    if char in _DISALLOWED or _is_old_hangul(ord(char)):
        return False
    if char in "\u200c\u200d":
        # RFC 5892 §A.1: "If Canonical_Combining_Class(Before(cp)) .eq. Virama Then True"
        return place > 0 and unicodedata.combining(text[place - 1]) == 9
    if char == "\u00b7":
        # RFC 5892 §A.3: the middle dot is allowed only between two l.
        return text[place - 1 : place + 2] == "l\u00b7l"
    if unicodedata.category(char) not in _LETTERS_AND_DIGITS:
        return False
    # RFC 8264 §9.17: HasCompat: "toNFKC(cp) != cp"
    return unicodedata.normalize("NFKC", char) == unicodedata.normalize("NFC", char)


def _is_old_hangul(code: int) -> bool:
    return 0x1100 <= code <= 0x11FF or 0xA960 <= code <= 0xA97F or 0xD7B0 <= code <= 0xD7FF


def _follows_bidi_rule(text: str) -> bool:
    """Check the Bidi Rule for text with a right-to-left character in it (RFC 5893 §2)."""
    kinds = [unicodedata.bidirectional(char) for char in text]
    if _RTL.isdisjoint(kinds):
        return True
    while kinds[-1] == "NSM" and len(kinds) > 1:
        kinds.pop()
    found = set(kinds)
    ends_well = kinds[-1] in {"R", "AL", "EN", "AN"}
    return kinds[0] in {"R", "AL"} and found <= _RTL_ALLOWED and ends_well and not {"EN", "AN"} <= found


def _narrow(text: str) -> str:
    return "".join(_narrow_char(char) for char in text)


def _narrow_char(char: str) -> str:
    decomposition = unicodedata.decomposition(char)
    if not decomposition.startswith(("<wide>", "<narrow>")):
        return char
    return "".join(chr(int(code, 16)) for code in decomposition.split()[1:])


def _sized(text: str, name: str) -> str:
    if not text:
        raise PreparationError(f"{name} is empty.")
    # RFC 7622 §3.1: each part "MUST NOT be zero octets in length and MUST NOT be more than 1023 octets"
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise PreparationError(f"{name} is too long.")
    return text


def _named(char: str) -> str:
    if char == " ":
        return "a space"
    return f"“{char}”" if "!" <= char <= "~" else f"the character U+{ord(char):04X}"
