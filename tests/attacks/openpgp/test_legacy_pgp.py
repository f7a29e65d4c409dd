"""Cases G-01, G-02 and T-02 for XEP-0027: only where it was chosen, and marked where nobody has signed."""

from __future__ import annotations

from tests.attacks.openpgp.test_openpgp_for_xmpp import refused, told
from tests.fakes.key_ring import KeyRing
from tests.session.wire import BERT, FULL, WITH_BERT, Wire
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.security import Encrypt, Method, Protection
from tui_xmpp.core.security_commands import SetEncryption

ENCRYPTED = "jabber:x:encrypted"
HEAD, FOOT = "-----BEGIN PGP MESSAGE-----\n\n", "\n-----END PGP MESSAGE-----"


def stanza(theirs: KeyRing, text: bytes, ours: str, signer: str = "", id: str = "m1") -> str:
    armored = theirs.seal(text, ours, signer=signer, more=("--armor",)).decode()
    bare = armored.removeprefix(HEAD).partition(FOOT)[0]
    return (
        f"<message type='chat' id='{id}' from='{BERT}/pda' to='{FULL}'><body>It is sealed.</body>"
        f"<x xmlns='{ENCRYPTED}'>{bare}</x></message>"
    )


async def choose(wire: Wire) -> None:
    await wire.account.do(SetEncryption(WITH_BERT, Encrypt.ALWAYS, Method.PGP))


async def test_it_is_not_read_where_it_was_not_chosen(
    wire: Wire, theirs: KeyRing, ours: str, bert: str
) -> None:
    assert "not chosen" in await refused(wire, stanza(theirs, b"the plan", ours, bert))


async def test_nobody_has_signed_so_it_is_marked(wire: Wire, theirs: KeyRing, ours: str, bert: str) -> None:
    await choose(wire)
    message = await told(wire, stanza(theirs, b"the plan", ours))
    assert (message.body, message.protection) == ("the plan", Protection.UNPROVEN)


async def test_signed_by_the_accepted_key_or_not_at_all(
    wire: Wire, ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    await choose(wire)
    message = await told(wire, stanza(theirs, b"signed", ours, bert))
    assert (message.body, message.protection) == ("signed", Protection.SEALED)
    mallory = theirs.make(f"xmpp:{BERT} too")
    ring.take(theirs.public(mallory))
    assert "another key" in await refused(wire, stanza(theirs, b"the plan", ours, mallory, "m2"))


async def test_control_characters_never_reach_the_disk(
    wire: Wire, theirs: KeyRing, ours: str, bert: str
) -> None:
    await choose(wire)
    message = await told(wire, stanza(theirs, b"\x1b]52;c;bGll\x07\x00\xff\xfe plan", ours, bert))
    assert not any(one < " " for one in message.body)


async def test_what_is_written_is_sealed_for_the_accepted_key(
    wire: Wire, theirs: KeyRing, ours: str, bert: str
) -> None:
    await choose(wire)
    before = len(wire.stream.written)
    await wire.account.do(SendMessage(WITH_BERT, "my answer"))
    await wire.until(lambda: any(one.tag.endswith("message") for one in wire.stream.written[before:]))
    (sent,) = [one for one in wire.stream.written[before:] if one.tag.endswith("message")]
    found = sent.find(f"{{{ENCRYPTED}}}x")
    assert found is not None and found.text
    assert "my answer" not in "".join(sent.itertext())
    assert theirs.gpg("--decrypt", data=f"{HEAD}{found.text}{FOOT}\n".encode()) == b"my answer"
