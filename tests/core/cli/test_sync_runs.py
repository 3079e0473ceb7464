"""Tests of ``sacred runs sync`` over stores in memory."""

import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.stores import Annotation
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import START

Memories = dict[str, Memory]


def record(memory: Memory, number: int, _id: Any = None, count: int = 2) -> EventDriver:
    driver = EventDriver(MemoryObserver(memory))
    driver.start(_id=_id, meta_info={"uid": f"{number:032x}", "beat_interval": 9e7})
    driver.log("loss", [1.0] * count)
    driver.beat()
    return driver


def sync(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "sync", *args])


def note(memory: Memory, text: str) -> None:
    annotation = Annotation(time=START + timedelta(hours=1), user="ann", note=text)
    MemoryStore(memory).annotate(1, annotation)


def test_runs_are_copied_in_both_directions(memories: Memories) -> None:
    """Each has a line with its direction and its ids; a repetition changes nothing."""
    record(memories["a"], 1).complete()
    record(memories["b"], 2).complete()
    record(memories["b"], 3).complete()
    result = sync("a", "b")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "A to B: Run 1 → 3: copied (2 points)",
        "B to A: Run 1 → 2: copied (2 points)",
        "B to A: Run 2 → 3: copied (2 points)",
        "3 runs: 2 copied to A, 1 copied to B.",
    ]
    assert sync("a", "b").stdout == "3 runs: 3 equal.\n"


def test_parts_and_annotations_are_merged(memories: Memories) -> None:
    """What was added is shown."""
    record(memories["a"], 1, count=3).complete()
    record(memories["b"], 1, count=2).complete()
    note(memories["b"], "note")
    assert sync("a", "b", "--dry-run").stdout.splitlines() == [
        "A to B: Run 1: would be continued (1 point)",
        "Run 1: tags and notes would be added",
        "1 run: 1 merged.",
    ]
    result = sync("a", "b")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "A to B: Run 1: continued (1 point)",
        "Run 1: tags and notes added",
        "1 run: 1 merged.",
    ]
    assert [each["text"] for each in MemoryStore(memories["a"]).get(1).notes] == ["note"]


def test_conflicts_are_reported(memories: Memories) -> None:
    """With what differs, and exit code 1; other runs are copied."""
    record(memories["a"], 1).complete(result=1)
    record(memories["b"], 1, _id=7).complete(result=2)
    record(memories["a"], 2).complete()
    record(memories["a"], 3).complete()
    memories["a"].runs[3].run.info = [1]  # type: ignore[assignment]
    result = sync("a", "b")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[:3] == [
        "Run 1 → 7: conflict: nothing but tags and notes is copied",
        "  result: 1 in A, 2 in B",
        "A to B: Run 2: copied (2 points)",
    ]
    assert lines[3].startswith("Run 3: run '3' is damaged")
    assert lines[4] == "3 runs: 1 copied to B, 1 conflict, 1 failed."
    assert result.stderr == "Not synchronised: 2 runs; see above.\n"


def test_missing_content_is_counted(memories: Memories, tmp_path: Any) -> None:
    """A file whose content is lost has exit code 1."""
    (tmp_path / "file").write_text("content")
    driver = record(memories["b"], 1)
    driver.artifact("art", str(tmp_path / "file"))
    driver.complete()
    memories["b"].runs[1].files.clear()
    result = sync("a", "b")
    assert result.exit_code == 1
    assert "  missing: the content of the artifact 'art'" in result.stdout
    assert result.stderr == "Not synchronised: 1 part; see above.\n"


def test_json(memories: Memories) -> None:
    """One object for each run, equal ones too."""
    for memory in memories.values():
        record(memory, 1).complete()
    record(memories["b"], 2).complete()
    lines = sync("a", "b", "--json", "--dry-run").stdout.splitlines()
    first, second = map(json.loads, lines)
    assert first == {
        "uid": f"{1:032x}", "name": "fed", "a": 1, "b": 1, "state": "equal", "to_a": None,
        "to_b": None, "is_merged": False, "conflicts": [], "problem": None, "dry_run": True,
    }  # fmt: skip
    assert (second["state"], second["a"], second["b"]) == ("copied to A", None, 2)
    assert second["to_a"]["points"] == 2


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (["a", "a"], OptionError, "both locations are the same"),
        (["a"], None, "Missing argument 'B'"),
        (["a", "b", "5"], None, "unexpected extra argument"),
    ],
)
def test_mistakes(
    memories: Memories, args: list[str], error: type[Exception] | None, message: str
) -> None:
    """Each mistake has an error."""
    result = sync(*args)
    if error is None:
        assert result.exit_code == 2 and message in result.stderr
    else:
        assert isinstance(result.exception, error) and message in str(result.exception)


def test_a_store_that_does_not_exist_is_not_a(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong name of A would copy all runs of B into a new store; B may be new."""
    record(memories["b"], 1).complete()

    def fail(store: MemoryStore) -> None:
        if store.memory is memories["a"]:
            raise StoreError("there is no store")

    monkeypatch.setattr(MemoryStore, "require_existing", fail)
    result = sync("a", "b")
    assert isinstance(result.exception, StoreError) and not memories["a"].runs
    result = sync("b", "a")
    assert result.exit_code == 0 and list(memories["a"].runs) == [1]


def test_a_taken_id_is_no_warning(memories: Memories, caplog: pytest.LogCaptureFixture) -> None:
    """Both ids are printed; the log has no warning."""
    record(memories["a"], 1).complete()
    record(memories["b"], 2).complete()
    sync("a", "b")
    assert [each for each in caplog.records if "already exists" in each.getMessage()] == []
