"""Copies whose connection is cut, or whose process is killed, are finished by copying again."""

import random

import pytest

from sacred_core.exceptions import StoreError

from .copies import IS_WHOLE, copy
from .equality import assert_equal_stores
from .places import REMOTE, Place, Places
from .raw_counts import raw_counts
from .sample_runs import record_runs

#: Cuts of each kind of store, and how many of them are in one copy.
CUTS, IN_ONE = (51, 3) if IS_WHOLE else (2, 2)


@pytest.fixture(scope="module")
def source(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A store with runs of each kind."""
    place = places.new("SQLite")
    folder = tmp_path_factory.mktemp("files") / "own"
    record_runs(place.observer, place.open, folder, points=3_000, large=300_000)
    return place


@pytest.mark.parametrize("kind", REMOTE)
def test_a_copy_is_finished_after_cuts(
    kind: str, source: Place, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any byte, both ways, with FIN and RST: the next copy completes it, nothing is doubled."""
    monkeypatch.setattr("sacred_gcs.bucket.PATIENCE", 0.3, raising=False)
    monkeypatch.setattr("sacred_s3.connection.ATTEMPTS", 1, raising=False)
    whole = places.new(kind)
    assert whole.proxy is not None
    before = whole.moved()
    copy(source, whole)
    size = whole.moved() - before
    chance = random.Random(kind)
    for _ in range(-(-CUTS // IN_ONE)):
        target = places.new(kind)
        for number in range(IN_ONE):
            # The last ones are after what was copied before: the copy continues there.
            place = chance.randrange(1, size // (number + 1))
            is_outage = chance.random() < 0.5 if IS_WHOLE else number == IN_ONE - 1
            copy_with_cut(source, target, place, chance.random() < 0.5, is_outage)
        copy(source, target)
        assert_equal_stores(source.open(), target.open())
        assert raw_counts(target) == raw_counts(whole)
        assert [each for each in copy(source, target) if each.events] == []


def copy_with_cut(source: Place, target: Place, place: int, resets: bool, is_outage: bool) -> bool:
    """Copy while the connection is cut, and not accepted again in an outage.

    Returns:
        Whether the copy is not complete.
    """
    assert target.proxy is not None
    target.proxy.cut_after(place, counts_answers=True, resets=resets, then_refuses=is_outage)
    try:
        results = copy(source, target)
    except StoreError:
        return True
    finally:
        target.proxy.open()
    return any(not each.is_complete for each in results)
