"""Tests of unified diffs."""

import difflib
import random

import pytest

from sacred_core.compare.text_diff import split_lines, unified_diff


@pytest.mark.parametrize("seed", range(40))
def test_it_is_that_of_difflib(seed: int) -> None:
    """Also where equal lines at the start and the end are left out."""
    draw = random.Random(seed)
    old = [draw.choice("abcde") * 3 for _ in range(draw.randrange(40))]
    new = [line for line in old if draw.random() > 0.1]
    new[len(new) // 2 : len(new) // 2] = ["new"] * draw.randrange(3)
    expected = [*difflib.unified_diff(old, new, lineterm="")][2:]
    assert apply(old, [*unified_diff(old, new)]) == new
    assert bool(expected) == (old != new)
    if draw.random() < 0.9 and len({*old}) == len(old):
        assert [*unified_diff(old, new)] == expected


def apply(old: list[str], lines: list[str]) -> list[str]:
    """Return the lines that a unified diff makes of the old ones, as ``patch`` does."""
    result: list[str] = []
    position = 0
    for line in lines:
        if line.startswith("@@"):
            start, _, count = line.split()[1].removeprefix("-").partition(",")
            stop = int(start) - (count != "0")
            result += old[position:stop]
            position = stop
        elif line[0] == "+":
            result.append(line[1:])
        else:
            assert old[position] == line[1:]
            result += [line[1:]] if line[0] == " " else []
            position += 1
    return result + old[position:]


def test_few_lines_around_a_difference_are_shown() -> None:
    """Three before and after it, with the numbers of the lines."""
    old = [str(number) for number in range(1, 101)]
    new = [*old]
    new[49] = "other"
    assert [*unified_diff(old, new)] == [
        "@@ -47,7 +47,7 @@", " 47", " 48", " 49", "-50", "+other", " 51", " 52", " 53",
    ]  # fmt: skip


def test_a_missing_newline_at_the_end_is_a_difference() -> None:
    """It is shown as git shows it; so are other ends of lines."""
    assert split_lines("a\nb\n") == ["a", "b"]
    assert split_lines("") == []
    assert [*unified_diff(split_lines("a\n"), split_lines("a"))] == [
        "@@ -1 +1,2 @@", " a", "+\\ No newline at end of file",
    ]  # fmt: skip
    assert [*unified_diff(split_lines("a\r\n"), split_lines("a\n"))][1:] == ["-a\r", "+a"]


def test_lines_with_equal_keys_are_equal() -> None:
    """The line of the second text is shown."""
    lines = [*unified_diff(["A", "x"], ["a", "y"], str.lower)]
    assert lines == ["@@ -1,2 +1,2 @@", " a", "-x", "+y"]


def test_long_texts_are_divided_at_lines_that_they_have_once() -> None:
    """A log in which every second line differs, which takes difflib minutes."""
    old, new = (
        [f"epoch {line}" if line % 2 else f"loss {line} {rate}" for line in range(20_000)]
        for rate in (0.1, 0.2)
    )
    new[100:100] = ["inserted"] * 3
    del new[15_000]
    lines = [*unified_diff(old, new)]
    assert apply(old, lines) == new
    assert sum(line[0] == "-" for line in lines) == 10_000 + 1
    assert sum(line[0] == "+" for line in lines) == 10_000 + 3


@pytest.mark.parametrize("seed", range(10))
def test_moved_and_repeated_lines_of_long_texts(seed: int) -> None:
    """The diff makes the new text of the old one, whatever was moved."""
    draw = random.Random(seed)
    old = [str(draw.randrange(2_000)) for _ in range(3_000)]
    new = [*old[:700], *old[1_500:2_500], *old[700:1_500], *old[2_600:], "end"]
    for _ in range(200):
        new[draw.randrange(len(new))] = str(draw.randrange(4_000))
    lines = [*unified_diff(old, new)]
    assert apply(old, lines) == new
    assert sum(line[0] == "-" for line in lines) < 1_700


def test_long_texts_without_common_lines_are_replaced() -> None:
    """All between the first and the last difference is one hunk."""
    old = [str(number % 7) for number in range(6_000)]
    new = ["first", *(str(number % 5) for number in range(6_000)), "last"]
    lines = [*unified_diff(old, new)]
    assert lines[0] == "@@ -1,6000 +1,6002 @@"
    assert len(lines) == 1 + 6_000 + 6_002


def test_hunks_of_long_texts_have_few_equal_lines() -> None:
    """As those of short ones: lines at which a long text is divided are merged with others."""
    old = [f"line {number}" for number in range(3_000)]
    new = [*old]
    new[10] = new[20] = new[2_990] = "changed"
    lines = [*unified_diff(old, new)]
    assert [line for line in lines if line.startswith("@@")] == [
        "@@ -8,7 +8,7 @@", "@@ -18,7 +18,7 @@", "@@ -2988,7 +2988,7 @@",
    ]  # fmt: skip
    assert len(lines) == 3 * (1 + 6 + 2)
