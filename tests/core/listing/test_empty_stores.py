"""Tests of the reason why a store has no runs."""

from pathlib import Path

from sacred_core.listing.empty_stores import empty_text, nearby_runs


def test_an_empty_folder_is_reported(tmp_path: Path) -> None:
    """The sentence says what to do."""
    assert nearby_runs(str(tmp_path)) == ""
    state = f"The folder {str(tmp_path)!r} "
    assert empty_text(str(tmp_path)).startswith(f"{state}is empty: record one there")
    (tmp_path / "notes.txt").write_text("x")
    assert empty_text(str(tmp_path)).startswith(f"{state}has no runs")


def test_another_kind_of_location_is_named_without_its_password() -> None:
    """It has no folders below it."""
    text = empty_text("postgresql://me:secret12@host/db")
    assert "has no runs" in text and "secret12" not in text
