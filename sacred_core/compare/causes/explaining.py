"""Explains why two runs differ."""

from collections.abc import Iterator

from sacred_core.compare.causes.call_causes import call_causes, plugin_causes
from sacred_core.compare.causes.code_causes import code_causes
from sacred_core.compare.causes.config_causes import config_causes, seed_causes
from sacred_core.compare.causes.effects import find_effects, find_partings
from sacred_core.compare.causes.evidence import Evidence
from sacred_core.compare.causes.explanation import Explanation
from sacred_core.compare.causes.file_causes import file_causes
from sacred_core.compare.causes.machine_causes import machine_causes
from sacred_core.compare.causes.not_recorded import find_unrecorded
from sacred_core.compare.causes.package_causes import package_causes
from sacred_core.compare.compared_run import Comparable, ComparedRun
from sacred_core.compare.values import listed

_FINDERS = (
    call_causes,
    config_causes,
    code_causes,
    package_causes,
    file_causes,
    machine_causes,
    seed_causes,
    plugin_causes,
)


def why(a: Comparable, b: Comparable) -> Explanation:
    """Explain why two runs differ: list what differs, the likeliest cause first.

    Args:
        a: A run that was read from a store, ``"LOCATION#ID"``, or ``(store, id)``.
        b: Likewise; its store may be another one.

    Returns:
        The causes, where the metrics part, and what was not recorded.

    Raises:
        StoreError: a run does not exist, or a store cannot be read.
    """
    evidence = Evidence(ComparedRun.of(a), ComparedRun.of(b))
    causes = [cause for find in _FINDERS for cause in find(evidence)]
    return Explanation(
        first=evidence.sides[0],
        second=evidence.sides[1],
        causes=tuple(sorted(causes, key=lambda cause: cause.order)),
        parting=tuple(find_partings(evidence)),
        effects=tuple(find_effects(evidence)),
        remarks=tuple(_remarks(evidence)),
        not_recorded=tuple(find_unrecorded(evidence)),
        problems=tuple(_problems(evidence)),
    )


def _problems(evidence: Evidence) -> dict[str, None]:
    """Return what could not be compared, each once: of the runs, and of the comparison."""
    of_runs = (problem for side in evidence.sides for problem in side.problems)
    return dict.fromkeys((*of_runs, *evidence.problems))


def _remarks(evidence: Evidence) -> Iterator[str]:
    """Yield a line for each difference that is not a cause."""
    if evidence.unchanged_code:
        yield f"comments or formatting of {listed(evidence.unchanged_code)}"
    if evidence.moved:
        pairs = [f"{old} → {new}" for old, new in evidence.moved.items()]
        yield f"the same source under another name: {listed(pairs)}"
