"""Tests of time limits of Slurm."""

import pytest
from sacred_slurm.time_limits import read_time, to_minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90", 90), ("1:30", 2), ("0:30", 1), ("02:00:00", 120), ("1-0", 1440), ("2-3", 3060),
        ("1-2:30", 1590), ("1-00:00:01", 1441), ("0", 0),
    ],
)  # fmt: skip
def test_minutes(text: str, minutes: int) -> None:
    """All forms of sbatch are read; seconds count as a begun minute."""
    assert to_minutes(text) == minutes


@pytest.mark.parametrize("text", ["UNLIMITED", "infinite", "2h", "", "1-", ":5", "1:2:3:4"])
def test_no_minutes(text: str) -> None:
    """Without a limit, or with a wrong one, there is no number of minutes."""
    assert to_minutes(text) is None


def test_option() -> None:
    """The option takes what Slurm reads, as it is given."""
    for text in ("02:00:00", "1-0", "5", "unlimited"):
        assert read_time(text) == text
    for text in ("2h", "", "0", "00:00:00", "x"):
        with pytest.raises(ValueError, match="HOURS:MINUTES:SECONDS"):
            read_time(text)
