"""Rooms on the wire (XEP-0045): what is asked of a room, and what it says, as values."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ..core.address import Address, AddressError
from ..core.chat import ChatKey
from ..core.contact import OwnPresence, Show
from ..core.events import RoomChanged
from ..core.ports import KeyValue
from ..core.room import Affiliation, Occupant, Role, RoomState
from . import convert
from .feature import Context

MUC = "http://jabber.org/protocol/muc"
USER = "http://jabber.org/protocol/muc#user"
OWNER = "http://jabber.org/protocol/muc#owner"
ROOM_INFO = "http://jabber.org/protocol/muc#roominfo"
MAM = "urn:xmpp:mam:2"
OCCUPANT_ID = "urn:xmpp:occupant-id:0"

INSIDE = (RoomState.JOINING, RoomState.JOINED)
"""The room knows of us."""

MAX_STATUS = 1000
"""Characters kept of an occupant's status; thousands may be in one room."""
MAX_REASON = 500
"""Characters kept of why somebody went or was refused."""

_FACTS = "room-info"
_AT = "at"
_LASTS = timedelta(days=1)
"""How long a room is taken to be what it said it was."""
_MAX_ID = 256
_HISTORY_SINCE = 200
"""The most to ask of a room that keeps no archive, since the newest message known."""


class Status:
    """Status codes of `muc#user` (XEP-0045 §15.6)."""

    NOT_ANONYMOUS = 100
    SELF = 110
    NEW_ROOM = 201
    CONFIGURATION_CHANGED = frozenset({104, 172, 173, 174})
    BANNED = 301
    NEW_NICK = 303
    KICKED = 307
    NO_MEMBER = 321
    MEMBERS_ONLY_NOW = 322
    SHUTDOWN = 332
    LOST = 333


@value
class RoomInfo:
    """What a room says of itself (XEP-0045 §6.4)."""

    name: str = ""
    archive: bool = False
    anonymous: bool = True
    members_only: bool = False
    occupant_ids: bool = False
    """The room vouches for occupant ids (XEP-0421 §3)."""
    occupants: int | None = None
    description: str = ""

    def changed(self, key: ChatKey) -> RoomChanged:
        """What to tell of it."""
        return RoomChanged(
            key,
            name=self.name,
            anonymous=self.anonymous,
            members_only=self.members_only,
            archive=self.archive,
        )


@value
class RoomPresence:
    """One presence of a room, read."""

    occupant: Occupant
    available: bool
    statuses: frozenset[int]
    new_nick: str = ""
    actor: str = ""
    reason: str = ""
    destroyed: bool = False
    alternative: Address | None = None
    """Where the people of a destroyed room go on."""

    def is_own(self, nick: str) -> bool:
        """Whether it is about us, known there by this nick."""
        # XEP-0045 §7.2.2: status 110 marks our own presence; services older than it only repeat our nick.
        return Status.SELF in self.statuses or self.occupant.nick == nick


def read_info(query: ET.Element) -> RoomInfo | None:
    """The answer to disco#info; None: that is no room."""
    identities = list(convert.children(query, convert.DISCO_INFO, "identity"))
    room = next((one for one in identities if one.get("category") == "conference"), None)
    if identities and room is None:
        return None
    features = {one.get("var", "") for one in convert.children(query, convert.DISCO_INFO, "feature")}
    fields = _fields(query)
    count = fields.get("muc#roominfo_occupants", "")
    return RoomInfo(
        name="" if room is None else room.get("name", ""),
        archive=MAM in features,
        anonymous="muc_nonanonymous" not in features,
        members_only="muc_membersonly" in features,
        occupant_ids=OCCUPANT_ID in features,
        occupants=int(count) if count.isascii() and count.isdigit() and len(count) < 7 else None,
        description=fields.get("muc#roominfo_description", ""),
    )


