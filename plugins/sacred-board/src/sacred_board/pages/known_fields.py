"""The fields that runs have, from which a user chooses columns."""

from collections.abc import Iterable, Sequence

import attrs

from sacred_core.dotted_path import leaves
from sacred_core.stores import StoredRun
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.groups import config_values, merged_fields
from sacred_core.stores.query import Field

#: Runs whose entries are listed: the newest.
MOST_RUNS = 200
#: Entries of one kind that are listed.
_MOST_FIELDS = 200
_OF_RUNS = (
    "status", "start_time", "duration", "name", "command", "tags", "comment", "stop_time",
    "queue_time", "heartbeat", "uid", "artifacts", "resources", "damage",
)  # fmt: skip
_STATISTICS = ("last", "min", "max", "first", "count")


@attrs.frozen
class FieldChoice:
    """A field that a user may choose.

    Attributes:
        field: As the query language writes it.
        label: What is shown.
        is_chosen: It has a column.
    """

    field: str
    label: str
    is_chosen: bool


@attrs.frozen
class FieldGroup:
    """Fields of one kind.

    Attributes:
        title: The kind.
        choices: The fields.
        hidden: The number of fields that are not listed because there are too many.
    """

    title: str
    choices: Sequence[FieldChoice]
    hidden: int = 0


def known_fields(
    runs: Sequence[StoredRun], metrics: MetricSummaries, chosen: Iterable[Field]
) -> list[FieldGroup]:
    """Return the fields of runs by kind.

    Args:
        runs: The newest `MOST_RUNS` or less.
        metrics: Of the runs.
        chosen: The fields that have columns.
    """
    marked = {str(field) for field in chosen}
    results = [run.result for run in runs]
    parts = [path for value in results if isinstance(value, dict) for path, _ in leaves(value)]
    names = dict.fromkeys(name for run in runs for name in metrics.all_of(run))
    trees = {
        tree: merged_fields([_entries(run, tree) for run in runs]) for tree in ("info", "host")
    }
    kinds: list[tuple[str, list[Field]]] = [
        ("Run", [Field(name) for name in _OF_RUNS]),
        ("Configuration", merged_fields([config_values(run) for run in runs])),
        ("Result", [Field("result"), *(Field("result", path) for path in dict.fromkeys(parts))]),
        ("Metrics", [Field("metrics", (name, each)) for name in names for each in _STATISTICS]),
        ("Info", trees["info"]),
        ("Host", trees["host"]),
    ]
    return [_group(title, fields, marked) for title, fields in kinds if fields]


def _entries(run: StoredRun, tree: str) -> list[Field]:
    return [Field(tree, path) for path, _ in leaves(getattr(run, tree))]


def _group(title: str, fields: Sequence[Field], marked: set[str]) -> FieldGroup:
    listed = fields[:_MOST_FIELDS]
    choices = [FieldChoice(str(each), _label(each), str(each) in marked) for each in listed]
    return FieldGroup(title, choices, max(0, len(fields) - _MOST_FIELDS))


def _label(field: Field) -> str:
    if field.name == "metrics":
        return " ".join(map(str, field.path))
    is_entry = field.name in ("config", "info", "host")
    return str(field).removeprefix(f"{field.name}.") if is_entry else str(field)
