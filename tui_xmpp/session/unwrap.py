"""The first stage of the inbox: from a stanza, whatever it is wrapped in, to a draft; forgeries end here."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ..core.address import Address
from ..core.chat import ChatKey, ChatKind
from ..core.message import MessageType
from ..core.world import World
from . import convert, guard
from .draft import Draft

CARBONS = "urn:xmpp:carbons:2"
FORWARD = "urn:xmpp:forward:0"
MAM = "urn:xmpp:mam:2"
SID = "urn:xmpp:sid:0"
_MESSAGE = f"{{{convert.CLIENT}}}message"
_WRAPPERS = (f"{{{CARBONS}}}received", f"{{{CARBONS}}}sent", f"{{{MAM}}}result")


@value
class Unwrapped:
    """A message taken out of its wrapping, and the empty draft for it."""

    stanza: ET.Element
    draft: Draft


def live(stanza: ET.Element, own: Address, world: World, now: datetime) -> Unwrapped | None:
    """A message as it came from the stream; None: dropped."""
    sender = convert.address_in(stanza)
    if sender is None and stanza.get("from"):
        return None
    wrapper = next((one for one in stanza if one.tag in _WRAPPERS), None)
    if wrapper is None:
        return _drafted(stanza, own, world, now, delay=stanza)
    # XEP-0280 §11: "Any forwarded copies received by a Carbons-enabled client MUST be from that user's bare
    # JID". Archive results that belong to a query of ours never come here.
    if wrapper.tag == _WRAPPERS[2] or not guard.is_own_account(sender, own):
        return None
    inner, forwarded = _forwarded(wrapper)
    if inner is None or inner.get("type") == "groupchat":
        return None
    is_sent = wrapper.tag == _WRAPPERS[1]
    ours = convert.address_in(inner, "from" if is_sent else "to")
    if ours is None or ours.bare != own:
        return None
    found = _drafted(inner, own, world, now, delay=forwarded)
    if found is not None:
        found.draft.carbon = True
    return found


def archived(
    result: ET.Element, archive: Address, own: Address, world: World, now: datetime
) -> Unwrapped | None:
    """A `<result/>` of an archive that was asked; None: nothing that can be used."""
    inner, forwarded = _forwarded(result)
    if inner is None:
        return None
    stamp = convert.delay_in(forwarded) if forwarded is not None else None
    found = _drafted(inner, own, world, now, delay=None, archive=archive)
    if found is None or stamp is None:
        return None
    found.draft.at = guard.sane_time(stamp, now)
    found.draft.old = True
    found.draft.archive_id = result.get("id", "")
    return found


def _forwarded(wrapper: ET.Element) -> tuple[ET.Element | None, ET.Element | None]:
    forwarded = convert.child(wrapper, FORWARD, "forwarded")
    inner = None if forwarded is None else forwarded.find(_MESSAGE)
    # One wrapping only: a second one would carry what the outer sender cannot vouch for.
    if inner is None or any(one.tag in _WRAPPERS for one in inner):
        return None, forwarded
    return inner, forwarded


def _drafted(
    stanza: ET.Element,
    own: Address,
    world: World,
    now: datetime,
    *,
    delay: ET.Element | None,
    archive: Address | None = None,
) -> Unwrapped | None:
    sender = convert.address_in(stanza) or (own if not stanza.get("from") else None)
    if sender is None:
        return None
    kind = _type(stanza)
    if kind is MessageType.GROUPCHAT:
        draft = _from_room(sender, own, world, now, archive)
    elif archive is not None and archive != own:
        # A room's archive holds what was said in the room and nothing else (XEP-0313 §5.1.2).
        return None
    else:
        draft = _personal(stanza, sender, own, world, now)
    if draft is None:
        return None
    if archive is not None and archive != own:
        draft.real = _real_address(stanza)
    draft.type = kind
    draft.id = stanza.get("id", "")
    by = draft.chat.address if draft.kind is ChatKind.ROOM else own
    draft.archive_id = _stanza_id(stanza, by)
    origin = convert.child(stanza, SID, "origin-id")
    draft.origin_id = "" if origin is None else origin.get("id", "")
    said = None if delay is None else convert.child(delay, convert.DELAY, "delay")
    if said is not None:
        stamp = convert.stamp(said.get("stamp"))
        trusted = delay is not stanza or guard.is_trusted_delay(
            convert.address_in(said), own, draft.chat.address, room=draft.kind is ChatKind.ROOM
        )
        if stamp is not None and trusted:
            draft.at = guard.sane_time(stamp, now)
            # XEP-0045 §7.2.13: a room's history comes with a delay.
            draft.old = draft.kind is ChatKind.ROOM
    return Unwrapped(stanza, draft)


def _type(stanza: ET.Element) -> MessageType:
    try:
        return MessageType(stanza.get("type", "normal"))
    except ValueError:
        # RFC 6121 §5.2.2: "If an entity receives a message with an unknown type, it MUST treat it as normal".
        return MessageType.NORMAL


def _from_room(
    sender: Address, own: Address, world: World, now: datetime, archive: Address | None
) -> Draft | None:
    key = ChatKey(own, sender.bare)
    if archive is not None and archive != own:
        if sender.bare != archive:
            return None
    elif not guard.may_groupchat(world, key):
        return None
    room = world.rooms.get(key)
    outgoing = bool(room and room.nick and sender.resource == room.nick)
    return Draft(
        account=own,
        chat=key,
        kind=ChatKind.ROOM,
        sender=sender,
        source=sender,
        at=now,
        outgoing=outgoing,
        nick=sender.resource,
    )


def _personal(stanza: ET.Element, sender: Address, own: Address, world: World, now: datetime) -> Draft | None:
    outgoing = sender.bare == own
    peer = (convert.address_in(stanza, "to") or own) if outgoing else sender
    if ChatKey(own, peer.bare) in world.rooms and peer.resource:
        chat, kind, who = ChatKey(own, peer), ChatKind.PRIVATE, sender
    else:
        in_room = ChatKey(own, peer.bare) in world.rooms
        chat, kind, who = ChatKey(own, peer.bare), ChatKind.CONTACT, sender.bare
        kind = ChatKind.ROOM if in_room else kind
    return Draft(
        account=own,
        chat=chat,
        kind=kind,
        sender=own if outgoing else who,
        source=sender,
        at=now,
        outgoing=outgoing,
        nick=who.resource if kind is ChatKind.PRIVATE and not outgoing else "",
    )


def _real_address(stanza: ET.Element) -> Address | None:
    """Who an occupant was, where the room's archive tells (XEP-0313 §5.1.2); keys prove it or do not."""
    user = convert.child(stanza, "http://jabber.org/protocol/muc#user", "x")
    item = None if user is None else convert.child(user, "http://jabber.org/protocol/muc#user", "item")
    return None if item is None else convert.address_in(item, "jid")


def _stanza_id(stanza: ET.Element, by: Address) -> str:
    # XEP-0359 §5: "the value of the 'by' attribute" must be an entity that is trusted to assign it.
    for one in convert.children(stanza, SID, "stanza-id"):
        if convert.address(one.get("by")) == by:
            return one.get("id", "")
    return ""