def _fields(query: ET.Element) -> dict[str, str]:
    found = {}
    for form in convert.children(query, convert.DATA_FORMS, "x"):
        for field in convert.children(form, convert.DATA_FORMS, "field"):
            found[field.get("var", "")] = convert.text_of(field, "value", convert.DATA_FORMS)
    return found


def remember(facts: KeyValue, account: Address, room: Address, info: RoomInfo, at: datetime | None) -> None:
    """Keep what a room said of itself for the next join, and when it said so; None: leave that as it was."""
    said = _kept(facts, account, room).get(_AT, "") if at is None else at.isoformat()
    facts.put(_FACTS, f"{account} {room}", json.dumps({**asdict(info), _AT: said}))


def remembered(facts: KeyValue, account: Address, room: Address) -> RoomInfo | None:
    """What a room said of itself last time."""
    kept = _kept(facts, account, room)
    try:
        return RoomInfo(**{name: value for name, value in kept.items() if name != _AT}) if kept else None
    except TypeError:
        return None


def is_fresh(facts: KeyValue, account: Address, room: Address, now: datetime) -> bool:
    """Whether a room has said of itself lately what is remembered."""
    try:
        at = datetime.fromisoformat(_kept(facts, account, room).get(_AT, ""))
    except (ValueError, TypeError):
        return False
    return now - _LASTS < at <= now


def _kept(facts: KeyValue, account: Address, room: Address) -> dict[str, Any]:
    try:
        kept = json.loads(facts.get(_FACTS, f"{account} {room}") or "{}")
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


async def ask_info(context: Context, room: Address, *, background: bool = False) -> RoomInfo | None:
    """Ask a room what it is and remember it (XEP-0045 §6.4); None: that is no room. Raises `Failed`."""
    query = convert.element(convert.DISCO_INFO, "query")
    answer = await context.request("get", query, to=room, background=background)
    said = convert.payload(answer)
    info = None if said is None else read_info(said)
    if info is not None:
        remember(context.facts, context.own, room, info, context.clock.now())
    return info


def own_address(context: Context, room: ChatKey, nick: str = "") -> Address:
    """Our address in a room: with this nick, else the one we had there, the bookmark's, the account's.

    Raises `AddressError` when the nick can be none.
    """
    known = context.world.rooms.get(room)
    bookmark = context.world.bookmarks.get((room.account, room.address))
    nick = nick or (known.nick if known else "") or (bookmark.nick if bookmark else "")
    return room.address.with_resource(nick or context.account.room_nick)


def own_presence(context: Context) -> OwnPresence:
    """What we announce now."""
    state = context.world.accounts.get(context.own)
    return state.presence if state is not None else OwnPresence()


def join(
    occupant: Address,
    presence: OwnPresence,
    *,
    password: str = "",
    archive: bool = False,
    since: datetime | None = None,
    history: int = 20,
) -> ET.Element:
    """The presence that asks to enter (XEP-0045 §7.2); `archive`: no history, it is fetched by XEP-0313.

    `history`: messages to ask of a room that was never joined.
    """
    stanza = available(occupant, presence)
    asked = convert.add(stanza, MUC, "x")
    if archive:
        convert.add(asked, MUC, "history", maxstanzas="0")
    elif since is not None and history:
        convert.add(asked, MUC, "history", maxstanzas=str(_HISTORY_SINCE), since=convert.written(since))
    else:
        convert.add(asked, MUC, "history", maxstanzas=str(history))
    if password:
        convert.add(asked, MUC, "password", password)
    return stanza


def tells_history(context: Context, key: ChatKey) -> bool:
    """Return whether a room that keeps an archive is to tell its history itself, as it lets us in.

    The first time that costs half of what a page of its archive does, which wraps each message once more.
    """
    chat = context.world.chats.get(key)
    return (
        context.pacing.room_history > 0
        and (chat is None or chat.last_at is None)
        and context.archive.newest_archive_id(context.own, key) is None
        and key not in context.unsettled()
    )


