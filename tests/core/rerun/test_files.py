"""Tests that sources and resources are restored, and checked."""

from pathlib import Path

import pytest

from sacred_core.exceptions import RerunError
from sacred_core.rerun.files import (
    create_folder,
    restore_resources,
    restore_sources,
    write_inside,
)
from sacred_core.rerun.layout import Layout, plan_layout
from sacred_core.testing import MemoryStore

from .conftest import RecordRun


def plan(recorded: object, folder: Path) -> Layout:
    folder.mkdir(exist_ok=True)
    return plan_layout(recorded.run, folder)  # type: ignore[attr-defined]


def damage(store: object, kind: str, name: str) -> None:
    assert isinstance(store, MemoryStore)
    [record] = store.memory.runs.values()
    record.files[kind, name] = b"other"


def test_sources_are_written_at_their_names(record: RecordRun, tmp_path: Path) -> None:
    """The folder contains what was stored, also beside the folder of the main file."""
    recorded = record({"train.py": "x = 1\n", "a/b.py": "y = 2\n", "../lib/c.py": "z = 3\n"})
    layout = plan(recorded, tmp_path / "again")
    assert restore_sources(recorded.store, recorded.run, layout) == []
    found = {p.relative_to(tmp_path / "again").as_posix() for p in (tmp_path / "again").rglob("*")}
    assert found == {
        "project", "project/train.py", "project/a", "project/a/b.py", "lib", "lib/c.py",
    }  # fmt: skip
    assert (tmp_path / "again/lib/c.py").read_text() == "z = 3\n"


def test_a_damaged_source_is_an_error(record: RecordRun, tmp_path: Path) -> None:
    """A content with another digest is not executed; the message names the file."""
    recorded = record({"train.py": "x = 1\n", "helper.py": "y = 2\n"})
    damage(recorded.store, "source", "helper.py")
    layout = plan(recorded, tmp_path / "again")
    with pytest.raises(RerunError, match=r"source 'helper.py' is damaged: its md5 is 795f3202"):
        restore_sources(recorded.store, recorded.run, layout)
    assert not (tmp_path / "again/helper.py").exists()


def test_a_source_without_content_is_an_error(record: RecordRun, tmp_path: Path) -> None:
    """A store that has only the digest cannot give the source back."""
    recorded = record()
    assert isinstance(recorded.store, MemoryStore)
    [stored] = recorded.store.memory.runs.values()
    stored.files.clear()
    with pytest.raises(RerunError, match=r"content of the source 'train.py' cannot be read"):
        restore_sources(recorded.store, recorded.run, plan(recorded, tmp_path / "again"))


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    """What a patch made a link is not followed out of the folder, and a file link is replaced."""
    folder, outside = tmp_path / "again", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    with pytest.raises(RerunError, match="leads out of the folder"):
        write_inside(folder, folder / "link" / "x.py", b"x")
    (outside / "file").write_text("old")
    (folder / "file").symlink_to(outside / "file")
    write_inside(folder, folder / "file", b"new")
    assert (outside / "file").read_text() == "old"
    assert (folder / "file").read_text() == "new"


def test_a_different_file_of_the_repository_is_replaced(record: RecordRun, tmp_path: Path) -> None:
    """The stored source is used, with a warning; an equal file is left as it is."""
    recorded = record({"train.py": "x = 1\n", "same.py": "y = 2\n"})
    layout = plan(recorded, tmp_path / "again")
    (layout.folder / "train.py").write_text("other")
    (layout.folder / "same.py").write_text("y = 2\n")
    [warning] = restore_sources(recorded.store, recorded.run, layout)
    assert warning == "'train.py' in the repository differs from the stored source, which is used"
    assert (layout.folder / "train.py").read_text() == "x = 1\n"


def test_resources_of_the_project_are_restored(
    record: RecordRun, base: Path, tmp_path: Path
) -> None:
    """One in the folder of the sources is written; one outside is used if it is as it was."""
    recorded = record(resources={"data/a.csv": "1\n", "../same.csv": "2\n", "../other.csv": "3\n"})
    (base.parent / "other.csv").write_text("changed")
    (base / "data" / "a.csv").unlink()
    layout = plan(recorded, tmp_path / "again")
    [warning] = restore_resources(recorded.store, recorded.run, layout)
    assert "other.csv' has changed: its md5 was" in warning
    assert (layout.folder / "data" / "a.csv").read_text() == "1\n"
    (base.parent / "other.csv").unlink()
    [warning] = restore_resources(recorded.store, recorded.run, layout)
    assert "is missing" in warning


def test_resources_of_the_working_directory_are_restored(
    record: RecordRun, base: Path, tmp_path: Path
) -> None:
    """A script that was started above its folder finds them; a changed original is named."""
    info = {"working_dir": str(base.parent)}
    recorded = record(info=info, resources={"../data/a.csv": "1\n"})
    layout = plan(recorded, tmp_path / "again")
    assert restore_resources(recorded.store, recorded.run, layout) == []
    assert (layout.working_dir / "data" / "a.csv").read_text() == "1\n"
    (base.parent / "data" / "a.csv").write_text("changed")
    [warning] = restore_resources(recorded.store, recorded.run, layout)
    assert "a.csv' has changed: its md5 was" in warning


def test_a_folder_is_not_created_elsewhere(tmp_path: Path) -> None:
    """A link that a repository contains is not followed, and a file is not replaced."""
    folder = tmp_path / "again"
    create_folder(folder, folder / "a" / "b")
    assert (folder / "a" / "b").is_dir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "file").write_text("")
    with pytest.raises(RerunError, match="leads out of the folder"):
        create_folder(folder, folder / "link" / "x")
    with pytest.raises(RerunError, match="cannot create"):
        create_folder(folder, folder / "file" / "x")


def test_a_resource_that_is_not_stored_is_copied_from_its_place(
    record: RecordRun, base: Path, tmp_path: Path
) -> None:
    """If its file still has the recorded digest it is used, else it is a warning."""
    recorded = record(resources={"a.csv": "1\n"})
    path = str((base / "a.csv").resolve())
    digest = recorded.run.resource_info[path].md5
    assert digest is not None
    assert isinstance(recorded.store, MemoryStore)
    [stored] = recorded.store.memory.runs.values()
    del stored.files["resource", path]
    layout = plan(recorded, tmp_path / "again")
    assert restore_resources(recorded.store, recorded.run, layout) == []
    assert (layout.folder / "a.csv").read_text() == "1\n"
    (layout.folder / "a.csv").unlink()
    (base / "a.csv").write_text("2\n")
    [warning] = restore_resources(recorded.store, recorded.run, layout)
    assert "cannot be restored" in warning
