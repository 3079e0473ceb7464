"""Tests of the language that runs are asked for in."""

import math
import random
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sacred_core.exceptions import QueryError, StoreError
from sacred_core.stores import Segment, StoredRun
from sacred_core.stores.query import (
    MISSING,
    And,
    Column,
    Condition,
    Field,
    Metric,
    Not,
    Or,
    attributes_of,
    matches,
    needs_metrics,
    parse,
    parse_columns,
    parse_sort,
    pushdown,
    read,
    sort_key,
    summary_of,
    with_absolute_times,
)
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.worker_claims import WorkerClaim
from sacred_core.testing.effort import examples

EXAMPLES = examples(100, 1000)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@attrs.define(kw_only=True)
class TaggedRun(StoredRun):
    tags: Any = ()


def stored_run(**changed: Any) -> TaggedRun:
    values: dict[str, Any] = {
        "id": 7,
        "status": "COMPLETED",
        "command": "main",
        "experiment": {"name": "mnist-small", "sources": [["train.py", "0a1b"]]},
        "host": {"hostname": "nemo", "gpus": []},
        "config": {
            "lr": 0.05,
            "seed": 42,
            "cuda": True,
            "nothing": None,
            "optimizer": "adam-w",
            "layers": [{"size": 5}, {"size": 9}],
            "sizes": [1, 2.0, "big"],
            "a.b": {"with space": "x"},
            "ratio": "NaN",
            "bound": "Infinity",
            "diverged": math.nan,
        },
        "meta": {"comment": "first try"},
        "info": {"best": 3},
        "result": {"accuracy": 0.9},
        "start_time": datetime(2026, 2, 28, 12, tzinfo=UTC),
        "stop_time": datetime(2026, 2, 28, 12, 5, tzinfo=UTC),
        "artifacts": ["model.pt", "plot.png"],
        "tags": ["baseline", "2024"],
    }
    return TaggedRun(**{**values, **changed})


METRICS: dict[str, dict[str, Any]] = {
    "train loss": {"steps": [10, 20, 30], "values": [3.0, 1.0, 2.0]},
    "accuracy": {"steps": [10, 20, 20, 40], "values": [0.1, 0.7, 0.8, "n/a"]},
    "val.loss": {"values": [0.5, math.nan]},
    "only nan": {"values": [math.nan]},
    "empty": {"values": []},
}


def holds(text: str, run: StoredRun | None = None) -> bool:
    return matches(parse(text), run or stored_run(), METRICS.get, NOW)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ('metrics."train loss".first', 3.0),
        ('metrics."train loss".argmin', 20),
        ('metrics."train loss".argmax', 10),
        ('metrics.accuracy.at("train loss".min)', 0.8),
        ('metrics.accuracy.at( "train loss".max )', 0.1),
        ('metrics."train loss".at(accuracy.max)', 1.0),
        ('metrics."train loss".at(accuracy.min)', 3.0),
        ("metrics.accuracy.at(accuracy.max)", 0.8),
        ("metrics.accuracy.at(missing.max)", MISSING),
        ("metrics.missing.at(accuracy.max)", MISSING),
        ('metrics.accuracy.at("val.loss".min)', MISSING),  # it has no steps
        ('metrics."val.loss".at(accuracy.max)', MISSING),
    ],
)
def test_statistics_with_steps(field: str, expected: Any) -> None:
    """They are the first value, the step of the least or greatest one, and the last value that was
    logged at the step where another metric has it; their text is parsed back.
    """
    [column] = parse_columns(field)
    assert read(column.field, stored_run(), METRICS.get, NOW) == expected
    assert parse_columns(str(column.field))[0].field == column.field


def test_points_are_read_only_where_the_summary_does_not_answer() -> None:
    """The last step and steps outside of the range of the metric need no points."""
    reads: list[None] = []
    points = METRICS["accuracy"]

    def read_points() -> dict[str, Any]:
        reads.append(None)
        return points

    summary = summary_of(points)
    assert summary is not None
    metric = Metric(summary, read_points)
    assert [metric.value_at(step) for step in (20, 9, 41, MISSING, "20")] == [0.8, *[MISSING] * 4]
    assert not reads
    assert [metric.value_at(step) for step in (10, 15, 40)] == [0.1, MISSING, MISSING]
    assert len(reads) == 3


