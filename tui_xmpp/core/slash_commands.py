"""Every slash command with its arguments: parsing, completion and help all come from this table."""

from __future__ import annotations

from tui_xmpp.core.slash import Argument, ArgumentKind, SlashCommand
from tui_xmpp.core.terminal import AUTO, PROFILES

_K = ArgumentKind

_SHOWS = ("here", "chat", "away", "xa", "dnd", "offline")


def _command(names: str, summary: str, *arguments: Argument) -> SlashCommand:
    name, *aliases = names.split()
    words = [f"/{name}"]
    for one in arguments:
        word = "|".join(one.choices) if one.choices else one.name.upper()
        words.append(f"[{word}]" if one.optional else word)
    return SlashCommand(name, tuple(aliases), " ".join(words), summary, arguments)


def _some(
    name: str, kind: ArgumentKind, help: str, *, rest: bool = False, choices: tuple[str, ...] = ()
) -> Argument:
    return Argument(name, kind, help, optional=True, rest=rest, choices=choices)


def _one(
    name: str, kind: ArgumentKind, help: str, *, rest: bool = False, choices: tuple[str, ...] = ()
) -> Argument:
    return Argument(name, kind, help, rest=rest, choices=choices)


_ADDRESS = _one("address", _K.ADDRESS, "an address, like ava@example.org")
_CONTACT = _some("address", _K.ADDRESS, "an address; left out: the open chat")

