"""Tests of filters of recorded output."""

import pytest

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