# ---- what is true of a run -------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        'config.lr < 0.1 and (status = FAILED or name ~ "mnist*") and not tags has other',
        "status = COMPLETED", "status == 'COMPLETED'", "id = 7", "id in [6, 7]",
        "command = main", "comment has first", "host.hostname = nemo", "info.best >= 3",
        "experiment.sources[0][0] = train.py", "meta.comment exists",
        "config.seed = 42.0", "config.seed = 4.2e1", "config.seed < inf", "config.seed > -inf",
        "config.cuda = true", "config.cuda != 1", "config.nothing = None", "config.nothing = NULL",
        "config.nothing exists", "config.optimizer = adam-w", "config.optimizer > adam",
        "config.layers[1].size = 9", "config.layers.1.size = 9", "config.layers.-1.size = 9",
        'config."a.b"."with space" = x', "config.'a.b' exists",
        "config.sizes has 2", "config.sizes has big", "config.optimizer has dam",
        "config.lr between 0.05 and 0.05", "config.lr NOT IN [1, 2]", "config.lr in [1, 0.05]",
        "config.lr != text", "config.lr !~ 0*", "config.bound > 1e300", "config.bound = inf",
        "config.diverged != nan", "not config.diverged <= inf", "config.seed != nan",
        "result.accuracy > 0.8", "result exists", "duration = 5m", "duration <= 300",
        "duration between 1m and 0.5h", "start_time > 2026-02-28", "start_time < 2026-03-01",
        'start_time = "2026-02-28 13:00+01:00"', "start_time > -2d", "start_time < -23h",
        "artifacts has model.pt", "artifacts ~ *.png", "artifacts !~ *.txt", "tags has 2024",
        "resources missing", "queue_time missing", "config.none_of_these missing",
        'metrics."train loss".last = 2', 'metrics."train loss".min = 1',
        'metrics."train loss".max = 3', 'metrics."train loss".count = 3',
        "metrics.val.loss.max = 0.5", "metrics.val.loss.last exists",
        'metrics."only nan".min != 0', "metrics.empty.last missing", "metrics.absent.count missing",
    ],
)  # fmt: skip
def test_a_condition_holds(text: str) -> None:
    """Each of these is true of the example."""
    assert holds(text)
    assert not holds(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        "status = completed", "name ~ MNIST*", "name ~ mnist", "config.lr > text",
        "config.seed = true", "config.cuda = 1", "config.cuda < 2", "config.cuda < true",
        "config.optimizer > 1", "config.absent != 1", "config.absent !~ x",
        "config.absent not in [1]", "config.absent < 1", "config.diverged = nan",
        "config.ratio = nan", "config.ratio <= inf", "config.diverged between -inf and inf",
        "config.layers = 1", "config.layers[2].size = 9", "config.lr.more exists",
        "config.sizes has 3", "config.seed has 4", "config.nothing = 0", "config.nothing = false",
        "queue_time < 2030-01-01", "heartbeat != 2026-01-01", "start_time < -2d",
        "tags has base", "tags missing", "config.lr between 1 and 0", 'metrics.val.loss.last < 1',
    ],
)  # fmt: skip
def test_a_condition_does_not_hold(text: str) -> None:
    """Each of these is false of the example, because it is, is missing, or is of another type."""
    assert not holds(text)


def test_not_binds_before_and_before_or() -> None:
    """The usual precedence, which parentheses change."""
    a, b, c = (Condition(Field(name), "exists") for name in ("id", "name", "result"))
    assert parse("not id exists and name exists or result exists") == Or((And((Not(a), b)), c))
    assert parse("NOT (id exists AND (name exists OR result exists))") == Not(And((a, Or((b, c)))))


def test_what_was_running_without_a_heartbeat_is_dead() -> None:
    """The status is the current one."""
    run = stored_run(status="RUNNING", heartbeat=NOW - timedelta(hours=1))
    assert holds("status = DEAD", run)
    assert not holds("status = RUNNING", run)


