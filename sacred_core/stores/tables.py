"""Runs and points as rows: data frames, and files for other programs."""

import csv
import json
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sacred_core.atomic_files import replacing
from sacred_core.dotted_path import leaves
from sacred_core.exceptions import OptionError
from sacred_core.serialization import encodable, plain, strict_json
from sacred_core.stores.curves import PointsReader, all_points, points, summaries
from sacred_core.stores.explaining import find_mistakes
from sacred_core.stores.finding import MetricSummaries, find_runs, metrics_of
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import (
    MISSING,
    Column,
    Field,
    Order,
    Query,
    is_number,
    parse,
    parse_columns,
    parse_sort,
    read,
)
from sacred_core.stores.run_list import RunSource, points_reader, store_of
from sacred_core.stores.times import TimeColumn

Row = dict[str, Any]
_FIELDS = (
    "id", "uid", "run_id", "status", "name", "command", "queue_time", "start_time", "stop_time",
    "heartbeat", "duration", "damage",
)  # fmt: skip
_STATISTICS = ("last", "min", "max", "count")
POINT_COLUMNS = ("id", "metric", "step", "value", "time")
#: Rows of a batch of a Parquet file, and points that are read at a time.
_BATCH = 10_000


def run_row(run: StoredRun, metrics: MetricSummaries | None = None) -> Row:
    """Return a run as one row.

    Columns are those of the run, ``comment``, ``tags`` and ``notes``, ``config.…`` and
    ``result.…`` for each entry, and ``metrics.NAME.last``, ``.min``, ``.max`` and ``.count``.

    Args:
        run: The run.
        metrics: The `MetricSummaries` of its store; None: no columns of metrics.
    """
    row: Row = {name: getattr(run, name) for name in _FIELDS}
    row["comment"] = run.meta.get("comment")
    row["tags"] = ", ".join(run.tags)
    row["notes"] = "\n".join(str(note["text"]) for note in run.notes)
    row |= {f"config.{path}": value for path, value in leaves(run.config)}
    if isinstance(run.result, dict) and run.result:
        row |= {f"result.{path}": value for path, value in leaves(run.result)}
    else:
        row["result"] = run.result
    for name, own in ({} if metrics is None else metrics.all_of(run)).items():
        for statistic in _STATISTICS:
            value = getattr(own.summary, statistic)
            row[f"metrics.{name}.{statistic}"] = None if value is MISSING else value
    return row


def to_frame(
    runs: RunSource,
    where: str | Query | None = None,
    *,
    metrics: bool | MetricSummaries = False,
    sort: str | Order | None = None,
    limit: int | None = None,
    columns: str | Iterable[str] | None = None,
) -> Any:
    """Return runs as a pandas DataFrame with one row each.

    Example::

        frame = to_frame("my_runs", where="config.lr > 0.1", metrics=True)
        frame.plot.scatter("config.lr", "metrics.loss.last")

    Args:
        runs: A location, see `open_store`; a store; or runs, such as the result of `find_runs`.
        where: A query as in `find_runs`, by default all runs.
        metrics: Add the columns ``metrics.NAME.last``, ``.min``, ``.max`` and ``.count``. If the
            store has no summaries of a run, its points are read.
        sort: The order of the rows, see `find_runs`.
        limit: Maximum number of rows: the first when sorted, else the newest.
        columns: Fields of the query language, ``"id, config.lr, metrics.loss.last"``, or an
            iterable of such strings. Only these are read. By default all columns of `run_row`.

    Warns:
        UserWarning: no run has a named entry, or a status or name in the query.

    Raises:
        ImportError: pandas is not installed.
        QueryError: a query, an order or a column cannot be parsed.
        StoreError: the store cannot be opened or read.
    """
    pd = _import_pandas("to_frame")
    store = store_of(runs)
    own = metrics if isinstance(metrics, MetricSummaries) else metrics_of(store)
    chosen = None if columns is None else _parse_columns(columns)
    fields = None if chosen is None else [column.field for column in chosen]
    query = parse(where) if isinstance(where, str) else where
    order = (parse_sort(sort) if isinstance(sort, str) else sort) or ()
    found = find_runs(store, query, order, limit, fields=fields, metrics=own)
    named = [*(fields or ()), *(field for field, _ in order)]
    for mistake in find_mistakes(store, found, named, query, own):
        warnings.warn(mistake, stacklevel=2)
    if chosen is None:
        return pd.DataFrame([run_row(run, own if metrics else None) for run in found])
    now = datetime.now(UTC)
    rows = [[read(column.field, run, own.of(run), now) for column in chosen] for run in found]
    cells = [[None if value is MISSING else value for value in row] for row in rows]
    return pd.DataFrame(cells, columns=[column.heading for column in chosen])


