"""Tests of runs as a tree, and of the runs around a run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.run_list import RunList
from sacred_core.stores.run_tree import MOST_LEVELS, arrange_tree, find_relatives, indented
from sacred_core.testing import EventDriver, Memory, MemoryObserver
from sacred_core.testing.memory import MemoryStore

NOW = datetime.now(UTC)


def run(run_id: int, parent: Any = None, uid: int | None = None) -> StoredRun:
    """Return a run whose uid is made of its id."""
    meta = {"uid": uid_of(run_id if uid is None else uid)}
    if parent is not None:
        meta["parent"] = uid_of(parent) if isinstance(parent, int) else parent
    return StoredRun(id=run_id, status="COMPLETED", meta=meta)


def uid_of(number: int) -> str:
    return f"{number:032x}"


def tree(*runs: StoredRun) -> list[tuple[int | str, int]]:
    return [(each.id, level) for each, level in arrange_tree(runs, lambda run: run)]


def test_children_follow_their_parents_in_their_order() -> None:
    """A child may come before its parent in the list, as in one with the newest run first."""
    found = tree(run(5, 4), run(4, 1), run(3), run(2, 1), run(1))
    assert found == [(3, 0), (1, 0), (4, 1), (5, 2), (2, 1)]


def test_a_run_whose_parent_is_not_listed_is_a_root() -> None:
    """So is one whose record names something that is no uid."""
    assert tree(run(2, 1), run(3, 2), run(4, ["x"]), run(5, "")) == [(2, 0), (3, 1), (4, 0), (5, 0)]


def test_runs_without_parents_are_all_roots() -> None:
    """They stay in their order; so does an empty list."""
    assert tree(run(2), run(1)) == [(2, 0), (1, 0)]
    assert tree() == []


def test_circles_of_damaged_records_are_shown_once() -> None:
    """A run that names itself, and two that name each other, are at the top level."""
    assert tree(run(1, 1), run(2, 3), run(3, 2), run(4)) == [(1, 0), (4, 0), (2, 0), (3, 0)]


def test_children_of_a_copy_are_below_the_first_run_with_the_uid() -> None:
    """Two runs of several stores may have one uid."""
    assert tree(run(1), run(2, uid=1), run(3, 1)) == [(1, 0), (3, 1), (2, 0)]


def test_a_long_chain_is_indented_up_to_a_limit() -> None:
    """Ten thousand levels are arranged without recursion."""
    chain = [run(number, number - 1) for number in range(10_000)]
    assert tree(*chain)[-1] == (9_999, 9_999)
    assert indented("7", 2) == "    7"
    assert indented("7", 9_999) == " " * 2 * MOST_LEVELS + "7"


def test_a_list_of_runs_has_a_tree() -> None:
    """Its text is indented, a slice has the same levels, and the list itself is not changed."""
    runs = RunList([run(2, 1), run(1)])
    shown = runs.tree()
    assert (shown.levels, shown[1:].levels, runs.levels) == ([0, 1], [1], None)
    lines = repr(shown).splitlines()
    assert lines[2].startswith("1 ")
    assert lines[3].startswith("\N{NO-BREAK SPACE}" * 2 + "2 ")
    assert "\N{NO-BREAK SPACE}" * 2 + "2" in shown._repr_html_()


def record(memory: Memory, number: int, parent: int | None = None, ends: bool = True) -> None:
    """Record a run that started ``number`` hours ago and took ten minutes."""
    driver = EventDriver(MemoryObserver(memory))
    meta = {} if parent is None else {"parent": uid_of(parent)}
    driver.start(
        meta_info={"uid": uid_of(number), **meta}, start_time=NOW - timedelta(hours=number)
    )
    if ends:
        driver.complete()
        stored = memory.runs[max(memory.runs)].run
        stored.stop_time = NOW - timedelta(hours=number, minutes=-10)


class Counting(MemoryStore):
    """A store that notes which runs are read by their id."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.read: list[int | str] = []

    def get(self, run_id: int | str) -> StoredRun:
        """Return a run."""
        self.read.append(run_id)
        return super().get(run_id)


def test_children_are_found_among_runs_that_started_before_the_end(memory: Memory) -> None:
    """The first run that started later ends the search."""
    for number, parent in ((9, None), (8, 9), (7, None), (6, None), (5, None)):
        record(memory, number, parent)
    for run_id, minutes in ((2, 5), (3, 8)):
        memory.runs[run_id].run.start_time = NOW - timedelta(hours=9, minutes=-minutes)
    store = Counting(memory)
    relatives = find_relatives(store, memory.runs[1].run)
    assert [each.id for each in relatives.children] == [2]
    assert relatives.is_complete
    assert store.read == [2, 3, 4]
    child = find_relatives(store, memory.runs[2].run)
    assert child.parent is not None and child.parent.id == 1
    assert child.children == []


def test_a_parent_that_is_not_in_the_store_is_named_by_its_uid(memory: Memory) -> None:
    """It may have been deleted, or be recorded elsewhere."""
    record(memory, 1, 77)
    found = find_relatives(MemoryStore(memory), memory.runs[1].run)
    assert (found.parent_uid, found.parent) == (uid_of(77), None)


def test_few_runs_are_read_if_many_overlap(memory: Memory) -> None:
    """Then the children may not be complete, and this is reported."""
    record(memory, 1, ends=False)
    for _ in range(201):
        record(memory, 0, 1)
    store: RunStore = MemoryStore(memory)
    found = find_relatives(store, store.get(1))
    assert (len(found.children), found.is_complete) == (200, False)


@pytest.fixture
def memory() -> Memory:
    return Memory()