def test_a_run_without_tags_has_none() -> None:
    """A store need not support tags."""
    run = StoredRun(id=1, status="COMPLETED")
    assert holds("tags missing and not tags has x", run)


def test_result_none_is_missing_but_an_entry_none_is_a_value() -> None:
    """A run that returned nothing has no result."""
    run = stored_run(result=None, config={"x": None})
    assert holds("result missing and config.x exists and config.x = none", run)


def test_keys_that_are_no_text_are_reached_by_their_text() -> None:
    """A dictionary may have numbers as keys."""
    assert holds("config.5.x = 1", stored_run(config={5: {"x": 1}}))


def test_a_wrong_interval_of_heartbeats_leaves_the_status() -> None:
    """What is stored there is not trusted."""
    run = stored_run(status="RUNNING", meta={"beat_interval": math.nan})
    assert holds("status exists", run)


def test_a_time_long_ago_is_before_every_run() -> None:
    """A time before the calendar is its beginning."""
    assert holds("start_time > -9999999d")


def test_metrics_are_asked_for_only_when_they_decide() -> None:
    """They may be much larger than everything else."""
    asked: list[str] = []
    query = parse("status = FAILED and metrics.loss.last < 1")
    assert not matches(query, stored_run(), asked.append)
    assert asked == []


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("id = 1 or not (name = x and metrics.loss.last < 1)", True),
        ("id = 1 or name = metrics.loss.last", False),
    ],
)
def test_a_query_has_the_metrics_that_it_needs(text: str, needed: bool) -> None:
    """It does if one of its fields is a metric."""
    assert needs_metrics(parse(text)) is needed


def test_an_order_has_the_metrics_that_it_needs() -> None:
    """It is asked like a query."""
    assert needs_metrics(parse_sort("id,-metrics.loss.last"))
    assert not needs_metrics(parse_sort("id"))


# ---- what cannot be understood ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "mark", "problem"),
    [
        ("", 0, "expected a condition"),
        ("or id = 1", 0, "expected a condition"),
        ("stauts = FAILED", 0, "unknown field 'stauts': did you mean 'status'?"),
        ("id = 1 or zzz < 1", 10, "unknown field 'zzz': write config.zzz"),
        ("config = 1", 0, "expected an entry of config"),
        ("config. = 1", 7, "expected the name of an entry"),
        ("config.a[x] = 1", 8, "expected a position in a list"),
        ("tags[0] = 1", 0, "'tags' has nothing below it"),
        ("metrics.loss < 1", 0, "did you mean metrics.loss.last?"),
        ("metrics.loss.mean < 1", 0, "last, min, max, count"),
        ("metrics.loss.at(accuracy) < 1", 0, "like metrics.loss.last"),
        ("metrics.loss.at(accuracy.last) < 1", 0, "at(accuracy.max)"),
        ("metrics.loss.at < 1", 0, "like metrics.loss.last"),
        ("metrics.loss.at() < 1", 16, "expected a metric and min or max"),
        ("metrics.loss.at(accuracy.max < 1", 29, "a closing parenthesis"),
        ("metrics.last < 1", 0, "like metrics.loss.last"),
        ("config.lr", 9, "expected one of ="),
        ("config.lr is 1", 10, "expected one of ="),
        ("config.lr <", 11, "expected a value"),
        ("config.lr < and", 12, "expected a value; as a string, 'and' needs quotes"),
        ("id = 1 && id = 2", 7, "expected and, or, or the end"),
        ("(id = 1", 7, "closing parenthesis"),
        ("id = 1)", 6, "expected and, or, or the end"),
        ("id in 1", 6, "expected a list like [1, 2]"),
        ("id in []", 7, "expected a value"),
        ("id in [1 2]", 9, "expected a comma"),
        ("id not 1", 7, "expected in after not"),
        ("id between 1 or 2", 13, "expected and, and the highest value"),
        ('name = "open', 7, "not closed"),
        (r'name = "C:\data"', 7, r"expected \\ for a backslash"),
        ("start_time > yesterday", 13, "expected a time like 2026-01-31"),
        ("start_time > 2d", 13, "expected a time"),
        ("start_time > -99999999999d", 13, "expected a time"),
        ("duration > long", 11, "expected a duration like 90s"),
        ("duration > none", 11, "expected a duration"),
        ("tags = baseline", 5, "'tags' is a list: expected has"),
        ("start_time has 2026", 11, "is not a string"),
        (f"result = {'9' * 5000}", 9, "fewer digits"),
        ("name = 'a\nb' and\n\tid", 20, "expected one of ="),
    ],
)
def test_an_error_shows_the_place_and_what_was_expected(text: str, mark: int, problem: str) -> None:
    """The message, the line of the text, and a mark below the place."""
    with pytest.raises(QueryError) as caught:
        parse(text)
    message, line, marked = str(caught.value).split("\n")
    before = text[:mark].rpartition("\n")[2]
    assert problem in message
    assert line[2:] in text.replace("\t", " ").split("\n")
    assert marked == f"  {' ' * len(before)}^"
    assert caught.value.position == mark
    assert isinstance(caught.value, StoreError)


