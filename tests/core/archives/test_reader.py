"""Tests of the program in an archive, in a process without sacred-core."""

import ast
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sacred_core.archives import ArchiveStore, pack
from sacred_core.archives.layout import reader
from sacred_core.serialization import strict_json
from sacred_core.stores.folder_format import format_time
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.comparing import assert_same
from sacred_core.testing.segment_contract import log_segments, write_segments

#: Prints points as JSON, and the SHA-256 digest of each file, of a run and an archive.
PROGRAM = """
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
import read_runs
path = sys.argv[2]
digest = lambda file: hashlib.sha256(file.read()).hexdigest()
found = []
for run in read_runs.runs(path):
    files = {
        kind: {name: digest(read_runs.open_file(path, run["id"], kind, name)) for name in own}
        for kind, own in run["files"].items()
    }
    parts = [read_runs.record(path, run["id"], name) for name in ("config", "info", "run")]
    found.append([run["id"], read_runs.metrics(path, run["id"]), files, parts])
print(json.dumps([found, read_runs.check(path), sorted(m for m in sys.modules if "sacred" in m)]))
"""


def run_python(*args: str, python: str = sys.executable) -> "subprocess.CompletedProcess[str]":
    """Run Python without site-packages, the environment and the working directory."""
    command = [python, "-I", "-S", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def find_pythons() -> dict[str, str]:
    """Return the interpreters of this machine by their versions: on the path, and of pyenv."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    pythons = {}
    for version in ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14"):
        found = [*root.glob(f"versions/{version}.*/bin/python"), shutil.which(f"python{version}")]
        for python in filter(None, found):
            if run_python("-c", "", python=str(python)).returncode == 0:
                pythons[version] = str(python)
                break
    return pythons or {"this": sys.executable}


PYTHONS = find_pythons()


@pytest.fixture
def extracted(archive: Path, tmp_path: Path) -> Path:
    """The folder into which the archive was extracted."""
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path / "extracted")
    return tmp_path / "extracted"


def numbers(value: Any) -> Any:
    """Return a value as the JSON of the standard library prints it."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("is_extracted", [False, True], ids=["ZIP", "folder"])
def test_every_metric_and_digest_equals_that_of_the_store(
    store: MemoryStore, archive: Path, extracted: Path, is_extracted: bool
) -> None:
    """Without sacred-core: points, configuration, files and a check of all digests."""
    path = extracted if is_extracted else archive
    done = run_python("-c", PROGRAM, str(extracted), str(path))
    assert done.returncode == 0, done.stderr
    found, wrong, modules = json.loads(done.stdout)
    assert (wrong, modules) == ([], [])
    for run_id, metrics, files, (config, info, record) in found:
        run = store.get(run_id)
        expected = {
            name: {**metric, "timestamps": [format_time(each) for each in metric["timestamps"]]}
            for name, metric in store.metrics(run_id).items()
        }
        assert_same(metrics, numbers(expected), "metrics")
        assert_same(config, numbers(run.config), "config")
        assert_same(info, numbers(run.info), "info")
        assert record["status"] == run.recorded_status and record["result"] == run.result
        digests = {
            (kind, name): digest for kind, own in files.items() for name, digest in own.items()
        }
        assert len(digests) == 19
        for (kind, name), digest in digests.items():
            with store.open_file(run_id, kind, name) as file:
                assert hashlib.sha256(file.read()).hexdigest() == digest, (kind, name)
    assert [each[0] for each in found] == [run.id for run in store.list()]


@pytest.mark.parametrize("version", PYTHONS)
def test_other_versions_of_python_read_the_same(
    archive: Path, extracted: Path, version: str
) -> None:
    """From 3.9 on, with what is printed for runs and points."""
    python = PYTHONS[version]
    for args in (["-c", PROGRAM, str(extracted), str(archive)],
                 [str(extracted / "read_runs.py"), str(archive)],
                 [str(extracted / "read_runs.py"), "1"]):  # fmt: skip
        found, expected = run_python(*args, python=python), run_python(*args)
        assert (found.returncode, found.stderr) == (0, "")
        assert found.stdout == expected.stdout and found.stdout.count("\n") > 0


def test_it_lists_runs(archive: Path, extracted: Path) -> None:
    """With the archive as argument, and without any in the extracted folder."""
    program = str(extracted / "read_runs.py")
    for args in ([str(archive)], []):
        done = run_python(program, *args)
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert [line.split(" 2026")[0] for line in lines] == [
            "1 COMPLETED", "2 FAILED", "Grid run TIMEOUT",
        ]  # fmt: skip
        assert lines[0].startswith("1 COMPLETED 2026-01-02T03:04:05.678901 2026-01-02T03:04:")
        assert lines[0].endswith(" mnist")


def test_it_prints_a_run(archive: Path, extracted: Path) -> None:
    """Its configuration, its result and each point, by the id as a string or a number."""
    program = str(extracted / "read_runs.py")
    for args in ([str(archive), "1"], ["1"]):
        done = run_python(program, *args)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert '  "seed": 1' in lines and 'result: {"accuracy": 0.9}' in lines
        points = [line.rpartition(" ")[0] for line in lines if line.startswith("loss ")]
        assert points[:3] == ["loss 0 1.5", "loss 1 nan", "loss 2 inf"] and len(points) == 5
    assert run_python(program, "Grid run").stdout.startswith("Grid run TIMEOUT")


def test_it_finds_damage(archive: Path, extracted: Path, tmp_path: Path) -> None:
    """Changed and missing entries are named, and the exit code is 1."""
    (content,) = {name for name in (extracted / "contents").iterdir() if name.stat().st_size == 9}
    content.write_bytes(b"changed\n\n")
    (extracted / "runs/1/cout.txt").unlink()
    done = run_python(str(extracted / "read_runs.py"))
    assert done.returncode == 1
    assert done.stderr == f"damaged: contents/{content.name}, runs/1/cout.txt\n"


def test_it_needs_python_3_9() -> None:
    """Its syntax is that of 3.9, it imports the standard library only, and is short."""
    tree = ast.parse(reader(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else
                     [alias.name for alias in node.names])
    }  # fmt: skip
    assert imported <= sys.stdlib_module_names
    assert len(reader().splitlines()) < 150


def test_the_archive_has_the_program(extracted: Path) -> None:
    """It is that of the package, and the README names it."""
    assert (extracted / "read_runs.py").read_bytes() == reader()
    text = (extracted / "README.txt").read_text(encoding="utf-8")
    assert "python read_runs.py runs.zip" in text and "format version 1" in text
    assert strict_json("NaN") in text


def test_a_resumed_run_is_read_as_it_is_shown(tmp_path: Path) -> None:
    """Points that a later segment repeats are left out, unless all are requested."""
    memory = Memory()
    driver = EventDriver(MemoryObserver(memory))
    run_id = driver.start()
    steps = [[0, 1, 2, math.nan, 5], [2, 1, 3], [], [3, 9]]
    parts = {"loss": [(own, [float(len(own))] * len(own)) for own in steps]}
    parts["new"] = [([], []), ([7, 8], [1.0, 2.0]), ([8], [3.0]), ([], [])]
    segments = log_segments(driver, parts)
    driver.beat()
    write_segments(driver, segments)
    driver.complete()
    store = MemoryStore(memory)
    pack(store, [store.get(run_id)], tmp_path / "runs.zip")
    program = tmp_path / "read_runs.py"
    program.write_bytes(reader())
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import read_runs\n"
        "print(json.dumps([read_runs.metrics(sys.argv[2], 1, raw) for raw in (False, True)]))"
    )
    done = run_python("-c", script, str(tmp_path), str(tmp_path / "runs.zip"))
    assert done.returncode == 0, done.stderr
    shown, every = json.loads(done.stdout)
    archived = ArchiveStore(tmp_path / "runs.zip")
    assert archived.get(run_id).segments == store.get(run_id).segments
    for found, raw in ((shown, False), (every, True)):
        for name, metric in archived.metrics(run_id, raw).items():
            assert repr(found[name]["steps"]) == repr(list(metric["steps"]))
            assert found[name]["values"] == list(metric["values"])
    assert repr(shown["loss"]["steps"]) == "[0, nan, 2, 1, 3, 9]"
    assert shown["new"]["steps"] == [7, 8]
