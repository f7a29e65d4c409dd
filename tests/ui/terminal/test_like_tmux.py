"""What tmux really shows of random frames."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.terminal.frames import DOUBTFUL, SLEEP, Line, Scene, environment, seen
from tui_xmpp.ui.terminal.cell import PLAIN, Row
from tui_xmpp.ui.terminal.frame_reader import cells_of

COLUMNS, ROWS = 80, 24


class Tmux:
    """A tmux of its own with one pane, spoken to in control mode."""

    def __init__(self, folder: Path) -> None:
        argv = ["tmux", "-L", "pane", "-u", "-f", "/dev/null", "-C", "new-session"]
        argv += ["-x", str(COLUMNS), "-y", str(ROWS), SLEEP]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, env=environment(folder), text=True)
        self._answer()
        self.ask("refresh-client -f no-output")
        self.ask("set-option -g status off")
        self.ask(f"refresh-client -C {COLUMNS}x{ROWS}")
        self.line = Line(self.ask("display-message -p '#{pane_tty}'")[0])

    def ask(self, command: str) -> list[str]:
        """The lines that a command of tmux prints."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> list[str]:
        assert self._process.stdout is not None
        lines: list[str] = []
        inside = False
        for line in self._process.stdout:
            if line.startswith("%begin "):
                inside = True
            elif line.startswith("%end "):
                return lines
            elif line.startswith("%error "):
                raise AssertionError(lines)
            elif inside:
                lines.append(line.removesuffix("\n"))
        raise AssertionError("tmux ended")

    def shown(self) -> list[Row]:
        """The cells of its pane, as it tells them: short rows where the end was never written to."""
        rows: list[Row] = []
        pen = PLAIN
        for line in self.ask("capture-pane -p -e -N"):
            cells, pen = cells_of(line, pen)
            rows.append(list(cells))
        return rows

    def shown_to_the_end(self) -> list[Row]:
        """The same, with the ground of what was erased; the last two columns are lost by that."""
        self.line.send("\x1b[m" + "".join(f"\x1b[{y};{COLUMNS}H#" for y in range(1, ROWS + 1)))
        self.line.cursor()
        rows = self.shown()
        assert all(row[-1].text == "#" for row in rows)
        return [row[:-2] for row in rows]

    def close(self) -> None:
        self.line.close()
        assert self._process.stdin is not None
        self._process.stdin.write("kill-server\n")
        self._process.stdin.close()
        assert self._process.stdout is not None
        self._process.stdout.read()
        self._process.stdout.close()
        self._process.wait(10)


@pytest.fixture
def tmux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tmux]:
    # A socket's path must be short.
    one = Tmux(tmp_path_factory.mktemp("t"))
    yield one
    one.close()


def wrong(wanted: list[Row], shown: list[Row]) -> list[str]:
    """What differs; of the end of a row that is not told only that it is blank."""
    found = []
    for y, (row, shown_row) in enumerate(zip(wanted, shown, strict=True)):
        end = len(shown_row)
        for x, (one, other) in enumerate(zip(row[:end], shown_row, strict=True)):
            if one != other and seen(one) != seen(other):
                found.append(f"{x},{y}: wanted {one}, shown {other}")
        found += [f"{x},{y}: wanted {row[x]}, not shown" for x in range(end, len(row)) if row[x].text != " "]
    return found


def test_a_thousand_frames_are_shown_as_wanted(tmux: Tmux) -> None:
    for seed in range(40):
        tmux.line.send("\x1bc\x1b[?7l")
        scene = Scene(seed, COLUMNS, ROWS)
        for number in range(25):
            frame = scene.change()
            tmux.line.send(frame)
            assert tmux.line.cursor() == scene.cursor, (seed, number)
            different = wrong(scene.wanted, tmux.shown())
            assert not different, f"seed {seed}, frame {number}: {different[:5]}\n{frame!r}"
        different = wrong([row[:-2] for row in scene.wanted], tmux.shown_to_the_end())
        assert not different, f"seed {seed}: {different[:5]}"


def test_rows_go_on_in_place_behind_what_terminals_count_differently(tmux: Tmux) -> None:
    found = 0
    for seed in range(6):
        tmux.line.send("\x1bc\x1b[?7l")
        scene = Scene(seed, COLUMNS, ROWS, doubtful=True)
        for number in range(50):
            frame = scene.change()
            tmux.line.send(frame)
            tmux.line.cursor()
            for row, shown in zip(scene.wanted, tmux.shown(), strict=True):
                at = next((x for x, cell in enumerate(row) if cell.text in DOUBTFUL), COLUMNS)
                behind = COLUMNS - at - 2
                if behind > 0:
                    assert [*map(seen, shown[:at])] == [*map(seen, row[:at])], (seed, number)
                    assert [*map(seen, shown[-behind:])] == [*map(seen, row[-behind:])], (seed, number, frame)
                    found += 1
    assert found > 500