@pytest.mark.parametrize("nesting", ["(" * 5000, "not " * 5000])
def test_deep_nesting_is_an_error_and_no_crash(nesting: str) -> None:
    """There is a limit, which Python's own stack does not reach."""
    with pytest.raises(QueryError, match="levels"):
        parse(nesting)


def test_many_conditions_are_no_nesting() -> None:
    """What a program put together may be long."""
    assert holds(" or ".join(f"id = {number}" for number in range(2000)))


def test_nothing_is_evaluated() -> None:
    """What would be Python is a text or an error."""
    with pytest.raises(QueryError):
        parse("__import__('os').system('x')")
    query = parse("name = __import__")
    assert query == Condition(Field("name"), "=", ("__import__",))


def test_importing_the_language_loads_nothing_heavy() -> None:
    """It costs next to nothing beside the store."""
    code = "import sys\nfrom sacred_core.stores import StoredRun, open_store, with_unfinished\n"
    code += "before = set(sys.modules)\n"
    code += "import sacred_core.stores.query\nprint(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    allowed = ("sacred_core.", "difflib", "fnmatch", "heapq", "_heapq", "posixpath", "operator")
    assert [name for name in done.stdout.split() if not name.startswith(allowed)] == []


def test_the_manual_s_examples_are_queries() -> None:
    """Each line of docs/queries.md that is a query can be read."""
    page = Path(__file__).resolve().parents[3] / "docs" / "queries.md"
    blocks = re.findall(r"```query\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = "".join(blocks).splitlines()
    assert len(lines) > 3
    for line in lines:
        assert holds(line) in (True, False)


# ---- order -----------------------------------------------------------------------------------
def ids_in_order(order: str, *runs: StoredRun) -> list[Any]:
    keys = parse_sort(order)
    return [run.id for run in sorted(runs, key=lambda run: sort_key(keys, run, METRICS.get, NOW))]


def test_fields_to_sort_by_are_read() -> None:
    """A minus makes one descending; paths are those of queries."""
    assert parse_sort('-config."a,b".x, start_time') == [
        (Field("config", ("a,b", "x")), True),
        (Field("start_time"), False),
    ]


@pytest.mark.parametrize("text", ["", "id,", "id start_time", "stauts", "-", "id desc"])
def test_what_is_no_order_is_an_error(text: str) -> None:
    """It is reported as for queries."""
    with pytest.raises(QueryError, match=r"\^"):
        parse_sort(text)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("config.x", "two ten text true none nan missing"),
        ("-config.x", "none true text ten two nan missing"),
        ("-command,config.x", "two ten text true none nan missing"),
    ],
)
def test_missing_values_are_last_in_both_directions(order: str, expected: str) -> None:
    """Missing values are last in both directions, and values of different types have a place."""
    values = {"ten": 10, "text": "a", "nan": math.nan, "two": 2.5, "true": True, "none": None}
    runs = [stored_run(id=name, config={"x": value}) for name, value in values.items()]
    missing = stored_run(id="missing", config={})
    assert ids_in_order(order, missing, *runs) == expected.split()


