"""A private Prosody on loopback: its own authority, free ports, accounts written before it starts."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Literal, Self

from tui_xmpp.cli.demo_certificates import make_certificates
from tui_xmpp.cli.demo_process import ServerProcess, free_ports
from tui_xmpp.core.value import value

DOMAIN = "localhost"
ROOMS_DOMAIN = "rooms.localhost"
START_SECONDS = 20.0

_MODULES = (
    *("disco", "roster", "saslauth", "tls", "blocklist", "bookmarks", "carbons", "pep", "private", "smacks"),
    *("vcard4", "vcard_legacy", "csi_simple", "ping", "register", "time", "version", "mam"),
    *("lastactivity", "offline"),
)
# From prosody-modules, used when they are there. They need Prosody 13, which mod_flags came with.
_COMMUNITY_MODULES = ("sasl2", "sasl2_bind2", "sasl2_fast", "sasl2_sm")
_COMMUNITY_ROOM_MODULES = ("vcard_muc", "muc_moderation")
_MODULE_FOLDER = Path("/usr/lib/prosody/modules")

_CONFIG = """\
run_as_root = true
daemonize = false
pidfile = {pid_file}
data_path = {data}
certificates = {certificates}
ssl = {{ certificate = {certificate}; key = {key} }}
log = {{ {{ levels = {{ min = {log_level} }}; to = "file"; filename = {log_file} }} }}

interfaces = {{ "127.0.0.1" }}
local_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s} }}
c2s_direct_tls_ports = {{ {direct_tls} }}
http_ports = {{ {http} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ {https} }}
https_interfaces = {{ "127.0.0.1" }}

modules_enabled = {{ {modules} }}
modules_disabled = {{ "s2s" }}
authentication = "internal_hashed"
storage = "internal"
c2s_require_encryption = true
allow_registration = false
archive_expires_after = "never"
default_archive_policy = true
{settings}
VirtualHost "localhost"
  disco_items = {{ {{ "rooms.localhost", "Rooms" }} }}

Component "rooms.localhost" "muc"
  name = "Rooms"
  modules_enabled = {{ {room_modules} }}
  restrict_room_creation = false
  muc_room_default_public = true
  muc_room_default_persistent = true
  muc_room_default_history_length = 50
  max_history_messages = 100
  muc_log_by_default = true
  muc_log_expires_after = "never"
"""


class ProsodyMissing(Exception):
    """No Prosody here; the message is one sentence that says what to install."""


@value
class Ports:
    """The TCP ports of 127.0.0.1 that a private server listens on."""

    c2s: int
    """Client connections that begin in clear and must upgrade (RFC 6120 §5)."""
    direct_tls: int
    """Client connections in TLS from the first byte (XEP-0368)."""
    http: int
    """Used only by modules that serve HTTP."""
    https: int
    """The same, in TLS."""


@value
class RosterItem:
    """One line of a roster (RFC 6121 §2.1.2)."""

    address: str
    """The contact's bare address."""
    name: str = ""
    """The name the user gave to the contact."""
    groups: tuple[str, ...] = ()
    """The groups the contact is in."""
    subscription: Literal["none", "to", "from", "both"] = "both"
    """Who sees whose presence."""


