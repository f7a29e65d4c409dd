"""What can be done with a message: reply, edit, react, take back, copy, open, try again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core import commands as cmd
from tui_xmpp.core import styling
from tui_xmpp.core.attachment import without_keys
from tui_xmpp.core.events import Level
from tui_xmpp.core.message import Delivery, Message
from tui_xmpp.core.security import Protection
from tui_xmpp.core.security_commands import Reopen
from tui_xmpp.core.text import clean, clean_line
from tui_xmpp.ui.actions.emoji import EMOJI
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.render.files import file_of, in_short
from tui_xmpp.ui.terminal.guard import safe_link

_OFTEN = ("👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀", "✅")


def subject(face: Face, *, own: bool | None = None) -> Message | None:
    """Return the selected message, else the newest: of ours, of others, or (None) of anybody."""
    if face.selected is not None:
        return face.selected
    for message in reversed(face.transcript.messages()):
        if not message.retracted and (own is None or message.outgoing == own):
            return message
    face.say("There is no such message here.", Level.WARN)
    return None


async def reply(face: Face) -> None:
    """Answer a message."""
    if (message := subject(face, own=False)) is not None:
        face.reply_to(message)


async def edit(face: Face) -> None:
    """Put an own message into the composer."""
    message = subject(face, own=True)
    if message is None:
        return
    if not message.outgoing or message.retracted:
        face.say("Only your own messages can be edited.", Level.WARN)
        return
    if file_of(message) is not None:
        face.say("A file cannot be edited. Take it back, and send another.", Level.WARN)
        return
    face.edit(message)


async def retract(face: Face) -> None:
    """Ask, then take an own message back."""
    message = subject(face, own=True)
    if message is None:
        return
    if not message.outgoing or message.retracted:
        face.say("Only your own messages can be taken back.", Level.WARN)
        return
    await face.open(TakeBack(face, message))


async def retry(face: Face) -> None:
    """Send a failed message again; of a sealed one that could not be opened: try that again."""
    message = face.selected or next(
        (one for one in reversed(face.transcript.messages()) if one.delivery is Delivery.FAILED), None
    )
    if message is not None and may_be_opened(message):
        # It may take a question to the server: nobody waits for it.
        face.start(face.do(Reopen(message.chat, message.row)))
        return
    if message is None or message.delivery is not Delivery.FAILED:
        face.say("This message did not fail.", Level.WARN)
        return
    await face.do(cmd.RetryMessage(message.chat, message.row))


def may_be_opened(message: Message) -> bool:
    """Whether a message came sealed and could not be opened so far."""
    return message.protection is Protection.ATTENTION and message.unopened


async def copy(face: Face) -> None:
    """Put the text of a message on the clipboard of the terminal."""
    from tui_xmpp.ui.terminal import clipboard

    if (message := subject(face)) is not None:
        text = clean(message.body, max_chars=len(message.body) + 1, max_lines=message.body.count("\n") + 2)
        what = f"{len(text)} characters"
        if without_keys(text) != text:
            what += ", the key included"
        face.say(await clipboard.copy(face.transcript.app, text, what))


async def unread_from(face: Face) -> None:
    """Mark as unread from a message on."""
    if (message := face.selected) is not None:
        await face.do(cmd.MarkUnread(message.chat, message.row))
        await face.screen_action("unread-from")


async def react(face: Face, emojis: str = "") -> None:
    """React with what is written, or choose."""
    message = subject(face)
    if message is None:
        return
    if not emojis:
        await face.open(Reactions(face, message))
        return
    wanted = [] if emojis.strip() == "-" else [_emoji(word) for word in emojis.split()]
    await face.do(cmd.React(message.chat, message.row, tuple(wanted)))


def _emoji(word: str) -> str:
    name = word.strip(":").replace("-", "_").casefold()
    return EMOJI.get(name, word)


def own_reactions(message: Message) -> tuple[str, ...]:
    """Return our reactions to a message."""
    return next((one.emojis for one in message.reactions if one.own), ())


class Reactions(Kind):
    """A row of often used emojis with digits, and a line for any other."""

    hint = "a digit or Enter reacts, again takes it back   :name: finds others   Esc closes"
    placeholder = "1-9, or a name"

    def __init__(self, face: Face, message: Message) -> None:
        self._face = face
        self._message = message
        self.title = "React to: " + in_short(message, 60)

    def keys(self, text: str) -> Sequence[Hashable]:
        """Emojis by digit, or by name."""
        name = text.strip(": ").replace("-", "_").casefold()
        if not name or name.isdigit():
            return _OFTEN
        found = [sign for known, sign in EMOJI.items() if name in known]
        return list(dict.fromkeys(found))[:9] or [text.strip()]

    def draw(self, key: Hashable, width: int) -> Text:
        """Return digit, emoji, and whether it is ours."""
        number = f"{_OFTEN.index(str(key)) + 1} " if key in _OFTEN else "  "
        mine = "  yours" if key in own_reactions(self._message) else ""
        return Text(f" {number}", style=self._face.look.style("dim")).append(clean_line(f"{key}{mine}", 60))

    async def typed(self, text: str) -> None:
        """A digit reacts at once."""
        if text.isascii() and text.isdigit() and 1 <= int(text) <= len(_OFTEN):
            await self._face.close_popup()
            await self._toggle(_OFTEN[int(text) - 1])

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """React with the chosen one."""
        if key:
            await self._toggle(str(key))
        return True

    async def _toggle(self, emoji: str) -> None:
        now = own_reactions(self._message)
        after = tuple(one for one in now if one != emoji) if emoji in now else (*now, emoji)
        await self._face.do(cmd.React(self._message.chat, self._message.row, after))


class TakeBack(Kind):
    """Asks before a message is taken back."""

    field = False
    hint = "y takes it back   n or Esc keeps it"

    def __init__(self, face: Face, message: Message) -> None:
        self._face = face
        self._message = message
        self.title = "Take back: " + in_short(message, 60)

    def keys(self, text: str) -> Sequence[Hashable]:
        """What to know first."""
        return ("Everybody is asked to forget it. Some programs keep it all the same.",)

    def draw(self, key: Hashable, width: int) -> Text:
        """Return the sentence."""
        return Text(f" {key}", no_wrap=True, overflow="ellipsis")

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Enter alone decides nothing."""
        return False

    async def press(self, key: str, row: Hashable | None) -> bool:
        """`y` or `n`."""
        if key == "y":
            await self._face.do(cmd.RetractMessage(self._message.chat, self._message.row))
        return key in ("y", "n")


def links_in(messages: Sequence[Message]) -> list[str]:
    """Return the links of some messages, the newest first, each once."""
    found = [link.url for message in reversed(messages) for link in styling.links(message.body)]
    return [url for url in dict.fromkeys(found) if safe_link(url)]


class Links(Kind):
    """The links in view; Enter opens or copies one."""

    title = "Links"
    field = False

    def __init__(self, face: Face, urls: Sequence[str], hint: str) -> None:
        self._face = face
        self._urls = urls
        self.hint = hint

    def keys(self, text: str) -> Sequence[Hashable]:
        """The links."""
        return self._urls

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one link."""
        text = Text(f" {clean_line(str(key))}", style=self._face.look.style("accent"), no_wrap=True)
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Open it."""
        if key is not None:
            await self._face.screen_action("open-url", str(key))
        return True


async def open_links(face: Face) -> None:
    """Open the only link, or list them."""
    messages = [face.selected] if face.selected is not None else face.transcript.visible_messages()
    urls = links_in(messages)
    if not urls:
        face.say("There is no link here.")
    elif len(urls) == 1:
        await face.screen_action("open-url", urls[0])
    else:
        await face.open(Links(face, urls, "Enter opens or copies it   Esc closes"))
