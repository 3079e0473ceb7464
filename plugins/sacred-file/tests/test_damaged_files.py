"""Each file of a run is damaged in each way: no command fails, and no other run is affected."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from sacred_file import FileStorageObserver

from sacred_core.cli.main import sacred
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.stores import open_store
from sacred_core.stores.curves import curve, summaries, tail
from sacred_core.testing import EventDriver
from sacred_core.testing.effort import examples

SACRED = Path(__file__).parent / "data" / "sacred_0_8_7"
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "runs.schema.json").read_text())
#: Files of the record of a run: what is wrong in them makes it a damaged one.
RECORD = ("run.json", "config.json", "info.json")
OWN = (*RECORD, "metrics.json", "metrics.index.json", "annotations.jsonl", "cout.txt", "made.txt")
OLD = (*RECORD, "metrics.json", "cout.txt", "art.txt")


def replace(content: bytes) -> Callable[[Path], None]:
    """Return what replaces the content of a file."""

    def damage(path: Path) -> None:
        path.write_bytes(content)

    return damage


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link_outside(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "empty": replace(b""),
    "cut": cut,
    "list": replace(b"[1, 2]"),
    "string": replace(b'"x"'),
    "number": replace(b"5"),
    "null": replace(b"null"),
    "binary": replace(bytes(range(256))),
    "zeros": replace(bytes(100)),
    "UTF-16": replace('{"a": 1}'.encode("utf-16")),
    "folder": make_folder,
    "link": link_outside,
}
#: Of these files the content has no form.
SHAPELESS = ("cout.txt", "made.txt", "art.txt", "annotations.jsonl", "metrics.index.json")


def make_runs(folder: Path, origin: str) -> Path:
    """Return a folder of two runs, those of Sacred 0.8.7 or new ones."""
    runs = folder / "runs"
    if origin == "Sacred":
        runs.mkdir()
        for name in ("1", "2", "_resources", "_sources"):
            shutil.copytree(SACRED / name, runs / name)
        return runs
    made = folder / "made.txt"
    made.write_text("content")
    for number in range(2):
        driver = EventDriver(FileStorageObserver(runs))
        driver.start(config={"lr": 0.1, "seed": number})
        driver.log("loss", [1.0, 0.5, float("nan")])
        driver.print("printed\n")
        driver.artifact("made.txt", str(made))
        driver.annotate("a note", ["good"])
        driver.beat(info={"n": number})
        driver.complete(result=number)
    return runs


def sacred_runs(*arguments: object) -> Result:
    """Return the answer of a command, which raises nothing but errors of ours."""
    result = CliRunner().invoke(sacred, ["runs", *map(str, arguments)])
    error = result.exception
    assert error is None or isinstance(error, (SystemExit, StoreError)), repr(error)
    return result


def check_commands(runs: Path, folder: Path, is_run: bool = True) -> None:
    """Check all commands over two runs, of which the second is damaged."""
    listed = sacred_runs("list", runs, "--csv", "-c", "id,status,damage")
    rows = listed.stdout.splitlines()
    assert listed.exit_code == 0 and rows[1] == "1,COMPLETED,"
    assert len(rows) == 2 + is_run
    options: tuple[tuple[str, ...], ...] = (
        (), ("--json",), ("--all",), ("--recursive",), ("--group-by", "all-but seed"),
        ("--where", "metrics.loss.min < 5"), ("--sort", "metrics.loss.last"), ("--since", "start"),
    )  # fmt: skip
    for more in options:
        assert sacred_runs("list", runs, *more).exit_code == 0, more
    for name in ("runs.csv", "runs.json", "runs.jsonl"):
        for more in ((), ("--points",)):
            assert sacred_runs("export", runs, "--to", folder / name, *more).exit_code == 0
    assert {row["id"] for row in json.loads((folder / "runs.json").read_text())} >= {1}
    if is_run:
        assert sacred_runs("show", runs, 2, "--origin").exit_code == 0
        data = json.loads(sacred_runs("show", runs, 2, "--json").output)
        jsonschema.validate(data, SCHEMA)
    for name in ("made.txt", "art.txt"):
        assert sacred_runs("get", runs, 2, name, "-o", "-").exit_code in (0, 1)
        assert b"root:" not in sacred_runs("get", runs, 2, name, "-o", "-").stdout_bytes


def check_python(runs: Path) -> None:
    """Check that reading raises nothing but errors of ours."""
    store: Any = open_store(str(runs))
    reads: tuple[Callable[[], Any], ...] = (
        lambda: store.get(2).uid,
        lambda: store.get(2).sources,
        lambda: store.get(2).artifact_info,
        lambda: store.get(2).resource_info,
        lambda: store.output(2),
        lambda: store.metrics(2),
        lambda: summaries(store, 2),
        lambda: tail(store, 2, {}),
        lambda: curve(store, 2, "loss", width=3),
    )
    for read in reads:
        try:
            read()
        except StoreError:
            continue


CASES = [
    *(("own", name, damage) for name in OWN for damage in DAMAGES),
    *(("Sacred", name, damage) for name in OLD for damage in DAMAGES),
]


@pytest.mark.parametrize(("origin", "name", "damage"), CASES[:: examples(7, 3)])
def test_a_damaged_file_harms_nothing_else(
    origin: str, name: str, damage: str, tmp_path: Path
) -> None:
    """The run is listed as damaged if it is a file of the record, and shown as far as possible."""
    runs = make_runs(tmp_path, origin)
    DAMAGES[damage](runs / "2" / name)
    check_commands(runs, tmp_path)
    check_python(runs)
    store = open_store(str(runs))
    run = store.get(2)
    if name in RECORD:
        field = "outside of" if damage == "link" else name.removesuffix(".json")
        assert run.status == "DAMAGED" and field in str(run.damage)
        assert (run.config == {}) == (name == "config.json")
        exported = sacred_runs("export", runs, "--to", tmp_path / "runs.csv")
        assert "Run 2 is damaged: " in exported.stderr
    elif name not in SHAPELESS:
        with pytest.raises(DamagedRecordError):
            store.metrics(2)
        exported = sacred_runs("export", runs, "--to", tmp_path / "points.csv", "--points")
        assert "Run 2 is damaged: " in exported.stderr
        assert {row.split(",")[0] for row in (tmp_path / "points.csv").read_text().split()} == {
            "id",
            "1",
        }
    if name == "metrics.index.json" and damage != "folder" and damage != "link":
        expected = {"steps": [0, 1], "values": [1.0, 0.5]}
        found = store.metrics(2)["loss"]
        assert {column: list(found[column][:2]) for column in expected} == expected
        assert summaries(store, 2)["loss"][0].min == 0.5


@pytest.mark.parametrize("origin", ["own", "Sacred"])
@pytest.mark.parametrize("name", ["run.json", "config.json", "cout.txt", "metrics.json"])
def test_a_missing_file_is_not_damage(origin: str, name: str, tmp_path: Path) -> None:
    """Not all files were copied or committed: the other parts are read; no run without a record."""
    runs = make_runs(tmp_path, origin)
    (runs / "2" / name).unlink()
    check_commands(runs, tmp_path, is_run=name != "run.json")
    check_python(runs)
    if name != "run.json":
        assert open_store(str(runs)).get(2).status == "COMPLETED"


#: Values that have another type than any entry of a record.
WRONG = [5, "x", [], [5], ["a", "b"], [[5]], [[1, 2, 3]], {"a": 5}, None, True, 1e400]


def entries(value: Any, path: tuple[Any, ...] = (), depth: int = 3) -> list[tuple[Any, ...]]:
    """Return the paths of the entries of a JSON value, some of each list."""
    items: Any = ()
    if depth and isinstance(value, dict):
        items = value.items()
    elif depth and isinstance(value, list):
        items = list(enumerate(value))[:2]
    found = [path] if path else []
    for key, item in items:
        found += entries(item, (*path, key), depth - 1)
    return found


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("own", "run.json"), ("own", "metrics.json"), ("own", "metrics.index.json"),
        ("Sacred", "run.json"), ("Sacred", "metrics.json"),
    ],
)  # fmt: skip
def test_entries_of_another_type_harm_nothing_else(origin: str, name: str, tmp_path: Path) -> None:
    """Each entry of the record, of the points and of their index, with some values."""
    runs = make_runs(tmp_path, origin)
    path = runs / "2" / name
    text = path.read_text()
    cases = [(entry, wrong) for entry in entries(json.loads(text)) for wrong in WRONG]
    for entry, wrong in cases[:: examples(61, 9)]:
        content = json.loads(text)
        parent = content
        for key in entry[:-1]:
            parent = parent[key]
        parent[entry[-1]] = wrong
        path.write_text(json.dumps(content))
        check_commands(runs, tmp_path)
        check_python(runs)
