"""Fuzz every target for its share of the time: `make fuzz SECONDS=3600`.

What breaks a target is kept in `cases`, where every test run reads it again. The inputs that led somewhere
new stay in `.tools/fuzz-corpus`, so that the next run goes on from there.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.target import CASES, Target
from tests.fuzz.targets import TARGETS

_ROOT = Path(__file__).parents[2]
_CORPUS = _ROOT / ".tools" / "fuzz-corpus"
_MEMORY = 1024
"""MB that a target may take."""
_ONE_INPUT = 30
"""Seconds after which an input counts as one that never ends."""
# libFuzzer's own words: "#4096 pulse cov: 310 ft: 812 corp: 90/4096b lim: 64 exec/s: 512 rss: 61Mb"
_STATUS = re.compile(r"^#(\d+)\s+(\w+) .*?cov: (\d+) .*rss: (\d+)Mb")

_NO_NEWS = re.compile(r'INFO:|Dictionary:|#|Done |WARNING: Failed to find function|".*" # Uses|\s*$')


@dataclass
class Run:
    """What came of one target."""

    name: str
    executions: int = 0
    seconds: float = 0.0
    edges: int = 0
    crashes: int = 0
    first_memory: int = 0
    """MB at most once what was known before had been read."""
    half_memory: int = 0
    """MB at most when half of the time was over."""
    last_memory: int = 0


def fuzz(target: Target, seconds: int) -> Run:
    """Fuzz one target; a crash ends it before its time."""
    run, began = Run(target.name), time.monotonic()
    corpus, kept = _CORPUS / target.name, CASES / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        seeds, words = Path(folder, "seeds"), Path(folder, "words")
        seeds.mkdir()
        for number, seed in enumerate(target.seeds()):
            (seeds / str(number)).write_bytes(seed)
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
        command = [
            *(sys.executable, "-m", "tests.fuzz.one", target.name, str(corpus), str(seeds), str(kept)),
            *(f"-max_total_time={seconds}", f"-max_len={target.longest}", f"-dict={words}"),
            *(f"-artifact_prefix={kept}/", f"-rss_limit_mb={_MEMORY}", f"-timeout={_ONE_INPUT}"),
        ]
        with subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                _note(run, line, time.monotonic() - began > seconds / 2)
        run.crashes = int(process.returncode != 0)
    run.seconds = time.monotonic() - began
    return run


def _note(run: Run, line: str, is_past_half: bool) -> None:
    status = _STATUS.match(line)
    if status is None:
        # What is left says what broke.
        if not _NO_NEWS.match(line):
            print(line, end="", flush=True)
        return
    run.executions, run.edges, memory = int(status[1]), int(status[3]), int(status[4])
    if status[2] == "INITED":
        run.first_memory = memory
        print(f"{run.name}: {line}", end="", flush=True)
    if not is_past_half:
        run.half_memory = memory
    run.last_memory = memory


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def main() -> int:
    """Fuzz all targets and print what came of each; returns 1 where one broke."""
    whole, shares = int(sys.argv[1]), sum(target.share for target in TARGETS.values())
    runs = [fuzz(target, max(1, whole * target.share // shares)) for target in TARGETS.values()]
    print("target   executions  seconds  edges  crashes  MB at most: at first, at half, at the end")
    for run in runs:
        print(
            f"{run.name:8} {run.executions:10,} {run.seconds:8.0f} {run.edges:6,} {run.crashes:8}  "
            f"{run.first_memory:>23} {run.half_memory:>8} {run.last_memory:>11}"
        )
    return int(any(run.crashes for run in runs))


if __name__ == "__main__":
    sys.exit(main())
