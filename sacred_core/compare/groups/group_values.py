"""The values of two groups of runs, which runs are skipped, and what else differs between them."""

import math
from collections.abc import Iterable, Sequence, Set
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.dotted_path import MISSING, leaves
from sacred_core.exceptions import SignificanceError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.readable_numbers import distinct_digits
from sacred_core.serialization import number, plain
from sacred_core.stores.explaining import unknown_entries
from sacred_core.stores.finding import MetricSummaries, metrics_of
from sacred_core.stores.groups import differing_fields
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Field, is_number, read
from sacred_core.stores.run_display import cell_text, masked
from sacred_core.stores.run_list import RunSource, store_of
from sacred_core.stores.run_store import RunQuery

#: Runs, values and entries that a sentence lists.
_MOST = 5
#: Larger values cannot be added and squared.
_LARGEST = 1e150
_COMPLETED = "COMPLETED"
#: Entries of this name are expected to vary, also those of ingredients.
_SEED = "seed"


@attrs.frozen(kw_only=True)
class GroupValues:
    """One number of each run of a group, or numbers without runs.

    Attributes:
        name: ``"A"`` or ``"B"``.
        values: The numbers.
        runs: Their runs, in the same order; empty if there are none.
        skipped: The runs without a number by their ids, with the reason.
        field: What the numbers are, such as ``"metrics.loss.last"``, or an empty string.
        definition: The query or the ids that selected the runs, or an empty string.
        defining: The fields of the query: runs are expected to differ in them.
    """

    name: str
    values: list[float]
    runs: list[StoredRun] = attrs.field(factory=list)
    skipped: dict[int | str, str] = attrs.field(factory=dict)
    field: str = ""
    definition: str = ""
    defining: frozenset[str] = frozenset()


def given_values(name: str, values: Iterable[float]) -> GroupValues:
    """Return numbers as a group.

    Raises:
        SignificanceError: a value is not a finite number.
    """
    found = [*values]
    if any(isinstance(value, StoredRun) for value in found):
        raise SignificanceError(
            "name the number of each run that is compared, such as 'metrics.loss.last'"
        )
    found = [plain(value) for value in found]
    for value in found:
        problem = _problem(value, "a value")
        if problem:
            raise SignificanceError(printable(f"group {name}: {problem}"))
    return GroupValues(name=name, values=[*map(float, found)])


def read_group(
    name: str,
    runs: RunSource,
    field: Field,
    any_status: bool = False,
    definition: str = "",
    defining: Iterable[Field] = (),
    metrics: MetricSummaries | None = None,
) -> GroupValues:
    """Read one number of each run of a group. Of metrics, summaries are read, and no points.

    Args:
        name: Of the group.
        runs: From `find_runs`, or a list of runs.
        field: The number, for example ``Field("metrics", ("loss", "last"))``.
        any_status: Use runs that did not complete, too.
        definition, defining: See `GroupValues`.
        metrics: Those of the runs, if the caller uses them too.

    Raises:
        SignificanceError: no run has the field.
        StoreError: the runs cannot be read.
    """
    store = store_of(runs)
    metrics = metrics_of(runs) if metrics is None else metrics
    now = datetime.now(UTC)
    group = GroupValues(
        name=name,
        values=[],
        field=str(field),
        definition=definition,
        defining=frozenset(map(str, defining)),
    )
    for run in store.list(RunQuery()):
        value = number(read(field, run, metrics.of(run), now))
        status = run.status_at(now)
        problem = "" if any_status or status == _COMPLETED else status or "no status"
        problem = problem or _problem(value, str(field))
        if problem:
            group.skipped[run.id] = problem
        else:
            group.runs.append(run)
            group.values.append(float(value))
    if group.skipped and not group.runs:
        for sentence in unknown_entries(store, [field]):
            raise SignificanceError(printable(f"group {name}: {sentence}"))
    return group


