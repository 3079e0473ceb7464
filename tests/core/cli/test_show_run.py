"""Tests of ``sacred runs show``, ``get``, ``watch`` and ``export``."""

import itertools
import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.cli.runs.page import PageStyle, page
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.readable_numbers import size_text
from sacred_core.terminal import text_width
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

PATCH = "diff --git a/train.py b/train.py\n+more\n"


@pytest.fixture
def run(memory: Memory, tmp_path: Path) -> Memory:
    """A run with everything that a page shows."""
    (tmp_path / "train.py").write_text("x = 1\n")
    (tmp_path / "model.bin").write_bytes(b"m" * 2048)
    (tmp_path / "data.csv").write_text("1,2\n")
    driver = EventDriver(MemoryObserver(memory))
    driver.start(
        ex_info={
            "name": "mnist", "mainfile": "train.py", "base_dir": str(tmp_path),
            "sources": [["train.py", "0" * 32]], "dependencies": ["numpy==2.0"],
            "repositories": [
                {"url": "https://x/y.git", "commit": "c0ffee", "dirty": True, "patch": PATCH}
            ],
        },
        host_info={"hostname": "nemo", "os": ["Linux", "6.1"]},
        config={"lr": 0.1, "model": {"size": 2}},
        meta_info={
            "command": "main",
            "options": {"COMMAND": None, "UPDATE": ["lr=0.1"], "--force": True, "--name": None},
            "origins": {"command line": ["lr"], "scope cfg": ["model.size"]},
        },
    )  # fmt: skip
    driver.log("loss", [4.0, 1.0, 2.0])
    driver.log("text", ["a"])
    driver.artifact("model.bin", str(tmp_path / "model.bin"), content_type="application/x-m")
    driver.resource(str(tmp_path / "data.csv"))
    driver.print("printed\n")
    driver.complete(result=3)
    return memory


