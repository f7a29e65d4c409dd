"""The keys: one table of bindings with ids, and what the user's `[keys]` table changes in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, get_args

from tui_xmpp.core.value import value

Context = Literal["everywhere", "chat", "selection", "list", "popup"]

TITLES: dict[Context, str] = {
    "everywhere": "Everywhere",
    "chat": "In a chat",
    "selection": "With a message selected",
    "list": "In the list of chats",
    "popup": "In a popup",
}

_KEY = re.compile(r"(?:(?:alt|ctrl|shift)\+)*(?:[^\s+,]|[a-z_]+[0-9]*)")
_SIGNS = {
    "slash": "/", "equals_sign": "=", "plus": "+", "colon": ":", "comma": ",", "full_stop": ".", "minus": "-",
    "question_mark": "?", "less_than_sign": "<", "greater_than_sign": ">", "number_sign": "#",
}  # fmt: skip
_NAMES = {sign: name for name, sign in _SIGNS.items()}
_WRITTEN = {
    "pageup": "PageUp", "pagedown": "PageDown", "escape": "Esc", "enter": "Enter", "up": "Up", "down": "Down",
    "left": "Left", "right": "Right", "home": "Home", "end": "End", "tab": "Tab", "space": "Space",
    "backspace": "Backspace", "delete": "Delete", "insert": "Insert",
}  # fmt: skip
# Without these nobody finds the way out.
_KEEP = frozenset({"quit", "help"})


@value
class Binding:
    """One thing that keys do."""

    id: str
    """The name in the `[keys]` table, and of the action."""
    keys: tuple[str, ...]
    """Textual's names: `alt+a`, `ctrl+k`, `f1`, `plus`."""
    help: str
    context: Context
    command: str = ""
    """The slash command that does the same, without the slash; empty: none."""


def _numbers() -> Iterable[Binding]:
    for number in range(1, 11):
        yield Binding(
            f"chat-{number}", (f"alt+{number % 10}",), f"Go to chat {number}.", "everywhere", f"go {number}"
        )


