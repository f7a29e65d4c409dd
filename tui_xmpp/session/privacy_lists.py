"""Privacy lists of our own that keep presence off a link (XEP-0016); the user's lists are never touched."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from tui_xmpp.core.address import Address
from tui_xmpp.core.value import value

from . import convert

PRIVACY = "jabber:iq:privacy"
_NAME = "tui-xmpp"


@value
class Scope:
    """What is to be kept off."""

    hides: bool = False
    """Nobody hears of us."""
    groups: tuple[str, ...] | None = None
    """The groups whose presence is heard; None: everybody's."""

    @property
    def is_open(self) -> bool:
        """Nothing is kept off."""
        return not self.hides and self.groups is None

    @property
    def name(self) -> str:
        """What the list for it is called."""
        heard = "" if self.groups is None else "-some" if self.groups else "-nobody"
        return f"{_NAME}{heard}{'-hidden' if self.hides else ''}"


MUTE = f"{_NAME}-mute"
"""The list under which no presence of ours leaves, not even to rooms."""


def content(scope: Scope, services: Iterable[str], own: Address) -> ET.Element:
    """The list for a scope; rooms of these services go on as they are, and so do our own devices.

    An item without `type` is the fall-through case and an item without children means all stanzas (XEP-0016
    §2.1), so each of ours names what it is about: messages, requests and subscriptions (§2.1: "presence
    notifications do not include presence subscriptions") are never denied.
    """
    made = convert.element(PRIVACY, "list", name=scope.name)
    order = 0
    if scope.groups is not None:
        # ejabberd keeps off our own devices too: what they say would be missed, and nobody would know.
        order += 1
        _item(made, order, "allow", kind="jid", named=str(own), in_=True)
    # A room says that we are in by presence, and hears of us by presence (XEP-0045 §7.2).
    for service in sorted(services):
        order += 1
        _item(made, order, "allow", kind="jid", named=service, out=scope.hides, in_=scope.groups is not None)
    for group in scope.groups or ():
        order += 1
        _item(made, order, "allow", kind="group", named=group, in_=True)
    _item(made, order + 1, "deny", out=scope.hides, in_=scope.groups is not None)
    return made


def mute() -> ET.Element:
    """The list `MUTE`."""
    made = convert.element(PRIVACY, "list", name=MUTE)
    _item(made, 1, "deny", out=True)
    return made


def storing(content_: ET.Element) -> ET.Element:
    """The request to store a list (XEP-0016 §2.6)."""
    query = convert.element(PRIVACY, "query")
    query.append(content_)
    return query


def using(name: str | None) -> ET.Element:
    """The request to use a list in this session, or none (XEP-0016 §2.4)."""
    query = convert.element(PRIVACY, "query")
    convert.add(query, PRIVACY, "active", name=name)
    return query


def _item(
    list_: ET.Element,
    order: int,
    action: str,
    *,
    kind: str | None = None,
    named: str | None = None,
    out: bool = False,
    in_: bool = False,
) -> None:
    item = convert.add(list_, PRIVACY, "item", type=kind, value=named, action=action, order=str(order))
    if in_:
        convert.add(item, PRIVACY, "presence-in")
    if out:
        convert.add(item, PRIVACY, "presence-out")
