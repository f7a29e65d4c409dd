"""Cases G-01 and G-02: what is offered as sealed and is not, and signatures that prove nothing."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable

import pytest

from tests.fakes.key_ring import KeyRing
from tui_xmpp.session.crypto import gpg as gpg_module
from tui_xmpp.session.crypto import packets
from tui_xmpp.session.crypto.gpg import Gpg
from tui_xmpp.session.crypto.gpg_status import (
    GpgFailed,
    PassphraseNeeded,
    Unsealed,
    detached,
    signed_only,
    unsealed,
)

SECRET = b"the plan"


def opener(ring: KeyRing) -> Gpg:
    return Gpg(home=str(ring.home))


async def test_what_is_sealed_and_signed_tells_its_signer(
    ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    for recipients in ((ours,), (bert, ours)):
        sealed = theirs.seal(SECRET, *recipients, signer=bert)
        assert packets.is_sealed(sealed)
        opened = await opener(ring).open(sealed)
        assert (opened.text, opened.signer) == (SECRET, bert)


async def test_what_is_sealed_for_others_is_not_for_us(ring: KeyRing, theirs: KeyRing, bert: str) -> None:
    with pytest.raises(GpgFailed, match="secret key"):
        await opener(ring).open(theirs.seal(SECRET, bert, signer=bert))


async def test_what_is_sealed_only_has_no_signer(
    ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    assert (await opener(ring).open(theirs.seal(SECRET, ours))).signer == ""


async def test_signed_only_and_literal_text_are_refused_twice(
    ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    for offered in (
        theirs.gpg("--sign", "--local-user", bert, data=SECRET),
        theirs.gpg("--store", data=SECRET),
        theirs.gpg("--sign", "--compress-algo", "none", "--local-user", bert, data=SECRET),
    ):
        assert not packets.is_sealed(offered)
        with pytest.raises(GpgFailed):
            await opener(ring).open(offered)


async def test_signed_only_is_read_as_that_where_it_is_asked_for(
    ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    for more in ((), ("--compress-algo", "none")):
        offered = theirs.gpg("--sign", *more, "--local-user", bert, data=SECRET)
        assert packets.is_signed(offered) and not packets.is_sealed(offered)
        opened = await opener(ring).read(offered)
        assert (opened.text, opened.signer, opened.sealed) == (SECRET, bert, False)
        assert opened.signed is not None


async def test_what_is_not_under_one_good_signature_is_not_read_as_signed(
    ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    carl = theirs.make("xmpp:carl@example.org")
    ring.take(theirs.public(carl))
    plain = ("--sign", "--compress-algo", "none", "--local-user", bert)
    signed = theirs.gpg(*plain, data=SECRET)
    literal = theirs.gpg("--store", "--compress-algo", "none", data=b"a lie")
    for offered in (
        literal,
        theirs.gpg("--store", data=SECRET),
        literal + signed,
        signed + literal,
        signed + signed,
        signed.replace(SECRET, b"the blan"),
        theirs.gpg("--sign", "--local-user", bert, "--local-user", carl, data=SECRET),
        theirs.seal(SECRET, ours, signer=bert),
        theirs.seal(SECRET, ours),
        theirs.gpg("--detach-sign", "--local-user", bert, data=SECRET),
    ):
        with pytest.raises(GpgFailed):
            await opener(ring).read(offered)


def test_what_is_signed_has_its_one_signature_and_its_text_and_nothing_else(
    theirs: KeyRing, bert: str
) -> None:
    signed = theirs.gpg("--sign", "--compress-algo", "none", "--local-user", bert, data=SECRET)
    for offered in (
        theirs.gpg("--store", "--compress-algo", "none", data=SECRET),
        theirs.gpg("--clear-sign", "--local-user", bert, data=SECRET),
        theirs.gpg("--detach-sign", "--local-user", bert, data=SECRET),
        signed + signed,
        b"",
    ):
        assert not packets.is_signed(offered)


def compressed(data: bytes) -> bytes:
    """A compressed packet of indeterminate length (RFC 4880 §5.6)."""
    return b"\xa3\x01" + zlib.compress(data, wbits=-15)


async def test_what_is_sealed_inside_what_looks_signed_is_refused_and_nobody_is_asked(
    ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    ask = ("--pinentry-mode", "loopback", "--passphrase", "guess")
    for inner in (
        theirs.seal(SECRET, ours, signer=bert),
        theirs.seal(SECRET, ours),
        theirs.gpg(*ask, "--symmetric", data=SECRET),
    ):
        offered = compressed(inner)
        assert packets.is_signed(offered)
        with pytest.raises(GpgFailed):
            await opener(ring).read(offered)


async def test_text_beside_the_seal_is_refused(ring: KeyRing, theirs: KeyRing, ours: str, bert: str) -> None:
    sealed = theirs.seal(SECRET, ours, signer=bert)
    literal = theirs.gpg("--store", "--compress-algo", "none", data=b"a lie")
    for offered in (literal + sealed, sealed + literal, sealed + sealed):
        assert not packets.is_sealed(offered)
        with pytest.raises(GpgFailed):
            await opener(ring).open(offered)


def test_under_a_passphrase_is_nothing_gpg_may_ask_the_user_for(theirs: KeyRing) -> None:
    offered = theirs.gpg("--pinentry-mode", "loopback", "--passphrase", "guess", "--symmetric", data=SECRET)
    assert not packets.is_sealed(offered)
    assert packets.is_backup(offered)


async def test_without_protection_against_changes_it_is_refused(ring: KeyRing, ours: str) -> None:
    sealed = ring.seal(SECRET, ours, more=("--rfc2440", "--disable-mdc"))
    assert [one.tag for one in packets.packets(sealed)] == [1, 9]
    assert not packets.is_sealed(sealed)
    with pytest.raises(GpgFailed):
        await opener(ring).open(sealed)


async def test_another_key_with_the_name_of_the_contact_is_another_key(
    ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    mallory = theirs.make("xmpp:bert@example.org Bert")
    ring.take(theirs.public(mallory))
    opened = await opener(ring).open(theirs.seal(SECRET, ours, signer=mallory))
    assert opened.signer == mallory != bert


async def test_a_key_that_is_not_here_is_not_fetched(
    ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    stranger = theirs.make("xmpp:carl@example.org")
    with pytest.raises(GpgFailed, match="does not have"):
        await opener(ring).open(theirs.seal(SECRET, ours, signer=stranger))


async def test_a_revoked_key_signs_nothing(ring: KeyRing, theirs: KeyRing, ours: str, bert: str) -> None:
    sealed = theirs.seal(SECRET, ours, signer=bert)
    revocation = (theirs.home / "openpgp-revocs.d" / f"{bert}.rev").read_text()
    ring.take(revocation.replace("\n:-----BEGIN", "\n-----BEGIN").encode())
    with pytest.raises(GpgFailed, match="revoked"):
        await opener(ring).open(sealed)


async def test_an_expired_key_signs_nothing(ring: KeyRing, theirs: KeyRing, ours: str) -> None:
    old = ("--faked-system-time", "20200101T000000")
    ask = ("--pinentry-mode", "loopback", "--passphrase", "")
    theirs.gpg(*old, *ask, "--quick-generate-key", "xmpp:carl@example.org", "ed25519", "sign", "30d")
    (carl,) = theirs.fingerprints()
    theirs.take(ring.public(ours))
    ring.take(theirs.public(carl))
    sealed = theirs.seal(SECRET, ours)
    assert sealed
    faked = theirs.gpg(
        "--faked-system-time", "20200102T000000!", "--sign", "--local-user", carl, "--encrypt", "--recipient",
        ours, "--ignore-valid-from", "--ignore-time-conflict", data=SECRET, check=False,
    )  # fmt: skip
    assert faked
    if True:
        with pytest.raises(GpgFailed, match="expired"):
            await opener(ring).open(faked)
    with pytest.raises(GpgFailed, match="expired"):
        await opener(theirs).seal(SECRET, (carl,))


GOOD = (
    ("BEGIN_DECRYPTION", ""),
    ("DECRYPTION_INFO", "2 9 0"),
    ("PLAINTEXT", "62 0 "),
    ("NEWSIG", ""),
    ("GOODSIG", "KEY name"),
    ("VALIDSIG", "A 2026-01-01 1767225600 0 4 0 22 10 00 B"),
    ("DECRYPTION_OKAY", ""),
    ("GOODMDC", ""),
    ("END_DECRYPTION", ""),
)


def test_the_signer_is_the_primary_key() -> None:
    assert unsealed(GOOD, b"", 0).signer == "B"


@pytest.mark.parametrize(
    "line",
    ["EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG", "NO_PUBKEY", "BADMDC", "UNEXPECTED", "NEWSIG"],
)
def test_one_bad_line_among_good_ones_is_enough(line: str) -> None:
    with pytest.raises(GpgFailed):
        unsealed([*GOOD[:6], (line, "KEY name"), *GOOD[6:]], b"", 0)


@pytest.mark.parametrize("judge", [detached, lambda lines, code: signed_only(lines, b"", code)])
def test_one_bad_line_is_enough_where_nothing_is_sealed(judge: Callable[[object, int], Unsealed]) -> None:
    good = GOOD[2:6]
    assert (judge(good, 0).signer, judge(good, 0).sealed) == ("B", False)
    for line in ("EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG", "NO_PUBKEY", "UNEXPECTED", "NEWSIG"):
        with pytest.raises(GpgFailed):
            judge([*good, (line, "KEY name")], 0)
    for lines, code in ((good[:-1], 0), (good, 2), ([*good, *good[1:]], 0)):
        with pytest.raises(GpgFailed):
            judge(lines, code)


def test_a_signature_outside_the_seal_is_none_of_it() -> None:
    signature, rest = GOOD[3:6], GOOD[:3] + GOOD[6:]
    with pytest.raises(GpgFailed):
        unsealed([*rest, *signature], b"", 0)
    with pytest.raises(GpgFailed):
        unsealed([*signature, *rest], b"", 0)


def test_a_second_text_is_refused_wherever_it_stands() -> None:
    for offered in ([GOOD[2], *GOOD], [*GOOD, GOOD[2]], [*GOOD[:3], *GOOD[2:]]):
        with pytest.raises(GpgFailed, match="not sealed"):
            unsealed(offered, b"", 0)


def test_two_signatures_are_not_one() -> None:
    with pytest.raises(GpgFailed):
        unsealed([*GOOD[:6], *GOOD[3:]], b"", 0)


async def test_a_passphrase_is_never_asked_for_unless_a_terminal_was_lent(
    ring: KeyRing, theirs: KeyRing
) -> None:
    locked = ring.make("xmpp:anna@example.org", "a passphrase")
    ring.forget_passphrases()
    theirs.take(ring.public(locked))
    with pytest.raises(PassphraseNeeded):
        await opener(ring).open(theirs.seal(SECRET, locked))
    with pytest.raises(PassphraseNeeded):
        await opener(ring).seal(SECRET, (locked,), locked)


async def test_gpg_that_never_answers_ends(ring: KeyRing, ours: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gpg = opener(ring)
    await gpg.key(ours)
    slow = ring.home / "slow"
    slow.write_text("#!/bin/sh\nexec cat /dev/zero > /dev/null\n")
    slow.chmod(0o700)
    assert gpg._process is not None
    gpg._process.gpgbinary = str(slow)
    monkeypatch.setattr(gpg_module, "PATIENCE", 0.2)
    async with asyncio.timeout(10):
        with pytest.raises(GpgFailed, match="in time"):
            await gpg.key(ours)


async def test_what_would_fill_the_memory_is_not_opened(
    ring: KeyRing, theirs: KeyRing, ours: str, bert: str
) -> None:
    bomb = theirs.seal(b"\0" * 20_000_000, ours, signer=bert)
    assert len(bomb) < 100_000
    with pytest.raises(GpgFailed):
        await opener(ring).open(bomb)


async def test_only_the_one_public_key_that_was_announced_is_taken(
    ring: KeyRing, theirs: KeyRing, ours: str
) -> None:
    bert, carl = theirs.make("xmpp:bert@example.org"), theirs.make("xmpp:carl@example.org")
    assert packets.is_public_key(theirs.public(bert))
    assert not packets.is_public_key(theirs.gpg("--export", bert, carl))
    assert not packets.is_public_key(theirs.gpg("--export-secret-keys", bert))
    with pytest.raises(GpgFailed, match="another key"):
        await opener(ring).import_public(theirs.public(carl), bert)
    with pytest.raises(GpgFailed, match="another key"):
        await opener(ring).import_public(theirs.gpg("--export", bert, carl), bert)
    assert bert not in ring.fingerprints()
    await opener(ring).import_public(theirs.public(bert), bert)
    assert bert in ring.fingerprints()
