"""Tests of ``sacred runs significance``."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.compare import significance
from sacred_core.exceptions import QueryError, SacredError, SignificanceError, StoreError
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

SCHEMA = Path(__file__).parents[4] / "docs" / "significance.schema.json"
SLOW, FAST = "config.lr = 0.01", "config.lr = 0.1"
LOSSES = {0.1: [0.31, 0.29, 0.33, 0.3], 0.01: [0.3, 0.32, 0.35, 0.36]}


@pytest.fixture
def runs(memory: Memory) -> Memory:
    """Two learning rates with four seeds each (ids 1 to 4 and 5 to 8), and a run that failed."""
    number = 0
    for rate, losses in LOSSES.items():
        for seed, loss in enumerate(losses):
            number += 1
            driver = EventDriver(MemoryObserver(memory))
            meta = {"uid": f"{number:032x}"}
            driver.start(config={"lr": rate, "seed": seed, "batch": 32}, meta_info=meta)
            driver.log("loss", [1.0, loss - 0.1, loss])
            driver.complete(result=loss * 2)
    driver = EventDriver(MemoryObserver(memory))
    driver.start(config={"lr": 0.1, "seed": 9, "batch": 64}, meta_info={"uid": "f" * 32})
    driver.log("loss", [9.0])
    driver.fail()
    return memory


def run(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "significance", "memory://", *args])


def printed(*args: str) -> str:
    result = run(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


def data(*args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed(*args, "--json"))
    return found


def problem(*args: str) -> str:
    with pytest.raises(SacredError) as caught:
        CliRunner().invoke(
            sacred, ["runs", "significance", "memory://", *args], catch_exceptions=False
        )
    assert isinstance(caught.value, StoreError | SignificanceError | QueryError)
    return str(caught.value)


def test_it_is_the_test_of_the_last_values(runs: Memory) -> None:
    """The command prints what the function returns for the same values."""
    expected = significance(LOSSES[0.1], LOSSES[0.01])
    found = data(FAST, SLOW, "--metric", "loss")
    assert (found["a"]["ids"], found["b"]["ids"]) == ([1, 2, 3, 4], [5, 6, 7, 8])
    assert (found["field"], found["a"]["definition"]) == ("metrics.loss.last", FAST)
    for part in ("difference", "test", "bootstrap", "runs_per_group", "more_runs"):
        assert found[part] == expected.data()[part], part
    text = printed(FAST, SLOW, "--metric", "loss")
    assert text.startswith("metrics.loss.last of two groups\n")
    assert f"A  {FAST}   4     0.3075" in text and f"B  {SLOW}  4     0.3325" in text
    assert found["conclusion"] == " ".join(text.splitlines()[-3:])


def test_the_output_follows_its_schema(runs: Memory) -> None:
    """With and without a test, the JSON is what the schema accepts."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for field in ("metrics.loss.last", "config.batch", "config.lr", "config.seed"):
        found = data(FAST, SLOW, "--field", field)
        jsonschema.validate(found, schema)
        assert (found["test"] is None) == (field in ("config.batch", "config.lr"))


@pytest.mark.parametrize(
    ("options", "means"),
    [
        (["--metric", "loss", "--at", "min"], (0.2075, 0.2325)),
        (["--metric", "loss", "--at", "max"], (1, 1)),
        (["--result"], (0.615, 0.665)),
        (["--field", "metrics.loss.first"], (1, 1)),
        (["--field", "result"], (0.615, 0.665)),
    ],
)
def test_what_is_compared(runs: Memory, options: list[str], means: tuple[float, float]) -> None:
    """A metric at its extremes, the result, and any field of queries can be compared."""
    found = data(FAST, SLOW, *options)
    assert (found["a"]["mean"], found["b"]["mean"]) == pytest.approx(means)


