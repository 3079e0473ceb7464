"""Tests of the grammar of sweeps: words after ``with``, and files."""

from pathlib import Path
from typing import Any

import pytest
from sacred_sweep.distributions import new_distribution
from sacred_sweep.expansion import expand, plain_values
from sacred_sweep.grammar import parse_sweep

from sacred_core.exceptions import SacredError, UpdateError


def points(*words: str) -> list[dict[str, Any]]:
    return [plain_values(values) for values in expand(parse_sweep(words), "seed")]


def test_each_item_of_a_list_is_a_value() -> None:
    """Values are literals, or strings where they are none; a list may contain lists."""
    assert points("lr=[1e-3, 1e-2]") == [{"lr": 0.001}, {"lr": 0.01}]
    assert points("opt=[adam,'a, b',None,True]") == [
        {"opt": "adam"}, {"opt": "a, b"}, {"opt": None}, {"opt": True},
    ]  # fmt: skip
    assert points("layers=[[64,64]]") == [{"layers": [64, 64]}]
    assert points("model.sizes=[[1,2],[3]]") == [{"model.sizes": [1, 2]}, {"model.sizes": [3]}]
    assert points("x=[{'a': 1, 'b': [2]},f(3,4)]") == [{"x": {"a": 1, "b": [2]}}, {"x": "f(3,4)"}]


def test_ranges_include_both_ends() -> None:
    """Integers count from the first to the last, with a step if there is one."""
    assert [p["n"] for p in points("n=1..4")] == [1, 2, 3, 4]
    assert [p["n"] for p in points("n=-1..1")] == [-1, 0, 1]
    assert [p["n"] for p in points("n=0..100..25")] == [0, 25, 50, 75, 100]
    assert [p["n"] for p in points("n=3..3")] == [3]
    assert len(parse_sweep(["n=1..1000000000"]).axes[0].rows) == 10**9


def test_the_last_entry_changes_first() -> None:
    """All combinations are points; zipped entries get their values together."""
    assert points("a=[1,2]", "zip(b=[3,4],c=1..2)") == [
        {"a": 1, "b": 3, "c": 1}, {"a": 1, "b": 4, "c": 2},
        {"a": 2, "b": 3, "c": 1}, {"a": 2, "b": 4, "c": 2},
    ]  # fmt: skip


def test_other_words_are_the_same_in_each_point() -> None:
    """Single values, tuples and quoted lists are fixed; other words are named configurations."""
    spec = parse_sweep(["small", "a=(1,2)", "b='[1,2]'", "c=x..y", "lr=[1]", "other.json"])
    assert spec.named_configs == ["small", "other.json"]
    assert spec.fixed == {"a": (1, 2), "b": "[1,2]", "c": "x..y"}
    assert spec.paths == ["lr"]


