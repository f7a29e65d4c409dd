"""The first screen: address, password, and every step of the sign-in in words."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, Label

from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account, Connection, TlsMode, TransportKind
from tui_xmpp.core.address import Address, AddressError
from tui_xmpp.core.events import Event
from tui_xmpp.core.ports import ConfigError, Engine, StorageError
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.screens.sign_in_steps import Steps
from tui_xmpp.ui.widgets.line import Line

FIELDS = (
    ("address", "Address", "name@example.org", False),
    ("password", "Password", "", True),
    ("remember", "Remember", "y keeps the password for the next start", False),
    ("host", "Host", "empty: asked of DNS", False),
    ("port", "Port", "empty: the usual one", False),
    ("tls", "TLS", "direct or starttls; empty: direct, then starttls", False),
    ("transport", "Transport", "auto or tcp", False),
    ("ca_file", "CA file", "a PEM file of the only authorities to trust", False),
)
"""Name, label, what may stand there, and whether nobody is to see it."""
ADVANCED = frozenset({"host", "port", "tls", "transport", "ca_file"})
_TRANSPORTS = ("", "auto", "tcp")


class SignInScreen(Screen[None]):
    """Takes an account, hands it to the engine, and shows how far it comes; what is typed stays."""

    AUTO_FOCUS = "#address"
    BINDINGS: ClassVar = []
    CSS = """
    SignInScreen {
        background: $background;
        & #form { width: 100%; max-width: 76; height: auto; padding: 1 2; scrollbar-size: 0 0; }
        & .row { height: 1; }
        & Label { width: 12; color: $dim; }
        & Input {
            width: 1fr; height: 1; border: none; padding: 0; background: $background; color: $foreground;
            &:focus { border: none; background-tint: $background 0%; text-style: underline; }
        }
        & .advanced { display: none; }
        &.-advanced .advanced { display: block; }
        & #steps { height: auto; width: 1fr; }
        & #space { height: 1; }
    }
    """

    def __init__(self, engine: Engine, look: Look, *, first: bool) -> None:
        super().__init__()
        self.engine = engine
        self.look = look
        self.first = first
        self.account: Address | None = None
        self.steps = Steps()
        self._signing: asyncio.Task[None] | None = None
        self._lines = [Line() for _ in range(14)]

    def compose(self) -> ComposeResult:
        """A title, the fields, what the keys do, and the steps."""
        title, keys = Line(), Line(id="keys")
        words = "Sign in" if self.first else "Add an account"
        title.show(lambda width: Text(words, style=self.look.style("accent")))
        with VerticalScroll(id="form", can_focus=False):
            yield title
            yield Line()
            for name, label, placeholder, secret in FIELDS:
                with Horizontal(classes="row advanced" if name in ADVANCED else "row"):
                    yield Label(label, markup=False)
                    field = Input(
                        placeholder=placeholder, password=secret, id=name, compact=True, select_on_focus=False
                    )
                    field.cursor_blink = False
                    yield field
            yield Line(id="space")
            leave = "Ctrl+Q leaves" if self.first else "Esc goes back"
            text = f"Enter signs in   Tab next field   F2 advanced   {leave}"
            keys.show(lambda width: Text(text, style=self.look.style("dim")))
            yield keys
            yield Line()
            with Vertical(id="steps"):
                yield from self._lines

    # --- keys -----------------------------------------------------------------------------------------

    async def press(self, event: events.Key) -> bool:
        """Enter signs in from every field; the arrows move between them."""
        match event.key:
            case "f2":
                self.toggle_class("-advanced")
            case "down" | "tab":
                self.focus_next()
            case "up" | "shift+tab":
                self.focus_previous()
            case "enter":
                self._enter()
            case "escape" if not self.first or self.account in self.engine.world.accounts:
                self.dismiss()
            case "ctrl+q":
                self.app.exit(0)
            case _:
                return False
        return True

    def _enter(self) -> None:
        """Sign in, or go to the password first."""
        if self.focused is not None and self.focused.id == "address" and not self._value("password"):
            self.set_focus(self.query_one("#password", Input))
            return
        self.begin()

    def typed(self, name: str) -> str:
        """Return what stands in a field."""
        return self.query_one(f"#{name}", Input).value

    def _value(self, name: str) -> str:
        return self.typed(name).strip()

    # --- signing in -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Sign in with what was typed."""
        self._signing = asyncio.create_task(self._sign_in())

    async def _sign_in(self) -> None:
        try:
            account = self._read()
        except ValueError as error:
            self._fail(str(error))
            return
        self.steps = Steps()
        self.account = account.address
        self.steps.now(f"looking up {account.host or account.address.domain}")
        self.draw()
        password = self.typed("password")
        remember = self._value("remember").casefold() in ("y", "yes")
        try:
            state = self.engine.world.accounts.get(account.address)
            asked = self.asked_again(account.address)
            if asked and state is not None and state.account == account:
                await self.engine.do(cmd.Answer(asked, True, password, remember))
            else:
                await self.engine.do(cmd.AddAccount(account, password, remember))
        except (cmd.Refused, ConfigError, StorageError) as error:
            self._fail(str(error))

    def asked_again(self, account: Address) -> str:
        """Return the id of the question for another password; empty: there is none."""
        for question in self.engine.world.questions.values():
            if isinstance(question, ev.PasswordNeeded) and question.account == account:
                return question.id
        return ""

    def _read(self) -> Account:
        """Return the account in the fields; raises ValueError with a sentence."""
        text = self._value("address")
        try:
            address = Address.parse(text)
        except AddressError as error:
            raise ValueError(str(error)) from None
        if not address.local:
            raise ValueError("An address has a name before the @, like name@example.org.")
        port = self._value("port")
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError("The port is a number from 1 to 65535.")
        tls = self._value("tls").casefold()
        if tls not in ("", "direct", "starttls"):
            raise ValueError("TLS is direct or starttls, or empty.")
        if self._value("transport").casefold() not in _TRANSPORTS:
            raise ValueError("The transport is auto or tcp.")
        if port and not self._value("host"):
            raise ValueError("A port needs a host.")
        return Account(
            address.bare,
            host=self._value("host"),
            port=int(port or 0),
            tls=TlsMode(tls) if tls else None,
            ca_file=self._value("ca_file"),
            resource=address.resource,
            transport=TransportKind(self._value("transport").casefold() or "auto"),
        )

    async def take(self, happened: tuple[Event, ...]) -> None:
        """Tick the steps as they pass."""
        for event in happened:
            if isinstance(event, ev.Notice) and event.account in (None, self.account):
                self.steps.note(clean_line(event.text))
            if isinstance(event, ev.PasswordNeeded) and event.account == self.account:
                reason = clean_line(event.reason) or "The server wants a password."
                self.steps.fail(f"{reason} Write it again, then Enter.")
            if not isinstance(event, ev.ConnectionChanged) or event.account != self.account:
                continue
            reason = clean_line(event.reason)
            if event.connection is Connection.ONLINE:
                self.steps.done("signed in")
                self.draw()
                self.dismiss()
                return
            if event.connection.is_trying:
                self.steps.now(reason or event.connection.value)
            elif event.connection in (Connection.REFUSED, Connection.WAITING):
                self.steps.fail(reason or "The sign-in failed.")
        self.draw()

    def _fail(self, sentence: str) -> None:
        self.steps.fail(clean_line(sentence))
        self.draw()

    def draw(self) -> None:
        """Show the steps, wrapped to the width there is."""
        width = max(20, min(72, self.size.width - 4))
        rows = self.steps.rows(width, ascii=self.look.ascii)
        for at, line in enumerate(self._lines):
            text, token = rows[at] if at < len(rows) else ("", "text")
            style = self.look.style(token)
            line.display = at < len(rows)
            line.show(lambda width, text=text, style=style: Text(text, style=style))  # type: ignore[misc]
