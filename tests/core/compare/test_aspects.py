"""Tests of what each aspect of the core compares, and of the lines that it shows."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from sacred_core.compare import MISSING, diff
from sacred_core.stores import FileInfo
from sacred_core.testing import EventDriver, MemoryObserver

PATCH = """\
diff --git a/data.csv b/data.csv
index 1111111111111111111111111111111111111111..2222222222222222222222222222222222222222 100644
--- a/data.csv
+++ b/data.csv
@@ -1,2 +1,2 @@
 same
-old
+new
"""


def texts(found: Any, name: str) -> list[str]:
    """Return the lines of a section."""
    return [line for each in found.section(name) for line in each.text]


def test_values_of_entries_have_their_origins(record: Any) -> None:
    """Of the entry or what contains it, and whether an update changed a part of it."""
    origins = {"scope config": ["net", "same"], "command line": ["lr"]}
    config = {"lr": 0.1, "net": {"sizes": [1, 2]}, "same": 1}
    first = record(config, meta_info={"origins": origins | {"scope config": ["net", "lr"]}})
    second = record(
        {**config, "lr": 0.2, "net": {"sizes": [1, 3]}},
        meta_info={"origins": origins, "config_updates": {"lr": 0.2, "net": {"sizes": {"1": 3}}}},
    )
    found = diff(first, second)
    assert texts(found, "config") == [
        "- lr = 0.1  (command line)",
        "+ lr = 0.2  (command line)",
        "- net.sizes = [1, 2]  (scope config)",
        "+ net.sizes = [1, 3]  (scope config, updated)",
    ]
    assert found.section("config")[1].details == {
        "origins": ["scope config", "scope config, updated"]
    }


def test_an_origin_alone_is_no_difference(record: Any) -> None:
    """A value that is set on the command line may be the default."""
    first = record({"lr": 1}, meta_info={"origins": {"scope config": ["lr"]}})
    second = record({"lr": 1}, meta_info={"origins": {"command line": ["lr"]}})
    assert not diff(first, second)


def test_records_of_sacred_have_updates_only(record: Any) -> None:
    """An entry that an update set has this origin, others have none."""
    first = record({"a": 1, "b": 1}, meta_info={})
    second = record({"a": 2, "b": 2}, meta_info={"config_updates": {"a": 2}})
    assert texts(diff(first, second), "config") == [
        "- a = 1", "+ a = 2  (update)", "- b = 1", "+ b = 2",
    ]  # fmt: skip


def test_seeds_are_compared_by_themselves(record: Any) -> None:
    """That of the run and those of ingredients, which the configuration contains."""
    first = record({"seed": 1, "data": {"seed": 3, "path": "x"}})
    second = record({"seed": 2, "data": {"seed": 4, "path": "x"}})
    found = diff(first, second)
    assert [each.key for each in found] == ["seed", "data.seed"]
    assert {each.aspect for each in found} == {"seed"}


@pytest.mark.parametrize(
    ("first", "second", "lines"),
    [
        ([0] * 300, [0] * 200 + [1] + [0] * 99,
         ["- v: 300 items", "+ v: 300 items", "- v.200 = 0", "+ v.200 = 1"]),
        ([0] * 300, [0] * 301, ["- v: 300 items", "+ v: 301 items", "+ v.300 = 0"]),
        ([0] * 300, [1] * 300, None),
        ("x" * 300 + "a" + "y" * 300, "x" * 300 + "b" + "y" * 300,
         [f"- v = …{'x' * 60}a{'y' * 59}…", f"+ v = …{'x' * 60}b{'y' * 59}…"]),
        ("a\n" * 200 + "old\n", "a\n" * 200 + "new\n",
         ["v:", "@@ -198,4 +198,4 @@", " a", " a", " a", "-old", "+new"]),
        ("x" * 300, 5, [f"- v = '{'x' * 59}…", "+ v = 5"]),
    ],
)  # fmt: skip
def test_of_long_values_the_parts_that_differ_are_shown(
    record: Any, first: Any, second: Any, lines: list[str] | None
) -> None:
    """Items of lists, lines of strings, and what is around the first character that differs."""
    found = texts(diff(record({"v": first}), record({"v": second})), "config")
    if lines is None:
        assert len(found) == 2 + 2 * 10 + 1 and found[-1] == "  290 more items differ"
    else:
        assert found == lines


def test_an_array_is_one_value(record: Any) -> None:
    """Of a large one the rows that differ are shown; lists with dictionaries have entries."""
    rows = [[float(column + row) for column in range(50)] for row in range(40)]
    changed = [*rows[:7], [0.5, *rows[7][1:]], *rows[8:]]
    first, second = ({"a": each, "b": [[{"n": 1}]]} for each in (rows, changed))
    second["b"] = [[{"n": 2}]]
    found = diff(record(first), record(second))
    assert [each.key for each in found] == ["a", "b.0.0.n"]
    lines = texts(found, "config")
    assert lines[:2] == ["- a: 40 items", "+ a: 40 items"]
    assert lines[2].startswith("- a.7 = [7.0, 8.0, ") and lines[3].startswith("+ a.7 = [0.5, 8.0, ")
    assert lines[2].endswith("…") and len(lines) == 6


def test_only_sources_that_differ_are_read(record: Any) -> None:
    """Digests are compared first; the diff is that of the stored texts."""
    first = record(sources={"main.py": "x = 1\n", "same.py": "1\n", "old.py": "o\n"})
    second = record(sources={"main.py": "x = 2\n", "same.py": "1\n", "new.py": "n"})
    for number in (1, 2):
        del record.memory.runs[number].files["source", "same.py"]
    found = diff(first, second)
    assert texts(found, "code") == [
        "--- main.py", "+++ main.py", "@@ -1 +1 @@", "-x = 1", "+x = 2",
        "--- old.py", "+++ /dev/null", "@@ -1 +0,0 @@", "-o",
        "--- /dev/null", "+++ new.py", "@@ -0,0 +1,2 @@", "+n", "+\\ No newline at end of file",
    ]  # fmt: skip
    assert found.section("code")[0].details["diff"].startswith("--- main.py\n+++ main.py\n@@")
    assert found.problems == ()


def test_sources_that_are_not_text_or_not_stored_differ_by_their_digests(record: Any) -> None:
    """A line reports why there is no diff."""
    coding = b"# coding: latin-1\n"
    first = record(sources={"a.bin": b"\0\1", "latin.py": coding, "lost.py": "1\n"})
    second = record(
        sources={"a.bin": b"\0\1\2", "latin.py": coding + b"'\xe9'\n", "lost.py": "2\n"}
    )
    del record.memory.runs[2].files["source", "lost.py"]
    assert texts(diff(first, second), "code") == [
        "--- a.bin", "+++ a.bin", "  binary content of 2 B and 3 B",
        "--- latin.py", "+++ latin.py", "@@ -1 +1,2 @@", " # coding: latin-1", "+'é'",
        "--- lost.py", "+++ lost.py", "  its text is not stored in the memory#2",
    ]  # fmt: skip


def test_sources_without_digests_are_read(record: Any) -> None:
    """As of Sacred in MongoDB; what is missing then is not comparable, and not different."""
    first, second, third = (record(sources={"main.py": text}) for text in ("1\n", "1\n", "2\n"))
    for run in (first, second, third):
        run.files, run.experiment["sources"] = {}, [["main.py", "id of a file"]]
    assert not diff(first, second)
    assert texts(diff(first, third), "code")[2:] == ["@@ -1 +1 @@", "-1", "+2"]
    del record.memory.runs[3].files["source", "main.py"]
    found = diff(first, third)
    assert not found
    assert found.problems == (
        "the memory#3: the source 'main.py' has no digest, and is not stored",
    )


def test_commits_and_changed_files_that_are_no_sources(record: Any) -> None:
    """Of a file in the patch only the hunks that differ are shown."""
    repository = {"url": "git@host:r.git", "commit": "c1", "dirty": True, "patch": PATCH}
    changed = {**repository, "commit": "c2", "patch": PATCH.replace("+new", "+other")}
    runs = [record(ex_info={"repositories": [each]}) for each in (repository, changed)]
    found = diff(*runs)
    assert texts(found, "commit") == [
        "- commit of git@host:r.git = 'c1'",
        "+ commit of git@host:r.git = 'c2'",
        "uncommitted changes of data.csv:",
        "@@ -1,4 +1,4 @@", " @@ -1,2 +1,2 @@", "  same", " -old", "-+new", "++other",
    ]  # fmt: skip
    clean = record(ex_info={"repositories": [{**repository, "dirty": False, "patch": None}]})
    assert texts(diff(runs[0], clean), "commit") == [
        "uncommitted changes of data.csv, only in the first run:",
        "@@ -1,2 +1,2 @@", " same", "-old", "+new",
    ]  # fmt: skip
    assert texts(diff(clean, runs[0]), "commit")[0].endswith("only in the second run:")


def test_empty_keys_are_entries(record: Any) -> None:
    """A record of another program may have them."""
    runs = [record({"": value, "a": {"": value}}) for value in (1, 2)]
    for run in runs:
        run.meta["config_updates"] = {"a": {}}
    found = diff(*runs)
    assert found.problems == ()
    assert [(each.key, each.first, each.second) for each in found.section("config")] == [
        ("", 1, 2), ("a.", 1, 2),
    ]  # fmt: skip


def test_changed_binary_files(record: Any) -> None:
    """Their content is not shown, whether one run has it or both."""
    start = PATCH.partition("@@")[0].replace("data.csv", "a.bin")
    runs = [
        record(ex_info={"repositories": [{"url": None, "commit": "c", "dirty": True, "patch": p}]})
        for p in (f"{start}GIT binary patch\n{n}\n" for n in "12")
    ]
    runs.append(record(ex_info={"repositories": [{"url": None, "commit": "c", "dirty": False}]}))
    assert texts(diff(*runs[:2]), "commit") == [
        "uncommitted changes of a.bin:", "binary content",
    ]  # fmt: skip
    assert texts(diff(*runs[1:]), "commit") == [
        "uncommitted changes of a.bin, only in the first run:", "binary content",
    ]  # fmt: skip


def test_changes_of_recorded_sources_are_not_shown_twice(record: Any, tmp_path: Path) -> None:
    """The patch has the id of their content; another file of that name is shown."""
    (tmp_path / "file").write_text("new\n")
    command = ["git", "hash-object", str(tmp_path / "file")]
    blob = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    patch = PATCH.replace("data.csv", "lib/code.py").replace("2" * 40, blob)
    changed = {"url": None, "commit": "c", "dirty": True, "patch": patch}
    clean = {"url": None, "commit": "c", "dirty": False}
    first = record(sources={"code.py": "old\n"}, ex_info={"repositories": [clean]})
    second = record(sources={"code.py": "new\n"}, ex_info={"repositories": [changed]})
    third = record(sources={"code.py": "other\n"}, ex_info={"repositories": [changed]})
    assert {each.aspect for each in diff(first, second)} == {"code"}
    assert {each.aspect for each in diff(first, third)} == {"code", "commit"}


def test_changes_that_were_not_recorded_are_named(record: Any) -> None:
    """A dirty repository without a patch differs from a clean one."""
    dirty, clean = (
        record(ex_info={"repositories": [{"url": None, "commit": "c", "dirty": is_dirty}]})
        for is_dirty in (True, False)
    )
    assert texts(diff(dirty, clean), "commit") == [
        "- uncommitted changes of the repository = 'not recorded'"
    ]


def test_packages_and_machine(record: Any) -> None:
    """Versions, facts by their paths, and the environment apart from the host."""
    models = ({"gpus": [{"model": name}]} for name in ("A100", "H100"))
    old, new = ({"gpus": each, "gpu": each} for each in models)
    host = {
        "hostname": "a", **old,
        "threads": {"torch": 4}, "ENV": {"OMP": "1"}, "switches": {},
    }  # fmt: skip
    other = {
        **host, **new,
        "threads": {"torch": 8}, "ENV": {},
    }  # fmt: skip
    first = record(ex_info={"dependencies": ["numpy==1.0", "old==2"]}, host_info=host)
    second = record(ex_info={"dependencies": ["numpy==1.1", "new==3"]}, host_info=other)
    found = diff(first, second)
    assert texts(found, "packages") == [
        "- numpy==1.0", "+ numpy==1.1", "- old==2", "+ new==3",
    ]  # fmt: skip
    assert [each.key for each in found.section("host")] == ["gpus.gpus.0.model"]
    assert texts(found, "environment")[:2] == ["- threads.torch = 4", "+ threads.torch = 8"]
    assert [each.key for each in found.section("environment")] == [
        "threads.torch", "ENV.OMP",
    ]  # fmt: skip


def test_ends_results_and_info(record: Any) -> None:
    """The status with the error, and the entries of what was returned and noted."""
    first = record(result={"accuracy": 0.5, "loss": 1})
    driver = EventDriver(MemoryObserver(record.memory))
    number = driver.start(ex_info={"name": "trial", "sources": []}, config={}, command="other")
    driver.beat(info={"note": "n"}, result={"accuracy": 0.6, "loss": 1})
    driver.fail(("Traceback\n", "ValueError: broke\n"))
    found = diff(first, record.store.get(number))
    assert texts(found, "command") == ["- command = 'main'", "+ command = 'other'"]
    assert texts(found, "status") == [
        "- status = 'COMPLETED'", "+ status = 'FAILED'", "+ error = 'ValueError: broke'",
    ]  # fmt: skip
    assert texts(found, "result") == ["- result.accuracy = 0.5", "+ result.accuracy = 0.6"]
    assert texts(found, "info") == ["+ note = 'n'"]


def test_metrics_part_at_a_step(record: Any) -> None:
    """With both values in as many digits as they need, and statistics of both."""
    first = record(metrics={"loss": [3.0, 2.0, 1.0], "old": [1]})
    second = record(metrics={"loss": [3, 2.00001, 1.0], "new": [float("nan")]})
    found = diff(first, second)
    assert texts(found, "metrics") == [
        "- loss: 3 points, min 1 at step 2, max 3 at step 0, last 1 at step 2",
        "+ loss: 3 points, min 1 at step 2, max 3 at step 0, last 1 at step 2",
        "  part at step 1: 2, 2.00001",
        "- old: 1 point, min 1 at step 0, max 1 at step 0, last 1 at step 0",
        "+ new: 1 point, min nan at step 0, max nan at step 0, last nan at step 0",
    ]
    assert found.section("metrics")[0].details == {
        "parting": {
            "point": 1, "steps": [1, 1], "values": [2.0, 2.00001], "is_reordered": False,
            "ended": None,
        }
    }  # fmt: skip
    assert found.section("metrics")[1].second is MISSING


def test_metrics_that_end_are_reordered_or_have_other_steps(record: Any) -> None:
    """Each has its own line."""
    runs = []
    for steps, values in (([0, 1, 2], [1.0, 2.0, 3.0]), ([0, 1], [1.0, 2.0]),
                          ([0, 2, 1], [1.0, 3.0, 2.0]), ([0, 3, 4], [1.0, 2.0, 3.0])):  # fmt: skip
        driver = EventDriver(MemoryObserver(record.memory))
        number = driver.start()
        driver.log_points({"loss": (steps, values)})
        driver.complete()
        runs.append(record.store.get(number))
    lines = [texts(diff(runs[0], other), "metrics")[-1].strip() for other in runs[1:]]
    assert lines == [
        "equal for 2 points, then the second run has no more and the first run continues at step 2",
        "the same points in another order from step 1 / 2 on",
        "part at point 2: 2 at step 1, 2 at step 3",
    ]
    line = texts(diff(runs[1], runs[0]), "metrics")[-1].strip()
    assert line.endswith("the first run has no more and the second run continues at step 2")


def test_resources_in_the_folder_of_the_sources_have_relative_paths(
    record: Any, tmp_path: Path
) -> None:
    """So that the same file in a copy of the folder is equal; others have absolute paths.

    A content that the other run has under another path is not a difference.
    """
    runs = []
    for folder, content in (("one", "same"), ("two", "same"), ("three", "other")):
        base = tmp_path / folder
        (base / "data").mkdir(parents=True)
        paths = (base / "data" / "a.csv", tmp_path / "shared.csv")
        driver = EventDriver(MemoryObserver(record.memory))
        number = driver.start(ex_info={"name": "trial", "base_dir": str(base), "sources": []})
        for path in paths:
            path.write_text(content)
            driver.resource(str(path))
        driver.complete()
        runs.append(record.store.get(number))
    assert texts(diff(*runs[:2]), "files") == []
    assert texts(diff(*runs[1:]), "files") == [
        "- resource data/a.csv: 4 B, MD5 51037a4a37730f52c8732586d3aaa316",
        "+ resource data/a.csv: 5 B, MD5 795f3202b17cb6bc3d4b771d8c6c9eaf",
        f"- resource {tmp_path}/shared.csv: 4 B, MD5 51037a4a37730f52c8732586d3aaa316",
        f"+ resource {tmp_path}/shared.csv: 5 B, MD5 795f3202b17cb6bc3d4b771d8c6c9eaf",
    ]
    runs[1].resources.remove(f"{tmp_path}/shared.csv")
    for pair in (runs[:2], runs[1::-1]):
        assert texts(diff(*pair), "files") == []


def test_files_are_compared_by_digests(record: Any, tmp_path: Path) -> None:
    """Sizes are shown; a file without a digest is read, and may be missing in the store."""
    runs = []
    for text in ("one", "three"):
        driver = EventDriver(MemoryObserver(record.memory))
        number = driver.start()
        for name, content in (("a.txt", text), ("same.txt", "same")):
            (tmp_path / name).write_text(content)
            driver.artifact(name, str(tmp_path / name), metadata={"of": text})
        driver.complete()
        runs.append(record.store.get(number))
    found = diff(*runs)
    assert texts(found, "files") == [
        "- artifact a.txt: 3 B, MD5 f97c5d29941bfb1b2fdab0874906ab82",
        "+ artifact a.txt: 5 B, MD5 35d6d33467aae9a2e3dccb4b6b027878",
        "- metadata of artifact a.txt = {'of': 'one'}",
        "+ metadata of artifact a.txt = {'of': 'three'}",
        "- metadata of artifact same.txt = {'of': 'one'}",
        "+ metadata of artifact same.txt = {'of': 'three'}",
    ]
    assert found.section("files")[0].details == {
        "kind": "artifact", "name": "a.txt", "sizes": [3, 5],
    }  # fmt: skip
    for run in runs:
        run.files = {"artifact": {"same.txt": FileInfo(size=4)}}
    assert texts(diff(*runs), "files")[0].endswith("a.txt: MD5 f97c5d29941bfb1b2fdab0874906ab82")
    assert len(diff(*runs)) == 1
    del record.memory.runs[2].files["artifact", "a.txt"]
    found = diff(*runs)
    assert not found
    assert "the artifact 'a.txt' has no digest, and cannot be read" in found.problems[0]


def test_output_is_compared_without_what_differs_in_each_run(record: Any) -> None:
    """Ids, durations, times at the start of lines, speeds of progress bars, and colours."""
    first, second, third = (
        f'INFO - trial - Started run with ID "{number}"\n'
        f"2026-01-0{number} 10:0{number}:00,12{number} loading\n"
        f"\x1b[3{number}mgreen\x1b[0m\n"
        f"100%|###| 10/10 [00:0{number}<00:00,  {number}.50it/s]\r\n"
        f"{text}\n"
        f"INFO - trial - Completed after 0:00:0{number}\n"
        f"INFO - trial - To see it: sacred runs show runs {number}\n"
        for number, text in ((1, "loss 1"), (2, "loss 1"), (3, "loss 2"))
    )
    runs = [record(output=text) for text in (first, second, third)]
    assert not diff(runs[0], runs[1])
    found = texts(diff(runs[0], runs[2]), "output")
    assert [line for line in found if line[0] in "+-"] == ["-loss 1", "+loss 2"]
    assert " green" in found
    silent = record()
    assert len(texts(diff(silent, runs[0]), "output")) == 8
    (difference,) = diff(silent, runs[0])
    assert difference.first is MISSING and difference.second["lines"] == 7


def test_repositories_without_an_address_are_numbered(record: Any) -> None:
    """Each has its commit; changes of the second one are named with it."""
    clean = {"url": None, "commit": "a", "dirty": False}
    dirty = {"url": None, "commit": "b", "dirty": True, "patch": PATCH}
    first, second = (record(ex_info={"repositories": [clean, each]}) for each in (clean, dirty))
    found = diff(first, second)
    assert [each.key for each in found] == [
        "commit of the repository (2)",
        "uncommitted changes of data.csv in the repository (2)",
    ]
    assert found.section("commit")[0].second == "b"