def test_distributions_are_read() -> None:
    """Distributions belong to the space of a sweep."""
    spec = parse_sweep(["lr=loguniform(1e-5, 1e-1)", "opt=choice(adam,[1,2])", "random(3)"])
    assert spec.space == {
        "lr": new_distribution("loguniform", [1e-5, 1e-1]),
        "opt": new_distribution("choice", ["adam", [1, 2]]),
    }
    assert spec.draws == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lr=[]"], "'lr=[]' has no values: write at least one, as in [1,2]"),
        (["lr=[1,,2]"], "'lr=[1,,2]' has nothing between two commas"),
        (["lr=[1,(2]"], "'lr=[1,(2]': ')' is missing"),
        (["lr=[1,2)]"], "'lr=[1,2)]': ')' closes no bracket"),
        (["lr=[1,", "2]"], "'lr=[1,': ']' is missing: quote the whole word if it has spaces"),
        (["=[1,2]"], "'=[1,2]' names no entry"),
        (["lr", "=[1,2]"], "'lr =[1,2]' has spaces around '=': write lr=[1,2]"),
        (["n=8..1"], "'n=8..1' has no values: write 1..8"),
        (["n=1..8..0"], "'n=1..8..0': the step of a range must be above 0"),
        (
            ["lr=logunifrom(1,2)"],
            "unknown distribution 'logunifrom': did you mean loguniform(1,2)?",
        ),
        (["lr=uniform(1)"], "uniform(1) must have 2 arguments: uniform(low, high)"),
        (["a=[1]", "a=[2]"], "the entry 'a' is given twice: remove one of the two"),
        (["a=[1]", "a=2"], "the entry 'a' is given twice"),
        (["a=1", "a=2"], "the entry 'a' is given twice"),
        (["a=uniform(0,1)", "a=uniform(0,1)"], "the entry 'a' is given twice"),
        (["zip(a=[1],a=[2])"], "the entry 'a' is given twice"),
        (["m=[1]", "m.a=[2]"], "the entries 'm' and 'm.a' are given, but one contains the other"),
        (["zip(a=[1,2],b=[3])"], "the numbers of values differ (a 2, b 1)"),
        (["zip()"], "has no values: write zip(a=[1,2],b=[3,4])"),
        (["zip(a=1)"], "expected a list of values or a range for each entry"),
        (["zip(a=uniform(0,1))"], "expected a list of values or a range for each entry"),
        (["random(0)"], "'random(0)': write random(N) with a number of points above 0"),
        (["random(x)"], "write random(N) with a number of points above 0"),
        (["random(1)", "random(2)"], "random(N) is given twice"),
        (["a..b=[1]"], "'a..b=[1]' names no entry"),
        (["points.csv"], "to read points from a file, write: file points.csv"),
        (["file", "missing.csv"], "the file 'missing.csv' does not exist"),
        (["file points.xls"], "the file 'points.xls' has no known format"),
    ],
)
def test_wrong_words_are_explained(words: list[str], message: str) -> None:
    """The message has the word as it was written, and a correct one."""
    with pytest.raises(UpdateError) as caught:
        parse_sweep(words)
    assert message in str(caught.value)


def test_points_are_read_from_tables(tmp_path: Path) -> None:
    """A table has the names of entries first; an empty cell leaves the default."""
    path = tmp_path / "points.csv"
    path.write_text('\ufefflr, model.opt,n\n0.1,"adam",3\n\n1e-2,,4\n', encoding="utf-8")
    expected = [{"lr": 0.1, "model.opt": "adam", "n": 3}, {"lr": 0.01, "n": 4}]
    assert points("file", str(path)) == expected
    assert points(f"file {path}") == points(f"file({path})") == expected
    assert len(points(f"file {path}", "seed=1..3")) == 6
    (tmp_path / "p.tsv").write_text("a\tb\n1\t[2,3]\n", encoding="utf-8")
    assert points(f"file {tmp_path / 'p.tsv'}") == [{"a": 1, "b": [2, 3]}]


