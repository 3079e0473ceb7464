"""Copies whose process is killed, and copies by many processes at once."""

import os
import random
import traceback
import warnings
from collections.abc import Callable

import pytest

from sacred_core.testing.killing import kill_at

from .copies import IS_WHOLE, copy
from .equality import assert_equal_stores
from .places import Place, Places
from .raw_counts import raw_counts
from .sample_runs import record_runs

KILLS, PROCESSES = (30, 64) if IS_WHOLE else (4, 8)
KINDS = ("file", "SQLite")


@pytest.fixture(scope="module")
def source(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A store with runs of each kind."""
    place = places.new("file")
    folder = tmp_path_factory.mktemp("files") / "own"
    record_runs(place.observer, place.open, folder, points=1_500, large=50_000)
    return place


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_is_finished_after_kills(kind: str, source: Place, places: Places) -> None:
    """Killed (SIGKILL) three times at any call of a function: the next copy completes it."""
    whole = places.new(kind)
    calls = kill_at(None, lambda: copy(source, whole))
    assert calls is not None
    chance = random.Random(kind)
    for _ in range(-(-KILLS // 3)):
        target = places.new(kind)
        for number in (1, 2, 3):
            kill_at(chance.randrange(1, calls // number), lambda: copy(source, target))  # noqa: B023
        copy(source, target)
        assert_equal_stores(source.open(), target.open())
        assert [each for each in copy(source, target) if each.events] == []
        assert raw_counts(target)["runs"] == raw_counts(whole)["runs"]


@pytest.mark.parametrize("kind", KINDS)
def test_processes_that_copy_at_once_store_each_run_once(
    kind: str, source: Place, places: Places
) -> None:
    """Many processes copy the same runs to the same store: nothing is doubled, nothing is lost."""
    target = places.new(kind)
    run_at_once(PROCESSES, lambda: copy(source, target))
    assert_equal_stores(source.open(), target.open())
    assert [each for each in copy(source, target) if each.events] == []


def run_at_once(count: int, work: Callable[[], object]) -> None:
    """Call ``work`` in forked processes that begin together, and require that all succeed."""
    gate, opened = os.pipe()
    children = [_fork(gate, opened, work) for _ in range(count)]
    os.close(gate)
    os.close(opened)  # each waits for the end of this pipe
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * count, f"{count - codes.count(0)} processes failed"


def _fork(gate: int, opened: int, work: Callable[[], object]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of servers do not matter
        child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.close(opened)
        os.read(gate, 1)
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - shown, and the parent fails
        traceback.print_exc()
    finally:
        os._exit(code)