def test_equal_runs_retain_their_order() -> None:
    """Sorting is stable, also where it descends."""
    runs = [stored_run(id=number) for number in (3, 1, 2)]
    assert ids_in_order("-name,status", *runs) == [3, 1, 2]


# ---- columns ---------------------------------------------------------------------------------
def test_columns_have_the_text_of_their_field_as_heading() -> None:
    """Paths are those of queries; a comma in quotes separates nothing."""
    text = 'id, config.layers[0].size ,metrics."train, loss".last'
    assert parse_columns(text) == [
        Column("id", Field("id")),
        Column("config.layers[0].size", Field("config", ("layers", "0", "size"))),
        Column('metrics."train, loss".last', Field("metrics", ("train, loss", "last"))),
    ]


@pytest.mark.parametrize(
    ("text", "mark", "message"),
    [
        ("", 0, "expected a column like status or config.lr"),
        ("id,", 3, "expected a column like status or config.lr"),
        ("id,,name", 3, "expected a column like status or config.lr"),
        ("and", 0, "expected a column like status or config.lr"),
        ("id name", 3, "expected a comma before the next column"),
        ("id = 1", 3, "expected a comma before the next column"),
        ("-id", 0, "unknown field '-id': did you mean 'id'?"),
        ("id,metrics.loss", 3, "expected a metric and one of last, min, max, count"),
    ],
)
def test_an_error_of_columns_names_what_a_column_is(text: str, mark: int, message: str) -> None:
    """No error mentions conditions or orders, which columns do not have."""
    with pytest.raises(QueryError) as caught:
        parse_columns(text)
    found, line, marked = str(caught.value).split("\n")
    assert (message in found, line, marked) == (True, f"  {text}", f"  {' ' * mark}^")


@pytest.mark.parametrize(
    ("names", "attributes"),
    [
        ("id", {"id"}),
        ("name,comment", {"experiment", "meta"}),
        ("duration,config.a,config.b", {"start_time", "stop_time", "config"}),
        ("metrics.loss.last", {"metrics", "segments"}),
        ("segments", {"segments"}),
        ("writers", {"writers"}),
        ("id,status", None),
        ("damage", None),
    ],
)
def test_fields_name_the_attributes_that_they_are_read_from(
    names: str, attributes: set[str] | None
) -> None:
    """The status and the damage depend on all of them."""
    assert attributes_of(column.field for column in parse_columns(names)) == attributes


# ---- properties ------------------------------------------------------------------------------
TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(["and", "1", "nan", '"', "\\", "a b", "[x"]))
NUMBERS = st.one_of(st.integers(), st.floats())
AGO = st.integers(0, 10**9).map(lambda seconds: timedelta(seconds=-seconds))
TIMES = st.one_of(AGO, st.datetimes().map(lambda time: time.replace(tzinfo=UTC, fold=0)))
ANY = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
PARTS = st.one_of(st.sampled_from(["a", "b", "0", "-1"]), st.text(max_size=4))
TREE_FIELDS = st.builds(
    Field,
    st.sampled_from("config info meta host experiment".split()),
    st.lists(PARTS, min_size=1, max_size=3).map(tuple),
)
METRIC_FIELDS = st.builds(
    Field,
    st.just("metrics"),
    st.tuples(
        st.one_of(st.sampled_from(list(METRICS)), st.text(min_size=1, max_size=4)),
        st.sampled_from("last min max count first argmin argmax".split()),
    ),
)
RESULT_FIELDS = st.builds(Field, st.just("result"), st.lists(PARTS, max_size=2).map(tuple))


def named(names: str) -> st.SearchStrategy[Field]:
    return st.sampled_from(names.split()).map(Field)


