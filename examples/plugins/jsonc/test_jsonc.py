"""Tests of the format, alone and as the configuration of an experiment."""

from pathlib import Path

import pytest
from example_jsonc import dump, load

from sacred_core import Experiment
from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    distribution = "example-jsonc"


def read(folder: Path, content: str) -> object:
    """Return what is read from a file with this content."""
    (folder / "config.jsonc").write_text(content, encoding="utf-8")
    return load(folder / "config.jsonc")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"a": 1} // the end', {"a": 1}),
        ('{/* one, */ "a": [1, 2,], // two\n}', {"a": [1, 2]}),
        ('{"url": "http://x/*y*/", "quote": "\\"//",}', {"url": "http://x/*y*/", "quote": '"//'}),
        ('{"a": 1, // last\n /* one */ }', {"a": 1}),
        ('{"text": ",]"}', {"text": ",]"}),
    ],
)
def test_comments_and_trailing_commas_are_removed(
    tmp_path: Path, content: str, expected: object
) -> None:
    """What looks like a comment or a comma inside a string is part of the string."""
    assert read(tmp_path, content) == expected


def test_an_error_has_the_place_in_the_file(tmp_path: Path) -> None:
    """Removed comments do not move what follows them."""
    with pytest.raises(ValueError, match="line 3 column 6"):
        read(tmp_path, '{ /* a\n comment */ "a": 1,\n "b" 2}')


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Nested entries come back."""
    entries = {"optimizer": {"name": "ädam", "betas": [0.9, None]}, "is_fast": True}
    dump(entries, tmp_path / "config.jsonc")
    assert load(tmp_path / "config.jsonc") == entries


def test_an_experiment_uses_the_file(tmp_path: Path) -> None:
    """A run has the entries of the file in its configuration."""
    (tmp_path / "config.jsonc").write_text('{"rate": 0.1, /* default */}')
    ex = Experiment("configured", save_git_info=False)
    ex.add_config(str(tmp_path / "config.jsonc"))

    @ex.main
    def main(rate: float) -> float:
        return rate

    assert ex.run().result == 0.1
