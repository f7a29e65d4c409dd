"""What is fuzzed, and what each target has to say for itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).parent / "cases"
"""One folder for each target: what once broke it, and what might. Replayed by `test_cases.py`."""


@dataclass(frozen=True)
class Target:
    """One reader of hostile input."""

    name: str
    check: Callable[[bytes], None]
    """Reads the bytes and raises where a promise is broken."""
    seeds: Callable[[], Iterator[bytes]]
    """Inputs to begin with."""
    words: tuple[bytes, ...] = ()
    """What the fuzzer may put in."""
    longest: int = 4096
    """Bytes of one input."""
    share: int = 1
    """Of the time, beside the others."""

    def cases(self) -> list[Path]:
        return sorted((CASES / self.name).iterdir())


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where the block takes more than *seconds* of this thread's own time."""
    began = time.thread_time()
    yield
    taken = time.thread_time() - began
    assert taken < seconds, f"it took {taken:.2f} s of {seconds} s"
