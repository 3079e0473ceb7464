"""Tests of paths as users write them, and of URLs that are paths."""

from pathlib import Path

import pytest

from sacred_core.stores.locations import location_path, path_url, short_path


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("my_runs", "my_runs"),
        ("a/b c", "a/b c"),
        ("-x", "./-x"),
        ("~x", "./~x"),
        (".", "."),
        ("..", None),
        ("../other", None),
        ("..hidden", "..hidden"),
    ],
)
def test_short_path(
    path: str, shown: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path in the working directory is relative, another one absolute."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    absolute = (folder / path).resolve() if shown is None else folder / path
    assert short_path(absolute) == (str(absolute) if shown is None else shown)


def test_short_path_without_a_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path stays absolute if the working directory was deleted."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert short_path(tmp_path / "x") == str(tmp_path / "x")


@pytest.mark.parametrize("path", ["tdb", "/data/my runs", "a?b#c%20", "caf\udce9", "[x]/y", "é"])
def test_the_url_of_a_path_is_read_back(path: str) -> None:
    """Any path can be in a location, also one that is no valid string."""
    url = path_url(path, "acme")
    assert url.isascii() and " " not in url
    assert location_path(url, "acme") == path
