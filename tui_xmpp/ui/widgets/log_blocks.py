"""Where records of unknown height stand: blocks of records, measured only when they come near the view."""

from __future__ import annotations

from array import array
from collections.abc import Callable

BLOCK = 256
"""Most records in a block."""


class _Block:
    __slots__ = ("count", "height", "heights")

    def __init__(self, count: int, height: int) -> None:
        self.count = count
        self.height = height
        self.heights: array[int] | None = None


class Blocks:
    """Heights of records by index; what was not measured yet is estimated from what was."""

    def __init__(self, measure: Callable[[int], int]) -> None:
        """*measure* returns the rows of the record with this index."""
        self._measure = measure
        self._blocks: list[_Block] = []
        self.total = 0
        """Rows of all records, estimates included."""

    def reset(self, count: int) -> None:
        """Begin anew with *count* records, none measured."""
        self._blocks = [_Block(size, size) for size in _sizes(count)]
        self.total = count
        if self._blocks:
            self._measure_block(len(self._blocks) - 1)
            self._estimate()

    def append(self, count: int) -> None:
        """Add *count* records behind the last; they must be in place already."""
        while count > 0:
            if not self._blocks or self._blocks[-1].count >= BLOCK:
                self._blocks.append(_Block(0, 0))
                self._blocks[-1].heights = array("L")
            last = self._blocks[-1]
            self._ensure(len(self._blocks) - 1)
            added = min(count, BLOCK - last.count)
            start = sum(block.count for block in self._blocks[:-1]) + last.count
            assert last.heights is not None
            for index in range(start, start + added):
                height = self._measure(index)
                last.heights.append(height)
                last.height += height
                self.total += height
            last.count += added
            count -= added

    def prepend(self, count: int) -> None:
        """Add *count* records before the first, not measured."""
        average = self._average()
        new = [_Block(size, round(size * average)) for size in _sizes(count)]
        self._blocks[:0] = new
        self.total += sum(block.height for block in new)

    def insert(self, index: int) -> None:
        """Add one record that is in place already."""
        number, inner = self._find(index, for_insert=True)
        block = self._blocks[number]
        height = self._measure(index)
        if block.heights is not None:
            block.heights.insert(inner, height)
        block.count += 1
        block.height += height
        self.total += height

    def drop_first(self, count: int) -> None:
        """Take *count* records away at the front."""
        self._drop(count, 0)

    def drop_last(self, count: int) -> None:
        """Take *count* records away at the end."""
        self._drop(count, -1)

    def update(self, index: int) -> int:
        """Measure one record again; returns by how many rows it grew."""
        number, inner = self._find(index)
        block = self._blocks[number]
        if block.heights is None:
            return 0
        height = self._measure(index)
        growth = height - block.heights[inner]
        block.heights[inner] = height
        block.height += growth
        self.total += growth
        return growth

    def top(self, index: int) -> int:
        """Return the row where a record begins, measuring its block."""
        number, inner = self._find(index)
        self._ensure(number)
        heights = self._blocks[number].heights
        assert heights is not None
        return sum(block.height for block in self._blocks[:number]) + sum(heights[:inner])

    def height(self, index: int) -> int:
        """Return the rows of a record, measuring its block."""
        number, inner = self._find(index)
        self._ensure(number)
        heights = self._blocks[number].heights
        assert heights is not None
        return heights[inner]

    def at(self, row: int) -> tuple[int, int] | None:
        """Return the record that stands at a row, and which of its rows that is; None: no record does.

        Only right where `settle` was asked for the row before.
        """
        if row < 0:
            return None
        start = 0
        for number, block in enumerate(self._blocks):
            if row < block.height:
                self._ensure(number)
                for inner, height in enumerate(block.heights or ()):
                    if row < height:
                        return start + inner, row
                    row -= height
                return None
            row -= block.height
            start += block.count
        return None

    def settle(self, top: int, bottom: int, seen: int) -> int:
        """Measure the blocks between two rows; returns by how many rows what was seen moved down.

        *seen*: the row that was at the top of the view before; blocks that begin above it push it.
        """
        moved = 0
        row = 0
        for number, block in enumerate(self._blocks):
            if row >= bottom + moved:
                break
            if block.heights is None and row + block.height > top + moved:
                before = block.height
                self._ensure(number)
                if row < seen + moved:
                    moved += block.height - before
            row += block.height
        return moved

    def _ensure(self, number: int) -> None:
        if self._blocks[number].heights is None:
            self._measure_block(number)

    def _measure_block(self, number: int) -> None:
        block = self._blocks[number]
        start = sum(one.count for one in self._blocks[:number])
        block.heights = array("L", (self._measure(index) for index in range(start, start + block.count)))
        height = sum(block.heights)
        self.total += height - block.height
        block.height = height

    def _estimate(self) -> None:
        average = self._average()
        for block in self._blocks:
            if block.heights is None:
                block.height = round(block.count * average)
        self.total = sum(block.height for block in self._blocks)

    def _average(self) -> float:
        measured = [block for block in self._blocks if block.heights is not None and block.count]
        count = sum(block.count for block in measured)
        return sum(block.height for block in measured) / count if count else 1.0

    def _drop(self, count: int, side: int) -> None:
        while count > 0 and self._blocks:
            block = self._blocks[side]
            if block.count <= count:
                count -= block.count
                self.total -= block.height
                self._blocks.pop(side)
                continue
            if block.heights is None:
                lost = round(block.height * count / block.count)
            else:
                gone = slice(0, count) if side == 0 else slice(block.count - count, block.count)
                lost = sum(block.heights[gone])
                del block.heights[gone]
            block.count -= count
            block.height -= lost
            self.total -= lost
            count = 0

    def _find(self, index: int, *, for_insert: bool = False) -> tuple[int, int]:
        if for_insert and not self._blocks:
            self._blocks.append(_Block(0, 0))
            self._blocks[0].heights = array("L")
        start = 0
        for number, block in enumerate(self._blocks):
            if index < start + block.count or (for_insert and index == start + block.count):
                return number, index - start
            start += block.count
        raise IndexError(index)


def _sizes(count: int) -> list[int]:
    rest = count % BLOCK
    return [*([rest] if rest else []), *[BLOCK] * (count // BLOCK)]
