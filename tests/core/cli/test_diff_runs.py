"""Tests of ``sacred runs diff``, and of how runs that are compared are written."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.completion import candidates
from sacred_core.cli.exit_codes import exit_code_of
from sacred_core.cli.main import main, sacred
from sacred_core.cli.runs.compared_runs import ComparingCommand, is_run
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.hooks.records import ObserverSpec
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore


@pytest.fixture
def memory(memory: Memory) -> Memory:
    """Three runs with other rates, of which the first and the last are equal."""
    for rate in (0.1, 0.2, 0.1):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(config={"lr": rate, "seed": 1}, meta_info={"origins": {"update": ["lr"]}})
        driver.complete()
    return memory


def run(*words: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "diff", *words])


@pytest.mark.usefixtures("memory")
def test_two_runs_are_compared() -> None:
    """What differs is printed below the names of both, and the exit code is 1."""
    result = run("runs", "1", "2")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "--- runs#1 (fed main, COMPLETED)",
        "+++ runs#2 (fed main, COMPLETED)",
        "",
        "Configuration:",
        "  - lr = 0.1  (update)",
        "  + lr = 0.2  (update)",
    ]


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("words", [("1", "3"), ("1", "1"), ("1", "2", "--only", "code,seed")])
def test_equal_runs_have_the_exit_code_0(words: tuple[str, ...]) -> None:
    """Also a run and itself, and runs that differ in what is not compared."""
    result = run("runs", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("\nNothing that was compared differs.\n")


@pytest.mark.usefixtures("memory")
def test_the_newest_runs_are_the_default() -> None:
    """The newest two, the older one first."""
    assert run("runs").stdout == run("runs", "2", "3").stdout


@pytest.mark.usefixtures("memory")
def test_more_than_two_runs_are_a_table() -> None:
    """Also a range of ids; its rows are what differs between any of them."""
    result = run("runs", "1-3")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "run             1    2    3",
        "Configuration:",
        "  lr            0.1  0.2  0.1",
    ]
    data = json.loads(run("runs", "1-3", "--json").stdout)
    assert data["sections"]["config"] == [
        {"key": "lr", "values": [{"value": 0.1}, {"value": 0.2}, {"value": 0.1}]}
    ]
    assert run("runs", "1", "3", "1").stdout == "Nothing that was compared differs.\n"


@pytest.mark.usefixtures("memory")
def test_json_and_quiet() -> None:
    """One object with all sections; nothing at all, where the exit code is the answer."""
    result = run("runs", "1", "2", "--json")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["differs"], data["problems"]) == (1, True, [])
    assert [data["first"]["id"], data["second"]["location"]] == [1, "runs"]
    assert data["sections"]["config"] == [
        {"key": "lr", "first": 0.1, "second": 0.2, "details": {"origins": ["update", "update"]}}
    ]
    assert data["sections"]["code"] == []
    quiet = run("runs", "1", "2", "--quiet", "--json")
    assert (quiet.exit_code, quiet.stdout) == (1, "")


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize(
    ("options", "variables", "is_coloured"),
    [
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {}, False),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, True),
        ([], {}, True),
    ],
)
def test_colours(options: list[str], variables: dict[str, str], is_coloured: bool) -> None:
    """On a terminal, unless NO_COLOR is set; the option decides before it."""
    runner = CliRunner(env={"NO_COLOR": None, **variables})
    result = runner.invoke(sacred, ["runs", "diff", "runs", "1", "2", *options], color=True)
    lines = result.stdout.splitlines()
    assert ("\x1b[31m  - lr = 0.1  (update)\x1b[0m" in lines) == is_coloured
    assert ("\x1b[1mConfiguration:\x1b[0m" in lines) == is_coloured


def test_damage_is_reported_and_is_not_equal(memory: Memory) -> None:
    """What can be read is compared; without a difference the exit code is 2."""
    for number in (1, 3):
        memory.runs[number].run.host = [1]  # type: ignore[assignment]
    result = run("runs", "1", "3")
    assert result.exit_code == 2
    assert result.stderr.startswith("Warning: runs#1: it is damaged: host")
    assert run("runs", "1", "2").exit_code == 1


def test_runs_of_two_stores_are_compared(monkeypatch: pytest.MonkeyPatch, memory: Memory) -> None:
    """A location may contain the separator; the last one counts."""
    other = Memory()
    EventDriver(MemoryObserver(other)).start(config={"lr": 0.3, "seed": 1})
    memories = {"a#b": memory, "c": other, "-M c": other}
    monkeypatch.setattr(
        "sacred_core.cli.runs.options.open_store", lambda place: MemoryStore(memories[place])
    )
    lines = run("a#b#1", "c#1", "--only", "config").stdout.splitlines()
    assert lines[0].startswith("--- a#b#1 (") and lines[1].startswith("+++ c#1 (")
    assert lines[-1] == "  + lr = 0.3"
    assert run("a#b", "1", "2").exit_code == 1
    assert run("a#b#1-3", "c#1").stdout.splitlines()[0].split() == [
        "run", "a#b#1", "a#b#2", "a#b#3", "c#1",
    ]  # fmt: skip
    assert [is_run(word) for word in ("a#1", "#1", "a#", "a")] == [True, False, False, False]


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["runs", "1"], "expected at least two runs"),
        (["runs/1", "runs/2"], "expected at least two runs: LOCATION ID ID"),
        (["runs", "1-1"], "expected at least two runs"),
        (["runs#1"], "less than two runs"),
        ([], "Missing argument 'LOCATION'"),
        (["runs", "1", "2", "--color", "blue"], "'blue' is not one of"),
    ],
)
def test_what_is_missing_is_an_error(
    words: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 2, because 1 means that runs differ."""
    if words == ["runs#1"]:
        empty = MemoryStore(Memory())
        monkeypatch.setattr("sacred_core.cli.runs.options.open_store", lambda place: empty)
    result = run(*words)
    assert result.exit_code == 2 or exit_code_of(result.exception or Exception()) == 2
    assert message in result.stderr or message in str(result.exception)


