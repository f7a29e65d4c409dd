"""A Prosody for tests: the demo's, with WebSocket and BOSH besides, and the interface the tests share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.server.chat_server import FRIENDS_GROUP, display_name
from tui_xmpp.cli.demo_process import free_ports
from tui_xmpp.cli.demo_server import START_SECONDS, PrivateProsody, RosterItem

HOLD_SECONDS = 600
HTTP_MODULES = ("bosh", "websocket", "http_altconnect", "http_file_share")
PRESENCE_MODULES = ("privacy_lists",)
"""Of the community's, beside those that a sign-in needs."""
COMPONENT_SECRET = "between the two of us"
_COMPONENT = """
Component "{domain}"
  component_secret = "{secret}"
  validate_from_addresses = false
"""


class ProsodyServer:
    """One Prosody; without `modern` it offers neither SASL2 nor what hangs on it.

    `program` is the Prosody to run; None: the one that is installed. `component` is a domain that whoever
    knows the secret may speak for (XEP-0114), and for every other address besides.
    """

    kind = "prosody"

    def __init__(
        self,
        folder: Path,
        *,
        extra_modules: tuple[str, ...] = (),
        modern: bool = True,
        hold_seconds: int = HOLD_SECONDS,
        program: Path | None = None,
        settings: Mapping[str, str | int] | None = None,
        component: str = "",
    ) -> None:
        self.component_port = free_ports(1)[0] if component else 0
        self._server = PrivateProsody(
            folder,
            extra_modules=(*HTTP_MODULES, *PRESENCE_MODULES, *extra_modules),
            settings={
                "smacks_hibernation_time": hold_seconds,
                "http_default_host": PrivateProsody.domain,
                # Many sessions of one account may be on hold after many cuts and kills.
                "smacks_max_old_sessions": 100,
                **({"component_ports": self.component_port} if component else {}),
                **(settings or {}),
            },
            modern=modern,
        )
        if component:
            with self._server._config.open("a") as config:
                config.write(_COMPONENT.format(domain=component, secret=COMPONENT_SECRET))
        if program is not None:
            self._server._program = str(program)
        self._rosters: dict[str, list[RosterItem]] = {}
        self.hold_seconds = hold_seconds
        self.domain = self._server.domain
        self.rooms_domain = self._server.rooms_domain
        self.ca_file = self._server.ca_file
        self.c2s_port = self._server.ports.c2s
        self.direct_tls_port = self._server.ports.direct_tls
        self.https_port = self._server.ports.https
        self.websocket_url = f"wss://localhost:{self.https_port}/xmpp-websocket"
        self.bosh_url = f"https://localhost:{self.https_port}/http-bind"
        self.host_meta_url = f"https://localhost:{self.https_port}/.well-known/host-meta"

    @property
    def pid(self) -> int | None:
        return self._server.pid

    def add_account(self, user: str, password: str) -> None:
        self._server.add_account(user, password)

    def befriend(self, a: str, b: str) -> None:
        for owner, contact in ((a, b), (b, a)):
            items = self._rosters.setdefault(owner, [])
            items.append(RosterItem(f"{contact}@{self.domain}", display_name(contact), (FRIENDS_GROUP,)))
            self._server.set_roster(owner, items)

    def start(self) -> None:
        self._server.start()
        if self.component_port and self._server._process is not None:
            self._server._process.wait_for_port(self.component_port, START_SECONDS)

    def stop(self) -> None:
        self._server.stop()

    def restart(self) -> None:
        self.stop()
        self.start()