def invoke(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", *args])


def test_the_page_of_a_run(run: Memory, tmp_path: Path) -> None:
    """Command line, code, packages, host, metrics and files are on it."""
    text = invoke("show", "memory://", "1").output
    for part in (
        "Command line:\n  train.py main with lr=0.1 --force\n",
        f"  train.py {'0' * 32}\n  git https://x/y.git at c0ffee, with uncommitted changes\n",
        "Packages:\n  numpy==2.0\n",
        "  hostname = 'nemo'\n  os = Linux 6.1\n",
        "  lr = 0.1\n  model.size = 2\n",
        "  loss: 3 points, min 1 at step 1, max 4 at step 0, last 2 at step 2\n",
        "  text: 0 points, 1 value without a number\n",
        "Artifacts:\n  model.bin (application/x-m, 2.05 kB)\n",
        f"Resources:\n  {tmp_path / 'data.csv'} (4 B)\n",
        "Result:\n  3\n",
        "Output:\n  printed",
    ):
        assert part in text, part
    assert "+more" not in text and "#" not in text


def test_origins_and_patches_are_shown_on_demand(run: Memory) -> None:
    """`--origin` adds where a value comes from, `--patch` the uncommitted changes."""
    text = invoke("show", "memory://", "--origin", "--patch").output
    assert "  lr = 0.1        # command line\n  model.size = 2  # scope cfg\n" in text
    assert "Changes since c0ffee:\n  diff --git a/train.py b/train.py\n  +more\n" in text


def test_curves_are_shown_in_a_terminal(run: Memory) -> None:
    """A line of block characters precedes a metric with several points."""
    store = MemoryStore(run)
    lines = page(store, store.get(1), PageStyle(is_plain=False))
    assert any(line.startswith("  █▁▃ loss: 3 points") for line in lines)
    assert any(line.startswith("  text: 0 points") for line in lines)


def section(lines: list[str], name: str) -> list[str]:
    """Return the lines of a section of a page, which ends at an empty one."""
    start = lines.index(f"{name}:") + 1
    return [*itertools.takewhile(bool, lines[start:])]


@pytest.mark.parametrize("width", [40, 80, 160])
def test_metrics_and_packages_fit_the_terminal(
    run: Memory, in_terminal: Callable[..., list[str]], width: int
) -> None:
    """A line about a metric is divided between its facts, and its curve has a line of its own."""
    driver = EventDriver(MemoryObserver(run))
    driver.start(
        ex_info={
            "name": "x",
            "base_dir": ".",
            "dependencies": [f"package{n}==1.0" for n in range(9)],
        }
    )
    driver.log("精度", [2 / 3, 0.5, 1 / 3])
    driver.complete()
    lines = in_terminal(width, "runs", "show", "memory://", "2")
    packages, metrics = section(lines, "Packages"), section(lines, "Metrics")
    assert max(map(text_width, (*packages, *metrics))) <= width
    assert " ".join(packages).split() == [f"package{n}==1.0{',' * (n < 8)}" for n in range(9)]
    line = "精度: 3 points, min 0.3333 at step 2, max 0.6667 at step 0, last 0.3333 at step 2"
    curve = "█▅▁"
    if width == 160:
        assert metrics == [f"  {curve} {line}"]
    else:
        assert metrics[-1] == f"    {curve}"
        assert " ".join(each.strip() for each in metrics[:-1]) == line


def test_show_has_four_digits(memory: Memory) -> None:
    """Metrics and the result have four digits, or all with `--exact`; the configuration has all."""
    driver = EventDriver(MemoryObserver(memory))
    driver.start(config={"lr": 0.123456789})
    driver.log("loss", [0.123456789])
    driver.complete(result={"accuracy": [0.987654321]})
    for args, loss, result in (
        ((), "0.1235", "{'accuracy': [0.9877]}"),
        (("--exact",), "0.123456789", "{'accuracy': [0.987654321]}"),
    ):
        text = invoke("show", "memory://", "1", *args).output
        assert f"min {loss} at step 0" in text and f"Result:\n  {result}\n" in text
        assert "lr = 0.123456789" in text
        assert f"loss = {loss} at" in invoke("watch", "memory://", "1", *args).stderr


def test_times_have_ages(memory: Memory) -> None:
    """Each time of a run, and that of a note, is followed by its age."""
    driver = EventDriver(MemoryObserver(memory))
    driver.start(start_time=datetime.now(UTC) - timedelta(days=2, hours=5))
    driver.complete()
    invoke("note", "memory://", "1", "hello")
    text = invoke("show", "memory://", "1").output
    assert re.search(r"started \S+ \S+ UTC \(2 d ago\)\n", text)
    assert re.search(r"UTC \(\d s ago\) \S+: hello\n", text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (123_456, "123 kB"), (5 * 10**9, "5 GB"),
     (10**16, "1e+04 TB")],
)  # fmt: skip
def test_sizes(size: int, text: str) -> None:
    """Bytes have three digits and a unit."""
    assert size_text(size) == text


def test_a_command_line_is_made_of_a_call(memory: Memory) -> None:
    """Updates of `ex.run` are shown as they would be on a command line."""
    driver = EventDriver(MemoryObserver(memory))
    driver.start(
        meta_info={
            "options": {"UPDATE": []}, "config_updates": {"a": {"b": 1}},
            "named_configs": ["small"],
        }
    )  # fmt: skip
    driver.complete()
    assert "main with small a.b=1\n" in invoke("show", "memory://").output


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which is empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_files_are_fetched(run: Memory, folder: Path, tmp_path: Path) -> None:
    """Artifacts, resources, sources and patches are written under the last part of their name."""
    data = str(tmp_path / "data.csv")
    assert invoke("get", "memory://", "1", "model.bin").output == "Wrote model.bin.\n"
    assert (folder / "model.bin").read_bytes() == b"m" * 2048
    assert invoke("get", "memory://", "1", data).exit_code == 0
    assert (folder / "data.csv").read_text() == "1,2\n"
    assert invoke("get", "memory://", "1", "c0ffee", "-o", "-").output == PATCH
    assert invoke("get", "memory://", "1", data, "-o", str(folder / "other")).exit_code == 0
    assert (folder / "other").read_text() == "1,2\n"


def test_a_file_is_not_replaced_without_force(run: Memory, folder: Path) -> None:
    """A file that exists is an error that names --force."""
    (folder / "model.bin").write_text("mine")
    result = invoke("get", "memory://", "1", "model.bin")
    assert isinstance(result.exception, OptionError) and "--force" in str(result.exception)
    assert (folder / "model.bin").read_text() == "mine"
    assert invoke("get", "memory://", "1", "model.bin", "--force").exit_code == 0
    assert (folder / "model.bin").stat().st_size == 2048


