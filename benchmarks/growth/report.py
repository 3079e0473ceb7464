"""Tables of the costs of stores, for a terminal and for the page of performance."""

import re
from collections.abc import Mapping, Sequence

from benchmarks.growth.actions import ACTIONS

#: Counts that are shown, by store: others hardly depend on what we do.
COUNTS = ("statements", "requests", "opened files", "bytes", "calls")
SHOWN_COUNT = {
    "files": "opened files",
    "TinyDB": "bytes",
    "SQLite": "bytes",
    "PostgreSQL": "statements",
    "MongoDB": "statements",
    "S3": "requests",
    "GCS": "requests",
}
#: The tables on the page, by the name of their block.
BLOCKS = {
    "databases": ("files", "SQLite", "PostgreSQL", "MongoDB", "TinyDB"),
    "objects": ("S3", "GCS"),
}

#: Medians of one store, by action, figure and number of runs.
Actions = Mapping[str, Mapping[str, Mapping[str, float]]]


def store_table(actions: Actions) -> str:
    """Return the table of one store in plain columns."""
    small, large = sizes(actions)
    lines = [f"  {'':34}{'CPU ms':>18}{'ratio':>8}{'wall':>7}   counts {small} to {large}"]
    for name in ACTIONS:
        figures = actions[name]
        cpu = [1e3 * figures["cpu"][end] for end in (small, large)]
        counted = [
            f"{what} {figures[what][small]:.0f} to {figures[what][large]:.0f}"
            for what in COUNTS
            if any(figures.get(what, {}).values())
        ]
        lines.append(
            f"  {name:34}{cpu[0]:8.1f} to {cpu[1]:6.1f}{ratio(figures, 'cpu'):8.2f}"
            f"{ratio(figures, 'wall'):7.2f}   {', '.join(counted)}"
        )
    return "\n".join(lines)


def page_table(stores: Mapping[str, Actions], names: Sequence[str]) -> str:
    """Return the ratios and the counts of some stores as tables in Markdown."""
    names = [name for name in names if name in stores]
    small, large = sizes(stores[names[0]])
    heads = [f"{name} ({SHOWN_COUNT[name]})" for name in names]
    return "\n\n".join(
        [
            f"Cost with {int(large):,} runs divided by that with {int(small):,}: CPU of the client"
            " / wall time.",
            _table(
                names, [[_ratios(stores[name][action]) for name in names] for action in ACTIONS]
            ),
            f"Counts with {int(small):,} and with {int(large):,} runs:",
            _table(
                heads,
                [
                    [_counts(stores[name][action], SHOWN_COUNT[name]) for name in names]
                    for action in ACTIONS
                ],
            ),
        ]
    )


def replace_block(page: str, name: str, content: str) -> str:
    """Return a page with other lines between ``<!-- growth: name -->`` and ``<!-- end -->``.

    Raises:
        ValueError: The page has no such block.
    """
    pattern = re.compile(rf"(<!-- growth: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page has no block <!-- growth: {name} --> … <!-- end -->")
    return pattern.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", page)


def sizes(actions: Actions) -> tuple[str, str]:
    """Return the smallest and the largest number of runs."""
    measured = {size for figures in actions.values() for size in figures["cpu"]}
    return min(measured, key=int), max(measured, key=int)


def ratio(figures: Mapping[str, Mapping[str, float]], what: str) -> float:
    """Return a figure at the largest number of runs divided by that at the smallest."""
    ordered = sorted(figures[what], key=int)
    first, last = figures[what][ordered[0]], figures[what][ordered[-1]]
    return last / first if first else float("nan")


def _ratios(figures: Mapping[str, Mapping[str, float]]) -> str:
    return f"{_round(ratio(figures, 'cpu'))} / {_round(ratio(figures, 'wall'))}"


def _counts(figures: Mapping[str, Mapping[str, float]], what: str) -> str:
    if what not in figures:
        return ""
    ordered = sorted(figures[what], key=int)
    ends = [figures[what][size] for size in (ordered[0], ordered[-1])]
    if what == "bytes":
        return " → ".join(_kilobytes(end) for end in ends)
    return " → ".join(f"{end:,.0f}" for end in ends)


def _kilobytes(number: float) -> str:
    return f"{number / 1e3:,.0f} kB"


def _round(number: float) -> str:
    return f"{number:.1f}" if number < 10 else f"{number:.0f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [
        f"| | {' | '.join(heads)} |",
        f"| --- |{' ---: |' * len(heads)}",
        *(f"| {action} | {' | '.join(row)} |" for action, row in zip(ACTIONS, rows, strict=True)),
    ]
    return "\n".join(lines)
