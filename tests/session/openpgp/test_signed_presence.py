"""Presence under a signature (XEP-0027): ours where the user wants it, and what is known of a contact's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.fakes.key_ring import KeyRing
from tests.session.wire import ANNA, BERT, Wire
from tui_xmpp.core import openpgp as pgp
from tui_xmpp.core.commands import Refused, SetPresence, UseLink
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import Notice
from tui_xmpp.session.crypto.gpg_status import GpgFailed

SIGNED = "{jabber:x:signed}x"
PRESENCE = "{jabber:client}presence"
HEAD, FOOT = "-----BEGIN PGP SIGNATURE-----\n\n", "\n-----END PGP SIGNATURE-----\n"


def presences(wire: Wire) -> list[ET.Element]:
    """What we announced to everybody."""
    return [one for one in wire.stream.written if one.tag.endswith("presence") and one.get("to") is None]


def signature_in(presence: ET.Element) -> str:
    return presence.findtext(SIGNED) or presence.findtext("x") or ""


async def signed_presence(wire: Wire) -> ET.Element:
    await wire.until(lambda: any(signature_in(one) for one in presences(wire)))
    return next(one for one in presences(wire) if signature_in(one))


def is_good(ring: KeyRing, folder: Path, signature: str, text: str) -> bool:
    file = folder / "signature.asc"
    file.write_text(f"{HEAD}{signature}{FOOT}")
    found = ring.gpg("--status-fd", "1", "--verify", str(file), "-", data=text.encode(), check=False)
    return b"GOODSIG" in found


async def test_it_is_signed_only_once_the_user_wants_it(
    wire: Wire, theirs: KeyRing, tmp_path: Path, ours: str
) -> None:
    await wire.account.do(SetPresence(Show.AWAY, "at lunch"))
    await wire.account.do(SetPresence(Show.AVAILABLE, ""))
    await wire.settle()
    assert presences(wire) and not any(signature_in(one) for one in presences(wire))
    wire.stream.written.clear()
    await wire.account.do(pgp.SignPresence(ANNA, True))
    assert is_good(theirs, tmp_path, signature_in(await signed_presence(wire)), "")
    # What was signed once is not signed again, and another status text is.
    wire.stream.written.clear()
    await wire.account.do(SetPresence(Show.DND, "busy"))
    assert is_good(theirs, tmp_path, signature_in(await signed_presence(wire)), "busy")
    wire.stream.written.clear()
    await wire.account.do(SetPresence(Show.AVAILABLE, ""))
    assert [bool(signature_in(one)) for one in presences(wire)] == [True]
    wire.stream.written.clear()
    await wire.account.do(pgp.SignPresence(ANNA, False))
    assert [bool(signature_in(one)) for one in presences(wire)] == [False]


async def test_another_key_of_ours_signs_from_its_choice_on(
    wire: Wire, ring: KeyRing, tmp_path: Path, ours: str
) -> None:
    new = ring.make(f"xmpp:{ANNA}", expire="1y")
    await wire.account.do(pgp.SignPresence(ANNA, True))
    await signed_presence(wire)
    wire.stream.written.clear()
    await wire.account.do(pgp.ChooseKey(ANNA, new))
    file = tmp_path / "signature.asc"
    file.write_text(f"{HEAD}{signature_in(await signed_presence(wire))}{FOOT}")
    told = ring.gpg("--status-fd", "1", "--verify", str(file), "-", data=b"", check=False).decode()
    assert f"VALIDSIG {new}" in told and ours not in told


async def test_where_nobody_hears_of_us_nothing_is_signed(wire: Wire) -> None:
    await wire.account.do(UseLink(ANNA, "radio"))
    wire.stream.written.clear()
    await wire.account.do(pgp.SignPresence(ANNA, True))
    await wire.account.do(SetPresence(Show.AWAY, "at lunch"))
    await wire.settle()
    assert not any(signature_in(one) for one in presences(wire))


async def test_without_a_key_nothing_can_be_signed(tmp_path: Path) -> None:
    made = Wire(tmp_path)
    await made.online()
    with pytest.raises(Refused, match="no OpenPGP key"):
        await made.account.do(pgp.SignPresence(ANNA, True))
    await made.close()


async def test_what_gpg_cannot_sign_goes_out_without_and_it_is_told(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> bytes:
        raise GpgFailed("The card is gone.")

    monkeypatch.setattr(wire.account.sealing.openpgp.desk.gpg, "sign", fail)
    await wire.account.do(pgp.SignPresence(ANNA, True))
    await wire.until(lambda: any("The card is gone." in one.text for one in wire.happened(Notice)))
    assert [bool(signature_in(one)) for one in presences(wire)] == [False]


# --- of a contact -----------------------------------------------------------------------------------------


def sign(ring: KeyRing, key: str, text: str) -> str:
    armored = ring.gpg("--detach-sign", "--armor", "--local-user", key, data=text.encode()).decode()
    return armored.removeprefix(HEAD).partition("\n-----END")[0]


def presence(signature: str, status: str = "online", kind: str = "") -> str:
    kind = f" type='{kind}'" if kind else ""
    signed = f"<x xmlns='jabber:x:signed'>{signature}</x>" if signature else ""
    return f"<presence from='{BERT}/pda' to='{ANNA}'{kind}><status>{status}</status>{signed}</presence>"


async def known(wire: Wire) -> pgp.PresenceSignature | None:
    return await wire.account.ask(pgp.PresenceSignatureOf(ANNA, BERT))


async def test_by_the_key_that_was_accepted(wire: Wire, theirs: KeyRing, bert: str) -> None:
    wire.befriend()
    assert await known(wire) is None
    await wire.take(presence(sign(theirs, bert, "online")))
    found = await known(wire)
    assert found is not None and (found.signer, found.accepted, found.fault) == (bert, True, "")
    assert found.at is not None and abs(datetime.now(UTC) - found.at) < timedelta(minutes=5)
    await wire.take(presence(""))
    assert await known(wire) is None
    await wire.take(presence(sign(theirs, bert, "online")))
    await wire.take(presence("", kind="unavailable"))
    assert await known(wire) is None


async def test_nothing_is_known_of_it_once_the_session_is_over(
    wire: Wire, theirs: KeyRing, bert: str
) -> None:
    wire.befriend()
    await wire.take(presence(sign(theirs, bert, "online")))
    assert await known(wire) is not None
    wire.account.life.end()
    assert await known(wire) is None


async def test_by_a_key_that_was_not_accepted_whatever_its_name_says(
    wire: Wire, ring: KeyRing, theirs: KeyRing, bert: str
) -> None:
    wire.befriend()
    mallory = theirs.make(f"xmpp:{BERT} too")
    ring.take(theirs.public(mallory))
    await wire.take(presence(sign(theirs, mallory, "online")))
    found = await known(wire)
    assert found is not None and (found.signer, found.accepted, found.fault) == (mallory, False, "")


async def test_a_key_that_gpg_does_not_have_is_named_and_not_fetched(
    wire: Wire, ring: KeyRing, theirs: KeyRing
) -> None:
    wire.befriend()
    stranger = theirs.make(f"xmpp:{BERT} new")
    before = len(wire.stream.written)
    await wire.take(presence(sign(theirs, stranger, "online")))
    found = await known(wire)
    assert found is not None and not found.signer and not found.accepted
    assert stranger in found.fault
    assert len(wire.stream.written) == before and stranger not in ring.fingerprints()


async def test_a_signature_of_another_text_or_none_at_all_proves_nothing(
    wire: Wire, theirs: KeyRing, bert: str, ours: str
) -> None:
    wire.befriend()
    sealed = theirs.seal(b"online", ours, signer=bert, more=("--armor",)).decode()
    whole = theirs.gpg("--sign", "--armor", "--local-user", bert, data=b"online").decode()
    for signature in (sign(theirs, bert, "offline"), "rubbish", sealed, whole, "QUJD"):
        await wire.take(presence(signature))
        found = await known(wire)
        assert found is not None and found.fault and not found.signer and not found.accepted


async def test_gpg_sees_nothing_before_the_user_asks_and_nothing_of_strangers(
    wire: Wire, theirs: KeyRing, bert: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()
    gpg = wire.account.sealing.openpgp.desk.gpg
    really = gpg.verify

    async def verify(signature: bytes, text: bytes) -> object:
        asked.set()
        return await really(signature, text)

    monkeypatch.setattr(gpg, "verify", verify)
    await wire.take(presence(sign(theirs, bert, "online")))
    assert await known(wire) is None, "he is no contact"
    wire.befriend()
    await wire.take(presence(sign(theirs, bert, "online")))
    await wire.take(presence("A" * 20_000, status="long").replace(f"{BERT}/pda", f"{BERT}/tv"))
    assert not asked.is_set()
    assert await known(wire) is not None and asked.is_set()
