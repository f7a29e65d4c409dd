"""F-04: no address of a stranger's makes us talk to what only we can reach."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tui_xmpp.session.feature import Failed
from tui_xmpp.session.http_targets import checked, plain_url, redirected
from tui_xmpp.session.resolver import Service


class Names:
    """DNS, as the test has it."""

    def __init__(self, **addresses: Sequence[str]) -> None:
        self.addresses_of = addresses

    async def services(self, service: str, domain: str) -> Sequence[Service]:
        return ()

    async def addresses(self, host: str) -> Sequence[str]:
        return self.addresses_of.get(host.partition(".")[0], ())


PRIVATE = [
    "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:192.168.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(Failed, match="private"):
        await checked("https://files.example.org/a", Names(files=[address]))


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("proxied", [False, True])
async def test_an_address_inside_is_refused(address: str, proxied: bool) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Failed, match="private"):
        await checked(f"https://{host}/a", Names(), proxied=proxied)


async def test_only_the_public_addresses_of_a_name_are_connected_to() -> None:
    target = await checked("https://files.example.org/a", Names(files=["127.0.0.1", "93.184.216.34"]))
    assert target.addresses == ("93.184.216.34",)


async def test_where_our_own_server_is_files_may_be() -> None:
    names = Names(files=["10.0.0.5", "10.0.0.6"])
    target = await checked("https://files.example.org:5443/a", names, own={"10.0.0.5"})
    assert (target.addresses, target.port, target.host) == (("10.0.0.5",), 5443, "files.example.org")


@pytest.mark.parametrize(
    "host",
    ["localhost", "db.localhost", "printer", "nas.local", "127.1", "0x7f000001", "2130706433", "1.0x1"],
)
async def test_a_proxy_is_not_sent_inside_by_name(host: str) -> None:
    with pytest.raises(Failed, match="private"):
        await checked(f"https://{host}/", Names(), proxied=True)


async def test_a_proxy_looks_up_public_names() -> None:
    assert (await checked("https://files.example.org/a", Names(), proxied=True)).addresses == ()


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example.org/",
        "file:///etc/passwd",
        "ftp://files.example.org/",
        "https:///a",
        "https://user@files.example.org/",
        "https://files.example.org\\@evil.example/",
        "https://files.example.org/a b",
        "https://files.example.org/a\r\nHost: evil.example",
        "https://files.example.org:99999/",
        "https://[::1/",
        "",
        "https://files.example.org/" + "a" * 5000,
    ],
)
async def test_only_plain_addresses_by_https_are_used(url: str) -> None:
    with pytest.raises(Failed):
        await checked(url, Names(files=["93.184.216.34"]))


def test_a_key_stays_here() -> None:
    assert plain_url("aesgcm://files.example.org/a?b#00ff") == "https://files.example.org/a?b"
    assert plain_url("https://a.example/très b%20c?d=%2B#e") == "https://a.example/tr%C3%A8s%20b%20c?d=%2B"
    assert redirected("https://a.example/x", "/y#00ff") == "https://a.example/y"
    assert redirected("https://a.example/x", "file:///etc/passwd") == "file:///etc/passwd"
