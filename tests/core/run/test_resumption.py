"""Tests of what a run uses of the stored run that it resumes."""

from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.exceptions import ArtifactNotFoundError
from sacred_core.run.resumption import (
    ArtifactCopies,
    PartResumption,
    Resumed,
    Resumption,
    last_steps,
    source_name,
)
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """A store with a run that has the artifact "a/model.bin" and two metrics."""
    memory = Memory()
    ex = Experiment("e", interactive=True, save_git_info=False)
    ex.observers.append(MemoryObserver(memory))
    file = tmp_path / "model.bin"
    file.write_bytes(b"weights")

    @ex.main
    def main(_run: Any) -> None:
        _run.add_artifact(file, name="a/model.bin")
        _run.log_scalars({"x": [1, 2], "y": [1, 2]}, step=[7, 3])

    ex.run()
    return MemoryStore(memory)


def resumption_of(store: MemoryStore, sources: list[list[str]] | None = None) -> Resumption:
    stored = store.get(1)
    if sources is not None:
        stored.experiment = {**stored.experiment, "sources": sources}
        stored.files = {}
    return Resumption(store, stored, Resumed(segment=1))


def test_an_artifact_is_copied_once(store: MemoryStore) -> None:
    """The copy has the name of the file, and is removed at the end."""
    copies = ArtifactCopies(resumption_of(store))
    path = copies.path_of("a/model.bin", {})
    assert (path.name, path.read_bytes()) == ("model.bin", b"weights")
    assert copies.path_of("a/model.bin", {}) == path
    copies.remove()
    assert not path.exists()


def test_an_artifact_of_this_process_precedes_the_stored_one(
    store: MemoryStore, tmp_path: Path
) -> None:
    """Its file is copied each time, since it may have been added again."""
    copies = ArtifactCopies(resumption_of(store))
    file = tmp_path / "new.bin"
    for content in (b"1", b"2"):
        file.write_bytes(content)
        assert copies.path_of("a/model.bin", {"a/model.bin": file}).read_bytes() == content
    copies.remove()


@pytest.mark.parametrize(
    ("name", "message"),
    [("a/model.pin", "did you mean 'a/model.bin'?"), ("other", "it has 'a/model.bin'")],
)
def test_a_missing_artifact_is_an_error(store: MemoryStore, name: str, message: str) -> None:
    """The error names a similar artifact, or those that there are."""
    copies = ArtifactCopies(resumption_of(store))
    with pytest.raises(ArtifactNotFoundError) as raised:
        copies.path_of(name, {})
    assert message in str(raised.value)
    with pytest.raises(ArtifactNotFoundError, match="it has no artifacts"):
        ArtifactCopies(None).path_of(name, {})
    copies.remove()


def test_a_rank_gets_its_own_artifact_or_else_that_of_rank_0(
    store: MemoryStore, tmp_path: Path
) -> None:
    """Its own one is in its part of the run; a rank that is new has none."""
    other = Memory()
    ex = Experiment("part", interactive=True, save_git_info=False)
    ex.observers.append(MemoryObserver(other))
    (tmp_path / "own.bin").write_bytes(b"of the rank")

    @ex.main
    def main(_run: Any) -> None:
        _run.add_artifact(tmp_path / "own.bin", name="own.bin")

    ex.run()
    resumed, parts = Resumed(segment=1), MemoryStore(other)
    own = Resumption(parts, parts.get(1), resumed)
    rank = PartResumption(store, store.get(1), resumed, own)
    assert rank.copy_artifact("own.bin", tmp_path).read_bytes() == b"of the rank"
    assert rank.copy_artifact("a/model.bin", tmp_path).read_bytes() == b"weights"
    new = PartResumption(store, store.get(1), resumed, None)
    assert new.copy_artifact("a/model.bin", tmp_path).read_bytes() == b"weights"
    with pytest.raises(ArtifactNotFoundError):
        new.copy_artifact("own.bin", tmp_path)


def test_the_last_steps_are_those_of_the_last_points(store: MemoryStore) -> None:
    """They need not be the highest ones."""
    assert last_steps(store, 1) == {"x": 3, "y": 3}


def test_only_code_that_differs_is_recorded_again(store: MemoryStore, tmp_path: Path) -> None:
    """New sources have their names; those with another content have the name of the segment."""
    (tmp_path / "train.py").write_text("new")
    (tmp_path / "same.py").write_text("same")
    known = resumption_of(store, [["train.py", "0" * 32], ["same.py", "1" * 32]])
    sources = [["train.py", "2" * 32], ["same.py", "1" * 32], ["more.py", "3" * 32]]
    first, second = known.code_events(str(tmp_path), sources, ["numpy==2"])
    assert first == {
        "sources": [["more.py", "3" * 32]], "dependencies": ["numpy==2"], "base_dir": str(tmp_path),
    }  # fmt: skip
    assert second["sources"] == [[source_name(1, "train.py"), "2" * 32]]
    copied = Path(second["base_dir"], source_name(1, "train.py"))
    assert copied.read_text() == "new"
    known.close()
    assert not copied.exists()


def test_equal_code_is_not_recorded_again(store: MemoryStore, tmp_path: Path) -> None:
    """Without new packages there is no event."""
    known = resumption_of(store, [["same.py", "1" * 32]])
    assert known.code_events(str(tmp_path), [["same.py", "1" * 32]], []) == []


def test_copies_of_artifacts_last_until_the_end_of_the_run(tmp_path: Path) -> None:
    """``_run.artifact_path`` works in every run; afterwards the copy is removed."""
    ex = Experiment("e", interactive=True)
    file = tmp_path / "model.bin"
    file.write_bytes(b"weights")
    paths = []

    @ex.main
    def main(_run: Any) -> None:
        _run.add_artifact(file)
        paths.append(_run.artifact_path("model.bin"))
        assert paths[0].read_bytes() == b"weights"
        assert paths[0] != file

    ex.run()
    assert not paths[0].exists()
