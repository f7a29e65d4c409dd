"""What once broke a target of `make fuzz`, or might have: each case is read again in every test run."""

from __future__ import annotations

import pytest

from tests.fuzz.target import CASES, Target
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize(
    ("target", "case"),
    [
        pytest.param(target, case.name, id=f"{target.name}-{case.name}")
        for target in TARGETS.values()
        for case in target.cases()
    ],
)
def test_a_kept_case_breaks_nothing(target: Target, case: str) -> None:
    target.check((CASES / target.name / case).read_bytes())


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_what_the_fuzzer_begins_with_breaks_nothing(target: Target) -> None:
    for seed in target.seeds():
        target.check(seed)
