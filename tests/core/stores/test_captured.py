"""Tests of the captured functions in a record."""

from typing import Any

import pytest

from sacred_core.stores import CapturedCall, StoredRun


def captured(stored: Any) -> list[CapturedCall]:
    return StoredRun(id=1, status="COMPLETED", experiment={"captured": stored}).captured


def test_captured_functions_of_a_record() -> None:
    """Source, name and entries are read in their order; a source may be unknown."""
    calls = captured([["a.py", "main", ["b", ""]], [None, "Model.fit", []]])
    assert calls == [
        CapturedCall(source="a.py", name="main", entries=("b", "")),
        CapturedCall(source=None, name="Model.fit", entries=()),
    ]
    assert len(set(calls)) == 2


def test_record_of_an_earlier_release_has_no_captured_functions() -> None:
    """A record without the entry, as release 0.1.0 and Sacred wrote it, has an empty list."""
    assert StoredRun(id=1, status="COMPLETED").captured == []
    assert captured(None) == []


@pytest.mark.parametrize(
    "damaged",
    [
        1, {"a": 1}, ["main"], [["a.py", "main"]], [[1, "main", []]], [["a.py", None, []]],
        [["a.py", "main", "rate"]], [["a.py", "main", [1]]], [["a.py", "main", [], 1]],
    ],
)  # fmt: skip
def test_other_content_of_the_entry_is_skipped(damaged: Any) -> None:
    """What is not a list of source, name and entries is skipped, because reading never fails."""
    good = ["a.py", "main", []]
    both = [*damaged, good] if isinstance(damaged, list) else damaged
    assert captured(damaged) == []
    assert captured(both) == (captured([good]) if isinstance(damaged, list) else [])
