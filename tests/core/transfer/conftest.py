"""Two memories, whose stores are compared or synchronised."""

import pytest

from sacred_core.testing.memory import Memory


@pytest.fixture
def a() -> Memory:
    return Memory()


@pytest.fixture
def b() -> Memory:
    return Memory()
