"""The grammar of slash commands: a line is text to send, a command, or a mistake with a hint."""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Iterable

from .value import value

_NEAREST = 3
_CUTOFF = 0.5


class ArgumentKind(enum.Enum):
    """What an argument is, so that a screen can offer candidates."""

    ADDRESS = enum.auto()
    ROOM = enum.auto()
    NICK = enum.auto()
    TEXT = enum.auto()
    CHOICE = enum.auto()
    PATH = enum.auto()
    NUMBER = enum.auto()
    THEME = enum.auto()
    LINK = enum.auto()
    LINK_CELL = enum.auto()
    LINK_VALUE = enum.auto()
    ACCOUNT = enum.auto()
    COMMAND = enum.auto()


@value
class Argument:
    """One argument of a command; *rest* takes all that follows as it was typed, and comes last."""

    name: str
    kind: ArgumentKind
    help: str
    optional: bool = False
    rest: bool = False
    choices: tuple[str, ...] = ()


@value
class SlashCommand:
    """A command: its name and aliases without the slash, and what to tell about it."""

    name: str
    aliases: tuple[str, ...]
    usage: str
    summary: str
    arguments: tuple[Argument, ...] = ()


@value
class Parsed:
    """A line that was understood: text to send if *command* is None, else a command and its values."""

    command: SlashCommand | None
    text: str = ""
    values: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Return the value of the argument *name*, None if it was left out."""
        return next((value for given, value in self.values if given == name), None)


@value
class Hint:
    """A line that is neither sent nor run: a sentence, the usage, and names that may have been meant."""

    message: str
    usage: str = ""
    nearest: tuple[str, ...] = ()


@value
class Completion:
    """What is being typed at the cursor.

    *prefix* begins at the offset *start*. *candidates* are known for command names and choices only; a screen
    knows the others by *kind*.
    """

    kind: ArgumentKind
    prefix: str
    start: int
    argument_help: str
    command: SlashCommand | None = None
    argument: Argument | None = None
    candidates: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    """Of the arguments before it, by name."""

    def get(self, name: str) -> str:
        """Return the value of the argument *name* before it; empty: there is none."""
        return dict(self.values).get(name, "")


@value
class _Token:
    start: int
    end: int
    value: str
    closed: bool


_NAME = re.compile(r"/(\S*)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)("?)', re.DOTALL)
_BARE = re.compile(r"\S+")
_ESCAPED = re.compile(r'\\(["\\])')


def parse(line: str, table: Iterable[SlashCommand]) -> Parsed | Hint:
    """Return what *line* means: text, a command of *table*, or a hint; a mistyped command is never text.

    A line that begins with `//` is text that begins with `/`; `/me ` is text (XEP-0245).
    """
    if not line.startswith("/"):
        stripped = line.lstrip()
        if stripped.startswith("/") and not stripped.startswith("//"):
            return Hint("The line begins with a space, so this is no command. Remove the space, or write //.")
        return Parsed(None, line)
    if line.startswith("//"):
        return Parsed(None, line[1:])
    if line.startswith("/me ") and line[4:].strip():
        return Parsed(None, line)
    commands = tuple(table)
    match = _NAME.match(line)
    name = match.group(1) if match else ""
    if name == "me":
        return Hint("Write what you do after /me.", "/me TEXT")
    command = find(name, commands)
    if command is None:
        return _unknown(name, commands)
    return _bind(command, line, len(name) + 1)


def find(name: str, table: Iterable[SlashCommand]) -> SlashCommand | None:
    """Return the command of this name or alias, written without the slash, in capitals or not."""
    wanted = name.casefold()
    return next((command for command in table if wanted in (command.name, *command.aliases)), None)


def complete(line: str, cursor: int, table: Iterable[SlashCommand]) -> Completion | None:
    """Return what is being typed at the offset *cursor*, None if it is text or nothing more is expected."""
    typed = line[:cursor]
    if not typed.startswith("/") or typed.startswith(("//", "/me ")):
        return None
    commands = tuple(table)
    match = _NAME.match(typed)
    name = match.group(1) if match else ""
    if len(name) + 1 == len(typed):
        names = tuple(sorted(command.name for command in commands if _starts(command, name.casefold())))
        return Completion(ArgumentKind.COMMAND, name, 1, "the name of a command", candidates=names)
    command = find(name, commands)
    if command is None:
        return None
    position = len(name) + 1
    values: list[tuple[str, str]] = []
    for argument in command.arguments:
        token = _token(typed, position, argument)
        if token is None or (token.end == len(typed) and not _ended(typed, token)):
            return _completion(command, argument, token, len(typed), commands, tuple(values))
        values.append((argument.name, token.value))
        position = token.end
    return None


def _completion(
    command: SlashCommand,
    argument: Argument,
    token: _Token | None,
    end: int,
    commands: tuple[SlashCommand, ...],
    values: tuple[tuple[str, str], ...],
) -> Completion:
    prefix, start = (token.value, token.start) if token else ("", end)
    known = argument.choices
    if argument.kind is ArgumentKind.COMMAND:
        known = tuple(sorted(other.name for other in commands))
    candidates = tuple(value for value in known if value.casefold().startswith(prefix.casefold()))
    return Completion(argument.kind, prefix, start, argument.help, command, argument, candidates, values)


def _bind(command: SlashCommand, line: str, position: int) -> Parsed | Hint:
    usage = command.usage
    values: list[tuple[str, str]] = []
    for argument in command.arguments:
        token = _token(line, position, argument)
        if token is None:
            if argument.optional:
                break
            return Hint(f"/{command.name} needs {argument.name}: {argument.help}.", usage)
        if not token.closed:
            return Hint('A quotation mark is not closed. Add a " at its end.', usage)
        mistake = _mistake(argument, token.value)
        if mistake:
            return Hint(mistake, usage)
        values.append((argument.name, token.value))
        position = token.end
    if line[position:].strip():
        return Hint(
            f"/{command.name} takes no more than this. Put words that belong together in quotes.", usage
        )
    return Parsed(command, "", tuple(values))


def _token(line: str, position: int, argument: Argument) -> _Token | None:
    """Return the next argument from *position* on, without its quotes, None at the end of the line."""
    start = len(line) - len(line[position:].lstrip())
    if start == len(line):
        return None
    if argument.rest:
        return _Token(start, len(line), line[start:].rstrip(), True)
    quoted = _QUOTED.match(line, start)
    if quoted:
        return _Token(start, quoted.end(), _ESCAPED.sub(r"\1", quoted.group(1)), bool(quoted.group(2)))
    bare = _BARE.match(line, start)
    end = bare.end() if bare else len(line)
    return _Token(start, end, line[start:end], True)


def _ended(typed: str, token: _Token) -> bool:
    return typed[token.start] == '"' and token.closed and token.end - token.start > 1


def _mistake(argument: Argument, value: str) -> str:
    if argument.kind is ArgumentKind.NUMBER and not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        return f"{argument.name} is a number, like 20."
    if argument.kind is ArgumentKind.CHOICE and value not in argument.choices:
        if len(argument.choices) == 1:
            return f"Write {argument.choices[0]} there, or nothing."
        return f"{argument.name} is one of: {', '.join(argument.choices)}."
    return ""


def _unknown(name: str, commands: tuple[SlashCommand, ...]) -> Hint:
    if not name:
        return Hint("Write the name of a command after the /. To send a line that begins with /, write //.")
    wanted = name.casefold()
    begins = [command.name for command in commands if _starts(command, wanted)]
    names = {alias: command.name for command in commands for alias in (command.name, *command.aliases)}
    close = [names[near] for near in difflib.get_close_matches(wanted, names, _NEAREST, _CUTOFF)]
    nearest = tuple(dict.fromkeys([*begins, *close]))[:_NEAREST]
    meant = f" Did you mean {' or '.join('/' + near for near in nearest)}?" if nearest else ""
    return Hint(f"There is no such command.{meant} To send a line that begins with /, write //.", "", nearest)


def _starts(command: SlashCommand, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in (command.name, *command.aliases))
