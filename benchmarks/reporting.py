"""Write answers as tables in Markdown, aligned for a terminal, and as JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.comparing import NOT_OFFERED, Answer, Ratio
from benchmarks.environments import OURS, TOOLS
from benchmarks.figures import MEMORY
from benchmarks.measuring import Spread
from benchmarks.questions import COMPARED_WITH_PEERS, FLOOR

_PEER_QUESTIONS = {each.name for each in COMPARED_WITH_PEERS}
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_IS_MET = {True: "yes", False: "no", None: ""}


def report(answers: Sequence[Answer], facts: Mapping[str, Any]) -> str:
    """Return the tables of all answers in Markdown."""
    parts = [_machine(facts)]
    plain = [each for each in answers if each.question.name not in _PEER_QUESTIONS]
    if plain:
        parts += ["## Compared with Sacred", table_of_targets(plain), _LEGEND]
    peers = [each for each in answers if each.question.name in _PEER_QUESTIONS]
    if peers:
        parts.append("## Compared with other tools")
        parts += [f"### {each.question.title}\n\n{table_of_peers(each)}" for each in peers]
        parts.append(_notes(peers))
    parts.append(_failures(answers))
    return "\n\n".join(part for part in parts if part) + "\n"


_LEGEND = (
    "Cells have the medians of wall time / CPU time (user and system, with all descendants), or of "
    "one figure. A ratio is ours divided by Sacred's (by that in the column, where it has a size); "
    "in brackets the quartiles of the ratios of single rounds. A target is met if both ratios are."
)


def table_of_targets(answers: Sequence[Answer]) -> str:
    """Return one row a question: figures, floor, ratio, target, and whether it is met."""
    head = ["question", OURS, "compared with", FLOOR, "ratio", "target", "met"]
    return format_table(head, [_target_row(each) for each in answers])


def _target_row(answer: Answer) -> list[str]:
    question, reference = answer.question, answer.reference
    other = format_figures(answer.found.get(reference, {}))
    if other and question.baseline is not None:
        other += f" ({question.baseline:,})"
    target = f"{question.target:.2f}" if question.target is not None else ""
    if question.limit is not None:
        kinds = answer.found.get(OURS, {})
        target = format_figure(question.limit, MEMORY if MEMORY in kinds else "")
    return [
        question.title,
        format_figures(answer.found.get(OURS, {})) or "failed",
        other or ("failed" if reference in answer.failures else ""),
        format_figures(answer.found.get(FLOOR, {})),
        format_ratios(answer.ratios.get(reference, {})),
        target,
        _IS_MET[answer.is_met],
    ]


def table_of_peers(answer: Answer) -> str:
    """Return one row a tool: figures, the ratio of ours to it, and whether ours is ahead."""
    rows = []
    for name in (*answer.found, *answer.failures):
        ratios = answer.ratios.get(name, {})
        ahead = all(each.value < 1 for each in ratios.values())
        figures = answer.found.get(name, {})
        size = answer.question.fewer.get(name)
        rows.append([
            f"{name} ({size:,} items)" if size not in (None, answer.question.size) else name,
            format_figures(figures) or _failure(answer.failures[name]),
            format_ratios(ratios),
            _IS_MET[ahead] if ratios else "",
        ])  # fmt: skip
    kinds = " / ".join(answer.found.get(OURS, {}))
    return format_table(["tool", kinds or "figures", "ours to it", "ours is ahead"], rows)


def _failure(reason: str) -> str:
    return reason if reason == NOT_OFFERED else "failed, see below"


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown whose columns are aligned."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    written = [" | ".join(map(str.ljust, line, widths)) for line in lines]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in (written[0], rule, *written[1:]))


def format_figures(figures: Mapping[str, Spread]) -> str:
    """Return medians with their units, such as ``1.20 ms / 1.10 ms / 20.1 MB``."""
    return " / ".join(format_figure(each.median, kind) for kind, each in figures.items())


def format_figure(value: float, kind: str) -> str:
    """Return seconds, or bytes if the kind is memory, with three digits."""
    if kind == MEMORY:
        return f"{value / 1e6:.1f} MB"
    scale, unit = next((each for each in _UNITS if abs(value) >= each[0]), _UNITS[-1])
    return f"{_three_digits(value / scale)} {unit}"


def format_ratios(ratios: Mapping[str, Ratio]) -> str:
    """Return ratios with their quartiles, such as ``0.25 (0.24-0.26) / 0.30 (0.30-0.31)``."""
    return " / ".join(
        f"{_three_digits(each.value)} ({_three_digits(each.low)}-{_three_digits(each.high)})"
        for each in ratios.values()
    )


def _three_digits(value: float) -> str:
    if not math.isfinite(value) or value == 0:
        return f"{value:.0f}"
    digits = 2 - math.floor(math.log10(abs(value)))
    longest = 3 if abs(value) >= 0.01 else 4
    return f"{value:.{min(max(digits, 0), longest)}f}"


def _machine(facts: Mapping[str, Any]) -> str:
    changes = " with uncommitted changes" if facts["uncommitted changes"] else ""
    return (
        f"Measured {facts['time']} at commit {facts['commit'][:12]}{changes}, Python "
        f"{facts['python']}, {facts['processors']} x {facts['processor']}, "
        f"{facts['memory'] / 1e9:.0f} GB, {facts['system']}; load at the start "
        f"{facts['load'][0]:.1f}."
    )


def _notes(answers: Sequence[Answer]) -> str:
    names = {name for each in answers for name in (*each.found, *each.failures)}
    notes = [f"- {name}: {TOOLS[name].notes}." for name in TOOLS if name in names]
    return "What each tool does in these programs:\n\n" + "\n".join(notes)


def _failures(answers: Sequence[Answer]) -> str:
    lines = [
        f"- {answer.question.name}, {name}: {reason}"
        for answer in answers
        for name, reason in answer.failures.items()
        if reason != NOT_OFFERED
    ]
    return "Without figures:\n\n" + "\n".join(lines) if lines else ""


def to_json(
    answers: Sequence[Answer], facts: Mapping[str, Any], versions: Mapping[str, Any]
) -> dict[str, Any]:
    """Return answers, the machine and the versions as plain data."""
    return {
        "machine": dict(facts),
        "versions": dict(versions),
        "questions": [
            {
                "name": each.question.name,
                "title": each.question.title,
                "size": each.question.size,
                "rounds": each.rounds,
                "target": each.question.target,
                "limit": each.question.limit,
                "met": each.is_met,
                "figures": {name: _plain(kinds) for name, kinds in each.found.items()},
                "ratios": {name: _plain(kinds) for name, kinds in each.ratios.items()},
                "failures": dict(each.failures),
            }
            for each in answers
        ],
    }


def _plain(kinds: Mapping[str, Spread] | Mapping[str, Ratio]) -> dict[str, Any]:
    return {kind: asdict(each) for kind, each in kinds.items()}