@pytest.mark.usefixtures("memory")
def test_errors_have_the_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing run, an unknown aspect, and an exception that is a bug; other commands have 1."""
    for words, error in ((("runs", "1", "9"), StoreError), (("runs", "--only", "x"), OptionError)):
        result = run(*words)
        assert isinstance(result.exception, error)
        assert exit_code_of(result.exception) == 2
    monkeypatch.setattr(sys, "argv", ["sacred", "runs", "diff", "runs", "1", "9"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    monkeypatch.setattr(sys, "argv", ["sacred", "runs", "show", "runs", "9"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1


def test_flags_of_observers_are_locations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all runs, in any place, or of each run."""
    spec = ObserverSpec(MemoryObserver, flags=("-M", "--memory"), store=MemoryStore)
    monkeypatch.setattr("sacred_core.cli.runs.options.store_specs", lambda: [spec])
    found: list[Any] = []

    @click.command(cls=ComparingCommand)
    @click.argument("location")
    @click.argument("run_ids", nargs=-1)
    @click.option("--only")
    def command(location: str, run_ids: tuple[str, ...], only: str | None) -> None:
        found.append((location, *run_ids, only))

    for words in (
        ["-M", "here", "1", "2"], ["1", "2", "--memory=here"], ["1", "-Mhere", "2", "--only", "-M"],
        ["-M", "here#1", "there#2"], ["there#2", "-M", "here#1", "-M", "x#3"],
    ):  # fmt: skip
        result = CliRunner().invoke(command, words)
        assert result.exit_code == 0, result.output
    assert found == [
        ("-M here", "1", "2", None),
        ("--memory here", "1", "2", None),
        ("-M here", "1", "2", "-M"),
        ("-M here#1", "there#2", None),
        ("there#2", "-M here#1", "-M x#3", None),
    ]


def test_ids_and_aspects_are_completed(memory: Memory, monkeypatch: pytest.MonkeyPatch,
                                       tmp_path: Path) -> None:  # fmt: skip
    """Ids of the location, those after its ``#``, and names after a comma."""
    monkeypatch.setattr(
        "sacred_core.cli.runs.completing.open_store", lambda location: MemoryStore(memory)
    )
    place = str(tmp_path)
    words = ["runs", "diff"]
    assert candidates(sacred, [*words, place, ""]) == ["3", "2", "1"]
    assert candidates(sacred, [*words, place, "1", "2"]) == ["2"]
    assert candidates(sacred, [*words, f"{place}#"]) == [f"{place}#{n}" for n in (3, 2, 1)]
    assert candidates(sacred, [*words, f"{place}#1", f"{place}#2"]) == [f"{place}#2"]
    assert candidates(sacred, [*words, place, "--only", "config,out"]) == ["config,output"]


def test_the_command_imports_little() -> None:
    """No numpy, and nothing for tables and archives."""
    code = "import sys, sacred_core.cli.runs.diff_runs; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "git", "yaml", "sacred_core.archives.store", "importlib.metadata"}
