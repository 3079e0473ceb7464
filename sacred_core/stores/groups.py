"""Groups of runs that differ in a few entries, such as the seed, and statistics of each group."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import attrs

from sacred_core.dotted_path import MISSING, DottedPath, leaves
from sacred_core.serialization import number, to_json
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Field, MetricOf, is_number, read

_CONFIDENCE = 0.95


@attrs.frozen(kw_only=True)
class Statistics:
    """Of a few numbers.

    Attributes:
        count: How many.
        mean: Their mean.
        std: Their standard deviation, that of a sample (divided by ``count - 1``); None of one.
        low, high: The confidence interval of the mean, with Student's t-distribution; None of one.
    """

    count: int
    mean: float
    std: float | None = None
    low: float | None = None
    high: float | None = None


@attrs.frozen
class RunGroup:
    """Runs with the same values.

    Attributes:
        values: The values that they share, by field, in the order of the fields; `MISSING` where
            they have none.
        runs: The runs, in the order in which they were given.
    """

    values: dict[Field, Any]
    runs: list[StoredRun]


def group_runs(
    runs: Iterable[StoredRun],
    by: Sequence[Field] | None = None,
    all_but: Iterable[str] = (),
    metrics: Callable[[StoredRun], MetricOf] | None = None,
) -> list[RunGroup]:
    """Return groups of runs with the same values, in the order of their first runs.

    Two values are the same if they are equal as JSON; integers and other numbers are compared as
    numbers, and NaN is the same as itself.

    Args:
        runs: The runs.
        by: The fields whose values are compared; by default the name, the command and all entries
            of the configuration.
        all_but: Dotted paths of entries that are omitted then, with all entries inside them.
        metrics: Returns what `read` needs for a field of metrics.
    """
    now = datetime.now(UTC)
    left_out = [DottedPath.parse(path.removeprefix("config.")) for path in all_but]
    groups: dict[tuple[tuple[str, str], ...], RunGroup] = {}
    for run in runs:
        fields = _fields_of(run, left_out) if by is None else by
        of_run = (lambda name: None) if metrics is None else metrics(run)
        values = {field: read(field, run, of_run, now) for field in fields}
        key = tuple(sorted((str(field), _spelling(value)) for field, value in values.items()))
        groups.setdefault(key, RunGroup(values, [])).runs.append(run)
    return [*groups.values()]


def differing_fields(
    groups: Iterable[Mapping[Field, Any]],
) -> list[Field]:
    """Return the fields whose values are not the same in all of several mappings.

    A field that a mapping lacks is `MISSING` there. The order is that of `merged_fields`.
    """
    groups = [*groups]
    spellings: dict[Field, set[str]] = {}
    counts: dict[Field, int] = {}
    for values in groups:
        for field, value in values.items():
            spellings.setdefault(field, set()).add(_spelling(value))
            counts[field] = counts.get(field, 0) + 1
    return [
        field
        for field in merged_fields(groups)
        if len(spellings[field]) > 1 or counts[field] < len(groups)
    ]


def merged_fields(groups: Iterable[Iterable[Field]]) -> list[Field]:
    """Return all fields of several mappings, in their order.

    A field that is not in the first mapping follows the one before it in its own mapping.
    """
    order: list[Field] = []
    known: set[Field] = set()
    for fields in groups:
        position = 0
        for field in fields:
            if field not in known:
                known.add(field)
                order.insert(position, field)
                position += 1
            elif position < len(order) and order[position] == field:
                position += 1
            else:
                position = order.index(field) + 1
    return order


def config_values(run: StoredRun) -> dict[Field, Any]:
    """Return the entries of the configuration of a run by field."""
    return {Field("config", path): value for path, value in leaves(run.config)}


def compute_statistics(numbers: Iterable[float], confidence: float = _CONFIDENCE) -> Statistics:
    """Return the statistics of one or more numbers.

    Args:
        numbers: With NaN or both infinities among them the results are NaN.
        confidence: Of the interval, between 0 and 1.

    Raises:
        ValueError: there is no number.
    """
    values = [float(each) for each in numbers]
    count = len(values)
    if count == 0:
        raise ValueError("statistics need at least one number")
    mean = _sum(values) / count
    if count == 1:
        return Statistics(count=1, mean=mean)
    std = math.sqrt(_sum([(value - mean) ** 2 for value in values]) / (count - 1))
    half = _quantile(confidence, count - 1) * std / math.sqrt(count)
    return Statistics(count=count, mean=mean, std=std, low=mean - half, high=mean + half)


def numbers_of(
    run: StoredRun, metrics: MetricOf, names: Iterable[str]
) -> Iterator[tuple[Field, float]]:
    """Yield the numbers in the result of a run, and the last value of each metric, by field."""
    now = datetime.now(UTC)
    result = run.result if isinstance(run.result, dict) else {}
    fields = [Field("result"), *(Field("result", path) for path, _ in leaves(result))]
    fields += [Field("metrics", (name, "last")) for name in names]
    for field in fields:
        value = number(read(field, run, metrics, now))
        if is_number(value):
            yield field, value


@lru_cache(maxsize=64)
def _quantile(confidence: float, degrees: int) -> float:
    from sacred_core.student_t import student_t_quantile  # a listing of runs does not need it

    return student_t_quantile(confidence, degrees)


def _fields_of(run: StoredRun, left_out: Sequence[DottedPath]) -> list[Field]:
    paths = [
        path for path, _ in leaves(run.config) if not any(path.is_inside(each) for each in left_out)
    ]
    return [Field("name"), Field("command"), *(Field("config", path) for path in paths)]


def _spelling(value: Any) -> str:
    if value is MISSING:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    try:
        return to_json(value)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def _sum(values: Sequence[float]) -> float:
    try:
        return math.fsum(values)
    except (ValueError, OverflowError):  # both infinities, or a sum beyond all floats
        return sum(values)
