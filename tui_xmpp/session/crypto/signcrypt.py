"""What is signed and sealed by OpenPGP for XMPP: the content element, written, and checked as it is read.

XEP-0374 §3.1: "Only signcrypt MUST be used" between people, and the user "MUST NOT" choose: so `sign` and
`crypt` are never written. They are read, for programs of other profiles (XEP-0373 §3.1).
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from slixmpp.xmlstream import tostring

from ...core.address import Address
from .. import convert
from ..guard import MAX_ENVELOPE
from .cipher import Unreadable
from .gpg_status import Unsealed
from .openpgp_names import OX

_LETTERS = string.ascii_letters + string.digits
_MOST_PADDING = 64
"""Characters: the length of a short answer would tell which it is (XEP-0373 §3.1)."""
OLDEST = timedelta(days=7)
"""What was sealed longer before it came is refused: it may have been held back (XEP-0373 §3.2)."""
_AHEAD = timedelta(minutes=15)
"""How wrong the clock of the other side may be."""
_CONTENT = {
    f"{{{OX}}}signcrypt": "signed and sealed",
    f"{{{OX}}}sign": "signed and not sealed",
    f"{{{OX}}}crypt": "sealed and not signed",
}
"""The content elements, and what the message around each of them has to be (XEP-0373 §3.1)."""
_MALFORMED = "What is under the seal is not a message."
_SERVER = "jabber:server"


def written(content: Iterable[ET.Element], to: Address, at: datetime) -> bytes:
    """A signcrypt element with the *content*, for a bare address (XEP-0373 §3.1)."""
    made = convert.element(OX, "signcrypt")
    convert.add(made, OX, "to", jid=str(to))
    convert.add(made, OX, "time", stamp=convert.written(at))
    padding = "".join(secrets.choice(_LETTERS) for _ in range(1 + secrets.randbelow(_MOST_PADDING)))
    convert.add(made, OX, "rpad", padding)
    convert.add(made, OX, "payload").extend(content)
    return tostring(convert.make_safe(made)).encode()


def read(opened: Unsealed, to: Address, came: datetime) -> tuple[ET.Element, ...]:
    """What is in the content element of a message that was for *to*, and came at a time.

    Raises `Unreadable` with the reason (XEP-0373 §3.1, §3.2; cases G-02, G-03).
    """
    made = _parsed(opened.text)
    claimed = _CONTENT.get(made.tag)
    name = "crypt" if not opened.signer else "signcrypt" if opened.sealed else "sign"
    found = _CONTENT[f"{{{OX}}}{name}"]
    if claimed is None:
        raise Unreadable(_MALFORMED)
    if claimed != found:
        raise Unreadable(f"It says that it is {claimed}, and it is {found}.")
    for name in ("time", "payload"):
        if len(list(convert.children(made, OX, name))) != 1:
            raise Unreadable(_MALFORMED)
    # "SHOULD have exactly one": none is no fault.
    if len(list(convert.children(made, OX, "rpad"))) > 1:
        raise Unreadable(_MALFORMED)
    named = [convert.address_in(one, "jid") for one in convert.children(made, OX, "to")]
    # XEP-0373 §3.2: at least one of them "MUST correspond to the outer 'to'"; in `crypt` none has to be.
    is_addressed = bool(named) or bool(opened.signer)
    if is_addressed and not any(one is not None and one.bare == to.bare for one in named):
        raise Unreadable("The sealed message was written for somebody else.")
    stamped = convert.child(made, OX, "time")
    at = None if stamped is None else convert.stamp(stamped.get("stamp"))
    if at is None:
        raise Unreadable("The sealed message does not say when it was written.")
    check_time(at, came)
    payload = convert.child(made, OX, "payload")
    assert payload is not None
    return tuple(map(_of_client, payload))


def _parsed(text: bytes) -> ET.Element:
    # Entities and declarations have no place in it; the parser would follow them.
    if len(text) > MAX_ENVELOPE or b"<!" in text or b"<?" in text:
        raise Unreadable(_MALFORMED)
    try:
        return ET.fromstring(text.decode())
    except (ET.ParseError, UnicodeDecodeError):
        raise Unreadable(_MALFORMED) from None


def check_time(at: datetime, came: datetime) -> None:
    """Refuse what was sealed at a time that does not fit when it came; raises `Unreadable`."""
    if came - at > OLDEST:
        raise Unreadable(
            f"The message was sealed on {at:%Y-%m-%d}, long before it came: somebody held it back."
        )
    if at - came > _AHEAD:
        raise Unreadable("The message was sealed later than it came: a clock is wrong, or somebody pretends.")


def _of_client(element: ET.Element) -> ET.Element:
    # XEP-0374 §2.2: the body may be in the server's namespace, "recipients MUST accept both".
    if element.tag == f"{{{_SERVER}}}body":
        element.tag = f"{{{convert.CLIENT}}}body"
    return element
