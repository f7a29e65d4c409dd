"""What a stanza is about."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.traffic import Category as C
from tui_xmpp.session.categories import category_of, read

OWN = Address.parse("anna@example.org")
BERT = ChatKey(OWN, Address.parse("bert@example.org"))
ROOM = ChatKey(OWN, Address.parse("garden@rooms.example.org"))
CARLA = ChatKey(OWN, Address.parse("garden@rooms.example.org/Carla"))

IN = "from='bert@example.org/x' to='anna@example.org/here'"
OUT = "to='bert@example.org'"
BODY = "<body>hello</body>"
RECEIPT = "<received xmlns='urn:xmpp:receipts' id='1'/>"
FORWARDED = (
    f"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' {IN}>%s</message></forwarded>"
)
EVENT = "<message from='bert@example.org'><event xmlns='http://jabber.org/protocol/pubsub#event'>%s</event></message>"
PUBSUB = "<iq type='set' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'>%s</pubsub></iq>"


@pytest.mark.parametrize(
    ("text", "category", "chat"),
    [
        # signing in
        ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGE=</auth>", C.LOGIN, None),
        ("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-1'/>", C.LOGIN, None),
        ("<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>", C.LOGIN, None),
        ("<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", C.LOGIN, None),
        ("<resume xmlns='urn:xmpp:sm:3' h='1' previd='x'/>", C.LOGIN, None),
        ("<enable xmlns='urn:xmpp:sm:3' resume='true'/>", C.LOGIN, None),
        ("<iq type='set' id='1'><enable xmlns='urn:xmpp:carbons:2'/></iq>", C.LOGIN, None),
        # keeping alive
        ("<r xmlns='urn:xmpp:sm:3'/>", C.KEEPALIVE, None),
        ("<a xmlns='urn:xmpp:sm:3' h='12'/>", C.KEEPALIVE, None),
        ("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", C.KEEPALIVE, None),
        # people
        ("<presence><show>away</show></presence>", C.PRESENCE, None),
        ("<presence from='bert@example.org/x'><c xmlns='http://jabber.org/protocol/caps'/></presence>", C.PRESENCE, None),
        ("<presence type='subscribe' from='bert@example.org'/>", C.PRESENCE, None),
        ("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>", C.PRESENCE, None),
        ("<iq type='get' id='1' to='bert@example.org/x'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", C.PRESENCE, None),
        ("<active xmlns='urn:xmpp:csi:0'/>", C.PRESENCE, None),
        ("<iq type='set' id='1'><query xmlns='jabber:iq:privacy'><active name='x'/></query></iq>", C.PRESENCE, None),
        (EVENT % "<items node='http://jabber.org/protocol/nick'/>", C.PRESENCE, None),
        # two people
        (f"<message {OUT} type='chat' id='1'>{BODY}<request xmlns='urn:xmpp:receipts'/></message>", C.CHAT, BERT),
        (f"<message {IN} type='chat'>{BODY}{RECEIPT}</message>", C.CHAT, BERT),
        (f"<message {IN}><composing xmlns='http://jabber.org/protocol/chatstates'/></message>", C.CHAT, BERT),
        (f"<message {IN}><encrypted xmlns='eu.siacs.conversations.axolotl'><payload>x</payload></encrypted></message>", C.CHAT, BERT),
        (f"<message from='{CARLA.address}' type='chat'>{BODY}</message>", C.CHAT, CARLA),
        (f"<message from='anna@example.org'><received xmlns='urn:xmpp:carbons:2'>{FORWARDED % BODY}</received></message>", C.CHAT, BERT),
        # what is said of messages
        (f"<message {OUT}>{RECEIPT}</message>", C.MARKS, BERT),
        (f"<message {IN}><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>", C.MARKS, BERT),
        (f"<message from='anna@example.org'><sent xmlns='urn:xmpp:carbons:2'>{FORWARDED % RECEIPT}</sent></message>", C.MARKS, BERT),
        (PUBSUB % "<publish node='urn:xmpp:mds:displayed:0'/>", C.MARKS, None),
        # rooms
        (f"<presence from='{ROOM.address}/Bert'><x xmlns='http://jabber.org/protocol/muc#user'/></presence>", C.ROOMS, ROOM),
        (f"<presence to='{ROOM.address}/Anna' type='unavailable'/>", C.ROOMS, ROOM),
        ("<presence to='new@rooms.example.org/Anna'><x xmlns='http://jabber.org/protocol/muc'/></presence>", C.ROOMS, ChatKey(OWN, Address.parse("new@rooms.example.org"))),
        (f"<message from='{ROOM.address}/Bert' type='groupchat'>{BODY}</message>", C.ROOMS, ROOM),
        (f"<message {IN}><x xmlns='jabber:x:conference' jid='{ROOM.address}'/></message>", C.ROOMS, BERT),
        (f"<iq type='get' id='1' to='{ROOM.address}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", C.ROOMS, ROOM),
        ("<iq type='get' id='1' to='rooms.example.org'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>", C.ROOMS, None),
        (PUBSUB % "<items node='urn:xmpp:bookmarks:1'/>", C.ROOMS, None),
        # the past
        ("<iq type='set' id='1'><query xmlns='urn:xmpp:mam:2' queryid='1'/></iq>", C.HISTORY, None),
        (f"<iq type='set' id='1' to='{ROOM.address}'><query xmlns='urn:xmpp:mam:2'/></iq>", C.HISTORY, ROOM),
        ("<iq type='result' id='1'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>", C.HISTORY, None),
        (f"<message from='anna@example.org'><result xmlns='urn:xmpp:mam:2' id='1'>{FORWARDED % BODY}</result></message>", C.HISTORY, BERT),
        # encryption
        (EVENT % "<items node='eu.siacs.conversations.axolotl.devicelist'/>", C.ENCRYPTION, None),
        (PUBSUB % "<items node='urn:xmpp:omemo:2:bundles'/>", C.ENCRYPTION, None),
        (f"<message {IN}><encrypted xmlns='eu.siacs.conversations.axolotl'><header/></encrypted></message>", C.ENCRYPTION, BERT),
        # files
        ("<iq type='get' id='1' to='up.example.org'><request xmlns='urn:xmpp:http:upload:0' size='1'/></iq>", C.FILES, None),
    ],
)  # fmt: skip
def test_of_real_stanzas(text: str, category: C, chat: ChatKey | None) -> None:
    element = read(text)
    assert element is not None
    assert category_of(element, OWN, lambda key: key == ROOM) == (category, chat)


@pytest.mark.parametrize("text", ["", " ", "\n", "<not-closed>", "no element"])
def test_what_is_no_element(text: str) -> None:
    assert read(text) is None