def test_points_are_read_from_json_lines(tmp_path: Path) -> None:
    """A line has the values of entries, nested or by path; lines may have different entries."""
    path = tmp_path / "points.jsonl"
    path.write_text('{"lr": 0.1, "model": {"depth": 2}}\n\n{"model.depth": 3}\n', encoding="utf-8")
    assert points("file", str(path)) == [{"lr": 0.1, "model.depth": 2}, {"model.depth": 3}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "lr,n\n1\n", "a.csv:2: expected 2 values, got 1"),
        ("a.csv", "lr,lr\n1,2\n", "the first line has 'lr' twice"),
        ("a.csv", "lr,\n1,2\n", "the first line must name an entry in each column"),
        ("a.csv", "lr\n", "contains no points"),
        ("a.csv", "", "contains no points"),
        ("a.jsonl", '{"lr": 1\n', "a.jsonl:1: the line is not valid JSON"),
        ("a.jsonl", '{"lr": 1}\n[2]\n', "a.jsonl:2: expected an object"),
        ("a.jsonl", "[" * 100_000 + "\n", "a.jsonl:1: the line is not valid JSON"),
        ("a.csv", "lr\n\udce4\n", "is not UTF-8"),
    ],
)
def test_wrong_files_are_explained(name: str, content: str, message: str, tmp_path: Path) -> None:
    """The message has the file, the line and what is wrong."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UpdateError) as caught:
        parse_sweep(["file", str(path)])
    assert message in str(caught.value)


def test_a_folder_is_not_a_file_of_points(tmp_path: Path) -> None:
    """What the system reports is in the message."""
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(UpdateError, match="cannot be read: Is a directory"):
        parse_sweep(["file", str(tmp_path / "a.csv")])


def test_a_file_describes_the_whole_sweep(tmp_path: Path) -> None:
    """Below the key sweep are values, zipped entries, files and options; the rest is fixed."""
    (tmp_path / "more.csv").write_text("w\n7\n8\n", encoding="utf-8")
    path = tmp_path / "sweep.yaml"
    path.write_text(
        "epochs: 10\nmodel:\n  depth: 3\n"
        "sweep:\n  name: first\n  seeds: 2\n  values:\n    lr: [0.1, 0.2]\n    n: 1..2\n"
        "    model:\n      drop: [0, 0.5]\n"
        "  zip:\n    - a: [1, 2]\n      b: [x, y]\n  file: more.csv\n",
        encoding="utf-8",
    )
    spec = parse_sweep([str(path), "epochs=3"])
    assert spec.fixed == {"epochs": 3, "model.depth": 3}
    assert spec.options == {"--sweep": "first", "--seeds": 2}
    assert spec.paths == ["lr", "n", "model.drop", "a", "b", "w"]
    assert spec.count() == 2 * 2 * 2 * 2 * 2
    assert next(expand(spec, "")) == {
        "lr": 0.1, "n": 1, "model.drop": 0, "a": 1, "b": "x", "w": 7,
    }  # fmt: skip


def test_words_replace_entries_of_a_file(tmp_path: Path) -> None:
    """An entry of the command line replaces that of the file, whether it is swept or fixed."""
    path = tmp_path / "sweep.yaml"
    path.write_text("n: 1\nsweep: {values: {lr: [1, 2], d: 'uniform(0, 1)'}, random: 2}\n", "utf-8")
    spec = parse_sweep(["lr=[5]", str(path), "d=3", "n=[7,8]", "random(9)"])
    assert (spec.fixed, spec.space, spec.draws) == ({"d": 3}, {}, 9)
    assert [(axis.paths, list(axis.rows)) for axis in spec.axes] == [
        (("lr",), [5]),
        (("n",), [7, 8]),
    ]
    path.write_text("sweep: {zip: {a: [1, 2], b: [3, 4]}}\n", "utf-8")
    with pytest.raises(UpdateError, match="the entry 'a' is given twice"):
        parse_sweep([str(path), "a=3"])


def test_a_file_may_have_random_points(tmp_path: Path) -> None:
    """Distributions are strings, and random has the number of points."""
    path = tmp_path / "sweep.json"
    path.write_text('{"sweep": {"values": {"lr": "uniform(0, 1)"}, "random": 5}}', "utf-8")
    assert len(points(str(path))) == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("sweep: 3", "'sweep' must contain values, zip, file, random or options"),
        ("sweep: {lr: [1]}", "unknown key 'lr' in 'sweep'"),
        ("sweep: {values: {lr: 3}}", "lr must be a list of values, a range like 1..8"),
        ("sweep: {values: {lr: []}}", "lr has no values"),
        ("sweep: {zip: 3}", "zip: expected a list of values for each entry, got 3"),
        ("sweep: {zip: {a: [1], b: [1, 2]}}", "the numbers of values differ (a 1, b 2)"),
        ("sweep: {zip: {a: 'uniform(0, 1)'}}", "a must be a list of values, got uniform(0, 1)"),
        ("sweep: {random: many}", "write random(N) with a number of points above 0"),
        ("sweep: [", "cannot be read"),
    ],
)
def test_mistakes_in_a_file_are_explained(content: str, message: str, tmp_path: Path) -> None:
    """The message names the file and what is wrong in it."""
    path = tmp_path / "bad.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SacredError) as caught:
        parse_sweep([str(path)])
    assert message in str(caught.value)
    assert "bad.yaml" in str(caught.value)


def test_a_configuration_file_without_the_key_is_a_named_configuration(tmp_path: Path) -> None:
    """Only a file with the key sweep describes a sweep; a missing one is reported later."""
    path = tmp_path / "base.yaml"
    path.write_text("lr: 0.1\n", encoding="utf-8")
    assert parse_sweep([str(path), "missing.yaml"]).named_configs == [str(path), "missing.yaml"]
