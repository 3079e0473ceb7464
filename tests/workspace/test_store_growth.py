"""Tests of the program that measures the stores as they grow: ``python -m benchmarks.growth``."""

import xml.etree.ElementTree as ElementTree

import pytest

from benchmarks.growth import pictures, report
from benchmarks.growth.__main__ import PAGE, measure_store
from benchmarks.growth.actions import ACTIONS, FILTERS
from benchmarks.growth.runs import RARE, is_rare
from benchmarks.growth.stores import STORES
from sacred_core.stores import find_runs, open_store

FIGURES = {
    action: {
        "cpu": {"100": 0.002, "10000": 0.004},
        "wall": {"100": 0.01, "10000": 0.2},
        "opened files": {"100": 3, "10000": 1_234},
    }
    for action in ACTIONS
}


@pytest.mark.parametrize("name", ["files", "SQLite", "TinyDB"])
def test_the_copies_of_two_runs_are_a_complete_store(name: str) -> None:
    """A filled store has as many runs as requested, and each filter finds the rare ones."""
    with STORES[name]() as fill:
        store = open_store(fill(60).location)
        assert store.count() == 60
        for query in FILTERS.values():
            assert len(find_runs(store, query)) == RARE


def test_each_action_is_measured_at_each_size() -> None:
    """Each action has its seconds and its counts for each number of runs."""
    found = measure_store("files", [60, 120], rounds=1)
    assert found.keys() == set(ACTIONS)
    for figures in found.values():
        for what in ("cpu", "wall", "bytes", "calls"):
            assert figures[what].keys() == {"60", "120"}


@pytest.mark.parametrize("size", [60, 100, 1_000, 10_000])
def test_each_number_of_runs_has_as_many_rare_ones(size: int) -> None:
    """The result of a filter does not grow with the store."""
    assert sum(is_rare(number, size) for number in range(1, size + 1)) == RARE


def test_the_page_has_ratios_and_counts() -> None:
    """The tables have a row for each action: the ratios, and the counts at both sizes."""
    table = report.page_table({"files": FIGURES}, ["files", "TinyDB"])
    assert table.count("| 2.0 / 20 |") == table.count("| 3 → 1,234 |") == len(ACTIONS)


def test_a_block_of_the_page_is_replaced() -> None:
    """Only the lines between the two comments change."""
    page = "a\n<!-- growth: x -->\nold\n<!-- end -->\nb\n"
    new = report.replace_block(page, "x", "new")
    assert new == "a\n<!-- growth: x -->\n\nnew\n\n<!-- end -->\nb\n"
    with pytest.raises(ValueError, match="no block"):
        report.replace_block(page, "y", "new")


@pytest.mark.parametrize("block", report.BLOCKS)
def test_the_page_of_performance_has_each_block(block: str) -> None:
    """The program finds the blocks that it writes."""
    page = PAGE.read_text(encoding="utf-8")
    assert report.replace_block(page, block, "new") != page


def test_a_picture_has_a_line_for_each_store_and_action() -> None:
    """A picture is valid SVG, smaller than 40 kB."""
    stores = dict.fromkeys(report.BLOCKS["databases"], FIGURES)
    picture = pictures.draw(stores, report.BLOCKS["databases"])
    lines = ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}polyline")
    assert len([*lines]) == len(ACTIONS) * len(stores)
    assert len(picture) < 40_000
