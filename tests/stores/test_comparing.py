"""The comparison of two runs is the same text, whatever the stores that the runs are in."""

import hashlib
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sacred_core.compare import ComparedRun, RunDiff, diff, diff_table
from sacred_core.stores import open_store
from sacred_core.testing import EventDriver
from sacred_core.testing.samples import AWKWARD, NON_FINITE

from .places import LOCAL, Places

KINDS = (*LOCAL, "MongoDB", "S3")
PATCH = """\
diff --git a/data ä.csv b/data ä.csv
index 1111111111111111111111111111111111111111..2222222222222222222222222222222222222222 100644
--- a/data ä.csv
+++ b/data ä.csv
@@ -1,2 +1,2 @@
 same
-old
+new {number}
"""


def record(observer: Any, folder: Path, number: int) -> Any:
    """Record one of two runs, of which each part differs, and return its id."""
    sources = {"main.py": f"x = {number}\n# ä\n", "same.py": "1\n", f"only{number}.py": "1"}
    pairs = []
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        pairs.append([name, digest])
    repository = {"url": "git@host:me/it.git", "commit": f"{number}" * 40, "dirty": True}
    driver = EventDriver(observer)
    run_id = driver.start(
        ex_info={
            "name": "compared", "base_dir": str(folder), "sources": pairs,
            "dependencies": ["numpy==2.0", f"torch==2.{number}"],
            "repositories": [{**repository, "patch": PATCH.format(number=number)}],
        },
        host_info={"hostname": f"node{number}", "threads": {"torch": 4 * number}},
        config={
            **AWKWARD, "odd": NON_FINITE, "lr": [1, 1.0, True][number], "seed": number,
            "layers": [{"n": 1}, {"n": number, "ä": None}],
        },
        meta_info={"origins": {"scope config": ["lr", "layers"]}, "uid": f"{number:032x}"},
    )  # fmt: skip
    driver.log_together(
        {
            "loss": [*NON_FINITE, *(1 / step for step in range(1, 2000)), number / 3],
            "count": [*range(10 + number)],
            "equal": [2**53 + 1, 0.1],
        }
    )
    driver.print(f'Started run with ID "{number}"\nloss ä {number}\r\nend')
    (folder / "model").write_text("x" * number)
    driver.artifact("model", str(folder / "model"), metadata={"number": 1})
    driver.beat(info={"seen": [number]}, result={"accuracy": number / 7, "n": None})
    driver.complete(result={"accuracy": number / 7, "n": None})
    return run_id


@pytest.fixture(scope="module")
def sides(places: Places, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[ComparedRun]]:
    """The same two runs in a store of each kind."""
    folder = tmp_path_factory.mktemp("compared")
    found = {}
    for kind in KINDS:
        place = places.new(kind)
        ids = [record(place.observer(), folder, number) for number in (1, 2)]
        found[kind] = [ComparedRun.of((place.open(), run_id)) for run_id in ids]
    return found


def text(found: RunDiff) -> list[str]:
    """Return the lines after the names of the runs."""
    assert found.problems == ()
    return found.lines()[2:]


def test_runs_of_different_stores_differ_as_those_of_one(sides: dict[str, Any]) -> None:
    """Each kind of store is the first and the second one; the text is that of the memory."""
    expected = diff(*sides["memory"])
    assert {section.name for section in expected.sections()} == {
        section.name for section in expected.compared
    } - {"command", "status"}
    for one, other in pairwise([*KINDS, KINDS[0]]):
        found = diff(sides[one][0], sides[other][1])
        assert text(found) == text(expected), f"{one} and {other}"
        assert found.data()["sections"] == expected.data()["sections"]


def test_a_run_is_equal_to_itself_in_every_store(sides: dict[str, Any]) -> None:
    """Nothing differs between the same run in all stores, and everything was compared."""
    table = diff_table([own[0] for own in sides.values()])
    assert not table and table.problems == ()
    assert len(table.titles) == len(diff(*sides["memory"]).compared)


def test_records_of_sacred_are_compared(golden_rich: ModuleType, tmp_path: Path) -> None:
    """Each is equal to itself, and to the same run in another store of Sacred but its metrics."""
    stores = {}
    for kind, name in (("file", "files"), ("TinyDB", "tinydb")):
        golden_rich.unpack("0.8.7", name, tmp_path / kind)
        place = str(tmp_path / kind)
        stores[kind] = open_store(place if kind == "file" else f"tinydb://{place}")
    for run in stores["file"].list():
        found = diff(run, run)
        assert not found and found.problems == ()
    first, second = (store.get(0) for store in stores.values())
    assert {each.aspect for each in diff(first, second)} == {"metrics"}  # TinyDB has none
    assert {each.key: each.second for each in diff(first, stores["file"].get(2), ["config"])} == {
        "data.path": "data.csv",
        "lr": 0.1,
    }
