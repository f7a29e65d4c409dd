"""What the configuration says of transports and proxies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_xmpp.core.account import TransportKind
from tui_xmpp.core.ports import ConfigError
from tui_xmpp.storage.config_check import settings_of

FILE = Path("config.toml")


def written(*lines: str) -> str:
    return "\n".join(["[[account]]", 'address = "me@example.org"', *lines])


@pytest.mark.parametrize(
    "lines",
    [
        ['transport = "websocket"', 'url = "wss://example.org/ws"'],
        ['transport = "bosh"', 'url = "https://example.org:5281/http-bind"'],
        ['url = "https://example.org/bosh"', 'proxy = "socks5://127.0.0.1:9050"'],
        ['transport = "tcp"', 'proxy = "http://me:p%40ss@proxy.example:3128"'],
    ],
)
def test_what_fits_is_taken(lines: list[str]) -> None:
    (account,) = settings_of(written(*lines), FILE).accounts
    assert account.transport in TransportKind


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (['transport = "udp"'], 'line 3: transport must be one of "auto", "tcp", "websocket", "bosh"'),
        (['url = "ws://example.org/"'], "line 3: url must begin with wss:// "),
        (['url = "http://example.org/"'], "line 3: url must begin with wss:// "),
        (['url = "wss://"'], "line 3: url must name a host"),
        (['url = "wss://a b/"'], "line 3: url must be without spaces"),
        (['url = "wss://me:pw@example.org/"'], "line 3: url must be without a name and password"),
        (['url = "wss://[example.org/"'], "line 3: url is not an address"),
        (['url = "wss://example.org:99999/"'], "line 3: url has a port that is none"),
        (['transport = "tcp"', 'url = "wss://example.org/"'], "line 4: url is of use with"),
        (['transport = "bosh"', 'url = "wss://example.org/"'], "line 4: url must begin with https:// for"),
        (['transport = "websocket"', 'url = "https://e.org/"'], "line 4: url must begin with wss:// for"),
        (['proxy = "socks4://127.0.0.1:1080"'], "line 3: proxy must begin with socks5:// or http://"),
        (['proxy = "https://127.0.0.1:1080"'], "line 3: proxy must begin with socks5:// or http://"),
        (['proxy = "127.0.0.1:9050"'], "line 3: proxy must begin with socks5:// or http://"),
        (['proxy = "socks5://127.0.0.1"'], "line 3: proxy must have a port, like socks5://127.0.0.1:1080"),
        (['proxy = "http://proxy.example:3128/x"'], "line 3: proxy must end with the port"),
    ],
)
def test_what_does_not_is_said(lines: list[str], error: str) -> None:
    with pytest.raises(ConfigError) as failed:
        settings_of(written(*lines), FILE)
    assert error in str(failed.value)
    assert str(failed.value).count("\n") == 0
