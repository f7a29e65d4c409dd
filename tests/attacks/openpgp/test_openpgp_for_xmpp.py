"""Cases G-01 to G-03 and T-02 on the wire: what is believed of an `<openpgp/>` (XEP-0373 §3.2)."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest

from tests.attacks.openpgp.conftest import account, signed_in
from tests.fakes.key_ring import KeyRing
from tests.session.wire import ANNA, BERT, FULL, WITH_BERT, Wire
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.message import Message
from tui_xmpp.core.security import Method, Protection

OX = "urn:xmpp:openpgp:0"


def content(at: datetime, body: str = "the plan", to: str = str(ANNA), name: str = "signcrypt") -> bytes:
    stamp = at.isoformat().replace("+00:00", "Z")
    return (
        f"<{name} xmlns='{OX}'><to jid='{to}'/><time stamp='{stamp}'/><rpad>{at.microsecond}</rpad>"
        f"<payload><body xmlns='jabber:client'>{body}</body></payload></{name}>"
    ).encode()


def stanza(sealed: bytes, id: str = "m1", beside: str = "", sender: str = str(BERT)) -> str:
    return (
        f"<message type='chat' id='{id}' from='{sender}/pda' to='{FULL}'><body>It is sealed.</body>{beside}"
        f"<openpgp xmlns='{OX}'>{base64.b64encode(sealed).decode()}</openpgp></message>"
    )


async def told(wire: Wire, text: str) -> Message:
    """The newest message once this was heard."""
    await wire.take(text)
    return wire.messages()[-1]


async def refused(wire: Wire, text: str) -> str:
    """Why what came is not shown."""
    message = await told(wire, text)
    assert message.protection is Protection.ATTENTION
    assert "the plan" not in message.body
    return message.body


async def test_what_the_contact_signed_and_sealed_is_read_in_its_turn(
    wire: Wire, theirs: KeyRing, ours: str, bert: str
) -> None:
    sealed = theirs.seal(content(wire.clock.now()), ours, signer=bert)
    message = await told(wire, stanza(sealed))
    assert (message.body, message.protection) == ("the plan", Protection.SEALED)
    assert len(wire.messages()) == 1


async def test_by_the_key_of_somebody_else_with_the_name_of_the_contact(
    wire: Wire, ring: KeyRing, theirs: KeyRing, ours: str
) -> None:
    mallory = theirs.make(f"xmpp:{BERT} too")
    ring.take(theirs.public(mallory))
    sealed = theirs.seal(content(wire.clock.now()), ours, signer=mallory)
    assert "another key" in await refused(wire, stanza(sealed))


async def test_nothing_is_read_that_is_less_or_more_than_it_says(
    wire: Wire, theirs: KeyRing, ours: str, bert: str
) -> None:
    def offered(name: str) -> dict[str, bytes]:
        wire.clock.turn(1)
        text = content(wire.clock.now(), name=name)
        signed = theirs.gpg("--sign", "--local-user", bert, data=text)
        return {
            "signcrypt": theirs.seal(text, ours, signer=bert),
            "sign": signed,
            "crypt": theirs.seal(text, ours),
        }

    for name in ("signcrypt", "sign", "crypt"):
        for way, sealed in offered(name).items():
            if way != name:
                assert "It says that it is" in await refused(wire, stanza(sealed, f"{name}-{way}"))
    for name in ("signcrypt", "sign", "crypt"):
        text = content(wire.clock.now(), name=name)
        stored = theirs.gpg("--store", data=text)
        assert "cannot be opened" in await refused(wire, stanza(stored, f"{name}-stored"))
        bare = theirs.gpg("--store", "--compress-algo", "none", data=text)
        assert "neither sealed nor signed" in await refused(wire, stanza(bare, f"{name}-bare"))
        other = content(wire.clock.now(), name=name).replace(OX.encode(), b"urn:other")
        assert "not a message" in await refused(
            wire, stanza(theirs.seal(other, ours, signer=bert), f"{name}-other")
        )


def signed_only(theirs: KeyRing, bert: str, text: bytes) -> bytes:
    return theirs.gpg("--sign", "--local-user", bert, data=text)


async def test_what_is_only_signed_is_read_and_never_taken_for_sealed(
    wire: Wire, theirs: KeyRing, bert: str
) -> None:
    message = await told(wire, stanza(signed_only(theirs, bert, content(wire.clock.now(), name="sign"))))
    assert (message.body, message.protection) == ("the plan", Protection.SIGNED)
    # It was readable on its way: it does not turn encryption on.
    assert not wire.account.sealing.security(WITH_BERT).sealed
    await told(
        wire,
        stanza(theirs.seal(content(wire.clock.now()), wire.account.account.openpgp_key, signer=bert), "m2"),
    )
    wire.clock.turn(1)
    late = signed_only(theirs, bert, content(wire.clock.now(), "not so secret", name="sign"))
    message = await told(wire, stanza(late, "m3"))
    assert (message.body, message.protection) == ("not so secret", Protection.SIGNED)


async def test_what_is_only_signed_has_to_be_for_us_now_once_and_by_the_accepted_key(
    wire: Wire, ring: KeyRing, theirs: KeyRing, bert: str
) -> None:
    def signed(at: datetime, to: str = str(ANNA), by: str = bert) -> bytes:
        return signed_only(theirs, by, content(at, to=to, name="sign"))

    now = wire.clock.now()
    assert "somebody else" in await refused(wire, stanza(signed(now, to="carl@example.org"), "m1"))
    assert "held it back" in await refused(wire, stanza(signed(now - timedelta(days=8)), "m2"))
    mallory = theirs.make(f"xmpp:{BERT} too")
    assert "gpg does not have" in await refused(wire, stanza(signed(now, by=mallory), "m3"))
    ring.take(theirs.public(mallory))
    assert "another key" in await refused(wire, stanza(signed(now, by=mallory), "m4"))
    once = signed(now)
    assert (await told(wire, stanza(once, "m5"))).protection is Protection.SIGNED
    assert "copy" in await refused(wire, stanza(once, "m6"))


async def test_what_nobody_has_signed_says_that_its_sender_is_not_proven(
    wire: Wire, theirs: KeyRing, ours: str, bert: str
) -> None:
    text = content(wire.clock.now(), name="crypt")
    without_to = text.replace(f"<to jid='{ANNA}'/>".encode(), b"")
    assert without_to != text
    sealed = theirs.seal(without_to, ours)
    message = await told(wire, stanza(sealed, "m1"))
    assert (message.body, message.protection) == ("the plan", Protection.UNPROVEN)
    # Anybody can have sealed it, the server too: it does not turn encryption on.
    assert not wire.account.sealing.security(WITH_BERT).sealed
    assert "copy" in await refused(wire, stanza(sealed, "m2"))
    away = content(wire.clock.now(), to="carl@example.org", name="crypt")
    assert "somebody else" in await refused(wire, stanza(theirs.seal(away, ours), "m3"))


async def test_neither_corrects_what_was_sealed(wire: Wire, theirs: KeyRing, ours: str, bert: str) -> None:
    await told(wire, stanza(theirs.seal(content(wire.clock.now(), "the first"), ours, signer=bert), "m1"))
    replace = b"<replace xmlns='urn:xmpp:message-correct:0' id='m1'/></payload>"
    for name in ("sign", "crypt"):
        wire.clock.turn(1)
        text = content(wire.clock.now(), f"by {name}", name=name).replace(b"</payload>", replace)
        made = theirs.seal(text, ours) if name == "crypt" else signed_only(theirs, bert, text)
        await told(wire, stanza(made, f"late-{name}"))
    assert [one.body for one in wire.messages()] == ["the first"]


async def test_what_was_not_compared_does_not_come_under_the_mark_of_what_was(
    wire: Wire, ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    other = theirs.make(f"xmpp:{BERT} too")
    ring.take(theirs.public(other))
    pins = wire.account.sealing.openpgp.desk.pins
    pins.put(BERT, Method.OPENPGP, bert, verified=True)
    pins.put(BERT, Method.OPENPGP, other, verified=False)
    await told(wire, stanza(theirs.seal(content(wire.clock.now(), "the first"), ours, signer=bert), "m1"))
    wire.clock.turn(1)
    replace = b"<replace xmlns='urn:xmpp:message-correct:0' id='m1'/></payload>"
    text = content(wire.clock.now(), "the second").replace(b"</payload>", replace)
    await told(wire, stanza(theirs.seal(text, ours, signer=other), "m2"))
    assert [(one.body, one.protection) for one in wire.messages()] == [
        ("the first", Protection.VERIFIED),
        ("the second", Protection.SEALED),
    ]


async def test_clear_text_corrects_nothing_that_was_signed(wire: Wire, theirs: KeyRing, bert: str) -> None:
    await told(wire, stanza(signed_only(theirs, bert, content(wire.clock.now(), name="sign")), "m1"))
    await told(
        wire,
        f"<message type='chat' id='m2' from='{BERT}/pda' to='{FULL}'><body>a lie</body>"
        "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/></message>",
    )
    assert [one.body for one in wire.messages()] == ["the plan"]


async def test_for_somebody_else(wire: Wire, theirs: KeyRing, ours: str, bert: str) -> None:
    for number, to in enumerate(("carl@example.org", str(BERT), "")):
        sealed = theirs.seal(content(wire.clock.now(), to=to), ours, signer=bert)
        assert "somebody else" in await refused(wire, stanza(sealed, f"m{number}"))


async def test_too_old_or_of_the_future(wire: Wire, theirs: KeyRing, ours: str, bert: str) -> None:
    now = wire.clock.now()
    old = theirs.seal(content(now - timedelta(days=8)), ours, signer=bert)
    assert "held it back" in await refused(wire, stanza(old, "m1"))
    early = theirs.seal(content(now + timedelta(hours=1)), ours, signer=bert)
    assert "later than it came" in await refused(wire, stanza(early, "m2"))
    timeless = content(now).replace(b"stamp=", b"stump=")
    assert "when it was" in await refused(wire, stanza(theirs.seal(timeless, ours, signer=bert), "m3"))


async def test_a_replay_is_no_new_message_after_a_restart_either(
    wire: Wire, ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    sealed = theirs.seal(content(wire.clock.now()), ours, signer=bert)
    await told(wire, stanza(sealed, "m1"))
    assert "copy" in await refused(wire, stanza(sealed, "m2"))
    wire.database.close()
    again = account(wire.folder, ring, ours)
    await signed_in(again)
    assert "copy" in await refused(again, stanza(sealed, "m3"))
    await again.close()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<rpad>", "<rpad/><rpad>"),
        ("<payload>", "<payload/><payload>"),
        ("<time ", "<time stamp='2026-01-01T00:00:00Z'/><time "),
        ("<signcrypt", "<!DOCTYPE a [<!ENTITY b 'c'>]><signcrypt"),
        ("</signcrypt>", ""),
    ],
)
async def test_malformed_content(
    wire: Wire, theirs: KeyRing, ours: str, bert: str, old: str, new: str
) -> None:
    text = content(wire.clock.now()).replace(old.encode(), new.encode())
    assert "not a message" in await refused(wire, stanza(theirs.seal(text, ours, signer=bert)))


async def test_what_stands_beside_the_seal_is_nobodys_word(
    wire: Wire, theirs: KeyRing, ours: str, bert: str
) -> None:
    await told(wire, stanza(theirs.seal(content(wire.clock.now(), "the first"), ours, signer=bert), "m1"))
    beside = (
        "<subject>a lie</subject><replace xmlns='urn:xmpp:message-correct:0' id='m1'/>"
        "<x xmlns='jabber:x:oob'><url>https://example.org/lie</url></x>"
    )
    wire.clock.turn(1)
    sealed = theirs.seal(content(wire.clock.now(), "the second"), ours, signer=bert)
    await told(wire, stanza(sealed, "m2", beside))
    assert [one.body for one in wire.messages()] == ["the first", "the second"]


async def test_a_correction_under_the_seal_is_one(wire: Wire, theirs: KeyRing, ours: str, bert: str) -> None:
    await told(wire, stanza(theirs.seal(content(wire.clock.now(), "teh plan"), ours, signer=bert), "m1"))
    wire.clock.turn(1)
    replace = b"<replace xmlns='urn:xmpp:message-correct:0' id='m1'/></payload>"
    text = content(wire.clock.now()).replace(b"</payload>", replace)
    await told(wire, stanza(theirs.seal(text, ours, signer=bert), "m2"))
    assert [one.body for one in wire.messages()] == ["the plan"]


async def test_nothing_of_a_stranger_is_given_to_gpg(
    wire: Wire, theirs: KeyRing, ours: str, bert: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpg = wire.account.sealing.openpgp.desk.gpg

    async def never(*_: object) -> None:
        raise AssertionError("gpg was asked")

    monkeypatch.setattr(gpg, "open", never)
    sealed = theirs.seal(content(wire.clock.now()), ours, signer=bert)
    await wire.take(stanza(sealed, sender="carl@example.org"))
    (message,) = [one for chat in wire.world.chats for one in wire.messages(chat)]
    assert "not accepted a key of carl@example.org" in message.body


async def test_control_characters_under_the_seal_are_no_xml(
    wire: Wire, theirs: KeyRing, ours: str, bert: str
) -> None:
    text = content(wire.clock.now(), "\x1b]52;c;bGll\x07the plan")
    assert "not a message" in await refused(wire, stanza(theirs.seal(text, ours, signer=bert)))


async def test_who_begins_with_openpgp_is_answered_with_it(
    wire: Wire, theirs: KeyRing, ours: str, bert: str
) -> None:
    await told(wire, stanza(theirs.seal(content(wire.clock.now()), ours, signer=bert)))
    # He began with OpenPGP, so it is gone on with: the answer is sealed for him.
    before = len(wire.stream.written)
    await wire.account.do(SendMessage(WITH_BERT, "my answer"))
    await wire.until(lambda: any(one.tag.endswith("message") for one in wire.stream.written[before:]))
    (sent,) = [one for one in wire.stream.written[before:] if one.tag.endswith("message")]
    found = sent.find(f"{{{OX}}}openpgp")
    assert found is not None and found.text
    opened = theirs.gpg("--decrypt", data=base64.b64decode(found.text))
    assert b"my answer" in opened and f'<to jid="{BERT}"'.encode() in opened and b"<rpad>" in opened
    assert "my answer" not in "".join(sent.itertext())
