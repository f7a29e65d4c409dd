"""Stanzas as honest servers and contacts send them, one at least for each thing this program understands."""

from __future__ import annotations

_ANNA = "anna@example.org"
_HERE = "anna@example.org/here"
_BERT = "bert@example.org/phone"
_ROOM = "garden@rooms.example.org"


def _chat(inside: str, body: str = "<body>hello</body>") -> str:
    return f"<message from='{_BERT}' to='{_HERE}' type='chat' id='m1'>{body}{inside}</message>"


def _room(inside: str, body: str = "<body>hello</body>") -> str:
    return f"<message from='{_ROOM}/Bert' to='{_HERE}' type='groupchat' id='g1'>{body}{inside}</message>"


def _event(node: str, item: str, sender: str = _ANNA) -> str:
    return (
        f"<message from='{sender}' to='{_HERE}' type='headline'>"
        "<event xmlns='http://jabber.org/protocol/pubsub#event'>"
        f"<items node='{node}'><item id='{_ROOM}'>{item}</item></items></event></message>"
    )


def _request(kind: str, inside: str) -> str:
    return f"<iq from='{_BERT}' to='{_HERE}' type='{kind}' id='q1'>{inside}</iq>"


_DELAY = "<delay xmlns='urn:xmpp:delay' stamp='2026-04-01T00:00:00Z'/>"
_FORWARDED = f"<forwarded xmlns='urn:xmpp:forward:0'>{_DELAY}{_chat('')}</forwarded>"
_ITEM = f"<item affiliation='member' role='participant' jid='{_BERT}'/>"