def compared(
    fields: st.SearchStrategy[Field], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[Condition]:
    one = st.sampled_from("= != < <= > >=".split())
    return st.one_of(
        st.builds(Condition, fields, one, st.tuples(values)),
        st.builds(Condition, fields, st.just("between"), st.tuples(values, values)),
        st.builds(
            Condition,
            fields,
            st.sampled_from(["in", "not in"]),
            st.lists(values, min_size=1, max_size=3).map(tuple),
        ),
    )


TEXT_FIELDS = named("status name command comment")
LIST_FIELDS = named("tags artifacts resources")
IDS = st.one_of(st.integers(), TEXTS).map(normalize_id)
ID_FIELDS = named("id run_id")
ANY_FIELDS = st.one_of(TREE_FIELDS, METRIC_FIELDS, RESULT_FIELDS)
TIME_FIELDS = named("start_time stop_time queue_time heartbeat")
ALL_FIELDS = st.one_of(
    TEXT_FIELDS, LIST_FIELDS, ANY_FIELDS, ID_FIELDS, TIME_FIELDS, named("duration")
)
CONDITIONS = st.one_of(
    compared(TEXT_FIELDS, TEXTS),
    compared(ANY_FIELDS, ANY),
    compared(ID_FIELDS, IDS),
    compared(TIME_FIELDS, TIMES),
    compared(named("duration"), NUMBERS),
    st.builds(
        Condition,
        st.one_of(TEXT_FIELDS, LIST_FIELDS, ANY_FIELDS),
        st.sampled_from(["~", "!~"]),
        st.tuples(st.one_of(TEXTS, st.text("[]!-*?ab", max_size=6))),
    ),
    st.builds(Condition, ANY_FIELDS, st.just("has"), st.tuples(ANY)),
    st.builds(Condition, st.one_of(TEXT_FIELDS, LIST_FIELDS), st.just("has"), st.tuples(TEXTS)),
    st.builds(Condition, ALL_FIELDS, st.sampled_from(["exists", "missing"])),
)


def combined(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several), st.builds(Not, parts))


