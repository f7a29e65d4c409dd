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
from tui_xmpp.core.security import Protection

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


async def test_unsigned_signed_only_and_in_clear(wire: Wire, theirs: KeyRing, ours: str, bert: str) -> None:
    text = content(wire.clock.now())
    assert "Nobody has signed" in await refused(wire, stanza(theirs.seal(text, ours), "m1"))
    signed = theirs.gpg("--sign", "--local-user", bert, data=text)
    assert "not sealed" in await refused(wire, stanza(signed, "m2"))
    assert "not sealed" in await refused(wire, stanza(theirs.gpg("--store", data=text), "m3"))


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


async def test_sign_and_crypt_are_not_signcrypt(wire: Wire, theirs: KeyRing, ours: str, bert: str) -> None:
    for number, name in enumerate(("sign", "crypt")):
        text = content(wire.clock.now(), name=name)
        assert "both signed" in await refused(
            wire, stanza(theirs.seal(text, ours, signer=bert), f"m{number}")
        )


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
