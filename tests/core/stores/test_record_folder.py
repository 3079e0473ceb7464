"""Tests of reading the record of a run in the format of folders."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from sacred_core.exceptions import DamagedRecordError, NotARunError
from sacred_core.stores import Annotation, make_run
from sacred_core.stores.record_folder import RecordFolder


class Folder(RecordFolder):
    """Files in memory; an exception in the place of content is raised.

    Attributes:
        asked: The names of the files that were read.
    """

    def __init__(self, **files: Any) -> None:
        super().__init__("1")
        self.files = files
        self.asked: list[str] = []

    def location(self, name: str) -> str:
        return f"here/{name}"

    def read_json(self, name: str, decode: Callable[[Any], Any]) -> Any:
        self.asked.append(name)
        found = self.files.get(name.removesuffix(".json"))
        if isinstance(found, Exception):
            raise found
        return None if found is None else decode(found)

    def read_annotations(self) -> Iterable[Annotation]:
        return ()


def test_a_run_is_read_from_its_files() -> None:
    """Each file is read once, and only if a field needs it."""
    folder = Folder(run={"status": "COMPLETED", "command": "main"}, config={"a": 1})
    fields = folder.fields()
    assert folder.is_run() and folder.exists() and folder.asked == ["run.json"]
    run = make_run(1, fields)
    assert (run.status, run.command, run.config, run.info) == ("COMPLETED", "main", {"a": 1}, {})
    assert sorted(folder.asked) == ["config.json", "info.json", "run.json"]


def test_a_folder_without_a_record_is_not_a_run() -> None:
    """It may be that of a run that starts."""
    assert not Folder(config={}).is_run()
    assert not Folder(config={}).exists()


def test_a_record_of_another_program_exists_and_is_not_a_run() -> None:
    """The message has its place."""
    folder = Folder(run={"hello": 1})
    assert folder.exists()
    with pytest.raises(NotARunError, match=r"here/run\.json is not the record of a run"):
        folder.is_run()


def test_a_damaged_record_is_that_of_a_run() -> None:
    """The other files are read; tags of Sacred are decoded as in an unknown release."""
    folder = Folder(run=DamagedRecordError("cut off"), config={"a": {"py/tuple": [1]}})
    assert folder.is_run() and folder.exists()
    run = make_run(1, folder.fields())
    assert (run.status, run.damage, run.config) == ("DAMAGED", "cut off", {"a": [1]})