def test_an_unknown_file_is_an_error(run: Memory, folder: Path) -> None:
    """The message has the files that there are, and nothing is written."""
    result = invoke("get", "memory://", "1", "modle.bin")
    assert isinstance(result.exception, StoreError)
    assert "it has model.bin, " in str(result.exception)
    assert isinstance(invoke("get", "memory://", "1", "x", "-k", "source").exception, StoreError)
    assert not [*folder.iterdir()]


def test_a_name_of_two_files_needs_a_kind(memory: Memory, folder: Path, tmp_path: Path) -> None:
    """`--kind` chooses between an artifact and a resource of one name."""
    path = tmp_path / "both"
    path.write_text("resource")
    driver = EventDriver(MemoryObserver(memory))
    driver.start()
    driver.resource(str(path))
    path.write_text("artifact")
    driver.artifact(str(path), str(path))
    driver.complete()
    result = invoke("get", "memory://", "1", str(path))
    assert "artifact and resource: choose one with --kind" in str(result.exception)
    for kind in ("artifact", "resource"):
        assert invoke("get", "memory://", "1", str(path), "-k", kind, "-o", "-").output == kind


def test_a_running_run_is_followed(memory: Memory) -> None:
    """Output and metrics are printed as they come, until the run ends."""
    driver = EventDriver(MemoryObserver(memory))
    driver.start(start_time=datetime.now(UTC))
    driver.print("first\n")
    driver.log("loss", [4.0])
    result: list[Result] = []
    thread = threading.Thread(
        target=lambda: result.append(invoke("watch", "memory://", "--interval", "0.05"))
    )
    thread.start()
    driver.print("second\n")
    driver.log("loss", [1.5])
    driver.complete()
    thread.join(30)
    assert not thread.is_alive()
    assert result[0].stdout == "first\nsecond\n"
    assert result[0].stderr.splitlines()[-1] == "Run 1: COMPLETED"
    assert "loss = 1.5 at step 0" in result[0].stderr


def test_export(run: Memory, folder: Path) -> None:
    """Runs and points are written to a file; the number of rows is printed."""
    result = invoke("export", "memory://", "--to", "runs.json")
    assert result.stderr == "Wrote 1 row to runs.json.\n"
    (row,) = json.loads((folder / "runs.json").read_text())
    assert (row["id"], row["config.lr"], row["metrics.loss.min"]) == (1, 0.1, 1.0)
    invoke("export", "memory://", "--to", "points.csv", "--points")
    lines = (folder / "points.csv").read_text().splitlines()
    assert lines[0] == "id,metric,step,value,time"
    assert lines[1].startswith("1,loss,0,4.0,2026-")
    assert len(lines) == 5
    invoke("export", "memory://", "--to", "text.csv", "-m", "text", "-w", "id = 1")
    assert len((folder / "text.csv").read_text().splitlines()) == 2
    bad: Any = invoke("export", "memory://", "--to", "runs.doc").exception
    assert isinstance(bad, OptionError)


def test_the_parent_and_the_children_of_a_run_are_named(memory: Memory) -> None:
    """As text by their titles, as data by their ids; a parent elsewhere has its uid."""
    for number, parent in ((1, 9), (2, 1), (3, 2)):
        driver = EventDriver(MemoryObserver(memory))
        meta = {"uid": f"{number:032x}", "parent": f"{parent:032x}"}
        driver.start(ex_info={"name": f"n{number}"}, command="main", meta_info=meta)
        driver.complete()
    text = invoke("show", "memory://", "2").stdout
    assert "\nParent:\n  Run 1: n1 main, COMPLETED\n\nChildren:\n  Run 3: n3 main" in text
    data = json.loads(invoke("show", "memory://", "2", "--json").stdout)
    assert (data["parent_id"], data["children"]) == (1, [3])
    assert f"\nParent:\n  not in this store: {9:032x}\n" in invoke("show", "memory://", "1").stdout
    data = json.loads(invoke("show", "memory://", "1", "--json").stdout)
    assert (data["parent_id"], data["children"]) == (None, [2])
    assert "Children:" not in invoke("show", "memory://", "3").stdout
