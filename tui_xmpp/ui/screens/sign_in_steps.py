"""The steps of a sign-in: ticked, under way, or failed with what to do."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Literal

State = Literal["done", "now", "failed", "note"]

_SIGNS: dict[State, tuple[str, str]] = {
    "done": ("✓", "v"),
    "now": ("…", ">"),
    "failed": ("✗", "x"),
    "note": (" ", " "),
}
_TOKENS: dict[State, str] = {"done": "ok", "now": "text", "failed": "error", "note": "warn"}


@dataclass(slots=True)
class Steps:
    """What has happened so far; an error stands in the place of the step it ended."""

    steps: list[tuple[str, State]] = field(default_factory=list)

    def now(self, words: str) -> None:
        """Another step is under way: the one before is done, or forgotten when it had failed."""
        if self.steps and self.steps[-1] == (words, "now"):
            return
        if self.steps and self.steps[-1][1] == "failed":
            self.steps.clear()
        self._tick()
        self.steps.append((words, "now"))

    def done(self, words: str) -> None:
        """All is done."""
        self._tick()
        self.steps.append((words, "done"))

    def fail(self, sentence: str) -> None:
        """The step under way failed."""
        if self.steps and self.steps[-1][1] in ("now", "failed"):
            self.steps.pop()
        self.steps.append((sentence, "failed"))

    def note(self, sentence: str) -> None:
        """Something to know, before the step under way."""
        at = len(self.steps) - (1 if self.steps and self.steps[-1][1] == "now" else 0)
        if (sentence, "note") not in self.steps:
            self.steps.insert(at, (sentence, "note"))

    def _tick(self) -> None:
        if self.steps and self.steps[-1][1] == "now":
            self.steps[-1] = (self.steps[-1][0], "done")

    def rows(self, width: int, *, ascii: bool = False) -> list[tuple[str, str]]:
        """Return the lines with their theme token; long sentences go on below themselves."""
        out: list[tuple[str, str]] = []
        for words, state in self.steps:
            sign = _SIGNS[state][ascii]
            lines = textwrap.wrap(words, max(10, width - 3)) or [""]
            for number, line in enumerate(lines):
                out.append((f"{sign if not number else ' '} {line}", _TOKENS[state]))
        return out
