"""Fuzz one target with atheris: `python -m tests.fuzz.one NAME ARGUMENTS`, those being libFuzzer's."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["tui_xmpp"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    program, name, *arguments = sys.argv
    atheris.Setup([program, *arguments], TARGETS[name].check)
    atheris.Fuzz()


main()
