"""What a run stores is equal to what release 0.1.0 stores, but for times and ids."""

from pathlib import Path
from types import ModuleType

from sacred_tinydb import TinyDbObserver, TinyDbStore


def test_folders_are_equal_to_those_of_release_0_1_0(
    golden_records: ModuleType, tmp_path: Path
) -> None:
    """Every file below the folder has the same name and the same content."""
    root = tmp_path / "runs"
    golden_records.record_runs(
        tmp_path / "files", lambda: TinyDbObserver(root), lambda: TinyDbStore(root)
    )
    stored = golden_records.folder_content(root)
    files = {name: stored.pop(name) for name in list(stored) if name.startswith("hashfs/")}
    # The path of a file is its digest; that of metrics differs with their times.
    for name, content in sorted(files.items(), key=lambda item: item[1]):
        stored[name.replace("/", "")] = content
    golden_records.assert_golden("tinydb", stored, tmp_path)