BINDINGS: tuple[Binding, ...] = (
    Binding("help", ("f1",), "Show the keys of what has the focus.", "everywhere", "help"),
    Binding("quit", ("ctrl+q",), "Leave; what is unsent goes out next time.", "everywhere", "quit"),
    Binding("jump", ("ctrl+k", "ctrl+p"), "Go to a chat, a person or a room by name.", "everywhere", "go"),
    Binding("next-important", ("alt+a",), "Go to the chat that needs you most.", "everywhere", "next"),
    Binding("back", ("alt+slash",), "Go back to the chat before.", "everywhere", "back"),
    *_numbers(),
    Binding("chat-number", ("alt+j",), "Go to a chat by two digits.", "everywhere"),
    Binding("next-chat", ("alt+down", "ctrl+pagedown"), "Go to the chat below.", "everywhere"),
    Binding("previous-chat", ("alt+up", "ctrl+pageup"), "Go to the chat above.", "everywhere"),
    Binding("list", ("ctrl+b", "alt+b"), "Show or hide the list of chats.", "everywhere", "list"),
    Binding("members", ("alt+m",), "Show or hide the members of the room.", "everywhere", "members"),
    Binding("read-all", ("alt+shift+u",), "Mark every chat as read.", "everywhere", "read all"),
    Binding("bare", ("alt+l",), "Show plain text to select with the mouse.", "everywhere", "bare"),
    Binding("suspend", ("ctrl+z",), "Go back to the shell; `fg` comes here again.", "everywhere", "suspend"),
    Binding("answer", ("alt+y",), "Answer the question shown.", "everywhere", "answer"),
    Binding("strangers", ("alt+i",), "Show what strangers want of you.", "everywhere", "strangers"),
    Binding("stop", ("alt+x",), "Stop the files that are on their way.", "everywhere", "stop"),
    Binding("status", ("alt+s",), "Say how things are, in one sentence.", "everywhere", "status"),
    Binding("lean", ("f9",), "Spend as little as on the last thin link, or as usual.", "everywhere"),
    Binding("repaint", ("ctrl+l",), "Draw the screen anew.", "everywhere"),
    Binding("unread", ("alt+u",), "Go to the line of the first new message.", "chat", "unread"),
    Binding("next-mention", ("alt+n",), "Go to the next mention of you.", "chat"),
    Binding("previous-mention", ("alt+p",), "Go to the mention of you before.", "chat"),
    Binding("search", ("ctrl+s",), "Search in this chat.", "chat", "search"),
    Binding("security", ("alt+e",), "Show how this chat is protected, and whose devices.", "chat", "encrypt"),
    Binding("joins", ("alt+equals_sign",), "Show or hide who comes and goes.", "chat", "joins"),
    Binding("unfold-joins", ("alt+o",), "Show who came and went one by one.", "chat"),
    Binding("page-up", ("pageup",), "One screen up.", "chat"),
    Binding("page-down", ("pagedown",), "One screen down.", "chat"),
    Binding("half-page-up", ("alt+pageup",), "Half a screen up.", "chat"),
    Binding("half-page-down", ("alt+pagedown",), "Half a screen down.", "chat"),
    Binding("start", ("alt+home",), "Go to the oldest message at hand.", "chat"),
    Binding("end", ("alt+end",), "Go to the newest message.", "chat"),
    Binding("select", ("ctrl+up", "alt+k"), "Select a message.", "chat"),
    Binding("edit-last", ("up",), "On an empty line: edit your last message.", "chat", "edit"),
    Binding("new-line", ("alt+enter", "ctrl+j"), "Begin a new line.", "chat"),
    Binding("editor", ("ctrl+x",), "Write in your editor.", "chat", "editor"),
    Binding("history", ("ctrl+r",), "Search what you wrote before.", "chat"),
    Binding("drop", ("escape",), "Drop the reply or the edit.", "chat"),
    Binding("select-previous", ("k", "up"), "Select the message above.", "selection"),
    Binding("select-next", ("j", "down"), "Select the message below.", "selection"),
    Binding("select-first", ("g", "home"), "Select the oldest message at hand.", "selection"),
    Binding("select-last", ("G", "end"), "Select the newest message.", "selection"),
    Binding("reply", ("r",), "Reply to it.", "selection", "reply"),
    Binding("edit", ("e",), "Edit it, if it is yours.", "selection"),
    Binding("react", ("plus", "colon"), "React to it.", "selection", "react"),
    Binding("retract", ("d",), "Take it back, if it is yours.", "selection", "retract"),
    Binding("copy", ("y",), "Copy its text.", "selection", "copy"),
    Binding("open-link", ("o",), "Open its link.", "selection", "open"),
    Binding("save-file", ("s",), "Save its file.", "selection", "save"),
    Binding("unread-from", ("u",), "Mark as unread from here.", "selection"),
    Binding("try-again", ("t",), "Send it again, if it failed; try again to read it.", "selection", "retry"),
    Binding("unfold", ("enter",), "Show all of it, or go to what it answers.", "selection"),
    Binding("select-none", ("escape", "q"), "Back to writing.", "selection"),
    Binding("list-up", ("up", "k"), "Up.", "list"),
    Binding("list-down", ("down", "j"), "Down.", "list"),
    Binding("list-open", ("enter",), "Open it.", "list"),
    Binding("list-filter", ("slash",), "Filter by typing.", "list"),
    Binding("list-fold", ("space", "tab"), "Fold or unfold the group.", "list"),
    Binding("list-pin", ("p",), "Pin it to the top, or let it go.", "list", "pin"),
    Binding("list-mute", ("m",), "Mute it, or hear it again.", "list", "mute"),
    Binding("list-sort", ("s",), "Sort by activity or by name.", "list"),
    Binding("list-close", ("escape",), "Back to the chat.", "list"),
    Binding("popup-up", ("up", "ctrl+p"), "Up.", "popup"),
    Binding("popup-down", ("down", "ctrl+n"), "Down.", "popup"),
    Binding("popup-take", ("enter",), "Take it.", "popup"),
    Binding("popup-complete", ("tab",), "Complete, and again for the next.", "popup"),
    Binding("popup-close", ("escape",), "Close.", "popup"),
)
"""Every binding as it is shipped."""


class Keymap:
    """The bindings as the user has them, and which id a key means in a context."""

    bindings: tuple[Binding, ...]
    errors: tuple[str, ...]
    """Sentences about entries of `[keys]` that were left out."""

    def __init__(self, changes: Mapping[str, str] | None = None) -> None:
        """*changes* is `Settings.keys`; wrong entries are left out and told in `errors`."""
        self.errors = ()
        known = {binding.id: binding for binding in BINDINGS}
        for id, text in (changes or {}).items():
            self._change(known, id, text)
        self.bindings = tuple(known.values())
        self._found = {(one.context, key): one for one in reversed(self.bindings) for key in one.keys}

    def find(self, key: str, *contexts: Context, after_escape: bool = False) -> Binding | None:
        """Return what *key* does in the first of *contexts* that knows it; `everywhere` comes last by itself.

        *after_escape*: Esc was pressed just before, so that `a` is looked up as `alt+a`.
        """
        name = normal(f"alt+{key}" if after_escape else key)
        for context in (*contexts, "everywhere"):
            found = self._found.get((context, name))
            if found is not None:
                return found
        return None

    def keys_of(self, id: str) -> str:
        """Return the first key of a binding as people write it: `Alt+a`; empty when it has none."""
        for binding in self.bindings:
            if binding.id == id:
                return written(binding.keys[0]) if binding.keys else ""
        raise KeyError(id)

    def _change(self, known: dict[str, Binding], id: str, text: str) -> None:
        binding = known.get(id)
        if binding is None:
            self.errors += (f"[keys] {id}: there is no such binding. /help keys lists them.",)
            return
        keys = tuple(normal(part) for part in _split(text))
        wrong = next((key for key in keys if not _is_key(key)), None)
        if wrong is not None:
            self.errors += (f'[keys] {id}: {wrong!r} is no key. Write keys like "alt+a" or "f5, ctrl+o".',)
            return
        if not keys and id in _KEEP:
            self.errors += (f"[keys] {id}: this one needs a key.",)
            return
        changed = replace(binding, keys=keys)
        clashes = conflicts([changed, *(one for one in known.values() if one.id != id)])
        if clashes:
            self.errors += tuple(f"[keys] {id}: {clash}" for clash in clashes)
            return
        known[id] = changed


