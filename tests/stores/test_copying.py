"""Runs copied between stores of each kind are equal, and a second copy sends nothing.

A chain of copies has each kind as a source and as a target. All ordered pairs are copied where the
environment variable ``SACRED_TEST_ALL_COPIES`` is set.
"""

from collections.abc import Callable
from itertools import pairwise, permutations

import pytest

from .copies import IS_WHOLE, copy, moved_by_copying
from .equality import assert_equal_stores, runs_by_uid
from .places import KINDS, Place, Places
from .raw_counts import raw_counts
from .sample_runs import record_runs

PAIRS = [
    *(permutations(KINDS, 2) if IS_WHOLE else (("file", "SQLite"), ("TinyDB", "file"))),
    ("file", "file"),
]
#: The most that the second copy may transfer, as a part of the bytes of the first. SQLite reads
#: pages of 4 kB, also for a few bytes. fake-gcs-server lists all fields of an object, 900 bytes,
#: though only three are requested, 120 bytes.
LIMIT, LIMITS = 0.01, {"SQLite": 0.02, "GCS": 0.012}


@pytest.fixture(scope="module")
def source_of(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Place]:
    """Returns the store of a kind in which runs were recorded."""
    recorded: dict[str, Place] = {}

    def find(kind: str) -> Place:
        if kind not in recorded:
            recorded[kind] = place = places.new(kind)
            folder = tmp_path_factory.mktemp("files") / "own"
            record_runs(place.observer, place.open, folder)
        return recorded[kind]

    return find


@pytest.mark.parametrize(("kind", "other"), PAIRS)
def test_recorded_runs_are_equal_in_another_store(
    kind: str, other: str, places: Places, source_of: Callable[[str], Place]
) -> None:
    """Each run is in the target once, with all its parts, and is not sent again."""
    check_copy(source_of(kind), places.new(other))


def test_runs_are_equal_after_a_chain_of_copies(
    places: Places, source_of: Callable[[str], Place]
) -> None:
    """From each kind to the next: equal each time; copied back to the first, nothing is new."""
    first = source_of(KINDS[0])
    chain = [first, *(places.new(kind) for kind in KINDS[1:])]
    for source, target in pairwise(chain):
        check_copy(source, target)
    before = raw_counts(first)
    assert [each for each in copy(chain[-1], first) if each.events or each.is_new] == []
    assert raw_counts(first) == before
    assert_equal_stores(first.open(), chain[-1].open())


def check_copy(source: Place, target: Place) -> None:
    """Copy twice and compare."""
    results, first = moved_by_copying(source, target)
    assert [each.missing for each in results if each.missing] == []
    assert [each for each in results if not each.is_new or not each.events] == []
    assert len(results) == len(runs_by_uid(source.open()))
    assert_equal_stores(source.open(), target.open())
    counts = raw_counts(target)
    again, second = moved_by_copying(source, target)
    assert len(again) == len(results)
    assert [each for each in again if each.events or each.is_new or each.missing] == []
    limit = max(LIMITS.get(place.kind, LIMIT) for place in (source, target))
    assert second < first * limit, f"{second} bytes after {first}"
    assert raw_counts(target) == counts
