"""Tests of the choice of stores by server and path."""

import pytest

from sacred_core.exceptions import StoreError
from sacred_core.stores.places import choose_locations
from sacred_core.testing import Memory, MemoryStore


@pytest.mark.parametrize(
    ("known", "given"),
    [
        ("mongodb://host/db", "mongodb://ann:pw@host/db?tls=true"),
        ("postgresql://ann@host/db", "postgresql+psycopg://ann:pw@host/db"),
        ("s3://bucket/path/", "s3://bucket/path"),
        ("/tmp/runs", "/tmp/../tmp/runs"),
    ],
)
def test_locations_of_one_store(known: str, given: str) -> None:
    """User, password, driver and options do not matter; the given one is used."""
    chosen = choose_locations({"a": known, "b": "other://host/db"}, given)
    assert chosen == {"a": given, "b": "other://host/db"}


@pytest.mark.parametrize(
    "given", ["mongodb://other/db", "mongodb://host/other", "postgresql://host/db", "/tmp/other"]
)
def test_locations_of_other_stores(given: str) -> None:
    """Of several stores none is replaced by another one; the message has no password."""
    with pytest.raises(StoreError, match="is not one of the stores"):
        choose_locations({"a": "mongodb://host/db", "b": None}, given)
    with pytest.raises(StoreError) as raised:
        choose_locations({"a": "mongodb://host/db", "b": None}, "mongodb://ann:hunter2@other/db")
    assert "hunter2" not in str(raised.value)


def test_one_store_may_have_moved() -> None:
    """Whatever is given replaces it; a store does so, too."""
    assert choose_locations({"a": "x://1", "b": "x://1"}, "y://2") == dict.fromkeys("ab", "y://2")
    store = MemoryStore(Memory())
    assert choose_locations({"a": "x://1", "b": None}, store) == dict.fromkeys("ab", store)
    assert choose_locations({}, "y://2") == {}


def test_nothing_is_given() -> None:
    """The known locations are used."""
    assert choose_locations({"a": "x://1", "b": None}, None) == {"a": "x://1", "b": None}
