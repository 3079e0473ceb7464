"""Tests of what ``sacred runs list`` shows, and of groups."""

import csv
import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.exceptions import OptionError, QueryError
from sacred_core.terminal import text_width
from sacred_core.testing import EventDriver, Memory, MemoryObserver

jsonschema = pytest.importorskip("jsonschema")
np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")
SCHEMA = Path(__file__).parents[3] / "docs" / "groups.schema.json"
TOKEN_SCHEMA = SCHEMA.with_name("change-token.schema.json")


@pytest.fixture
def runs(memory: Memory) -> Memory:
    """Two learning rates with three seeds each, and one run that failed."""
    for rate in (0.1, 0.01):
        for seed in range(3):
            driver = EventDriver(MemoryObserver(memory))
            driver.start(
                config={"lr": rate, "data": {"path": "/data"}, "seed": seed},
                ex_info={"name": "mnist", "base_dir": ".", "sources": []},
            )
            driver.log("loss", [1.0, rate + seed / 1000])
            driver.complete(result=rate + seed)
    driver = EventDriver(MemoryObserver(memory))
    driver.start(
        config={"lr": 0.1, "data": {"path": "/other"}, "seed": 0},
        ex_info={"name": "mnist", "base_dir": ".", "sources": []},
    )
    driver.fail()
    return memory


def listed(*args: str) -> Result:
    result = CliRunner().invoke(sacred, ["runs", "list", "memory://", *args])
    assert result.exit_code == 0, result.output
    return result


def rows(*args: str) -> list[list[str]]:
    return [line.split() for line in listed(*args).stdout.splitlines()]


def test_the_table_shows_what_differs(runs: Memory) -> None:
    """Beside id, status and times there are the entries that differ, results and metrics."""
    table = rows()
    assert table[0] == [
        "ID", "STATUS", "AGE", "DURATION", "NAME", "lr", "data.path", "seed", "RESULT", "loss",
    ]  # fmt: skip
    assert [row[0] for row in table[1:]] == ["1", "2", "3", "4", "5", "6", "7"]
    assert table[5][4:] == ["mnist", "0.01", "/data", "1", "1.01", "0.011"]
    assert table[7][1] == "FAILED"
    assert table[7][4:] == ["mnist", "0.1", "/other", "0"]
    assert rows("-w", "seed = 1")[0][5:] == ["lr", "RESULT", "loss"]


def test_the_columns_can_be_chosen(runs: Memory) -> None:
    """`--only` chooses kinds of columns, `--all` adds entries that are the same."""
    assert rows("--only", "config")[0] == ["ID", "lr", "data.path", "seed"]
    assert rows("--only", "metrics", "--only", "result")[0] == ["ID", "RESULT", "loss"]
    assert rows("--all", "-w", "id < 3", "--only", "config")[0] == ["ID", "lr", "data.path", "seed"]
    assert rows("-w", "id < 3", "--only", "config")[0] == ["ID", "seed"]
    assert rows("--only", "config", "--csv")[0] == ["ID,lr,data.path,seed"]
    assert rows("--csv")[0] == ["id,status,start_time,duration,name,command"]


def test_a_limit_is_shown_with_the_total(runs: Memory) -> None:
    """The number of all runs is on stderr, where there are more."""
    assert listed("-n", "2").stderr == "2 of 7 runs.\n"
    assert listed("-n", "7").stderr == ""
    assert listed("-n", "2", "--json").stderr == ""


LONG_PATH = "/data/" + "日本語" * 20


@pytest.fixture
def wide_runs(memory: Memory) -> Memory:
    """Two runs with wide characters, long cells and long numbers."""
    for number in range(2):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(
            config={"lr": 0.123456 + number * 1e-5, "path": f"{LONG_PATH}{number}", "same": 1},
            ex_info={"name": "学習", "base_dir": ".", "sources": []},
        )
        driver.log("loss", [0.1234567])
        driver.complete(result=2 / 3 + number)
    return memory


@pytest.mark.parametrize("width", [20, 40, 80, 160])
@pytest.mark.parametrize(
    "args",
    [
        (),
        ("-c", "id,start_time,config.path,config.lr,name"),
        ("--group-by", "config.path,config.lr"),
    ],
)
def test_tables_fit_the_terminal(
    wide_runs: Memory, in_terminal: Callable[..., list[str]], width: int, args: tuple[str, ...]
) -> None:
    """No line is wider than the terminal, in tables of runs, of chosen columns and of groups."""
    lines = in_terminal(width, "runs", "list", "memory://", *args)
    assert len(lines) == 3
    assert width * 0.6 < max(map(text_width, lines)) <= width


