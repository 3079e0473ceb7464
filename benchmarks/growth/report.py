"""Tables of the costs of stores."""

from typing import Any

from benchmarks.growth.actions import ACTIONS

COUNTS = ("statements", "requests", "opened files", "bytes", "calls")


def store_table(actions: dict[str, Any]) -> str:
    """Return the table of one store in plain columns."""
    sizes = sorted({int(size) for figures in actions.values() for size in figures["cpu"]})
    ends = str(sizes[0]), str(sizes[-1])
    lines = [f"  {'':34}{'CPU ms':>18}{'ratio':>8}{'wall':>7}   counts {ends[0]} to {ends[1]}"]
    for name in ACTIONS:
        figures = actions[name]
        cpu = [1e3 * figures["cpu"][end] for end in ends]
        counted = [
            f"{what} {figures[what][ends[0]]:.0f} to {figures[what][ends[1]]:.0f}"
            for what in COUNTS
            if any(figures.get(what, {}).values())
        ]
        lines.append(
            f"  {name:34}{cpu[0]:8.1f} to {cpu[1]:6.1f}{ratio(figures['cpu'], ends):8.2f}"
            f"{ratio(figures['wall'], ends):7.2f}   {', '.join(counted)}"
        )
    return "\n".join(lines)


def ratio(figures: dict[str, float], ends: tuple[str, str]) -> float:
    """Return the cost at the largest number of runs divided by that at the smallest."""
    return figures[ends[1]] / figures[ends[0]] if figures[ends[0]] else float("nan")
