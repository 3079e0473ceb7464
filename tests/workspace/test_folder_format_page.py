"""Tests that docs/folder-format.md describes the format."""

import io
import json
import re
from pathlib import Path
from typing import Any

from sacred_core.stores import StoredRun, folder_format, make_run

PAGE = (Path(__file__).parents[2] / "docs" / "folder-format.md").read_text(encoding="utf-8")
JSON = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
TEXT = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def test_every_public_name_is_described() -> None:
    """Functions by their names, and names of files as they are."""
    names = (value for name in folder_format.__all__ if name.isupper() for value in [name])
    files = [getattr(folder_format, name) for name in names]
    functions = [name for name in folder_format.__all__ if not name.isupper()]
    for name in [*functions, *(each for each in files if isinstance(each, str))]:
        assert f"`{name}" in PAGE, name


def test_the_record_of_the_page_is_read() -> None:
    """It has every entry of a new record, and every time is one."""
    entry: dict[str, Any] = JSON[0]
    new = folder_format.new_entry(StoredRun(id=1, status="RUNNING"), "token")
    assert list(entry)[: len(new)] == list(new)
    run = make_run(1, folder_format.run_fields(lambda: entry))
    assert (run.name, run.status, run.damage) == ("mnist", "COMPLETED", None)
    assert run.duration is not None and run.duration.total_seconds() == 9
    assert len(list(folder_format.shared_names(entry))) == 3


def test_the_metrics_of_the_page_are_the_same_in_both_forms() -> None:
    """The lines of a running run are merged into the file of one that ended."""
    assert folder_format.read_merged(io.BytesIO(TEXT[0].encode())) == JSON[1]
    assert str(folder_format.parse_metrics(JSON[1])["loss"]["values"]) == "[0.5, nan]"


def test_the_annotation_of_the_page_is_read() -> None:
    """It is written in the same form."""
    (annotation,) = folder_format.parse_annotations(TEXT[1].encode())
    assert (annotation.user, annotation.note, annotation.added) == (
        "ann", "the best so far", ("good",),
    )  # fmt: skip
    assert folder_format.annotation_line(annotation).decode() == TEXT[1]
