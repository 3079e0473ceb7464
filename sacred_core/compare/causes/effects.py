"""In what the results of two runs differ."""

from collections.abc import Iterator
from typing import Any

from sacred_core.compare.aspects.metrics import parting_text
from sacred_core.compare.causes.evidence import Evidence
from sacred_core.compare.causes.explanation import MetricParting
from sacred_core.compare.points import find_parting
from sacred_core.compare.records import MISSING
from sacred_core.compare.value_text import value_text
from sacred_core.compare.values import cut_pair, listed, pair_text
from sacred_core.plurals import counted
from sacred_core.readable_numbers import distinct_digits

_ARTIFACT = "artifact "


def find_partings(evidence: Evidence) -> list[MetricParting]:
    """Return where metrics part, the earliest point first, and then metrics of one run only."""
    found = []
    for each in evidence.differences("metrics"):
        if each.first is MISSING or each.second is MISSING:
            number = "second" if each.first is MISSING else "first"
            parting = MetricParting(metric=each.key, text=f"{each.key} only in the {number} run")
            found.append(((1, 0), parting))
            continue
        first, second = (side.points()[each.key] for side in evidence.sides)
        place = find_parting(first, second)
        if place is not None:
            values = [own[0] if own else MISSING for own in place.values]
            steps = [own[0] for own in place.steps if own]
            parting = MetricParting(
                metric=each.key,
                text=f"{each.key}: {parting_text(place)}",
                step=steps[0],
                first=values[0],
                second=values[1],
            )
            found.append(((0, place.index), parting))
    return [parting for _, parting in sorted(found, key=lambda pair: pair[0])]


def find_effects(evidence: Evidence) -> Iterator[str]:
    """Yield a line for each other result that differs."""
    for aspect in ("status", "result", "info"):
        for each in evidence.differences(aspect):
            name = f"info {each.key}" if aspect == "info" else each.key
            yield f"{name} {_pair_text(each.first, each.second)}"
    artifacts = [
        each.key.removeprefix(_ARTIFACT)
        for each in evidence.differences("files")
        if each.key.startswith(_ARTIFACT)
    ]
    if artifacts:
        yield f"{counted(len(artifacts), 'artifact')}: {', '.join(artifacts)}"
    if evidence.differences("output"):
        yield "the output"
    first, second = ([call.name for call in side.run.captured] for side in evidence.sides)
    if first and second:
        for number, mine, its in (("first", first, second), ("second", second, first)):
            only = [name for name in dict.fromkeys(mine) if name not in its]
            if only:
                yield f"functions that only the {number} run executed: {listed(only)}"


def _pair_text(first: Any, second: Any) -> str:
    """Return two results with as many digits as they need to differ."""
    if first is MISSING or second is MISSING:
        return pair_text(first, second)
    digits = distinct_digits((first, second))
    texts = value_text(first, digits), value_text(second, digits)
    return pair_text(first, second) if texts[0] == texts[1] else " → ".join(cut_pair(*texts))
