"""Tests of what the verdict on a rerun shows in Python and in a notebook."""

import re
from typing import Any

import pytest

from sacred_core.rerun.records import Departure, Outcome, Rerun

ODD = "<img src=x onerror=alert(1)>"


def rerun(**fields: Any) -> Rerun:
    known = {
        "verdict": "identical", "exit_code": 0, "run_id": 3, "location": "my_runs", "folder": "/f",
        "ended": "COMPLETED",
        "compared": {"points": 9, "metrics": 2, "result": True, "artifacts": 0},
    }  # fmt: skip
    return Rerun(**known | fields)


def test_an_identical_rerun() -> None:
    """One line has the verdict; there are no empty blocks."""
    found = rerun()
    assert repr(found) == "<Rerun 3: identical>" and str(found) == found.text()
    text = re.sub(r"<[^>]*>", "", found._repr_html_())
    assert text == "Rerun of run 3: Identical: 9 points of 2 metrics, the result"


def test_a_rerun_that_departs() -> None:
    """Blocks have the facts, where it is stored, what differed before, and warnings."""
    departures = [
        Departure(metric=name, step=4, index=4, recorded=[4, 0.5], now=[4, 0.25])
        for name in (ODD, "b")
    ]
    found = rerun(
        verdict="metrics",
        exit_code=3,
        outcome=Outcome(
            runs=[["my_runs", 7]], departures=departures, result=[1, 2], notes=["a note"]
        ),
        differences=[
            {"aspect": "packages", "key": "numpy", "recorded": "1.0", "now": "2.0"},
            {"aspect": "host", "key": "gpu", "recorded": ODD},
            {"aspect": "environment", "key": "X", "now": "db://u:hunter2@h"},
        ],
        changed=["lr=2"],
        warnings=["a warning"],
    )
    html = found._repr_html_()
    assert {*re.findall(r"<(\w+)", html)} == {"div", "p", "b", "pre"}
    assert "hunter2" not in html and "<img" not in html
    blocks = re.findall(r"<p><b>(.*?)</b></p><pre>(.*?)</pre>", html, re.DOTALL)
    assert blocks[0] == ("Stored as", "run 7 in my_runs")
    assert blocks[1] == ("Changed", "lr=2")
    assert blocks[2][0] == "Differed before the rerun"
    lines = blocks[2][1].split("\n")
    assert lines[0] == "packages numpy: &#x27;1.0&#x27; recorded, &#x27;2.0&#x27; now"
    assert lines[1].endswith("missing now") and lines[2].startswith("environment X: not recorded, ")
    assert blocks[3] == ("Warnings", "a warning\na note")
    assert "Departs at &lt;img" in html and "also: b, step 4: 0.5 recorded, 0.25 now" in html


@pytest.mark.parametrize("size", [10, 10**6])
def test_many_facts_are_cut(size: int) -> None:
    """Long values and many warnings do not make a long page."""
    found = rerun(
        verdict="result", exit_code=3, outcome=Outcome(result=["x" * size, "y"]),
        warnings=[f"w{number}" for number in range(size // 1000)],
    )  # fmt: skip
    assert len(found._repr_html_()) < 4000
