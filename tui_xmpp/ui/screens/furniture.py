"""Draws the lines round the log: topic, typing or notice, banner, status."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from rich.text import Text

from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.events import Level
from tui_xmpp.core.link import PROFILES, LinkProfile
from tui_xmpp.core.openpgp import PassphraseWanted
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.protection import standing
from tui_xmpp.ui.actions.questions import price, together
from tui_xmpp.ui.render import status as render
from tui_xmpp.ui.render.files import in_short
from tui_xmpp.ui.render.transfers import stop_cells, transfer_line
from tui_xmpp.ui.screens import layout, words
from tui_xmpp.ui.screens.program import Program

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui_xmpp.ui.screens.main import MainScreen

NOTICE_SECONDS = 12.0
_TOKENS = {Level.INFO: "text", Level.WARN: "warn", Level.ERROR: "error"}


class Furniture:
    """Makes every line from what is known now; a line that did not change is not drawn again."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._notice = ("", Level.INFO)
        self.protection_cells = 0
        """At the right end of the topic line, which say how the chat is protected."""
        self._offering = False
        self._said = ""
        """The banner as it was last said to a screen reader."""
        self._unread: int | None = None
        """As the title of the window says it."""
        self._timer: Timer | None = None
        self._links: dict[Address, LinkProfile] = {}
        """As they were last told."""
        self._figures: render.Status | None = None
        """The status line whose figures are shown."""
        self._figures_at = 0.0

    def all(self) -> None:
        """Draw every line."""
        self.topic()
        self.typing()
        self.banner()
        self.status()

    def topic(self) -> None:
        """Name, status or subject; protection and members at the right."""
        screen, look = self._screen, self._screen.look
        chat = screen.chat
        self.protection_cells = 0
        if chat is None:
            screen.topic.show(lambda width: Text(" tui-xmpp", style=look.style("dim")))
            return
        name = clean_line(screen.world.name_of(chat))
        about = words.about(screen.world, chat)
        encryption = screen.settings.encryption
        security = words.security(screen.world, chat, encryption)
        protection = standing(screen.world, chat, encryption)
        self.protection_cells = cell_len(security) + 2
        marked = (len(protection.words), protection.token)
        screen.topic.show(lambda width: render.chat_title(look, name, about, security, width, marked))

    def typing(self) -> None:
        """The notice, else who is typing."""
        screen, look = self._screen, self._screen.look
        notice, level = self._notice
        screen.hint.display = bool(notice) or not (layout.is_small(screen) or screen.profile.linear)
        if notice:
            screen.hint.show(lambda width: _line(notice, look.style(_TOKENS[level])))
            return
        if running := list(screen.world.transfers.values()):
            keys = self._stop_keys
            screen.hint.display = True
            screen.hint.show(lambda width: transfer_line(look, running, keys, width))
            return
        names = words.typing(screen.world, screen.chat) if screen.chat and screen.settings.ui.typing else []
        below = screen.transcript.new_below
        if not names and below and not screen.transcript.following:
            end = screen.keymap.keys_of("end") or "End"
            text = f"{below} new below; {end} goes there"
            screen.hint.show(lambda width: _line(text, look.style("accent")))
            return
        screen.hint.show(lambda width: render.typing_line(look, names, width))

    @property
    def _stop_keys(self) -> str:
        return self._screen.keymap.keys_of("stop") or "/stop"

    def stops(self, from_right: int) -> bool:
        """Take how far from its end the line below the log was clicked; return whether that stops files."""
        shown = self._screen.world.transfers and not self._notice[0]
        return bool(shown) and from_right <= stop_cells(self._stop_keys)

    def offer(self, text: str) -> None:
        """Say what can be typed now; gone with the text it is about."""
        self.say(text, Level.INFO)
        self._offering = True

    def take_back(self, beginning: str) -> None:
        """What was said is over, if it still stands there."""
        if self._notice[0].startswith(beginning):
            self.quiet()

    def drop_offer(self) -> None:
        """The text is gone: so is what could be typed."""
        if self._offering:
            self.quiet()

    def say(self, text: str, level: Level) -> None:
        """Show a notice for a while; to a screen reader it is a line like others, where lines are added."""
        if text and self._screen.profile.linear and self._screen.transcript.following:
            self._screen.speaking.say(text if level is Level.INFO else f"{level.value}: {text}")
            return
        self._offering = False
        self._notice = (clean_line(text), level)
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if text:
            self._timer = self._screen.set_timer(NOTICE_SECONDS, self.quiet)
        self.typing()

    def quiet(self) -> None:
        """Take the notice away."""
        if self._notice[0]:
            self.say("", Level.INFO)

    def banner(self) -> None:
        """What waits for a decision, or what the next message answers or replaces."""
        screen, look = self._screen, self._screen.look
        text, right = self._banner()
        if screen.profile.linear:
            screen.banner_line.display = False
            if text != self._said:
                self._said = text
                stop = "" if text.endswith((".", "?", "!", "…")) else "."
                self.say(f"{text}{stop} {right}." if text else "", Level.INFO)
            return
        screen.banner_line.display = bool(text)

        def make(width: int) -> Text:
            line = Text(f" {text}", style=look.style("accent"), no_wrap=True)
            line.truncate(max(0, width - len(right) - 2), overflow="ellipsis", pad=True)
            return line.append(f" {right} ", style=look.style("dim"))

        screen.banner_line.show(make)

    def _banner(self) -> tuple[str, str]:
        writing, world = self._screen.writing, self._screen.world
        if writing.edited is not None:
            return f"editing: {in_short(writing.edited)}", "Esc drops"
        if writing.reply is not None:
            who = writing.reply.nick or world.name_of(writing.reply.chat)
            who = "me" if writing.reply.outgoing else clean_line(who)
            return f"reply to {who}: {in_short(writing.reply)}", "Esc drops"
        question = self._screen.asking()
        if question is None:
            return "", ""
        if count := together(world):
            shows = f"{self._screen.keymap.keys_of('strangers') or '/strangers'} shows them"
            return f"{count} strangers ask for something", shows
        answers = f"{self._screen.keymap.keys_of('answer') or '/answer'} answers"
        if isinstance(question, ev.Invited):
            by = f"{clean_line(str(question.sender))} invites you" if question.sender else "You are invited"
            words = f": {clean_line(question.text, 100)}" if question.text else ""
            return f"{by} to {clean_line(str(question.room))}{words}", answers
        if isinstance(question, ev.PasswordNeeded | ev.RoomPasswordNeeded):
            what = question.room if isinstance(question, ev.RoomPasswordNeeded) else question.account
            reason = f" {clean_line(question.reason)}" if question.reason else ""
            return f"Password for {clean_line(str(what))}?{reason}", answers
        if isinstance(question, ev.PriceAsked):
            return price(question), answers
        if isinstance(question, PassphraseWanted):
            return clean_line(question.what, 200), answers
        if isinstance(question, ev.Question):
            return "A question waits.", answers
        nick = f" ({clean_line(question.nick, 40)})" if question.nick else ""
        said = f": {clean_line(question.text, 100)}" if question.text else ""
        return f"{clean_line(str(question.address))}{nick} asks to see you{said}", answers

    def _title(self, unread: int) -> None:
        title = getattr(self._screen.app._driver, "title", None)
        if title is not None and unread != self._unread:
            self._unread = unread
            title(unread)

    def link_changed(self, event: ev.LinkChanged) -> None:
        """Say what is another than before, and refill what shows it."""
        from tui_xmpp.ui.render.link import change_words

        account = self._screen.world.accounts[event.account].account
        before = self._links.get(event.account, PROFILES.get(account.link, PROFILES["full"]))
        self._links[event.account] = event.profile
        if event.profile != before:
            words = change_words(before, event.profile)
            self.say(f"Link {event.profile.name}{': ' if words else ''}{words}.", Level.INFO)
        self.rates()

    def rates(self) -> None:
        """How the link is has changed: the status line, and the popup that shows it."""
        self.status()
        if self._screen.popups.kind is not None:
            self._screen.popups.kind.happened()

    def status(self) -> None:
        """Account, activity and link; the connection in words while it is not up."""
        screen, look = self._screen, self._screen.look
        choice = cast(Program, screen.app).terminal.choice
        value = self._steady(words.status(screen.world, screen.chat, choice))
        unread = sum(one.unread for one in value.activity)
        self._title(unread)
        screen.count(unread, sum(one.mentions for one in value.activity))
        if screen.profile.linear:
            return
        sentence = words.connection(screen.world, screen.chat, datetime.now(UTC))
        style = look.style("warn")

        def make(width: int) -> Text:
            if not sentence:
                return render.status_line(look, value, width)
            fields = render.status_fields(look, value)
            activity = fields.get("activity", Text())
            line = Text(" ", no_wrap=True).append_text(fields.get("account", Text()))
            line.append("  ").append(sentence, style=style)
            if activity.plain:
                line.truncate(max(20, width - activity.cell_len - 3), overflow="ellipsis")
                line.append("  ").append_text(activity)
            line.truncate(width, overflow="ellipsis")
            return line

        screen.status.show(make)

    def _steady(self, now: render.Status) -> render.Status:
        """The link's figures stay until they say more, and over a line for some seconds in any case."""
        shown, moment = self._figures, time.monotonic()
        if shown is None or shown.up is None or shown.account != now.account:
            rests = False
        else:
            soon = moment - self._figures_at < self._screen.profile.figures
            rests = soon or render.alike(shown, now)
        if shown is None or not rests:
            self._figures, self._figures_at = now, moment
            return now
        return replace(now, up=shown.up, down=shown.down, round_trip=shown.round_trip, today=shown.today)


def _line(text: str, style: object) -> Text:
    return Text(f" {text}", style=style, no_wrap=True)  # type: ignore[arg-type]