def leave(context: Context, key: ChatKey, text: str = "") -> bool:
    """Leave a room, or its queue, with a word to those inside; False: we were not there."""
    room = context.world.rooms.get(key)
    if room is None or room.state is RoomState.LEFT:
        return False
    if room.state in INSIDE:
        # XEP-0045 §7.14: "sends a presence stanza of type 'unavailable' to the <room@service/nick>".
        stanza = convert.stanza("presence", own_address(context, key, room.nick), "unavailable")
        if text:
            convert.add(stanza, convert.CLIENT, "status", text)
        context.send(stanza)
    context.emit(RoomChanged(key, RoomState.LEFT))
    return True


def available(occupant: Address, presence: OwnPresence) -> ET.Element:
    """Our presence, for one room (XEP-0045 §7.7)."""
    stanza = convert.stanza("presence", occupant)
    if presence.show not in (Show.AVAILABLE, Show.OFFLINE):
        convert.add(stanza, convert.CLIENT, "show", presence.show.value)
    if presence.status:
        convert.add(stanza, convert.CLIENT, "status", presence.status)
    return stanza


def statuses_in(stanza: ET.Element) -> frozenset[int]:
    """The status codes of a stanza."""
    codes = (
        status.get("code", "")
        for told in convert.children(stanza, USER, "x")
        for status in convert.children(told, USER, "status")
    )
    return frozenset(int(code) for code in codes if code.isascii() and code.isdigit() and len(code) < 5)


def occupant_id_in(stanza: ET.Element) -> str:
    """The occupant id (XEP-0421 §3); only to be believed of a room that vouches for it."""
    found = convert.child(stanza, OCCUPANT_ID, "occupant-id")
    id = "" if found is None else found.get("id", "")
    # Cut short it would be another one's.
    return id if len(id) <= _MAX_ID else ""


def read_presence(stanza: ET.Element, nick: str, *, vouched: bool) -> RoomPresence:
    """Read the presence of the occupant with this nick; `vouched`: the room vouches for occupant ids."""
    told = convert.child(stanza, USER, "x")
    item = None if told is None else convert.child(told, USER, "item")
    destroy = None if told is None else convert.child(told, USER, "destroy")
    said = destroy if destroy is not None else item
    actor = None if item is None else convert.child(item, USER, "actor")
    return RoomPresence(
        occupant=Occupant(
            nick=nick,
            role=_role(item),
            affiliation=_affiliation(item),
            show=_show(stanza),
            status=convert.text_of(stanza, "status")[:MAX_STATUS],
            address=None if item is None else convert.address_in(item, "jid"),
            occupant_id=occupant_id_in(stanza) if vouched else "",
        ),
        available=stanza.get("type") != "unavailable",
        statuses=statuses_in(stanza),
        new_nick=prepared_nick(item.get("nick", "")) if item is not None else "",
        actor="" if actor is None else actor.get("nick") or actor.get("jid") or "",
        reason="" if said is None else convert.text_of(said, "reason", USER).strip()[:MAX_REASON],
        destroyed=destroy is not None,
        alternative=None if destroy is None else convert.address_in(destroy, "jid"),
    )


def prepared_nick(nick: str) -> str:
    """The nick as it stands in addresses (RFC 7622 §3.4); empty when it can be none."""
    try:
        return Address("", "nick.invalid").with_resource(nick).resource if nick else ""
    except AddressError:
        return ""


def _role(item: ET.Element | None) -> Role:
    try:
        return Role("participant" if item is None else item.get("role", "participant"))
    except ValueError:
        return Role.PARTICIPANT


def _affiliation(item: ET.Element | None) -> Affiliation:
    try:
        return Affiliation("none" if item is None else item.get("affiliation", "none"))
    except ValueError:
        return Affiliation.NONE


def _show(stanza: ET.Element) -> Show:
    try:
        return Show(convert.text_of(stanza, "show").strip() or "available")
    except ValueError:
        return Show.AVAILABLE
