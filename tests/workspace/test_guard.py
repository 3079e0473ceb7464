"""Tests of the guard that reports which programs became slower: ``nox -s bench -- --quick``."""

import json
from pathlib import Path

import pytest

from benchmarks.guard.__main__ import main
from benchmarks.guard.comparison import TOLERANCES, compare, report
from benchmarks.guard.expectations import Expectations, Expected, load, store, summarize
from benchmarks.guard.measures import Counts, count
from benchmarks.guard.programs import PROGRAMS, Program
from benchmarks.measuring import ProgramError

CALLS = {
    "sacred_core/run/run.py": {"Run.log_scalar": 9_000, "Run.end": 900},
    "os.py": {"a": 90},
}


def counts(**totals: int) -> Counts:
    return Counts({name.replace("_", " "): total for name, total in totals.items()})


def expectations(**programs: Expected) -> Expectations:
    return Expectations(packages=1, reference=1_000, programs=programs)


@pytest.mark.parametrize("measure", TOLERANCES)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_change_within_the_tolerance_is_not_reported(measure: str, sign: int) -> None:
    """A count that differs by the tolerance is no change, one that differs by more is one."""
    expected, (relative, least) = 1_000_000_000, TOLERANCES[measure]
    allowed = int(max(relative * expected, least))
    stored = Expected({measure: expected})
    within = compare("a", stored, Counts({measure: expected + sign * allowed}))
    beyond = compare("a", stored, Counts({measure: expected + sign * (allowed + 1)}))
    assert within == []
    assert [(each.measure, each.is_slower) for each in beyond] == [(measure, sign > 0)]


@pytest.mark.parametrize("measure", TOLERANCES)
def test_a_small_change_of_a_small_count_is_not_reported(measure: str) -> None:
    """The tolerance has a smallest number, so that noise of a short program is no change."""
    least = TOLERANCES[measure][1]
    assert compare("a", Expected({measure: 1}), Counts({measure: 1 + least})) == []


def test_instructions_are_compared_in_units_of_the_reference() -> None:
    """A build of Python that needs twice the instructions for the reference needs twice for all."""
    stored = expectations(a=Expected({"instructions": 500_000_000}))
    found = {"a": counts(instructions=1_000_000_000)}
    assert report(stored, found, reference=2_000)[1] == 0
    assert report(stored, found, reference=1_000)[1] == 1


def test_a_measure_that_one_side_lacks_is_not_compared() -> None:
    """Without valgrind or strace the other measures are compared."""
    stored = Expected({"calls": 1_000, "instructions": 1_000})
    assert compare("a", stored, counts(calls=1_000, system_calls=99_999)) == []


def test_the_report_names_the_program_the_change_and_the_modules_that_grew() -> None:
    """A slower program is reported with its counts, and with modules and functions that grew."""
    calls = {name: dict(functions) for name, functions in CALLS.items()}
    expected = summarize(Counts({"calls": 9_990, "system calls": 100}, CALLS, {"fsync": 1}))
    calls["sacred_core/run/run.py"]["Run.log_scalar"] += 10_000
    found = Counts({"calls": 19_990, "system calls": 200}, calls, {"fsync": 101})
    lines, code = report(expectations(points=expected), {"points": found}, None)
    assert code == 1
    assert lines == [
        "points: slower: calls 9,990 -> 19,990 (+100.1%); system calls 100 -> 200 (+100.0%)",
        "    +10,000 calls in sacred_core/run/run.py (most in Run.log_scalar 19,000, Run.end 900)",
        "    +100 fsync",
        "1 programs: 1 slower, 0 faster; if the cost is intended, store it with --update",
    ]


def test_a_faster_program_is_reported_with_the_option_that_stores_it() -> None:
    """A program that does less is no failure; the summary names --update."""
    lines, code = report(
        expectations(a=Expected({"calls": 10_000})), {"a": counts(calls=5_000)}, None
    )
    assert code == 0
    assert lines[0] == "a: faster: calls 10,000 -> 5,000 (-50.0%)"
    assert lines[-1] == "1 programs: 0 slower, 1 faster; store the new counts with --update"


def test_a_program_without_an_expectation_is_reported() -> None:
    """A new program is no failure; the line names --update."""
    lines, code = report(expectations(), {"new": counts(calls=5_000)}, None)
    assert (lines[0], code) == ("new: no expectation; store it with --update", 0)


def test_small_modules_are_stored_as_one_sum() -> None:
    """The stored calls add up to the total, and modules with few calls are in one entry."""
    calls = {"large.py": {"f": 100_000}, **{f"{n}.py": {"f": 1} for n in range(50)}}
    assert summarize(Counts({"calls": 100_050}, calls)).calls == {"large.py": 100_000, "others": 50}


def test_storing_retains_other_versions_and_programs(tmp_path: Path) -> None:
    """Counts of another version of Python, and of programs not measured again, are unchanged."""
    path = tmp_path / "expectations.json"
    a, b = Expected({"calls": 1}), Expected({"calls": 2})
    store(expectations(a=a), path, "3.12")
    store(expectations(a=a, b=a), path, "3.13")
    store(expectations(b=b), path, "3.13")
    for version, programs in (("3.12", {"a": a}), ("3.13", {"a": a, "b": b})):
        found = load(path, version)
        assert found is not None
        assert found.programs == programs
    assert load(path, "3.14") is None


@pytest.mark.parametrize(
    ("factor", "code", "word"), [(1, 0, "0 slower"), (2, 0, "faster"), (0.5, 1, "slower: calls")]
)
def test_the_exit_code_is_1_if_a_program_became_slower(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], factor: float, code: int, word: str
) -> None:
    """Stored counts are met; with lower ones the exit code is 1, with higher ones 0."""
    path = tmp_path / "expectations.json"
    command = ["import", "--expectations", str(path), "--only", "calls", "modules"]
    assert main([*command, "--update"]) == 0
    content = json.loads(path.read_text())
    for version in content.values():
        totals = version["programs"]["import"]["totals"]
        totals["calls"] = int(totals["calls"] * factor)
    path.write_text(json.dumps(content))
    assert main(command) == code
    assert word in capsys.readouterr().out


def test_missing_expectations_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without expectations for this version of Python the exit code is 2."""
    path = tmp_path / "expectations.json"
    assert main(["import", "--expectations", str(path), "--only", "calls"]) == 2
    assert "store them with --update" in capsys.readouterr().err


def test_a_program_that_fails_is_an_error() -> None:
    """The error of a program that fails has the end of what it printed."""
    with pytest.raises(ProgramError, match=r"(?s)exit code 1: .*ZeroDivisionError"):
        count(Program("1 / 0\n", ()), ["modules"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_program_runs_our_code(name: str) -> None:
    """Each program succeeds, and its calls of our functions are counted."""
    found = count(PROGRAMS[name], ["calls"])
    own = [module for module in found.calls if module.startswith("sacred_core/")]
    assert len(own) > 3
    assert found.totals["calls"] > 10_000
