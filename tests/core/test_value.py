"""`@value` against what `dataclass(frozen=True, slots=True)` makes of the same class."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from tui_xmpp.core.account import Token
from tui_xmpp.core.value import value


@value
class Point:
    """Two numbers."""

    x: int
    y: int = 2

    @property
    def sum(self) -> int:
        return self.x + self.y


@value
class Named(Point):
    """A point with a name."""

    name: str = ""
    tags: dict[str, int] = dataclasses.field(default_factory=dict)


@value
class Nothing:
    """No field at all."""


def _refused(act: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        act()


def test_fields_defaults_and_methods() -> None:
    assert (Point(1).x, Point(1).y, Point(1, 5).sum, Point(y=3, x=4).sum) == (1, 2, 6, 7)
    assert [one.name for one in dataclasses.fields(Named)] == ["x", "y", "name", "tags"]
    assert repr(Named(1, name="a")) == "Named(x=1, y=2, name='a', tags={})"
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_every_value_gets_a_default_of_its_own() -> None:
    assert Named(1).tags is not Named(1).tags


def test_equal_values_are_the_same_key() -> None:
    assert Point(1) == Point(1, 2) and hash(Point(1)) == hash(Point(1, 2))
    assert Point(1) != Point(2) and Point(1) != Named(1) and Point(1) != (1, 2)
    assert len({Point(1), Point(1, 2), Nothing(), Nothing()}) == 2


def test_nothing_can_be_changed_or_added() -> None:
    point = Point(1)
    _refused(lambda: setattr(point, "x", 2))
    _refused(lambda: setattr(point, "z", 2))
    _refused(lambda: delattr(point, "x"))
    assert not hasattr(point, "__dict__")
    assert point == Point(1)


def test_copies_with_a_change_and_patterns() -> None:
    named = Named(1, name="a")
    assert dataclasses.replace(named, y=7) == Named(1, 7, "a")
    assert dataclasses.asdict(named) == {"x": 1, "y": 2, "name": "a", "tags": {}}
    assert copy.copy(named) == named and pickle.loads(pickle.dumps(named)) == named
    match named:
        case Named(x, _, name):
            assert (x, name) == (1, "a")


@value
class Sealed:
    """A value that shows less than it holds."""

    secret: str

    def __repr__(self) -> str:
        return "Sealed"


def test_a_representation_of_its_own_stays() -> None:
    assert repr(Sealed("canary")) == f"{Sealed('canary')}" == "Sealed"
    assert "canary" not in repr([Token("HT-SHA-256-NONE", "canary")])
