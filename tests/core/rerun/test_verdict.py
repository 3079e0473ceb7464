"""Tests of the comparison of events with a recorded run."""

import math
from pathlib import Path
from typing import Any

import pytest

from sacred_core.rerun.expectation import Expectation
from sacred_core.rerun.records import Departure, Outcome
from sacred_core.rerun.values import Tolerance
from sacred_core.rerun.verdict import VerdictObserver
from sacred_core.testing import EventDriver

POINTS = {
    "loss": [[0, 4.0, 10.0], [1, math.nan, 11.0], [2, 1.0, 12.0]],
    "rate": [[0, 0.5, 10.5]],
}


class Judge:
    """A verdict observer whose reports are collected, and a driver for it."""

    def __init__(self, rtol: float = 0.0, stops: bool = False, **expected: Any) -> None:
        self.reports: list[Outcome] = []
        self.stops = 0
        fields = {"points": POINTS, "result": 3, **expected}
        observer = VerdictObserver(
            Expectation(**fields),
            Tolerance(rtol=rtol),
            self.reports.append,
            self.stop if stops else None,
            lambda: [["my_runs", "5"]],
        )
        self.driver = EventDriver(observer)
        self.driver.start(ex_info={"sources": [["train.py", "1" * 32], ["new.py", "2" * 32]]})

    def stop(self) -> None:
        self.stops += 1

    @property
    def outcome(self) -> Outcome:
        return self.reports[-1]

    def log_all(self) -> None:
        self.driver.log("loss", [4.0, math.nan])
        self.driver.log("rate", [0.5])
        self.driver.log("loss", [1.0], first_step=2)


def test_equal_points_and_result() -> None:
    """NaN is equal to NaN, and parts of a metric are continued."""
    judge = Judge()
    assert judge.outcome.runs == [["my_runs", "5"]]
    judge.log_all()
    judge.driver.complete(result=3)
    expected = Outcome(runs=[["my_runs", "5"]], status="COMPLETED", points=4)
    assert judge.outcome == expected


def test_the_first_departure_is_reported_at_once() -> None:
    """It has metric, step and both values, and only the first of a metric counts."""
    judge = Judge(stops=True)
    judge.driver.log("loss", [4.0, 2.0, 9.0])
    departure = Departure(metric="loss", step=1, index=1, recorded=[1, math.nan], now=[1, 2.0])
    [found] = judge.outcome.departures
    assert repr(found) == repr(departure)
    assert found.text() == "loss, step 1: nan recorded, 2.0 now"
    assert judge.stops == 1
    assert judge.outcome.is_stopped
    judge.driver.log("rate", [0.7])
    assert judge.stops == 1
    assert {each.metric for each in judge.outcome.departures} == {"loss", "rate"}


def test_missing_and_further_points_are_departures() -> None:
    """Of metrics that end early the first missing point, in the order of logging, is named."""
    judge = Judge()
    judge.driver.log("extra", [1.0], first_step=7)
    judge.driver.log("loss", [4.0, math.nan])
    judge.driver.complete(result=3)
    texts = [each.text() for each in judge.outcome.departures]
    assert texts == [
        "extra, step 7: no point recorded, 1.0 now",
        "rate, step 0: 0.5 recorded, no point now",
        "loss, step 2: 1.0 recorded, no point now",
    ]


def test_another_step_is_a_departure() -> None:
    """The value alone does not make a point equal."""
    judge = Judge()
    judge.driver.log("rate", [0.5], first_step=3)
    [departure] = judge.outcome.departures
    assert departure.text() == "rate, step 0: point 0 is at step 3 now"


def test_points_of_one_event_are_ordered_by_time() -> None:
    """The departure that was logged first comes first, whatever the order of the metrics is."""
    judge = Judge()
    judge.driver.observer.log_metrics(
        {
            "loss": {"steps": [0], "values": [9.0], "timestamps": [20.0]},
            "rate": {"steps": [0], "values": [9.0], "timestamps": [19.0]},
        }
    )
    assert [each.metric for each in judge.outcome.departures] == ["rate", "loss"]


def test_values_within_the_tolerance_are_accepted() -> None:
    """The largest relative difference is reported with its place."""
    judge = Judge(rtol=0.2)
    judge.driver.log("loss", [4.4, math.nan])
    judge.driver.log("rate", [0.51])
    judge.driver.log("loss", [1.0], first_step=2)
    judge.driver.complete(result=3.0)
    assert judge.outcome.departures == []
    assert judge.outcome.largest == [pytest.approx(0.4 / 4.4), "loss", 0]
    judge = Judge(rtol=0.5, points={})
    judge.driver.complete(result=4)
    assert judge.outcome.largest == [0.25, "result", None]


def test_results_are_compared() -> None:
    """A different result is reported with the recorded one."""
    judge = Judge(points={})
    judge.driver.beat(result=4)
    judge.driver.complete()
    assert judge.outcome.result == [3, 4]


def test_artifacts_are_compared_by_digest(tmp_path: Path) -> None:
    """A changed, a missing and a new artifact are distinguished; the last content counts."""
    judge = Judge(
        points={}, artifacts={"a": "47bce5c74f589f4867dbd57e9ca9f808", "b": "0" * 32, "c": "0"}
    )
    for name, content in (("a", "bbb"), ("a", "aaa"), ("b", "b"), ("d", "d")):
        path = tmp_path / f"{name}{content}"
        path.write_text(content)
        judge.driver.artifact(name, str(path))
    judge.driver.complete(result=3)
    assert judge.outcome.artifacts == {"b": "changed", "c": "missing", "d": "new"}


def test_other_sources_are_reported() -> None:
    """A source with another content was imported from elsewhere; a new name is no difference."""
    judge = Judge(points={}, sources={"train.py": "0" * 32, "late.py": "3" * 32})
    judge.driver.observer.code_event([["late.py", "4" * 32], ["other.py", "5" * 32]])
    judge.driver.complete(result=3)
    assert judge.outcome.sources == ["late.py", "train.py"]


def test_a_run_that_is_stopped_is_not_judged_by_what_is_missing() -> None:
    """After the interruption neither missing points nor artifacts count."""
    judge = Judge(stops=True, artifacts={"a": "0"})
    judge.driver.log("loss", [5.0])
    trace = ["Traceback (most recent call last):\n", "KeyboardInterrupt\n"]
    judge.driver.observer.interrupted_event(status="INTERRUPTED", fail_trace=trace)
    outcome = judge.outcome
    assert [each.metric for each in outcome.departures] == ["loss"]
    assert (outcome.status, outcome.error) == ("INTERRUPTED", "KeyboardInterrupt")
    assert outcome.is_stopped
    assert outcome.artifacts == {}


def test_the_type_of_an_exception_is_that_of_the_traceback() -> None:
    """It has no module, and the message may have several lines."""
    judge = Judge(points={})
    trace = [
        "Traceback (most recent call last):\n",
        '  File "x"\n',
        "a.b.MyError: two\n",
        "Lines: 2\n",
    ]
    judge.driver.observer.failed_event(fail_trace=trace)
    assert (judge.outcome.status, judge.outcome.error) == ("FAILED", "MyError")