def check_groups(a: GroupValues, b: GroupValues) -> None:
    """Raise an error for groups that cannot be tested.

    Raises:
        SignificanceError: a run is in both groups, or a group has fewer than two values.
    """
    of_b = {run.uid for run in b.runs}
    both = [run.id for run in a.runs if run.uid in of_b]
    if both:
        raise SignificanceError(
            printable(
                f"{counted(len(both), 'run')} in both groups ({_listed(both)}): each run may be in "
                "one group only"
            )
        )
    for group in (a, b):
        if len(group.values) < 2:
            raise SignificanceError(printable(_too_few(group)))


def group_remarks(a: GroupValues, b: GroupValues) -> list[str]:
    """Return sentences about skipped runs, and about entries that differ besides the seed."""
    expected = a.defining | b.defining
    found = [f"group {group.name}: skipped {_skipped(group)}" for group in (a, b) if group.skipped]
    facts_a, facts_b = (list(map(_facts, group.runs)) for group in (a, b))
    varying: set[str] = set()
    for group, facts in ((a, facts_a), (b, facts_b)):
        names = _differing(facts, expected)
        varying.update(names)
        if names:
            found.append(f"the runs of group {group.name} differ in {_listed([*names.values()])}")
    names = _differing([*facts_a, *facts_b], expected | varying)
    if names and expected:
        found.append(f"the groups also differ in {_listed([*names.values()])}")
    return [printable(each) for each in found]


def _problem(value: Any, field: str) -> str:
    """Return why a value cannot be used."""
    if value is MISSING:
        return f"no {field}"
    if isinstance(value, dict):
        numbers = [path for path, each in leaves(value) if is_number(number(each))]
        inside = f"; it has {field}.{numbers[0]}" if numbers else ""
        return f"{field} is not a number{inside}"
    if not is_number(value):
        return f"{field} is {cell_text(masked(value)) or value}, not a number"
    if not abs(value) < math.inf:
        return f"{field} is {value}"
    return f"{field} is too large" if abs(value) > _LARGEST else ""


def _too_few(group: GroupValues) -> str:
    """Return that a group has no two values, and what its other runs lack."""
    used = f" (run {group.runs[0].id})" if group.runs else ""
    skipped = f"; skipped {_skipped(group)}" if group.skipped else ""
    return (
        f"group {group.name} has {counted(len(group.values), 'value')}{used}, the test needs 2 or "
        f"more{skipped}"
    )


def _skipped(group: GroupValues) -> str:
    """Return the runs that were skipped, by the reason."""
    by_reason: dict[str, list[int | str]] = {}
    for run_id, reason in group.skipped.items():
        by_reason.setdefault(reason, []).append(run_id)
    return _listed(
        [
            f"{'run' if len(ids) == 1 else 'runs'} {_listed(ids)} ({reason})"
            for reason, ids in by_reason.items()
        ]
    )


def _listed(items: Sequence[object]) -> str:
    """Return the first items, and how many more there are."""
    more = f" and {len(items) - _MOST} more" if len(items) > _MOST else ""
    return ", ".join(map(str, items[:_MOST])) + more


def _facts(run: StoredRun) -> dict[Field, Any]:
    """Return what a run does, without secrets and seeds, by field."""
    entries = {
        Field("config", path): value
        for path, value in leaves(masked(run.config))
        if path[-1] != _SEED
    }
    return {Field("name"): run.name, Field("command"): run.command, **entries}


def _differing(facts: Sequence[dict[Field, Any]], expected: Set[str]) -> dict[str, str]:
    """Return the fields that differ, each with its values, by their names."""
    found = {}
    for field in differing_fields(facts):
        if str(field) not in expected:
            values = [each.get(field, MISSING) for each in facts]
            digits = distinct_digits(values)
            texts = dict.fromkeys(
                "missing" if each is MISSING else cell_text(each, digits) for each in values
            )
            found[str(field)] = f"{field} ({_listed([*texts])})"
    return found
