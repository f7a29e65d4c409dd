"""An ejabberd for tests: its virtual machine without distribution (no epmd), ruled over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.server.chat_server import FRIENDS_GROUP, display_name
from tui_xmpp.cli.demo_certificates import make_certificates
from tui_xmpp.cli.demo_process import ServerProcess, free_ports

START_SECONDS = 60.0

CONFIG = """\
loglevel: info
hosts: [localhost]
certfiles: [{certificate}, {key}]
auth_password_format: scram
auth_scram_hash: sha
registration_timeout: infinity
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
listen:
  - {{port: {c2s}, ip: 127.0.0.1, module: ejabberd_c2s, access: all, starttls_required: true, zlib: {zlib}}}
  - {{port: {direct_tls}, ip: 127.0.0.1, module: ejabberd_c2s, access: all, tls: true, zlib: {zlib}}}
  - {{port: {http}, ip: 127.0.0.1, module: ejabberd_http, request_handlers: {{/api: mod_http_api}}}}
  - port: {https}
    ip: 127.0.0.1
    module: ejabberd_http
    tls: true
    request_handlers:
      /ws: ejabberd_http_ws
      /bosh: mod_bosh
      /.well-known/host-meta: mod_host_meta
      /.well-known/host-meta.json: mod_host_meta
      /upload: mod_http_upload
acl:
  local: {{user_regexp: ""}}
access_rules:
  local: {{allow: local}}
api_permissions:
  tests: {{who: {{ip: 127.0.0.1/8}}, what: "*"}}
modules:
  mod_adhoc: {{}}
  mod_admin_extra: {{}}
  mod_avatar: {{}}
  mod_blocking: {{}}
  mod_bosh: {{}}
  mod_caps: {{}}
  mod_carboncopy: {{}}
  mod_client_state: {{}}
  mod_disco: {{}}
  mod_http_api: {{}}
  mod_http_upload: {{docroot: {uploads}, put_url: "https://localhost:{https}/upload", max_size: 10485760}}
  mod_host_meta: {{bosh_service_url: "{bosh_url}", websocket_url: "{websocket_url}"}}
  mod_last: {{}}
  mod_mam: {{assume_mam_usage: true, default: always}}
  mod_muc:
    host: rooms.localhost
    access_create: all
    access_persistent: all
    history_size: 50
    max_users: 5000
    default_room_options: {{mam: true, persistent: true, public: true, max_users: 5000}}
  mod_offline: {{access_max_user_messages: none}}
  mod_ping: {{}}
  mod_privacy: {{}}
  mod_private: {{}}
  mod_pubsub:
    host: pubsub.localhost
    access_createnode: local
    plugins: [flat, pep]
    force_node_config:
      "storage:bookmarks": {{access_model: whitelist}}
      "eu.siacs.conversations.axolotl.*": {{access_model: open}}
  mod_roster: {{versioning: true}}
  mod_stream_mgmt:
    resend_on_timeout: if_offline
    resume_timeout: {hold}
    max_resume_timeout: {hold}
  mod_time: {{}}
  mod_vcard: {{}}
  mod_vcard_xupdate: {{}}
  mod_version: {{show_os: false}}
{newer_modules}"""

# ejabberd refuses a configuration that names a module it does not have.
NEWER_MODULES = ("mod_auth_fast",)
HOLD_SECONDS = 300


class EjabberdServer:
    """One ejabberd; without `modern` it has no tokens (XEP-0484), but SASL2 cannot be switched off in it.

    `compresses`: it offers stream compression (XEP-0138).
    """

    kind = "ejabberd"
    domain = "localhost"
    rooms_domain = "rooms.localhost"

    def __init__(
        self,
        folder: Path,
        *,
        modern: bool = True,
        hold_seconds: int = HOLD_SECONDS,
        compresses: bool = False,
    ) -> None:
        erl = shutil.which("erl")
        code = sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin"))
        assert erl and code, "No ejabberd was found. Run .ci/install test."
        self._folder = folder.resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        names = (self.domain, self.rooms_domain, f"pubsub.{self.domain}", f"upload.{self.domain}")
        certificates = make_certificates(self._folder / "certificates", names)
        self.ca_file = certificates.ca_file
        self.c2s_port, self.direct_tls_port, self.https_port, self._http_port = free_ports(4)
        self.websocket_url = f"wss://localhost:{self.https_port}/ws"
        self.bosh_url = f"https://localhost:{self.https_port}/bosh"
        self.host_meta_url = f"https://localhost:{self.https_port}/.well-known/host-meta"
        self.hold_seconds = hold_seconds
        self._process: ServerProcess | None = None
        newer = [
            name
            for name in NEWER_MODULES
            if modern and any((ebin / f"{name}.beam").exists() for ebin in code)
        ]
        self._config = self._folder / "ejabberd.yml"
        self._config.write_text(
            CONFIG.format(
                certificate=json.dumps(str(certificates.certificate_file)),
                key=json.dumps(str(certificates.key_file)),
                c2s=self.c2s_port,
                direct_tls=self.direct_tls_port,
                http=self._http_port,
                https=self.https_port,
                bosh_url=self.bosh_url,
                websocket_url=self.websocket_url,
                uploads=json.dumps(str(self._folder / "uploads")),
                hold=hold_seconds,
                zlib=str(compresses).lower(),
                newer_modules="".join(f"  {name}: {{}}\n" for name in newer),
            ),
            encoding="utf-8",
        )
        self._argv = [erl, "-noinput", "+K", "true"]
        for ebin in code:
            self._argv += ["-pa", str(ebin)]
        self._argv += ["-mnesia", "dir", json.dumps(str(self._folder / "mnesia")), "-s", "ejabberd"]

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def add_account(self, user: str, password: str) -> None:
        self._api("register", user=user, host=self.domain, password=password)

    def befriend(self, a: str, b: str) -> None:
        for owner, contact in ((a, b), (b, a)):
            item = {
                "localuser": owner,
                "localhost": self.domain,
                "user": contact,
                "host": self.domain,
                "nick": display_name(contact),
                "subs": "both",
            }
            try:
                self._api("add_rosteritem", groups=[FRIENDS_GROUP], **item)
            except urllib.error.HTTPError as error:
                # Before 24.02 there was one group, called so.
                if error.code != 400:
                    raise
                self._api("add_rosteritem", group=FRIENDS_GROUP, **item)

    def start(self) -> None:
        self._process = ServerProcess(
            self._argv,
            folder=self._folder,
            env={
                **os.environ,
                "HOME": str(self._folder),
                "EJABBERD_CONFIG_PATH": str(self._config),
                "EJABBERD_LOG_PATH": str(self._folder / "ejabberd.log"),
                "ERL_CRASH_DUMP": str(self._folder / "crash.dump"),
            },
        )
        for port in (self.c2s_port, self.direct_tls_port, self.https_port, self._http_port):
            self._process.wait_for_port(port, START_SECONDS)
        # It listens long before it accepts, and after a crash it begins more than once.
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self._api("status")
            except (ConnectionError, urllib.error.URLError):
                if time.monotonic() > deadline or not self._process.running():
                    raise

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def _api(self, command: str, **arguments: object) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._http_port}/api/{command}",
            json.dumps(arguments).encode(),
            {"Content-Type": "application/json"},
        )
        # Whatever proxy this machine has, loopback is not behind it.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            answer.read()
