"""Tests of the methods that attrs classes share: they do what those of attrs do."""

from typing import Any

import attrs
import pytest

from sacred_core.shared_methods import StateMethods, ValueMethods


@attrs.frozen
class Own:
    a: int
    b: str = "x"
    hidden: Any = attrs.field(default=None, repr=False)
    ignored: Any = attrs.field(default=None, eq=False)


@attrs.frozen(eq=False, repr=False)
class Shared(ValueMethods):
    a: int
    b: str = "x"
    hidden: Any = attrs.field(default=None, repr=False)
    ignored: Any = attrs.field(default=None, eq=False)


@attrs.define(eq=False, repr=False)
class State(StateMethods):
    a: int


class Subclass(Shared):
    pass


ARGUMENTS = [(1,), (1, "x"), (2,), (1, "y"), (1, "x", "secret"), (1, "x", None, "other"), (1.0,)]


@pytest.mark.parametrize("left", ARGUMENTS)
@pytest.mark.parametrize("right", ARGUMENTS)
def test_values_are_equal_where_those_of_attrs_are(left: Any, right: Any) -> None:
    """Fields with ``eq=False`` are not compared; equal values have equal hashes."""
    assert (Shared(*left) == Shared(*right)) is (Own(*left) == Own(*right))
    if Shared(*left) == Shared(*right):
        assert hash(Shared(*left)) == hash(Shared(*right))


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_the_representation_is_that_of_attrs(arguments: Any) -> None:
    """Fields with ``repr=False`` are not shown."""
    assert repr(Shared(*arguments)) == repr(Own(*arguments)).replace("Own", "Shared")


def test_the_representation_of_an_inner_class_has_no_function() -> None:
    """Like that of attrs, it begins behind ``<locals>``."""

    @attrs.frozen(eq=False, repr=False)
    class Inner(ValueMethods):
        a: int

    assert repr(Inner(1)) == "Inner(a=1)"


@pytest.mark.parametrize("other", [Own(1), Subclass(1), (1, "x", None, None), None])
def test_a_value_of_another_class_is_not_equal(other: object) -> None:
    """Not even one of a subclass, as in attrs."""
    assert Shared(1) != other


def test_state_is_compared_and_has_no_hash() -> None:
    """It may change, so it cannot be a key."""
    assert State(1) == State(1) != State(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(State(1))
