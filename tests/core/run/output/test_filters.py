"""Tests of filters of recorded output."""

from collections.abc import Callable
from typing import Any

import pytest

from sacred_core.run.output import capture_for
from sacred_core.run.output.capture import FixedOutput, ignores_its_input
from sacred_core.run.output.filters import filter_output
from sacred_core.utils import apply_backspaces_and_linefeeds


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain\ntext\n", "plain\ntext\n"),
        ("abc\b", "abc"),
        ("abc\bd", "abd"),
        ("abc\rx", "xbc"),
        ("abc\n\bx", "abc\nx"),
        ("10%\r20%\r100%\n", "100%\n"),
        ("a\b\b\bxyz", "xyz"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
    ],
)
def test_text_as_a_terminal_shows_it(text: str, shown: str) -> None:
    """Backspaces and carriage returns move, what follows replaces."""
    assert apply_backspaces_and_linefeeds(text) == shown


def test_a_filter_that_ignores_its_input_switches_recording_off() -> None:
    """A filter that ignores its input switches recording off, as ``lambda text: "off"`` in section
    1.2.5; observers receive its string once.
    """
    capture = capture_for("sys", lambda text: "Output capturing turned off.")
    assert isinstance(capture, FixedOutput)
    assert list(capture.take(False)) == [("Output capturing turned off.", 0)]
    assert list(capture.take(True)) == []
    assert capture.text() == "Output capturing turned off."


@pytest.mark.parametrize(
    "used",
    [
        lambda text: text[:3],
        lambda text: (lambda: text)(),
        lambda text: "".join(character for character in text),
        str.strip,
        apply_backspaces_and_linefeeds,
    ],
)
def test_a_filter_that_uses_its_input_is_applied(used: Callable[[str], str]) -> None:
    """A filter that uses its input is applied, in whatever way it does."""
    assert not ignores_its_input(used)


@pytest.mark.parametrize("broken", [lambda text: 1 / len(text[:0]), lambda text: len(text)])
def test_a_filter_that_fails_loses_nothing(broken: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The text is recorded unfiltered, with one warning."""
    assert [filter_output("text", broken) for _ in range(3)] == ["text"] * 3
    assert len(caplog.records) == 1
    assert "the output is not filtered" in caplog.text
