"""Stores of each kind."""

from collections.abc import Iterator

import pytest

from .places import Places


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Creates stores of each kind."""
    found = Places(tmp_path_factory.mktemp("places"))
    yield found
    found.close()