def test_a_pipe_gets_everything(wide_runs: Memory, in_terminal: Callable[..., list[str]]) -> None:
    """Nothing is cut in a pipe or a file, nor with --all."""
    for args in ((), ("-c", "config.path"), ("--group-by", "config.path")):
        assert LONG_PATH + "1" in listed(*args).stdout and "…" not in listed(*args).stdout
    assert any(LONG_PATH in line for line in in_terminal(40, "runs", "list", "memory://", "--all"))


def test_numbers_have_four_digits(wide_runs: Memory) -> None:
    """Results and metrics have four digits, a configuration as many as distinguish the runs;
    `--exact` shows all, CSV and JSON always do.
    """
    columns = ("-c", "config.lr,result,metrics.loss.last")
    assert rows(*columns)[1:] == [["0.12346", "0.6667", "0.1235"], ["0.12347", "1.667", "0.1235"]]
    exact = ["0.123456", "0.6666666666666666", "0.1234567"]
    assert rows(*columns, "--exact")[1] == exact
    assert listed(*columns, "--csv").stdout.splitlines()[1] == ",".join(exact)
    assert rows("--only", "result", "--only", "metrics")[1] == ["1", "0.6667", "0.1235"]
    assert rows("--only", "result", "--only", "metrics", "--exact")[1] == ["1", *exact[1:]]
    for kind in ("result", "metrics", "config"):
        line = listed("--only", kind, "--csv").stdout.splitlines()[1]
        assert line.split(",")[1] == exact[("config", "result", "metrics").index(kind)]
    duration = listed("--only", "run", "--csv").stdout.splitlines()[1].split(",")[3]
    assert 0 <= float(duration) < 60


def test_groups_have_four_digits(wide_runs: Memory) -> None:
    """The mean has the digits of the interval; `--exact` shows all of mean, interval, deviation."""
    short = listed("--group-by", "name").stdout.splitlines()[1]
    assert short.split() == [
        "2", "1", "2", "学習", "1.2", "±6.4", "(sd", "0.71)", "0.1235", "±0",
    ]  # fmt: skip
    exact = listed("--group-by", "name", "--exact").stdout.splitlines()[1]
    assert "1.1666666666666665 ±6.35" in exact and "(sd 0.707106781186547" in exact
    one = listed("--group-by", "config.lr").stdout.splitlines()[1]
    assert one.split() == ["1", "1", "0.12346", "0.6667", "0.1235"]