def normal(key: str) -> str:
    """Return one spelling for all spellings of a key: modifiers by the alphabet, signs by name.

    Terminals say `alt+U`, `alt+shift+U` and `alt+shift+u` for the same keys.
    """
    key = key.strip()
    # The sign + stands for itself at the end: "+" and "alt++".
    head, plus, last = (key[:-1], "+", "+") if key == "+" or key.endswith("++") else key.rpartition("+")
    modifiers = {part for part in head.lower().split("+") if part} if plus else set()
    if len(last) > 1:
        last = last.lower()
    elif modifiers and last.isupper():
        # People write Ctrl+O for ctrl+o, but Alt+U is another key than Alt+u.
        modifiers |= {"shift"} if "alt" in modifiers else set()
        last = last.lower()
    last = _NAMES.get(last, last)
    return "+".join([*sorted(modifiers), last])


def written(key: str) -> str:
    """Return a key as people write it: `Alt+a`, `Ctrl+K`, `F1`, `+`."""
    *modifiers, last = key.split("+")
    if last in _SIGNS:
        last = _SIGNS[last]
    elif last in _WRITTEN:
        last = _WRITTEN[last]
    elif (
        re.fullmatch(r"f[0-9]+", last)
        or (len(last) == 1 and modifiers[:1] == ["ctrl"])
        or "shift" in modifiers
    ):
        last = last.upper()
    return "+".join([*(name.capitalize() for name in modifiers), last])


def conflicts(bindings: Iterable[Binding]) -> tuple[str, ...]:
    """Return a sentence for every key that means two things in one context."""
    taken: dict[tuple[str, str], Binding] = {}
    found: list[str] = []
    for binding in bindings:
        for key in dict.fromkeys(binding.keys):
            other = taken.setdefault((binding.context, key), binding)
            if other is not binding:
                found.append(f"{written(key)} is already `{other.id}`; `{binding.id}` needs another key.")
    return tuple(found)


def keys_text(bindings: Iterable[Binding], *contexts: Context) -> str:
    """Return the help for some contexts as plain lines: keys at the left, what they do at the right."""
    chosen = [one for one in _folded(bindings) if one.context in contexts and one.keys]
    width = max((len(_all(one)) for one in chosen), default=0)
    lines: list[str] = []
    for context in contexts:
        rows = [f"  {_all(one):{width}}  {one.help}" for one in chosen if one.context == context]
        if rows:
            lines += ["", TITLES[context], *rows]
    return "\n".join(lines[1:])


def keys_markdown(bindings: Iterable[Binding]) -> str:
    """Return the bindings as Markdown tables, one a context."""
    everything = _folded(bindings)
    tables: list[str] = []
    for context in get_args(Context):
        rows = [_markdown_row(one) for one in everything if one.context == context and one.keys]
        if rows:
            head = ["| keys | what they do | command | id |", "| --- | --- | --- | --- |"]
            tables.append("\n".join([f"### {TITLES[context]}", "", *head, *rows]))
    return "\n\n".join(tables) + "\n"


def _markdown_row(binding: Binding) -> str:
    keys, command, id = (
        between.join(f"`{part}`" for part in text.split(between)) if text else ""
        for text, between in (
            (_all(binding), _TO if _TO in _all(binding) else ", "),
            (f"/{binding.command}" if binding.command else "", _TO),
            (binding.id, _TO),
        )
    )
    return f"| {keys} | {binding.help} | {command} | {id} |"


_TO = " … "


def _folded(bindings: Iterable[Binding]) -> list[Binding]:
    """Return the bindings with the keys for the chats by number as one, unless the user changed them."""
    everything = list(bindings)
    numbers = list(_numbers())
    if not all(number in everything for number in numbers):
        return everything
    first, last = numbers[0], numbers[-1]
    whole = replace(
        first,
        id=f"{first.id}{_TO}{last.id}",
        keys=(_TO.join(written(key) for key in (*first.keys, *last.keys)),),
        help="Go to the chat with this number.",
        command=f"{first.command}{_TO}{last.command.split()[-1]}",
    )
    at = everything.index(first)
    return [*everything[:at], whole, *(one for one in everything[at:] if one not in numbers)]


def _all(binding: Binding) -> str:
    return ", ".join(key if _TO in key else written(key) for key in binding.keys)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _is_key(key: str) -> bool:
    if not _KEY.fullmatch(key):
        return False
    *modifiers, last = key.split("+")
    if modifiers != sorted(set(modifiers)):
        return False
    named = last in _WRITTEN or last in _SIGNS or re.fullmatch(r"f([1-9]|1[0-9]|2[0-4])", last)
    return len(last) == 1 or bool(named)
