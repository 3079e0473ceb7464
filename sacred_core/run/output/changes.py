"""What changed between two versions of a text."""


def difference(before: str, after: str) -> tuple[str, int] | None:
    """Return what ``after`` has from the first character on that differs, or None if none does."""
    same = _common_length(before, after)
    return (after[same:], same) if same < max(len(before), len(after)) else None


def _common_length(first: str, second: str) -> int:
    """Return how many characters both strings begin with, by bisection of comparisons."""
    if second.startswith(first):
        return len(first)
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
