"""What a run stores is equal to what release 0.1.0 stores, but for times and ids."""

from pathlib import Path
from types import ModuleType
from typing import Any

from sacred_tinydb import TinyDbObserver, TinyDbStore


def test_folders_are_equal_to_those_of_release_0_1_0(
    golden_records: ModuleType, tmp_path: Path
) -> None:
    """Every file has the same content, and each that is not hashed has the same name."""
    root = tmp_path / "runs"

    def read() -> dict[str, Any]:
        stored: dict[str, Any] = golden_records.folder_content(root)
        files = {name: stored.pop(name) for name in list(stored) if name.startswith("hashfs/")}
        # The path of a file is its digest; that of metrics differs with their times.
        for name, content in sorted(files.items(), key=lambda item: item[1]):
            stored[name.replace("/", "")] = content
        # Each document is in a line today.
        text = stored["metadata.json"].replace("{\n", "{").replace(",\n", ", ")
        stored["metadata.json"] = text.replace("\n}}", "}}")
        return stored

    golden_records.check_records(
        "tinydb", tmp_path, lambda: TinyDbObserver(root), lambda: TinyDbStore(root), read
    )