GROUPS: dict[str, tuple[SlashCommand, ...]] = {
    "Talking": (
        _command(
            "msg query m",
            "Open a chat with somebody, and send a first message if you write one.",
            _one("address", _K.ADDRESS, "an address, or the nick of somebody in this room"),
            _some("text", _K.TEXT, "what to send at once", rest=True),
        ),
        _command("reply", "Answer the selected message, or the newest one of the other side."),
        _command("edit", "Edit the selected message, or your last one."),
        _command(
            "react",
            "React to the selected or newest message; without an emoji, choose one.",
            _some(
                "emoji",
                _K.TEXT,
                "emojis, or :smile: names, with spaces between; - takes yours back",
                rest=True,
            ),
        ),
        _command("retract", "Take the selected message back, or your last one."),
        _command("retry", "Send the selected message again, if it failed; or try again to read it."),
        _command(
            "send",
            "Send a file to this chat, sealed where the chat is.",
            _one("path", _K.PATH, "a file; Tab completes"),
        ),
        _command(
            "save",
            "Fetch the file of the selected message, or the newest one.",
            _some("directory", _K.PATH, "where to put it; left out: your downloads"),
        ),
        _command("stop", "Stop the files that are on their way."),
        _command("copy", "Copy the text of the selected or newest message."),
        _command("open", "Open or copy a link of the selected message or of those in view."),
        _command("editor", "Write in your editor; what you save becomes the draft."),
        _command(
            "search",
            "Search all messages.",
            _some("words", _K.TEXT, 'words, "phrases", from: in: before: after: has:link', rest=True),
        ),
    ),
    "Chats": (
        _command(
            "go jump g",
            "Go to a chat by its number or name.",
            _some("target", _K.ADDRESS, "a number, a name or an address", rest=True),
        ),
        _command("next", "Go to the chat that needs you most."),
        _command("back", "Go back to the chat before."),
        _command("close", "Take this chat off the list; a room is left."),
        _command("pin", "Keep this chat at the top of the list, or let it go."),
        _command("mute", "Mute this chat, or hear it again."),
        _command(
            "notify",
            "When this chat may ask for attention.",
            _one(
                "when",
                _K.CHOICE,
                "all messages, mentions only, or nothing",
                choices=("all", "mentions", "none"),
            ),
        ),
        _command(
            "unread",
            "Go to the line of the first new message; `here` marks as unread from the selected message.",
            _some("here", _K.CHOICE, "mark from the selected message on", choices=("here",)),
        ),
        _command(
            "read",
            "Mark this chat as read, or every one.",
            _some("all", _K.CHOICE, "every chat", choices=("all",)),
        ),
        _command("receipt", "Say that you got and read what came here, where that is not said by itself."),
        _command("joins", "Show or hide who comes and goes."),
    ),
    "People": (
        _command(
            "add",
            "Put somebody on your list and ask to see their presence.",
            _ADDRESS,
            _some("name", _K.TEXT, "what to call them; in quotes if it has spaces"),
            _some("text", _K.TEXT, "what to say with the request", rest=True),
        ),
        _command("remove", "Take somebody off your list.", _CONTACT),
        _command(
            "rename",
            "Call the open contact something else.",
            _some("name", _K.TEXT, "the new name; left out: none", rest=True),
        ),
        _command(
            "group",
            "Put the open contact into groups.",
            _some("groups", _K.TEXT, "groups with commas between; left out: none", rest=True),
        ),
        _command("approve", "Let somebody see your presence.", _CONTACT),
        _command("refuse", "Do not let somebody see your presence.", _CONTACT),
        _command("ask", "Ask to see somebody's presence.", _CONTACT),
        _command("cancel", "No longer see somebody's presence.", _CONTACT),
        _command("who", "Show the contact, or who is in the room."),
        _command("strangers", "Show what strangers want, and accept, refuse or block it."),
        _command("answer", "Answer the question shown."),
    ),
    "Rooms": (
        _command(
            "join",
            "Enter a room.",
            _some("room", _K.ROOM, "the address of a room; left out: the open one"),
            _some("nick", _K.TEXT, "your nick there; in quotes if it has spaces"),
            _some("password", _K.TEXT, "the room's password", rest=True),
        ),
        _command(
            "part leave", "Leave the room.", _some("text", _K.TEXT, "what to say on leaving", rest=True)
        ),
        _command(
            "rooms",
            "List the public rooms of a service.",
            _some("service", _K.ROOM, "a service, like rooms.example.org"),
        ),
        _command("nick", "Take another nick in this room.", _one("nick", _K.TEXT, "the new nick", rest=True)),
        _command(
            "topic subject",
            "Show or change the topic of this room.",
            _some("text", _K.TEXT, "the new topic", rest=True),
        ),
        _command(
            "invite",
            "Ask somebody into this room.",
            _ADDRESS,
            _some("text", _K.TEXT, "what to say with it", rest=True),
        ),
        _command(
            "bookmark",
            "Remember this room on the server.",
            _some("join", _K.CHOICE, "join it at sign-in, or not", choices=("auto", "manual")),
        ),
        _command("unbookmark", "Forget this room's bookmark."),
    ),
    "Encryption": (
        _command(
            "encrypt",
            "Show how this chat is protected, or choose when it is encrypted, or by what.",
            _some(
                "when",
                _K.CHOICE,
                "always, where possible, once you ask for it, or off; on is always; or what with",
                choices=("always", "possible", "ask", "off", "on", "omemo", "openpgp", "pgp"),
            ),
        ),
        _command(
            "openpgp",
            "Show the OpenPGP keys of this chat and yours; keep your secret key at the server, or fetch it.",
            _some("what", _K.CHOICE, "what to do with your secret key", choices=("backup", "restore")),
        ),
        _command("devices", "Show your devices and those of this chat, and decide about new ones."),
        _command(
            "verify",
            "Compare fingerprints: show your code, or say theirs.",
            _some("code", _K.TEXT, "their code, like xmpp:ava@example.org?omemo-sid-…", rest=True),
        ),
    ),
    "You": (
        _command(
            "presence",
            "Say whether you are here.",
            _one("show", _K.CHOICE, "what others see", choices=_SHOWS),
            _some("status", _K.TEXT, "a few words with it", rest=True),
        ),
        _command(
            "away", "Say that you are away.", _some("status", _K.TEXT, "a few words with it", rest=True)
        ),
        _command(
            "dnd busy",
            "Say that you do not want to be disturbed.",
            _some("status", _K.TEXT, "a few words with it", rest=True),
        ),
        _command(
            "online here",
            "Say that you are back.",
            _some("status", _K.TEXT, "a few words with it", rest=True),
        ),
        _command(
            "status",
            "Say how things are, in one sentence; with words: say them with your presence.",
            _some("status", _K.TEXT, "the words; - takes them away", rest=True),
        ),
        _command("refresh", "Ask the server now for the roster and for what was written to you."),
        _command(
            "connect", "Sign in now.", _some("account", _K.ACCOUNT, "one of your addresses; left out: all")
        ),
        _command(
            "disconnect",
            "Leave the server and stay offline.",
            _some("account", _K.ACCOUNT, "one of your addresses; left out: all"),
        ),
        _command(
            "signout",
            "Leave the server and forget the password; the account stays.",
            _some("account", _K.ACCOUNT, "one of your addresses; left out: all"),
        ),
        _command("account", "Add an account."),
    ),
    "The screen": (
        _command("list", "Show or hide the list of chats."),
        _command(
            "sort",
            "Sort the list of chats by activity or by name.",
            _some(
                "order", _K.CHOICE, "activity or name; left out: the other one", choices=("activity", "name")
            ),
        ),
        _command("members", "Show or hide the members of the room."),
        _command("theme", "Choose the colours.", _some("name", _K.THEME, "the name of a theme")),
        _command(
            "mouse",
            "Use the mouse here, or leave it to the terminal.",
            _some("on", _K.CHOICE, "on or off", choices=("on", "off")),
        ),
        _command(
            "terminal",
            "Say what the way to your eyes is, or what it may carry.",
            _some("name", _K.CHOICE, "auto: as measured; reader: for speech", choices=(AUTO, *PROFILES)),
        ),
        _command("bare", "Show plain text to select with the mouse."),
        _command("suspend", "Go back to the shell; `fg` comes here again."),
        _command(
            "link",
            "Show what is spent and on what, or use another link profile.",
            _some(
                "what",
                _K.LINK,
                "a profile; undo; set, with a cell and its value; or auto, with on, suggest or off",
            ),
            _some(
                "cell",
                _K.LINK_CELL,
                "what of the profile to change, like page; or how it follows the link",
            ),
            _some("value", _K.LINK_VALUE, "as in the configuration; left out: the profile's own", rest=True),
        ),
        _command("reload", "Read config.toml and the themes again."),
        _command("help", "Show keys and commands.", _some("command", _K.COMMAND, "one command")),
        _command("keys", "Show the keys."),
        _command(
            "quit exit",
            "Leave; what is unsent goes out next time. The server keeps your session for some minutes.",
            _some("offline", _K.CHOICE, "end the session too, at once", choices=("offline",)),
        ),
    ),
}
"""The commands by what they are about, in the order help shows them."""

COMMANDS: tuple[SlashCommand, ...] = tuple(command for group in GROUPS.values() for command in group)


def help_text(name: str = "") -> str:
    """Return the help for one command, or for all of them, as plain lines."""
    for command in COMMANDS:
        if name and name.removeprefix("/") in (command.name, *command.aliases):
            lines = [command.usage, f"  {command.summary}"]
            lines += [f"  {one.name.upper()}: {one.help}" for one in command.arguments]
            if command.aliases:
                lines.append("  Also: " + ", ".join(f"/{alias}" for alias in command.aliases))
            return "\n".join(lines)
    out: list[str] = []
    for title, commands in GROUPS.items():
        out += ["", title, *(f"  {one.usage}\n      {one.summary}" for one in commands)]
    return "\n".join([*out[1:], "", "  /me TEXT says what you do; // begins a line with /."])
