"""Tests of how text fits a terminal."""

import io
import subprocess
import sys

import pytest

from sacred_core.terminal import (
    align,
    pad,
    shorten,
    terminal_width,
    text_width,
    without_start,
    wrap,
)

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
ACCENT = "e\u0301"


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0), ("abc", 3), ("日本語", 6), (ACCENT, 1), (FAMILY, 2), ("±…█", 3),
        ("\x1b[31mred\x1b[0m", 3), ("\x1b[1;34m日\x1b[0m", 2),
    ],
)  # fmt: skip
def test_a_text_occupies_columns(text: str, width: int) -> None:
    """Wide characters occupy two columns, combining marks and colours none."""
    assert text_width(text) == width
    assert pad(text, 8) == text + " " * (8 - width)
    assert pad(text, width - 1) == text


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abcdef", 1, "…"), ("abcdef", 0, ""),
        ("abcdef", None, "abcdef"), ("abc def", 5, "abc…"), ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"), (ACCENT * 4, 3, f"{ACCENT * 2}…"), (FAMILY * 3, 4, f"{FAMILY}…"),
    ],
)  # fmt: skip
def test_a_text_is_shortened(text: str, limit: int | None, shown: str) -> None:
    """The beginning is shown with an ellipsis; no character is divided."""
    assert shorten(text, limit) == shown
    assert limit is None or text_width(shown) <= limit


@pytest.mark.parametrize(
    ("text", "columns", "rest"),
    [
        ("abc", 1, "bc"), ("abc", 0, "abc"), ("abc", 9, ""), ("日本語", 2, "本語"),
        ("日本語", 3, "語"),
        (f"{ACCENT}x{ACCENT}", 1, f"x{ACCENT}"), ("é", 5, ""), (" é", 0, " é"),
    ],
)  # fmt: skip
def test_the_start_of_a_text_is_left_out(text: str, columns: int, rest: str) -> None:
    """A wide character is not divided."""
    assert without_start(text, columns) == rest


def test_parts_are_wrapped() -> None:
    """A line has as many parts as fit, and ends with a comma if another one follows."""
    parts = ["aaa", "bb", "cccc", "日本"]
    assert wrap(parts, None) == ["aaa, bb, cccc, 日本"]
    assert wrap(parts, 19) == ["aaa, bb, cccc, 日本"]
    assert wrap(parts, 18) == ["aaa, bb, cccc,", "日本"]
    assert wrap(parts, 8) == ["aaa, bb,", "cccc,", "日本"]
    assert wrap(parts, 1) == ["aaa,", "bb,", "cccc,", "日本"]
    assert wrap([], 10) == [] == wrap([], None)


def test_only_a_terminal_has_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """The width is that of the terminal, or None where stdout is a pipe or a file."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "47")
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert terminal_width() == 47
    for stdout in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stdout", stdout)
        assert terminal_width() is None


def test_the_tables_of_characters_are_imported_only_when_needed() -> None:
    """Text in ASCII needs no library."""
    code = (
        "import sys; from sacred_core.terminal import pad, shorten, text_width\n"
        "text_width('abc'); pad('abc', 9); shorten('abc', 9)\n"
        "assert 'wcwidth' not in sys.modules\n"
        "assert text_width('日') == 2 and 'wcwidth' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-X", "utf8", "-c", code], check=True, timeout=60)


def test_cells_of_a_column_begin_at_one_place() -> None:
    """A column is as wide as its widest cell on the terminal; lines have no trailing spaces."""
    assert align([("id", "名前", "x"), ("100", "a", "")]) == ["id   名前  x", "100  a"]
    assert align([]) == []