REAL = (
    _chat(""),
    _chat("<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>"),
    _chat("<received xmlns='urn:xmpp:receipts' id='m0'/>", ""),
    _chat("<displayed xmlns='urn:xmpp:chat-markers:0' id='m0'/>", ""),
    _chat("<composing xmlns='http://jabber.org/protocol/chatstates'/>", ""),
    _chat("<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>"),
    _chat("<retract xmlns='urn:xmpp:message-retract:1' id='m1'/>"),
    _chat("<reactions xmlns='urn:xmpp:reactions:0' id='m1'><reaction>👍</reaction></reactions>", ""),
    _chat(
        f"<reply xmlns='urn:xmpp:reply:0' to='{_ANNA}' id='m1'/>"
        "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='5'/></fallback>"
    ),
    _chat("<x xmlns='jabber:x:oob'><url>https://example.org/a.png</url></x>"),
    _chat(
        "<file-sharing xmlns='urn:xmpp:sfs:0'><file xmlns='urn:xmpp:file:metadata:0'><name>a.png</name>"
        "<size>10</size><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>AAAA</hash></file><sources>"
        "<url-data xmlns='http://jabber.org/protocol/url-data' target='https://example.org/a.png'/></sources>"
        "</file-sharing>"
    ),
    _chat("<stanza-id xmlns='urn:xmpp:sid:0' by='anna@example.org' id='77'/>"),
    _chat(
        "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'><key rid='2'>AAAA</key>"
        "<iv>AAAA</iv></header><payload>AAAA</payload></encrypted>"
    ),
    _chat(
        "<encrypted xmlns='urn:xmpp:omemo:2'><header sid='1'><keys jid='anna@example.org'>"
        "<key rid='2'>AAAA</key></keys></header><payload>AAAA</payload></encrypted>"
    ),
    _chat("<openpgp xmlns='urn:xmpp:openpgp:0'>AAAA</openpgp>"),
    _chat("<x xmlns='jabber:x:encrypted'>AAAA</x>"),
    _chat(f"<x xmlns='jabber:x:conference' jid='{_ROOM}' reason='come'/>", ""),
    _chat("<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"),
    f"<message from='{_ROOM}' to='{_HERE}'><x xmlns='http://jabber.org/protocol/muc#user'>"
    f"<invite from='{_BERT}'><reason>come</reason></invite><password>p</password></x></message>",
    f"<message from='{_ANNA}' to='{_HERE}'><sent xmlns='urn:xmpp:carbons:2'>{_FORWARDED}</sent></message>",
    f"<message from='{_ANNA}' to='{_HERE}'><received xmlns='urn:xmpp:carbons:2'>{_FORWARDED}"
    "</received></message>",
    f"<message from='{_ANNA}' to='{_HERE}'><result xmlns='urn:xmpp:mam:2' queryid='q' id='7'>{_FORWARDED}"
    "</result></message>",
    _room(""),
    _room("<occupant-id xmlns='urn:xmpp:occupant-id:0' id='o1'/>"),
    _room(f"<stanza-id xmlns='urn:xmpp:sid:0' by='{_ROOM}' id='78'/>"),
    _room("<subject>lilies</subject>", ""),
    _room("<reactions xmlns='urn:xmpp:reactions:0' id='78'><reaction>👍</reaction></reactions>", ""),
    _room("<replace xmlns='urn:xmpp:message-correct:0' id='g1'/>"),
    _room("<displayed xmlns='urn:xmpp:chat-markers:0' id='78'/>", ""),
    f"<message from='{_ROOM}' to='{_HERE}' type='groupchat'>"
    "<retract xmlns='urn:xmpp:message-retract:1' id='78'><moderated xmlns='urn:xmpp:message-moderate:1'/>"
    "<reason>spam</reason></retract></message>",
    f"<message from='{_ROOM}' to='{_HERE}' type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'>"
    "<status code='104'/><status code='172'/></x></message>",
    f"<presence from='{_BERT}' to='{_HERE}'><show>away</show><status>gone</status><priority>5</priority>"
    "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='AAAA'/></presence>",
    f"<presence from='{_BERT}' to='{_HERE}' type='unavailable'/>",
    f"<presence from='bert@example.org' to='{_ANNA}' type='subscribe'><status>me</status></presence>",
    "<presence from='mallory@evil.example' to='anna@example.org' type='subscribe'/>",
    f"<presence from='bert@example.org' to='{_ANNA}' type='unsubscribed'/>",
    f"<presence from='{_ROOM}/Bert' to='{_HERE}'><x xmlns='http://jabber.org/protocol/muc#user'>{_ITEM}</x>"
    "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='o1'/></presence>",
    f"<presence from='{_ROOM}/Anna' to='{_HERE}'><x xmlns='http://jabber.org/protocol/muc#user'>{_ITEM}"
    "<status code='110'/></x></presence>",
    f"<presence from='{_ROOM}/Bert' to='{_HERE}' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>"
    "<item nick='Robert' role='none'><actor nick='Carl'/><reason>out</reason></item><status code='303'/>"
    "<destroy jid='x@rooms.example.org'/></x></presence>",
    f"<presence from='{_ROOM}/Anna' to='{_HERE}' type='error'><error type='auth'>"
    "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
    f"<iq to='{_HERE}' type='set' id='r1'><query xmlns='jabber:iq:roster' ver='v1'>"
    "<item jid='bert@example.org' name='Bert' subscription='both' ask='subscribe'>"
    "<group>Friends</group></item></query></iq>",
    _request("get", "<query xmlns='http://jabber.org/protocol/disco#info' node='n#AAAA'/>"),
    _request("get", "<query xmlns='jabber:iq:version'/>"),
    _request("get", "<ping xmlns='urn:xmpp:ping'/>"),
    _request("set", "<query xmlns='http://jabber.org/protocol/disco#items'/>"),
    _event(
        "urn:xmpp:bookmarks:1",
        "<conference xmlns='urn:xmpp:bookmarks:1' autojoin='true' name='Garden'>"
        "<nick>Anna</nick></conference>",
    ),
    _event(
        "urn:xmpp:mds:displayed:0",
        "<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='anna@example.org' "
        "id='77'/></displayed>",
    ),
    _event(
        "eu.siacs.conversations.axolotl.devicelist",
        "<list xmlns='eu.siacs.conversations.axolotl'><device id='1'/></list>",
        "bert@example.org",
    ),
    _event(
        "urn:xmpp:omemo:2:devices",
        "<devices xmlns='urn:xmpp:omemo:2'><device id='1' label='x'/></devices>",
        "bert@example.org",
    ),
    _event(
        "urn:xmpp:openpgp:0:public-keys",
        "<public-keys-list xmlns='urn:xmpp:openpgp:0'>"
        "<pubkey-metadata v4-fingerprint='AA' date='2026-04-01T00:00:00Z'/></public-keys-list>",
        "bert@example.org",
    ),
)