QUERIES = st.recursive(CONDITIONS, combined, max_leaves=5)
STORED = st.recursive(
    st.one_of(ANY, st.datetimes(), st.sampled_from([b"x", object(), timedelta(), 1j])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(PARTS, st.integers(-1, 1)), inner, max_size=3),
    ),
    max_leaves=6,
)
TREES = st.dictionaries(PARTS, STORED, max_size=3)
AWARE = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))
RUNS = st.builds(
    TaggedRun,
    id=st.one_of(st.integers(), st.text(max_size=4)),
    run_id=st.one_of(st.none(), st.integers(), st.text(max_size=4)),
    status=st.sampled_from(["RUNNING", "COMPLETED", ""]),
    experiment=TREES, host=TREES, config=TREES, info=TREES, result=STORED,
    meta=st.one_of(TREES, st.fixed_dictionaries({"comment": STORED, "beat_interval": NUMBERS})),
    queue_time=AWARE, start_time=AWARE, stop_time=AWARE, heartbeat=AWARE,
    artifacts=st.lists(TEXTS, max_size=2), tags=st.one_of(st.none(), st.lists(STORED, max_size=2)),
)  # fmt: skip
WORDS = 'id config.a = "x" ( ) not and or in [ ] , 1 -2d ~ . "'.split()
RECORDS = st.one_of(
    st.none(),
    st.fixed_dictionaries({"values": st.one_of(st.none(), st.lists(STORED, max_size=3))}),
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(QUERIES)
@example(Condition(Field("config", ("x",)), "in", (1, 1.0, True, "1", None, math.nan, -0.0)))
def test_the_text_of_a_query_is_read_as_an_equal_one(query: Any) -> None:
    """What is written is what is read, whatever the values."""
    assert parse(str(query)) == query
    assert hash(parse(str(query))) == hash(query)


@settings(max_examples=EXAMPLES, deadline=None)
@given(QUERIES, RUNS, RECORDS)
def test_evaluation_never_raises(query: Any, run: StoredRun, record: Any) -> None:
    """Whatever is stored, a query is true or false, and its negation the other."""
    found = matches(query, run, lambda _: record, NOW)
    assert isinstance(found, bool)
    assert matches(Not(query), run, lambda _: record, NOW) is not found


@settings(max_examples=EXAMPLES // 3, deadline=None)
@given(st.lists(QUERIES, min_size=2, max_size=3), RUNS)
def test_the_laws_of_de_morgan_hold(parts: list[Any], run: StoredRun) -> None:
    """Not all is one that is not; not one is all that are not."""
    negated = tuple(Not(part) for part in parts)
    for inner, outer in ((And, Or), (Or, And)):
        left = matches(Not(inner(tuple(parts))), run, METRICS.get, NOW)
        assert left is matches(outer(negated), run, METRICS.get, NOW)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.one_of(
        st.text(st.one_of(st.characters(), st.sampled_from("\"'\\[](),.=<>~! \n")), max_size=30),
        st.lists(st.sampled_from(WORDS)).map(" ".join),
    )
)
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    """No text raises anything else, and what is read can be written and read again."""
    try:
        query = parse(text)
    except QueryError:
        return
    assert parse(str(query)) == query


@settings(max_examples=EXAMPLES // 3, deadline=None)
@given(st.lists(RUNS, max_size=6), st.lists(st.tuples(ALL_FIELDS, st.booleans()), max_size=3))
def test_any_runs_can_be_sorted(runs: list[TaggedRun], order: Any) -> None:
    """The keys are a total order: shuffled runs give the same sequence of keys."""

    def keys(some: list[TaggedRun]) -> list[Any]:
        return sorted(sort_key(order, run, METRICS.get, NOW) for run in some)

    shuffled = random.Random(0).sample(runs, len(runs))
    assert keys(runs) == keys(shuffled)


@settings(max_examples=EXAMPLES, deadline=None)
@given(QUERIES, RUNS, RECORDS, st.integers())
def test_a_narrower_question_leaves_out_nothing(
    query: Any, run: StoredRun, record: Any, seed: int
) -> None:
    """Whatever conditions a backend can ask itself, and times counted from now are the same."""
    draw = random.Random(seed)
    asked = pushdown(
        with_absolute_times(query, NOW),
        lambda condition: condition if draw.random() < 0.7 else None,
        lambda parts: And(tuple(parts)),
        lambda parts: Or(tuple(parts)),
    )
    if matches(query, run, lambda name: record, NOW):
        assert asked is None or matches(asked, run, lambda name: record, NOW)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("config.a = 1 and not (name = x or config.b exists)", "config.a = 1 and config.b missing"),
        ("not not status = x", 'status = "x"'),
        ("not config.a missing or id = 1", "config.a exists or id = 1"),
        ("not config.a < 1 or id = 1", "None"),
    ],
)
def test_a_question_is_as_narrow_as_it_can_be(text: str, asked: str) -> None:
    """`not` is replaced by the opposite condition, if there is one."""
    found = pushdown(
        parse(text), lambda each: each, lambda each: And(tuple(each)), lambda each: Or(tuple(each))
    )
    assert str(found) == asked


def test_the_worker_is_a_field() -> None:
    """That which has a run, or had it last; a run that was put back has none."""
    runs = [
        StoredRun(id=1, status="RUNNING", claim=WorkerClaim(worker="ann")),
        StoredRun(id=2, status="QUEUED", claim=WorkerClaim(reason="node lost")),
        StoredRun(id=3, status="COMPLETED"),
    ]
    for text, ids in (("worker = ann", [1]), ("worker exists", [1]), ("worker missing", [2, 3])):
        found = [run.id for run in runs if matches(parse(text), run, {}.get)]
        assert found == ids, text


def test_segments_and_writers_are_fields() -> None:
    """The number of segments, 1 of a run that was not resumed, and a list of names."""
    segments = [Segment(), Segment(), Segment()]
    runs = [
        StoredRun(id=1, status="COMPLETED", writers=["rank1", "rank2"]),
        StoredRun(id=2, status="COMPLETED", segments=segments),
    ]
    expected = {
        "segments = 1": [1], "segments > 1": [2], "segments between 2 and 3": [2],
        "writers has rank2": [1], "writers ~ rank*": [1], "writers missing": [2],
    }  # fmt: skip
    for text, ids in expected.items():
        found = [run.id for run in runs if matches(parse(text), run, {}.get)]
        assert found == ids, text
    order = parse_sort("-segments")
    runs.sort(key=lambda run: sort_key(order, run, {}.get))
    assert [run.id for run in runs] == [2, 1]
