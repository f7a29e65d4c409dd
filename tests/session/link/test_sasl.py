"""SCRAM against the documents' own examples, and the choice of a mechanism."""

from __future__ import annotations

import pytest

from tui_xmpp.session import sasl
from tui_xmpp.session.failure import Refused, Violation, Weaker, WrongPassword
from tui_xmpp.session.sasl import Offer, Scram

ALL = ("PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "X-OAUTH2", "DIGEST-MD5")


def choose(
    *mechanisms: str,
    remembered: str = "",
    allow_plain: bool = False,
    accept_weaker: str = "",
    types: tuple[str, ...] | None = None,
    can_bind: bool = False,
) -> str:
    return sasl.choose(
        Offer(mechanisms, types),
        remembered=remembered,
        allow_plain=allow_plain,
        accept_weaker=accept_weaker,
        can_bind=can_bind,
    )


async def test_rfc_5802_example() -> None:
    scram = Scram("SCRAM-SHA-1", "user", "pencil", offer=Offer(()), nonce=lambda: "fyko+d2lbbFgONRv9qkxdawL")
    assert scram.first() == b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"
    answer = await scram.respond(b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")
    assert answer == (b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
    scram.verify(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
    assert scram.verified


async def test_rfc_7677_example() -> None:
    scram = Scram("SCRAM-SHA-256", "user", "pencil", offer=Offer(()), nonce=lambda: "rOprNGfwEbeRWgbNEkqO")
    answer = await scram.respond(
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    )
    assert answer.endswith(b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    scram.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    assert scram.verified


async def test_a_proof_before_the_challenge_counts_for_nothing() -> None:
    scram = Scram("SCRAM-SHA-256", "user", "pencil", offer=Offer(()))
    for proof in (b"v=", b"v=AAAA"):
        with pytest.raises(Violation):
            scram.verify(proof)
    assert not scram.verified


async def test_xep_0474_example_of_the_hash() -> None:
    offer = Offer(("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"), ("tls-server-end-point", "tls-exporter"))
    nonce = "12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6"
    first = (
        f"r={nonce}a09117a6-ac50-4f2f-93f1-93799c2bddf6,s=QSXCR+Q6sek8bf92,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08="
    ).encode()
    await Scram("SCRAM-SHA-1", "user", "pencil", offer=offer, nonce=lambda: nonce).respond(first)
    with pytest.raises(Violation, match="were changed"):
        shorter = Offer(("SCRAM-SHA-1",), offer.binding_types)
        await Scram("SCRAM-SHA-1", "user", "pencil", offer=shorter, nonce=lambda: nonce).respond(first)


async def test_channel_binding_goes_into_the_proof() -> None:
    scram = Scram("SCRAM-SHA-256-PLUS", "a,b=c", "x", offer=Offer(()), end_point=b"hash", nonce=lambda: "n")
    assert scram.first() == b"p=tls-server-end-point,,n=a=2Cb=3Dc,r=n"
    answer = await scram.respond(b"r=n12345678,s=AAAA,i=4096")
    # base64 of "p=tls-server-end-point,,hash"
    assert answer.startswith(b"c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsaGFzaA==,")


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"r=n",
        b"r=n12345678,s=AAAA,i=4096,i=5",
        b"m=x,r=n12345678,s=AAAA,i=4096",
        b"\xff",
        b"r=n12345678,s=,i=4096",
    ],
)
async def test_broken_challenges(challenge: bytes) -> None:
    with pytest.raises(Violation):
        await Scram("SCRAM-SHA-1", "user", "x", offer=Offer(()), nonce=lambda: "n").respond(challenge)


def test_nonces_differ() -> None:
    assert len({Scram("SCRAM-SHA-1", "u", "p", offer=Offer(())).first() for _ in range(50)}) == 50


def test_a_password_that_cannot_be_prepared() -> None:
    with pytest.raises(WrongPassword):
        Scram("SCRAM-SHA-1", "user", "a\x07", offer=Offer(()))


def test_the_strongest_is_chosen() -> None:
    assert choose(*ALL) == "SCRAM-SHA-512"
    assert choose("PLAIN", allow_plain=True) == "PLAIN"
    assert choose("PLAIN", "SCRAM-SHA-1", allow_plain=True) == "SCRAM-SHA-1"


def test_channel_binding_is_used_where_both_sides_can() -> None:
    offered = ("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")
    assert choose(*offered, types=("tls-server-end-point",), can_bind=True) == "SCRAM-SHA-256-PLUS"
    assert choose(*offered, types=("tls-exporter",), can_bind=True) == "SCRAM-SHA-256"
    assert choose(*offered, can_bind=True) == "SCRAM-SHA-256"
    assert choose(*offered, types=("tls-server-end-point",)) == "SCRAM-SHA-256"


@pytest.mark.parametrize("offered", [(), ("PLAIN",), ("LOGIN", "ANONYMOUS", "EXTERNAL", "DIGEST-MD5")])
def test_nothing_safe_is_refused(offered: tuple[str, ...]) -> None:
    with pytest.raises(Refused):
        choose(*offered)


def test_less_than_before_is_refused() -> None:
    with pytest.raises(Weaker) as weaker:
        choose("SCRAM-SHA-1", remembered="SCRAM-SHA-256")
    assert weaker.value.mechanism == "SCRAM-SHA-1"
    assert choose("SCRAM-SHA-1", remembered="SCRAM-SHA-256", accept_weaker="SCRAM-SHA-1") == "SCRAM-SHA-1"
    with pytest.raises(Weaker) as plain:
        choose("PLAIN", remembered="SCRAM-SHA-1", allow_plain=True, accept_weaker="PLAIN")
    assert plain.value.mechanism == ""