def test_runs_are_read_once(runs: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """One listing has the runs of both queries, and no points are read."""
    calls = []
    for name in ("list", "metrics", "get"):
        method = getattr(MemoryStore, name)

        def counted(self: MemoryStore, *args: Any, _name: str = name, _own: Any = method) -> Any:
            calls.append(_name)
            return _own(self, *args)

        monkeypatch.setattr(MemoryStore, name, counted)
    data(
        f"{FAST} and metrics.loss.last < 5", f"{SLOW} and metrics.loss.last < 5", "--metric", "loss"
    )
    assert calls == ["list"]


@pytest.mark.parametrize("ids", ["1 2 3 4", "1,2, 3,4", "1-4", "1-2 3-4,4"])
def test_groups_by_ids(runs: Memory, ids: str) -> None:
    """Ids are those that `sacred runs list --group-by` prints, or ranges."""
    found = data(ids, SLOW, "--metric", "loss")
    assert found["a"]["ids"] == [1, 2, 3, 4] and found["b"]["ids"] == [5, 6, 7, 8]
    assert found["a"]["definition"] == ids
    both = data(ids, "5-8", "--result", "--where", "config.seed < 2")
    assert (both["a"]["ids"], both["b"]["ids"]) == ([1, 2], [5, 6])


def test_runs_that_did_not_complete(runs: Memory) -> None:
    """They are skipped with a warning, unless a query has a condition on the status."""
    result = run(FAST, SLOW, "--metric", "loss")
    assert "Warning: group A: skipped run 9 (FAILED)\n" in result.stderr
    assert data("1-4 9", SLOW, "--metric", "loss")["a"]["count"] == 4
    every = run(f"{FAST} and status exists", SLOW, "--metric", "loss", "--json")
    assert json.loads(every.stdout)["a"]["ids"] == [1, 2, 3, 4, 9]
    assert "Warning: the runs of group A differ in config.batch (32, 64)\n" in every.stderr
    both = data(FAST, SLOW, "--metric", "loss", "-w", "status in [COMPLETED, FAILED]")
    assert both["a"]["count"] == 5


def test_options_of_the_test(runs: Memory) -> None:
    """Confidence, power, resamples and the seed are used, and are in the output."""
    options = ["--confidence", "0.5", "--power", "0.9", "--resamples", "200", "--seed", "7"]
    found = data(FAST, SLOW, "--metric", "loss", *options)
    expected = significance(
        LOSSES[0.1], LOSSES[0.01], confidence=0.5, power=0.9, resamples=200, seed=7
    )
    assert found["bootstrap"] == expected.data()["bootstrap"]
    assert (found["confidence"], found["power"], found["is_significant"]) == (0.5, 0.9, True)
    exact = printed(FAST, SLOW, "--metric", "loss", "--exact")
    assert expected.test is not None and repr(expected.test.p) in exact


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((FAST, "1-2", "--result"), "2 runs in both groups (1, 2): each run may be in one group"),
        ((FAST, "5", "--result"), "group B has 1 value (run 5), the test needs 2 or more"),
        (
            (FAST, "9", "--result"),
            "group B has 0 values, the test needs 2 or more; skipped run 9 (",
        ),
        ((FAST, SLOW, "--metric", "los"), "group A: no run has metrics.los.last: did you mean"),
        ((FAST, "config.lr = 3", "--result"), "group B: no run matches config.lr = 3"),
        ((FAST, "config.rl = 3", "--result"), "group B: no run has config.rl: did you mean"),
        ((FAST, "5 99", "--result"), "run '99' not found"),
        ((FAST, "one two", "--result"), "unknown field 'one'"),
        ((FAST, "config.lr <", "--result"), "expected"),
        ((FAST, SLOW, "--field", "config.lr, seed"), "expected one field"),
    ],
)
def test_mistakes_are_explained(runs: Memory, args: tuple[str, ...], message: str) -> None:
    """The error says which group is wrong, and what to do."""
    assert message in problem(*args)


@pytest.mark.parametrize("options", [[], ["--metric", "loss", "--result"]])
def test_one_thing_is_compared(runs: Memory, options: list[str]) -> None:
    """None, or two, are an error of usage."""
    result = run(FAST, SLOW, *options)
    assert result.exit_code == 2
    assert "name what is compared: --metric NAME, --result or --field FIELD" in result.output


def test_an_empty_group_is_an_error_of_usage(runs: Memory) -> None:
    """The error has what a group may be."""
    result = run(FAST, " ,", "--result")
    assert result.exit_code == 2 and "a group is empty: write a query" in result.output


def test_values_out_of_range_are_errors_of_usage(runs: Memory) -> None:
    """A confidence in percent, or too few resamples, have a message with the range."""
    for option, value in (("--confidence", "95"), ("--power", "1"), ("--resamples", "9")):
        result = run(FAST, SLOW, "--result", option, value)
        assert result.exit_code == 2 and option in result.output
