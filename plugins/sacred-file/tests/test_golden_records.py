"""What a run stores is equal to what release 0.1.0 stores, but for times and ids."""

from pathlib import Path
from types import ModuleType

from sacred_file import FileStorageObserver, FileStore


def test_folders_are_equal_to_those_of_release_0_1_0(
    golden_records: ModuleType, tmp_path: Path
) -> None:
    """Every file below the folder has the same name and the same content."""
    root = tmp_path / "runs"
    golden_records.check_records(
        "file",
        tmp_path,
        lambda: FileStorageObserver(root),
        lambda: FileStore(root),
        lambda: golden_records.folder_content(root),
    )
