from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_xmpp.core.address import Address, AddressError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ava@example.org", ("ava", "example.org", "")),
        ("AVA@Example.ORG/Phone", ("ava", "example.org", "Phone")),
        ("example.org", ("", "example.org", "")),
        ("example.org/resource/with/slashes", ("", "example.org", "resource/with/slashes")),
        ("ava@example.org/a@b", ("ava", "example.org", "a@b")),
        ("ava@example.org.", ("ava", "example.org", "")),
        ("ａｖａ@ｅｘａｍｐｌｅ．org", ("ava", "example.org", "")),
        ("ava@xn--bcher-kva.example", ("ava", "bücher.example", "")),
        ("ava@BÜCHER.example", ("ava", "bücher.example", "")),
        ("ava@straße.example", ("ava", "straße.example", "")),
        ("ava@例え。jp", ("ava", "例え.jp", "")),
        ("ÅSA@example.org", ("åsa", "example.org", "")),
        ("A\u030asa@example.org", ("åsa", "example.org", "")),
        ("ava@192.0.2.1", ("ava", "192.0.2.1", "")),
        ("ava@[2001:DB8:0::1]/x", ("ava", "[2001:db8::1]", "x")),
        ("room%irc@gateway.example/Nick\u3000Name", ("room%irc", "gateway.example", "Nick Name")),
        ("room@muc.example/👩\u200d💻", ("room", "muc.example", "👩\u200d💻")),
        ("ava@chat_server", ("ava", "chat_server", "")),
        ("שלום@example.org", ("שלום", "example.org", "")),
    ],
)
def test_parsed_and_prepared(text: str, parts: tuple[str, str, str]) -> None:
    address = Address.parse(text)
    assert (address.local, address.domain, address.resource) == parts
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@example.org",
        "ava@",
        "ava@.",
        "ava@example.org/",
        "/resource",
        "ava@@example.org",
        "ava@b@example.org",
        "a va@example.org",
        "a\u3000va@example.org",
        'a"va@example.org',
        "a＠va@example.org",
        "a＜va@example.org",
        "a:va@example.org",
        "a\x00va@example.org",
        "ava\u202e@example.org",
        "ava\u200b@example.org",
        "ava\u2215x@example.org",
        "\ufb01@example.org",
        "a\u200db@example.org",
        "aש@example.org",
        "ava@exa mple.org",
        "ava@example..org",
        "ava@example.org..",
        "ava@-example.org",
        "ava@\u0301x.org",
        "ava@xn--a.example",
        "ava@xn--bcher-.example",
        "ava@xn---tda.example",
        "ava@256.1.1.1",
        "ava@[2001:db8::1",
        "ava@[fe80::1%eth0]",
        "ava@[nonsense]",
        "ava@example.org/a\x07",
        "ava@example.org/a\ud800",
        "a" * 1024 + "@example.org",
        "é" * 512 + "@example.org",
        "ava@" + "a" * 64 + ".org",
        "ava@" + ".".join(["a" * 60] * 20),
        "ava@example.org/" + "r" * 1024,
        "x" * 1_000_000,
    ],
)
def test_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        Address.parse(text)
    assert str(caught.value).endswith(".")
    assert str(caught.value).isprintable()


def test_the_longest_parts_are_allowed() -> None:
    assert Address.parse("a" * 1023 + "@example.org/" + "r" * 1023).resource == "r" * 1023


def test_lookalikes_stay_distinct() -> None:
    assert Address.parse("аva@example.org") != Address.parse("ava@example.org")
    assert Address.parse("ava@еxample.org") != Address.parse("ava@example.org")


def test_bare_and_resource() -> None:
    full = Address.parse("ava@example.org/phone")
    assert not full.is_bare
    assert full.bare == Address("ava", "example.org")
    assert full.bare.is_bare
    assert full.bare.with_resource("tab\u00a0let") == Address("ava", "example.org", "tab let")
    with pytest.raises(AddressError):
        full.with_resource("")


def test_addresses_sort_and_hash() -> None:
    first, second = Address.parse("a@example.org"), Address.parse("b@example.org")
    assert sorted([second, first]) == [first, second]
    assert len({first, Address.parse("A@example.org")}) == 1


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=40), st.text(max_size=12), st.text())
def test_any_text_is_refused_or_prepared_for_good(local: str, domain: str, resource: str) -> None:
    for text in (f"{local}@example.org", f"{domain}.org", f"example.org/{resource}", local):
        try:
            address = Address.parse(text)
        except AddressError:
            continue
        assert Address.parse(str(address)) == address