class PrivateProsody:
    """A Prosody that serves one folder on loopback and ends with this program.

    Accounts and rosters are written as Prosody's own data files. Used as a context it is started and stopped.
    """

    domain = DOMAIN
    rooms_domain = ROOMS_DOMAIN

    def __init__(
        self,
        folder: Path,
        *,
        extra_modules: Sequence[str] = (),
        settings: Mapping[str, str | int] = MappingProxyType({}),
        modern: bool = True,
        log_level: str = "info",
    ) -> None:
        """Make certificates and configuration in `folder`.

        `extra_modules` are enabled besides the usual ones, and `settings` are further options of Prosody;
        without `modern` it knows the sign-in of RFC 6120 §6 only. Raises ProsodyMissing.
        """
        program = shutil.which("prosody")
        if program is None:
            raise ProsodyMissing("No Prosody was found. Install the package prosody (apt install prosody).")
        self._program = program
        self.folder = folder.resolve()
        self._data = self.folder / "data"
        self._data.mkdir(parents=True, exist_ok=True)
        names = (DOMAIN, ROOMS_DOMAIN, f"upload.{DOMAIN}", f"proxy.{DOMAIN}")
        self._certificates = make_certificates(self.folder / "certificates", names)
        self.ca_file = self._certificates.ca_file
        self.ports = Ports(*free_ports(4))
        self._process: ServerProcess | None = None
        self._config = self.folder / "prosody.cfg.lua"
        sign_in = _present(_COMMUNITY_MODULES) if modern else ()
        modules = (*_MODULES, *sign_in, *extra_modules)
        self._config.write_text(self._configuration(modules, settings, log_level), encoding="utf-8")

    def add_account(self, user: str, password: str) -> None:
        """Make the account `user`; works before the start and while the server runs.

        What is kept is what SCRAM-SHA-1 needs (RFC 5802 §3), not the password.
        """
        salt, iterations = secrets.token_hex(16), 4096
        salted = hashlib.pbkdf2_hmac("sha1", password.encode(), salt.encode(), iterations)
        stored_key = hashlib.sha1(hmac.digest(salted, b"Client Key", "sha1")).hexdigest()
        server_key = hmac.digest(salted, b"Server Key", "sha1").hex()
        self._write(
            "accounts",
            user,
            f'["salt"]="{salt}";["iteration_count"]={iterations};'
            f'["stored_key"]="{stored_key}";["server_key"]="{server_key}";',
        )

    def set_roster(self, user: str, items: Iterable[RosterItem]) -> None:
        """Give `user` exactly these contacts; to be done before the user's first sign-in."""
        lines = ['[false]={["version"]=1;["pending"]={};};']
        for item in items:
            groups = "".join(f"[{_lua(group)}]=true;" for group in item.groups)
            name = f'["name"]={_lua(item.name)};' if item.name else ""
            lines.append(
                f'[{_lua(item.address)}]={{["subscription"]="{item.subscription}";{name}["groups"]={{{groups}}};}};'
            )
        self._write("roster", user, "\n".join(lines))

    def start(self) -> None:
        """Start the server and return when it answers. Raises demo_process.ServerFailed."""
        self._process = ServerProcess(
            [self._program, "-F", "--config", str(self._config)],
            folder=self.folder,
            env={**os.environ, "HOME": str(self.folder)},
        )
        for port in (self.ports.c2s, self.ports.direct_tls):
            self._process.wait_for_port(port, START_SECONDS)

    def stop(self) -> None:
        """Stop the server and return when its process is gone. Harmless when it does not run."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    @property
    def pid(self) -> int | None:
        """The id of the server's process group; None when it does not run."""
        return self._process.pid if self._process is not None else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _configuration(
        self, modules: Sequence[str], settings: Mapping[str, str | int], log_level: str
    ) -> str:
        return _CONFIG.format(
            pid_file=_lua(str(self.folder / "prosody.pid")),
            data=_lua(str(self._data)),
            certificates=_lua(str(self._certificates.certificate_file.parent)),
            certificate=_lua(str(self._certificates.certificate_file)),
            key=_lua(str(self._certificates.key_file)),
            log_level=_lua(log_level),
            log_file=_lua(str(self.folder / "prosody.log")),
            modules="; ".join(map(_lua, modules)),
            settings="".join(
                f"{name} = {_lua(setting) if isinstance(setting, str) else setting}\n"
                for name, setting in settings.items()
            ),
            room_modules="; ".join(map(_lua, ("muc_mam", *_present(_COMMUNITY_ROOM_MODULES)))),
            c2s=self.ports.c2s,
            direct_tls=self.ports.direct_tls,
            http=self.ports.http,
            https=self.ports.https,
        )

    def _write(self, store: str, user: str, body: str) -> None:
        folder = self._data / _file_name(DOMAIN) / store
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{_file_name(user)}.dat"
        unfinished = file.with_suffix(".new")
        unfinished.write_text(f"return {{\n{body}\n}};\n", encoding="utf-8")
        # In one step, so that a running server never reads half a file.
        unfinished.replace(file)


def _present(modules: Sequence[str]) -> tuple[str, ...]:
    """Return those of the community `modules` that are installed beside a Prosody that runs them."""
    if not (_MODULE_FOLDER / "mod_flags.lua").exists():
        return ()
    return tuple(name for name in modules if (_MODULE_FOLDER / f"mod_{name}" / f"mod_{name}.lua").exists())


def _file_name(text: str) -> str:
    """Return the name Prosody's file storage gives to `text`: bytes other than a-z, A-Z, 0-9 become %xx."""
    return "".join(
        chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"%{byte:02x}" for byte in text.encode()
    )


def _lua(text: str) -> str:
    """Return `text` as a Lua string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
