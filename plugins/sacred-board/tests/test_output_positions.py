"""Tests of positions in an output."""

import pytest
from sacred_board.data.output_positions import output_position, output_since

LINES = "".join(f"line {number}\n" for number in range(1000))


@pytest.mark.parametrize("old", ["", "a", "a\nb", LINES, "ü😀\n"])
@pytest.mark.parametrize("new", ["", "x", "\n", "😀", LINES])
def test_what_was_appended_is_the_rest(old: str, new: str) -> None:
    """A page that has the output up to a position gets what was appended since."""
    found = output_since(output_position(old), old + new)
    assert (found is None) == (new == "")
    if found is not None:
        assert (found.start, found.text) == (len(old), new)


def test_a_rewritten_end_is_sent_again() -> None:
    """If the last lines changed, as those of progress bars, only some lines are sent again."""
    position = output_position(LINES + "epoch 1\n 10 %")
    found = output_since(position, LINES + "epoch 1\n 99 %\nepoch 2")
    assert LINES.startswith("line 0") and found.text.endswith("epoch 1\n 99 %\nepoch 2")
    assert 18 < found.text.count("\n") < 24, found.text
    assert (LINES + "epoch 1\n 99 %\nepoch 2")[found.start :] == found.text


@pytest.mark.parametrize("new", ["", "other", LINES.replace("line", "text"), LINES[:500]])
def test_another_output_is_sent_whole(new: str) -> None:
    """A page whose output was replaced gets all of it, also if it is shorter or empty now."""
    found = output_since(output_position(LINES), new)
    assert (found.start, found.text) == (0, new)


@pytest.mark.parametrize("position", ["", "7", "x-y", "99999999999-abc", "-", "1-0.2-0" * 90])
def test_a_position_that_is_damaged_is_that_of_no_output(position: str) -> None:
    """A position from an address may be anything; then the whole output is sent."""
    found = output_since(position, "text")
    assert (found.start, found.text) == (0, "text")
    assert output_since("", "") is None


def test_the_end_of_a_long_output_has_the_same_positions() -> None:
    """Positions count from the beginning of the output, also where only its end is in memory."""
    end = LINES[-5000:]
    start = len(LINES) - len(end)
    assert output_position(end, start) == output_position(LINES)
    found = output_since(output_position(LINES), end + "more", start)
    assert (found.start, found.text) == (len(LINES), "more")
    early = output_since(output_position(LINES[:100]), end, start)
    assert (early.start, early.text) == (start, end)
