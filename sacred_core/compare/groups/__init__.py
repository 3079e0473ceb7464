"""Two groups of runs: whether their values differ by more than chance."""
