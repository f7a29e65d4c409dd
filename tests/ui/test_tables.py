"""Keys, commands and what they do fit together."""

from __future__ import annotations

import pytest

from tui_xmpp.core import slash
from tui_xmpp.core.slash_commands import COMMANDS, help_text
from tui_xmpp.ui.actions import keys, slash_run
from tui_xmpp.ui.keymap import BINDINGS, Binding

_ELSEWHERE = {"new-line", "drop", "chat-number"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_does_something_and_has_help(command: slash.SlashCommand) -> None:
    assert command.name in slash_run.COMMANDS
    assert command.summary in help_text(command.name)
    assert all(argument.help for argument in command.arguments)


def test_no_name_is_used_twice() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: binding.id)
def test_every_key_does_something(binding: Binding) -> None:
    if binding.context in ("everywhere", "chat", "selection"):
        assert binding.id in keys.ACTIONS or binding.id in _ELSEWHERE


@pytest.mark.parametrize("binding", [one for one in BINDINGS if one.command], ids=lambda binding: binding.id)
def test_the_command_of_a_key_exists(binding: Binding) -> None:
    parsed = slash.parse(f"/{binding.command}", COMMANDS)
    assert isinstance(parsed, slash.Parsed)
    assert parsed.command is not None
