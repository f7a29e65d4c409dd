"""Between stanzas and our own values: building and reading XML elements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from slixmpp.xmlstream import tostring

from ..core.address import Address, AddressError
from ..core.text import wire_safe

CLIENT = "jabber:client"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
STREAMS = "http://etherx.jabber.org/streams"
DELAY = "urn:xmpp:delay"
DISCO_INFO = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS = "http://jabber.org/protocol/disco#items"
FALLBACK = "urn:xmpp:fallback:0"
HINTS = "urn:xmpp:hints"
PUBSUB = "http://jabber.org/protocol/pubsub"
PUBSUB_EVENT = "http://jabber.org/protocol/pubsub#event"
DATA_FORMS = "jabber:x:data"

_CONDITIONS = {
    "bad-request": "The server did not understand the request.",
    "conflict": "That name is taken.",
    "feature-not-implemented": "The other side cannot do that.",
    "forbidden": "You are not allowed to do that.",
    "gone": "That address does not exist any more.",
    "internal-server-error": "The server had a fault; try again later.",
    "item-not-found": "There is nothing at that address.",
    "jid-malformed": "That is not a valid address.",
    "not-acceptable": "The other side did not accept it.",
    "not-allowed": "You are not allowed to do that.",
    "not-authorized": "You are not allowed to do that.",
    "policy-violation": "The server's rules do not allow that.",
    "recipient-unavailable": "The recipient cannot be reached now.",
    "redirect": "The address has moved.",
    "registration-required": "You must be registered there first.",
    "remote-server-not-found": "The recipient's server does not exist; check the address.",
    "remote-server-timeout": "The recipient's server does not answer; try again later.",
    "resource-constraint": "The server is too busy; try again later.",
    "service-unavailable": "That address cannot take it now; check that it is right.",
    "subscription-required": "They must let you see them first.",
    "unexpected-request": "The server did not expect that now; try again.",
}


def element(namespace: str, name: str, text: str = "", /, **attributes: str | None) -> ET.Element:
    """An element; attributes that are None are left out, a trailing underscore of their names too."""
    made = ET.Element(f"{{{namespace}}}{name}")
    for key, value in attributes.items():
        if value is not None:
            made.set(key.rstrip("_"), value)
    if text:
        made.text = text
    return made


def add(
    parent: ET.Element, namespace: str, name: str, text: str = "", /, **attributes: str | None
) -> ET.Element:
    """`element`, as the last child of `parent`."""
    made = element(namespace, name, text, **attributes)
    parent.append(made)
    return made


def stanza(name: str, to: Address | None = None, kind: str = "", id: str = "") -> ET.Element:
    """An empty message, presence or iq."""
    return element(CLIENT, name, to=str(to) if to else None, type=kind or None, id=id or None)


def child(parent: ET.Element, namespace: str, name: str) -> ET.Element | None:
    """The first child of this name."""
    return parent.find(f"{{{namespace}}}{name}")


def children(parent: ET.Element, namespace: str, name: str) -> Iterator[ET.Element]:
    """All direct children of this name."""
    return iter(parent.findall(f"{{{namespace}}}{name}"))


def text_of(parent: ET.Element, name: str, namespace: str = CLIENT) -> str:
    """The text of the first child of this name, empty when there is none."""
    found = child(parent, namespace, name)
    return "" if found is None else found.text or ""


def address(text: str | None) -> Address | None:
    """The prepared address, or None where there is none or it is none."""
    if not text:
        return None
    try:
        return Address.parse(text)
    except AddressError:
        return None


def address_in(stanza: ET.Element, attribute: str = "from") -> Address | None:
    """The address in an attribute."""
    return address(stanza.get(attribute))


def payload(iq: ET.Element) -> ET.Element | None:
    """The one child of an iq that is no error."""
    return next((one for one in iq if one.tag != f"{{{CLIENT}}}error"), None)


def stamp(text: str | None) -> datetime | None:
    """A time as XEP-0082 writes it, in UTC; None when it is none."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def written(at: datetime) -> str:
    """A time as XEP-0082 writes it, in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def delay_in(stanza: ET.Element) -> datetime | None:
    """When a stanza was sent, as its delay says (XEP-0203)."""
    found = child(stanza, DELAY, "delay")
    return None if found is None else stamp(found.get("stamp"))


def condition_of(error: ET.Element | None) -> str:
    """The defined condition of an `<error/>` (RFC 6120 §8.3.3)."""
    if error is None:
        return "undefined-condition"
    prefix = f"{{{STANZAS}}}"
    names = (one.tag.removeprefix(prefix) for one in error if one.tag.startswith(prefix))
    return next((name for name in names if name != "text"), "undefined-condition")


def sentence(error: ET.Element | None) -> str:
    """What went wrong, for the user; the server's own words follow where there are any. Not cleaned."""
    words = _CONDITIONS.get(condition_of(error), "The server refused it.")
    said = "" if error is None else text_of(error, "text", STANZAS).strip()
    return f"{words} It said: {said}" if said else words


def make_safe(root: ET.Element) -> ET.Element:
    """Take out what XML cannot carry, in place (XML 1.0 §2.2)."""
    for one in root.iter():
        if one.text:
            one.text = wire_safe(one.text)
        if one.tail:
            one.tail = wire_safe(one.tail)
        for key, value in one.attrib.items():
            one.set(key, wire_safe(value))
    return root


def wire_text(stanza: ET.Element) -> str:
    """Return a stanza as it goes on the wire, and not a byte more."""
    # No ">" that is not a tag's is written as it is.
    return tostring(make_safe(stanza), xmlns=CLIENT).replace(" />", "/>")


def form(namespace: str, **fields: str | tuple[str, ...]) -> ET.Element:
    """A form to submit (XEP-0004 §3.3) with its FORM_TYPE; `__` in a name stands for `#`, `_` stays."""
    made = element(DATA_FORMS, "x", type="submit")
    kind = add(made, DATA_FORMS, "field", var="FORM_TYPE", type="hidden")
    add(kind, DATA_FORMS, "value", namespace)
    for name, value in fields.items():
        one = add(made, DATA_FORMS, "field", var=name.replace("__", "#"))
        for text in (value,) if isinstance(value, str) else value:
            add(one, DATA_FORMS, "value", text)
    return made
