"""Which key is ours: those that gpg has are listed, and the one that is chosen is announced."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.attacks.openpgp.conftest import account
from tests.fakes.key_ring import KeyRing
from tests.session.openpgp.test_keys import OTHER
from tests.session.wire import ANNA, Wire
from tui_xmpp.core import openpgp as pgp
from tui_xmpp.core.commands import Refused
from tui_xmpp.core.events import AccountAdded
from tui_xmpp.session.crypto.openpgp_names import IM, OX

PUBSUB = "http://jabber.org/protocol/pubsub"


@pytest_asyncio.fixture
async def keyless(tmp_path: Path, ring: KeyRing) -> AsyncIterator[Wire]:
    """Signed in, with a gpg that has keys and an account that names none."""
    made = account(tmp_path, ring, "")
    await made.online(offered=frozenset())
    yield made
    await made.close()


async def test_the_keys_that_gpg_has_the_secret_part_of_are_listed_with_their_times(
    keyless: Wire, ring: KeyRing, theirs: KeyRing
) -> None:
    lasting, ending = ring.make(f"xmpp:{ANNA}"), ring.make("Anna <anna@work.example>", expire="1y")
    ring.take(theirs.public(theirs.make("xmpp:carl@example.org")))
    first, second = sorted(
        await keyless.account.ask(pgp.KeysOf(ANNA, ANNA)), key=lambda one: one.fingerprint != lasting
    )
    assert (first.fingerprint, second.fingerprint) == (lasting, ending)
    assert first.secret and second.secret and not first.pinned and not first.announced
    assert first.names == (f"xmpp:{ANNA}",) and second.names == ("Anna <anna@work.example>",)
    now = datetime.now(UTC)
    assert first.created is not None and abs(now - first.created) < timedelta(minutes=5)
    assert first.expires is None
    assert second.expires is not None and timedelta(days=360) < second.expires - now < timedelta(days=370)


async def test_the_key_that_is_chosen_is_published_and_then_announced(keyless: Wire, ring: KeyRing) -> None:
    ring.make("xmpp:another@example.org")
    key = ring.make(f"xmpp:{ANNA}")
    assert not [one for one in keyless.stream.written if "openpgp" in str(one.attrib)]
    await keyless.account.do(pgp.ChooseKey(ANNA, key))
    assert [one.account.openpgp_key for one in keyless.happened(AccountAdded)][-1] == key
    assert keyless.world.accounts[ANNA].account.openpgp_key == key
    seen: list[str] = []

    def is_announced() -> bool:
        for iq in keyless.requests():
            seen.extend(str(one.get("node")) for one in iq.iter(f"{{{PUBSUB}}}publish"))
            seen.extend(str(one.get("v4-fingerprint")) for one in iq.iter(f"{{{OX}}}pubkey-metadata"))
        keyless.answer_all()
        return keyless.account.sealing.openpgp.keys.is_announced

    await keyless.until(is_announced)
    assert seen[0] == f"{OX}:public-keys:{key}" and seen[-1] == key
    assert {IM, f"{OX}:public-keys+notify"} <= keyless.account.announced
    # What we can do is told anew: others ask for it by the hash in our presence (XEP-0115 §6).
    assert any(one.tag.endswith("presence") for one in keyless.stream.written)
    (mine, other) = await keyless.account.ask(pgp.KeysOf(ANNA, ANNA))
    assert mine.pinned and mine.announced and not other.pinned


async def test_another_key_takes_the_place_of_the_first(wire: Wire, ring: KeyRing, ours: str) -> None:
    new = ring.make(f"xmpp:{ANNA}", expire="1y")
    await wire.account.do(pgp.ChooseKey(ANNA, new))

    def is_announced() -> bool:
        wire.answer_all()
        return wire.account.sealing.openpgp.keys.is_announced

    await wire.until(is_announced)
    assert wire.account.sealing.openpgp.desk.own_key == new
    assert ours not in wire.account.sealing.openpgp.desk.accepted(ANNA, pgp.Method.OPENPGP)


@pytest.mark.parametrize("wrong", [OTHER, "--version", "", OTHER[:16]])
async def test_what_gpg_has_no_secret_part_of_is_not_ours(keyless: Wire, wrong: str) -> None:
    with pytest.raises(Refused):
        await keyless.account.do(pgp.ChooseKey(ANNA, wrong))
    assert not keyless.account.account.openpgp_key


async def test_the_key_of_somebody_else_and_one_that_has_ended_are_not_ours(
    keyless: Wire, ring: KeyRing, theirs: KeyRing
) -> None:
    carl = theirs.make("xmpp:carl@example.org")
    ring.take(theirs.public(carl))
    with pytest.raises(Refused, match="secret part"):
        await keyless.account.do(pgp.ChooseKey(ANNA, carl))
    old = ("--faked-system-time", "20200101T000000")
    ask = ("--pinentry-mode", "loopback", "--passphrase", "")
    ring.gpg(*old, *ask, "--quick-generate-key", f"xmpp:{ANNA}", "ed25519", "sign", "30d")
    (ended,) = set(ring.fingerprints()) - {carl}
    with pytest.raises(Refused, match="expired"):
        await keyless.account.do(pgp.ChooseKey(ANNA, ended))
    assert not keyless.account.account.openpgp_key
