"""The keys: one table of bindings with ids, and what the user's `[keys]` table changes in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Context = Literal["everywhere", "chat", "selection", "list", "popup"]


@dataclass(frozen=True, slots=True)
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


class Keymap:
    """The bindings as the user has them, and which id a key means in a context."""

    bindings: tuple[Binding, ...]
    errors: tuple[str, ...]
    """Sentences about entries of `[keys]` that were left out."""

    def __init__(self, changes: Mapping[str, str] | None = None) -> None:
        """*changes* is `Settings.keys`; wrong entries are left out and told in `errors`."""

    def find(self, key: str, *contexts: Context, after_escape: bool = False) -> Binding | None:
        """Return what *key* does in the first of *contexts* that knows it; `everywhere` comes last by itself.

        *after_escape*: Esc was pressed just before, so that `a` is looked up as `alt+a`.
        """
        raise NotImplementedError

    def keys_of(self, id: str) -> str:
        """Return the first key of a binding as people write it: `Alt+a`; empty when it has none."""
        raise NotImplementedError


def escape_form(key: str) -> str:
    """Return how `alt+x` is written as two keys: `Esc x`; empty when *key* is no Alt key."""
    raise NotImplementedError


def conflicts(bindings: Iterable[Binding]) -> tuple[str, ...]:
    """Return a sentence for every key that means two things in one context."""
    raise NotImplementedError


def keys_markdown(bindings: Iterable[Binding]) -> str:
    """Return the bindings as Markdown tables, one a context."""
    raise NotImplementedError