def _parse_columns(columns: str | Iterable[str]) -> list[Column]:
    texts = [columns] if isinstance(columns, str) else columns
    return [column for text in texts for column in parse_columns(text)]


def _import_pandas(function: str) -> Any:
    """Import pandas.

    Raises:
        ImportError: it is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        hint = f"{function} needs pandas (install it with: pip install pandas)"
        raise ImportError(f"{hint}: {error}") from error
    return pandas


def metrics_frame(
    runs: RunSource,
    ids: Iterable[int | str] | None = None,
    names: Iterable[str] | None = None,
    *,
    where: str | Query | None = None,
    raw: bool = False,
) -> Any:
    """Return the points of runs as a pandas DataFrame with one row for each point.

    Example::

        points = metrics_frame("my_runs", names=["loss"], where="config.lr > 0.1")

    Args:
        runs: As in `to_frame`.
        ids: Ids of runs, by default all that ``where`` selects.
        names: Names of metrics, by default all.
        where: A query as in `find_runs`, used without ``ids``.
        raw: Also points that a later segment of a resumed run repeats.

    Returns:
        Columns ``id``, ``metric``, ``step``, ``value`` and ``time``.

    Raises:
        ImportError: pandas is not installed.
        QueryError: the query cannot be parsed.
        StoreError: the store cannot be opened or read.
    """
    pd = _import_pandas("metrics_frame")
    store = store_of(runs)
    reader = points_reader(store)
    if ids is None:
        ids = [run.id for run in find_runs(store, where, fields=[Field("id")])]
    wanted = None if names is None else set(names)
    frames = [pd.DataFrame(columns=list(POINT_COLUMNS))]
    for run_id in ids:
        for name, metric in all_points(reader, run_id, raw).items():
            if wanted is not None and name not in wanted:
                continue
            frames.append(
                pd.DataFrame(
                    {
                        "id": run_id,
                        "metric": name,
                        "step": metric["steps"],
                        "value": metric["values"],
                        "time": _time_index(metric["timestamps"]),
                    }
                )
            )
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _time_index(times: Any) -> Any:
    """Return times for pandas, NaT for what is stored and is not a time."""
    import pandas as pd

    raw = times.stored if isinstance(times, TimeColumn) else times
    options: dict[str, Any] = {"utc": True, "errors": "coerce"}
    is_count = isinstance(times, TimeColumn) and bool(raw) and is_number(raw[0])
    unit = {"unit": times.unit} if is_count else {"format": "ISO8601"}
    try:
        return pd.to_datetime(raw, **unit, **options)
    except (TypeError, ValueError):  # something else is among them
        return pd.to_datetime(list(times), **options)


def point_rows(
    store: PointsReader, run: StoredRun, names: Iterable[str] | None = None, raw: bool = False
) -> Iterator[Row]:
    """Yield the points of a run as rows with `POINT_COLUMNS`; not all are in memory at once.

    Args:
        store: Of the run.
        run: The run.
        names: Of the metrics, by default all.
        raw: Also points that a later segment repeats.
    """
    for name, blocks in summaries(store, run.id, names, raw).items():
        stop = blocks[-1].stop if blocks else 0
        for start in range(0, stop, _BATCH):
            metric = points(store, run.id, {name: (start, start + _BATCH)}, raw)[name]
            columns = (metric["steps"], metric["values"], metric["timestamps"])
            for step, value, time in zip(*columns, strict=True):
                yield dict(zip(POINT_COLUMNS, (run.id, name, step, value, time), strict=True))


def write_rows(rows: Iterable[Row], target: Path, columns: Iterable[str] | None = None) -> int:
    """Write rows to a file in one step, and return their number.

    Rows are not all in memory at once. Missing values are empty or null.

    Args:
        rows: The rows.
        target: ``.csv``, ``.json`` (a list of objects), ``.jsonl`` (one object a line) or
            ``.parquet``.
        columns: Names of columns; by default all that occur, which requires two passes.

    Raises:
        OptionError: the suffix is another one, or pyarrow, which Parquet needs, is not installed.
        OSError: the file cannot be written.
    """
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        raise OptionError(
            f"cannot write {str(target)!r}: expected a file that ends with {', '.join(_WRITERS)}"
        )
    with tempfile.TemporaryFile("w+", encoding="utf-8") as buffer, replacing(target) as new:
        if columns is None:
            names: dict[str, None] = {}
            for row in rows:
                names |= dict.fromkeys(row)
                buffer.write(json.dumps(_plain_row(row), allow_nan=True) + "\n")
            buffer.seek(0)
            return write(map(json.loads, buffer), [*names], new)
        return write(map(_plain_row, rows), [*columns], new)


def _plain_row(row: Row) -> Row:
    return {
        name: value.isoformat() if isinstance(value, datetime) else _plain_cell(value)
        for name, value in row.items()
    }


def _plain_cell(value: Any) -> Any:
    total_seconds = getattr(value, "total_seconds", None)
    return plain(value) if total_seconds is None else total_seconds()


def _write_csv(rows: Iterator[Row], columns: list[str], target: Path) -> int:
    count = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(encodable, columns))
        for count, row in enumerate(rows, 1):  # noqa: B007 - the number of rows
            writer.writerow([_csv_cell(row.get(name)) for name in columns])
    return count


def _csv_cell(value: Any) -> Any:
    if value is None or isinstance(value, (int, float, str)):
        return encodable(value) if isinstance(value, str) else value
    return strict_json(value)


def _write_json(rows: Iterator[Row], columns: list[str], target: Path) -> int:
    with target.open("w", encoding="utf-8") as file:
        file.write("[")
        count = _write_objects(rows, file, ",\n")
        file.write("]\n")
    return count


def _write_lines(rows: Iterator[Row], columns: list[str], target: Path) -> int:
    with target.open("w", encoding="utf-8") as file:
        count = _write_objects(rows, file, "\n")
        file.write("\n" * bool(count))
    return count


def _write_objects(rows: Iterator[Row], file: IO[str], joint: str) -> int:
    count = 0
    for count, row in enumerate(rows, 1):
        file.write(f"{joint if count > 1 else ''}{strict_json(row)}")
    return count


def _write_parquet(rows: Iterator[Row], columns: list[str], target: Path) -> int:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise OptionError("Parquet files need the library pyarrow: pip install pyarrow") from None
    with tempfile.TemporaryFile("w+", encoding="utf-8") as buffer:
        kinds: dict[str, set[type]] = {name: set() for name in columns}
        count = 0
        for count, row in enumerate(rows, 1):  # noqa: B007 - the number of rows
            for name, value in row.items():
                kinds[name].add(type(value))
            buffer.write(json.dumps(row, allow_nan=True) + "\n")
        buffer.seek(0)
        types = {name: _parquet_type(pa, own) for name, own in kinds.items()}
        schema = pa.schema([(encodable(name), kind) for name, kind in types.items()])
        stored = map(json.loads, buffer)
        with pq.ParquetWriter(target, schema) as writer:
            while batch := [*islice(stored, _BATCH)]:
                arrays = [
                    pa.array([_parquet_cell(pa, row.get(name), kind) for row in batch], kind)
                    for name, kind in types.items()
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return count


def _parquet_type(pa: Any, kinds: set[type]) -> Any:
    """Return the type of a column: what all its values are, else a string of JSON."""
    known = kinds - {type(None)}
    if known == {bool}:
        return pa.bool_()
    if known == {int}:
        return pa.int64()
    return pa.float64() if known and known <= {int, float} else pa.string()


def _parquet_cell(pa: Any, value: Any, kind: Any) -> Any:
    if value is None or kind == pa.bool_():
        return value
    if kind == pa.string():
        return encodable(value) if isinstance(value, str) else strict_json(value)
    return float(value) if kind == pa.float64() else value


_WRITERS: Mapping[str, Callable[[Iterator[Row], list[str], Path], int]] = {
    ".csv": _write_csv,
    ".json": _write_json,
    ".jsonl": _write_lines,
    ".parquet": _write_parquet,
}