def test_a_time_has_its_age(memory: Memory) -> None:
    """The age is beside a time; programs get ISO 8601."""
    driver = EventDriver(MemoryObserver(memory))
    driver.start(start_time=datetime.now(UTC) - timedelta(hours=3, minutes=1))
    driver.complete()
    line = listed("-c", "start_time").stdout.splitlines()[1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(3 h ago\)", line)
    assert "T" in listed("-c", "start_time", "--csv").stdout.splitlines()[1]


def test_names_of_columns_keep_their_case(memory: Memory) -> None:
    """A heading is what the user wrote or the entry is called."""
    for rate in (1, 2):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(config={"batchSize": rate})
        driver.complete()
    assert rows("-c", "id,config.batchSize,start_time")[0] == [
        "id",
        "config.batchSize",
        "start_time",
    ]
    assert rows("--only", "config")[0] == ["ID", "batchSize"]


@pytest.mark.parametrize(
    "args",
    [("--group-by", "all-but seed"), ("--group-by", "all-but", "seed"),
     ("--group-by", "all-but", "config.seed")],
)  # fmt: skip
def test_groups_of_all_but_the_seed(runs: Memory, args: tuple[str, ...]) -> None:
    """A row is a group with count, ids, what differs, and mean, interval and deviation."""
    lines = listed(*args).stdout.splitlines()
    assert lines[0].split() == ["RUNS", "IDS", "lr", "data.path", "result", "loss"]
    assert lines[1].split()[:6] == ["3", "1", "2", "3", "0.1", "/data"]
    assert "1.1 ±2.5 (sd 1)" in lines[1]
    assert lines[3].split() == ["1", "7", "0.1", "/other"]


def test_groups_for_programs(runs: Memory) -> None:
    """JSON has all digits and follows its schema; CSV has a column for each statistic."""
    schema = json.loads(SCHEMA.read_text())
    found = [
        json.loads(line) for line in listed("--group-by", "config.lr", "--json").stdout.splitlines()
    ]
    for group in found:
        jsonschema.validate(group, schema)
    assert [group["ids"] for group in found] == [[1, 2, 3, 7], [4, 5, 6]]
    assert found[0]["values"] == {"config.lr": 0.1}
    assert found[0]["statistics"]["result"]["count"] == 3
    assert found[0]["statistics"]["result"]["mean"] == pytest.approx(1.1)
    table = [*csv.reader(listed("--group-by", "config.lr", "--csv").stdout.splitlines())]
    assert table[0][:4] == ["runs", "ids", "config.lr", "result.count"]
    assert table[1][:4] == ["4", "1 2 3 7", "0.1", "3"]
    assert float(table[1][table[0].index("loss.mean")]) == pytest.approx(0.101)


def test_groups_of_generated_runs(memory: Memory) -> None:
    """50 configurations with 8 seeds are 50 rows with the statistics of scipy; a run that differs
    in one value is a row of its own, which shows that value.
    """
    draw = random.Random(3)
    results: dict[float, list[float]] = {}
    for number in range(400):
        rate = float(number % 50)
        results.setdefault(rate, []).append(draw.gauss(rate, 0.1))
        driver = EventDriver(MemoryObserver(memory))
        driver.start(config={"lr": rate, "seed": number // 50})
        driver.complete(result=results[rate][-1])
    driver = EventDriver(MemoryObserver(memory))
    driver.start(config={"lr": 1.0, "seed": 0, "momentum": 0.9})
    driver.complete(result=1.0)
    lines = listed("--group-by", "all-but seed", "--json").stdout.splitlines()
    *groups, odd = map(json.loads, lines)
    assert odd["ids"] == [401] and odd["values"]["config.momentum"] == 0.9
    assert [len(group["ids"]) for group in groups] == [8] * 50
    for group in groups:
        values = results[group["values"]["config.lr"]]
        found = group["statistics"]["result"]
        low, high = stats.t.interval(0.95, 7, loc=np.mean(values), scale=stats.sem(values))
        expected = {
            "count": 8, "mean": np.mean(values), "std": np.std(values, ddof=1), "low": low,
            "high": high,
        }  # fmt: skip
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_many_ids_are_shortened(memory: Memory) -> None:
    """A group shows its first two ids and the last one; one value has no interval."""
    for number in range(6):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(config={"seed": number})
        driver.complete(result=1.5)
    table = rows("--group-by", "all-but seed")
    assert table[1] == ["6", "1", "2", "…", "6", "1.5", "±0"]


@pytest.mark.parametrize(
    ("args", "error", "text"),
    [
        (("--group-by", "all-but"), OptionError, "needs an entry"),
        (("--group-by", "foo"), QueryError, "unknown field 'foo'"),
        (("more",), SystemExit, ""),
        (("--group-by", "config.lr", "more"), SystemExit, ""),
    ],
)
def test_mistakes(runs: Memory, args: tuple[str, ...], error: Any, text: str) -> None:
    """A wrong group or argument is an error that shows it."""
    result = CliRunner().invoke(sacred, ["runs", "list", "memory://", *args])
    assert isinstance(result.exception, error)
    assert text in str(result.exception)
    assert result.exit_code != 0


def test_no_runs(memory: Memory) -> None:
    """An empty store is not an error."""
    for args in ((), ("--group-by", "all-but seed"), ("-c", "id")):
        assert (listed(*args).stdout, listed(*args).stderr) == (
            "",
            "No runs. The store at memory:// has no runs: record one there\n",
        )


def test_changes_since_a_listing_are_listed(runs: Memory) -> None:
    """`--since` lists the runs that changed; the last line of --json has the token."""
    *found, last = listed("--since", "start", "--json").stdout.splitlines()
    assert len(found) == 7
    jsonschema.validate(json.loads(last), json.loads(TOKEN_SCHEMA.read_text()))
    token = json.loads(last)["change_token"]
    assert listed("--since", token, "--json").stdout.splitlines() == [last], "nothing changed"
    driver = EventDriver(MemoryObserver(runs))
    driver.start(config={"lr": 5})
    driver.complete()
    *found, _ = listed("--since", token, "--json", "-w", "config.lr = 5").stdout.splitlines()
    assert [json.loads(line)["id"] for line in found] == [8]
    shown = listed("--since", token, "-w", "config.lr = 5", "-c", "id", "--csv")
    assert shown.stdout.split() == ["id", "8"]
    assert shown.stderr.startswith("Later changes: --since 1.")
    assert "change_token" not in listed("--json").stdout


def test_a_wrong_token_is_an_error(runs: Memory) -> None:
    """The message has the reason, and nothing is listed."""
    result = CliRunner().invoke(sacred, ["runs", "list", "memory://", "--since", "1.abc"])
    assert result.exit_code == 1
    assert "it is not complete, or was changed" in str(result.exception)


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--all"), ("list", "--json"), ("list", "--columns", "id,config.db"),
        ("list", "--group-by", "config.db.password"), ("show", "1"), ("show", "1", "--json"),
        ("export", "--to", "runs.csv"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_shows_a_secret_that_sacred_recorded(
    words: tuple[str, ...], memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its records have the values of secrets; those of sacred-core have none."""
    monkeypatch.chdir(tmp_path)
    driver = EventDriver(MemoryObserver(memory))
    driver.start(config={"db": {"password": "hunter2hunter2"}}, meta_info={})
    driver.complete()
    command, *rest = words
    result = CliRunner().invoke(sacred, ["runs", command, "memory://", *rest])
    assert result.exit_code == 0, result.output
    shown = Path("runs.csv").read_text() if command == "export" else result.output
    assert "***" in shown
    assert "hunter2" not in shown + result.output


@pytest.fixture
def tree(memory: Memory) -> Memory:
    """A run, two runs in it and one in the second of these, and another run; newest last."""
    for number, parent in ((1, None), (2, None), (3, 1), (4, 3), (5, 1)):
        driver = EventDriver(MemoryObserver(memory))
        meta = {"uid": f"{number:032x}"} | ({"parent": f"{parent:032x}"} if parent else {})
        driver.start(ex_info={"name": f"n{number}"}, meta_info=meta, config={"lr": number % 3})
        driver.complete()
    return memory


def test_a_tree_indents_children_below_their_parents(tree: Memory) -> None:
    """The column of the ids has the indentation; without it, the first column."""
    ids = [line.rstrip() for line in listed("--tree", "-c", "id").stdout.splitlines()]
    assert ids == ["id", "1", "  3", "    4", "  5", "2"]
    names = [line.split("  lr")[0] for line in listed("--tree").stdout.splitlines()]
    assert [line[: line.index(line.split()[0]) + 1] for line in names[1:]] == [
        "1", "  3", "    4", "  5", "2",
    ]  # fmt: skip
    assert rows("--tree", "-c", "name")[1:] == [["n1"], ["n3"], ["n4"], ["n5"], ["n2"]]


def test_a_tree_is_made_of_the_runs_that_the_other_options_select(tree: Memory) -> None:
    """A run whose parent is not selected is at the top level; runs of one level are sorted."""

    def ids(*args: str) -> list[str]:
        return listed("--tree", "-c", "id", *args).stdout.splitlines()[1:]

    assert ids("-s", "-id") == ["2", "1", "  5", "  3", "    4"]
    assert ids("-n", "3") == ["3", "  4", "5"]
    assert ids("--where", "id != 3") == ["1", "  5", "2", "4"]


def test_a_tree_as_data_has_levels(tree: Memory) -> None:
    """JSON and CSV have the order of the tree; without --tree there are no levels."""
    found = [json.loads(line) for line in listed("--tree", "--json").stdout.splitlines()]
    schema = json.loads(SCHEMA.with_name("runs.schema.json").read_text())
    for each in found:
        jsonschema.validate(each, schema)
    assert [(each["id"], each["level"]) for each in found] == [
        (1, 0),
        (3, 1),
        (4, 2),
        (5, 1),
        (2, 0),
    ]
    table = [*csv.DictReader(listed("--tree", "--csv").stdout.splitlines())]
    assert [(row["id"], row["level"]) for row in table][1:3] == [("3", "1"), ("4", "2")]
    assert "level" not in json.loads(listed("--json").stdout.splitlines()[0])


def test_a_tree_of_groups_is_refused(tree: Memory) -> None:
    """Groups have no parents."""
    done = CliRunner().invoke(sacred, ["runs", "list", "memory://", "--tree", "--group-by", "name"])
    assert isinstance(done.exception, OptionError)
    assert "--tree shows runs and --group-by groups" in str(done.exception)


def test_the_tree_of_no_runs_is_empty(memory: Memory) -> None:
    """There is no first level that decides."""
    memory.runs.clear()
    assert "level" not in listed("--tree", "--where", "id = 7").stdout
