"""The charts of a page: the curves of several runs and metrics as plain data."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import attrs

from sacred_board.data.curve_groups import GroupRow, group_rows
from sacred_board.data.curves import Curve, CurveView, read_all_points, read_curves
from sacred_board.data.locations import Location
from sacred_board.data.numeric_points import NumericPoints, is_finite, seconds
from sacred_board.data.series_colors import group_slots, run_slots
from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text
from sacred_core.readable_numbers import number_text
from sacred_core.stores.curves import summaries
from sacred_core.stores.groups import RunGroup, config_values, differing_fields, group_runs
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Field

_DIGITS = 9
#: Places after the decimal point of steps and seconds: those of times.
_DECIMALS = 6
#: Entries of the configuration in the label of a run.
_MOST_ENTRIES = 4


@attrs.frozen(eq=False)
class ChartRun:
    """A run of the charts.

    Attributes:
        location: Its location.
        run: Its record.
        slot: Of its colour, see `run_slots`.
        title: Its id, and its location if the runs have several.
        label: The entries of its configuration that differ between the runs of the page.
    """

    location: Location
    run: StoredRun
    slot: int
    title: str
    label: str

    @property
    def key(self) -> str:
        """The run as it is in addresses: ``slug/id``."""
        return f"{self.location.slug}/{self.run.id}"


@attrs.frozen(eq=False)
class ChartGroup:
    """Runs whose mean is one curve.

    Attributes:
        runs: The runs.
        slot: Of its colour, see `group_slots`.
        label: The values that distinguish it from the other groups.
    """

    runs: Sequence[ChartRun]
    slot: int
    label: str


@attrs.define(eq=False)
class Charts:
    """What a page shows.

    Attributes:
        view: The axis, its range and the smoothing.
        runs: The runs.
        groups: Their groups; None if each run is a curve.
        metrics: The names of all metrics that any run has, in order.
        charts: For each metric that was read its curves as plain data.
        errors: For each run that could not be read the reason.
    """

    view: CurveView
    runs: Sequence[ChartRun]
    groups: Sequence[ChartGroup] | None
    metrics: Sequence[str] = ()
    charts: dict[str, list[dict[str, Any]]] = attrs.field(factory=dict)
    errors: dict[str, str] = attrs.field(factory=dict)


def chart_runs(found: Sequence[tuple[Location, StoredRun]]) -> list[ChartRun]:
    """Return the runs of a page with their colours and labels."""
    runs = [run for _, run in found]
    values = [config_values(run) for run in runs]
    fields = differing_fields(values) if len(runs) > 1 else []
    fields.sort(key=lambda field: field.path == ("seed",))  # the least important one
    is_mixed = len({location.slug for location, _ in found}) > 1
    return [
        ChartRun(
            location=location,
            run=run,
            slot=slot,
            title=f"{location.slug}/{run.id}" if is_mixed else str(run.id),
            label=entries_text(own, fields),
        )
        for (location, run), slot, own in zip(found, run_slots(runs), values, strict=True)
    ]


def chart_groups(
    runs: Sequence[ChartRun], by: Sequence[Field] | None, all_but: Sequence[str]
) -> list[ChartGroup]:
    """Return the groups of runs, as `group_runs` defines them."""
    by_run = {id(each.run): each for each in runs}
    groups = group_runs([each.run for each in runs], by, all_but)
    values = [group.values for group in groups]
    fields = [*groups[0].values] if by and groups else differing_fields(values)
    return [
        ChartGroup([by_run[id(run)] for run in group.runs], slot, _group_text(group, fields))
        for group, slot in zip(groups, group_slots(len(groups)), strict=True)
    ]


async def find_metrics(runs: Sequence[ChartRun]) -> tuple[list[str], dict[str, str]]:
    """Return the names of the metrics of runs in order, and errors by run."""
    names: dict[str, dict[str, None]] = {}
    errors: dict[str, str] = {}

    async def find(each: ChartRun) -> None:
        try:
            own = each.run.metrics
            if own is None:
                store = await each.location.store()
                found = await each.location.read(summaries, store, each.run.id)
                names[each.key] = dict.fromkeys(found)
            else:
                names[each.key] = dict.fromkeys(own)
        except SacredError as error:
            errors[each.key] = mask_text(str(error))

    async with anyio.create_task_group() as tasks:
        for each in runs:
            tasks.start_soon(find, each)
    merged: dict[str, None] = {}
    for each in runs:
        merged |= names.get(each.key, {})
    return [*merged], errors


async def read_charts(charts: Charts, names: Sequence[str]) -> None:
    """Read the curves of metrics, and add them to charts."""
    by_run: dict[str, Mapping[str, Any]] = {}
    read: Any = read_curves if charts.groups is None else read_all_points

    async def read_run(each: ChartRun) -> None:
        try:
            store = await each.location.store()
            start = seconds(each.run.start_time)
            origin = None if math.isnan(start) else start
            by_run[each.key] = await each.location.read(
                read, store, each.run.id, names, charts.view, origin
            )
        except SacredError as error:
            charts.errors[each.key] = mask_text(str(error))

    async with anyio.create_task_group() as tasks:
        for each in charts.runs:
            if each.key not in charts.errors:
                tasks.start_soon(read_run, each)
    for name in names:
        if charts.groups is None:
            own = [
                curve_data(each.key, by_run[each.key][name])
                for each in charts.runs
                if name in by_run.get(each.key, {})
            ]
        else:
            own = _group_curves(charts, name, by_run)
        charts.charts[name] = own


def charts_data(charts: Charts) -> dict[str, Any]:
    """Return charts as plain data, as ``docs/curves.schema.json`` describes it."""
    view = charts.view
    groups = charts.groups
    return {
        "x": view.axis,
        "log_x": view.is_log,
        "window": None if view.window is None else [*view.window],
        "width": view.width,
        "smoothing": view.smoothing,
        "metrics": [*charts.metrics],
        "runs": [_run_data(each) for each in charts.runs],
        "groups": None if groups is None else [_group_data(each) for each in groups],
        "charts": [{"metric": name, "curves": own} for name, own in charts.charts.items()],
        "errors": [{"run": key, "error": text} for key, text in charts.errors.items()],
    }


def curve_data(key: str, curve: Curve) -> dict[str, Any]:
    """Return the curve of a run as columns; numbers that are not finite are None."""
    rows = curve.rows
    data: dict[str, Any] = {
        "run": key,
        "total": curve.total,
        "is_exact": curve.is_exact,
        "omitted": curve.omitted,
        "x": [_place(row.x) for row in rows],
        "y": [_plain(row.y) for row in rows],
    }
    if not curve.is_exact:
        data["x_low"] = [_place(row.x_low) for row in rows]
        data["low"] = [_plain(row.low) for row in rows]
        data["x_high"] = [_place(row.x_high) for row in rows]
        data["high"] = [_plain(row.high) for row in rows]
    if any(row.smooth == row.smooth for row in rows):
        data["smooth"] = [_plain(row.smooth) for row in rows]
    return data


def entries_text(values: Mapping[Field, Any], fields: Sequence[Field]) -> str:
    """Return some entries of a configuration, as in ``lr=0.1, seed=0``."""
    shown = [(field, values[field]) for field in fields if field in values]
    texts = [f"{_short_name(field)}={_value_text(value)}" for field, value in shown]
    more = len(texts) - _MOST_ENTRIES
    return ", ".join(texts[:_MOST_ENTRIES]) + (f", and {more} more" if more > 0 else "")


def _group_curves(
    charts: Charts, name: str, by_run: Mapping[str, Mapping[str, NumericPoints]]
) -> list[dict[str, Any]]:
    view = charts.view
    found = []
    for number, group in enumerate(charts.groups or ()):
        points = [by_run[each.key][name] for each in group.runs if name in by_run.get(each.key, {})]
        rows = group_rows(points, view.width, view.window, view.is_log)
        if rows:
            found.append(_group_curve_data(number, rows, sum(len(own.xs) for own in points)))
    return found


def _group_curve_data(number: int, rows: Sequence[GroupRow], total: int) -> dict[str, Any]:
    return {
        "group": number,
        "total": total,
        "x": [_place(row.x) for row in rows],
        "y": [_plain(row.mean) for row in rows],
        "low": [_plain(row.low) for row in rows],
        "high": [_plain(row.high) for row in rows],
        "count": [row.count for row in rows],
    }


def _run_data(each: ChartRun) -> dict[str, Any]:
    start = seconds(each.run.start_time)
    return {
        "run": each.key,
        "location": each.location.slug,
        "id": each.run.id,
        "name": each.run.name,
        "status": each.run.status,
        "start": None if math.isnan(start) else start,
        "title": each.title,
        "label": each.label,
        "slot": each.slot,
    }


def _group_data(group: ChartGroup) -> dict[str, Any]:
    return {
        "runs": [each.key for each in group.runs],
        "label": group.label,
        "slot": group.slot,
    }


def _plain(value: float | None) -> float | None:
    if value is None or not is_finite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.{_DIGITS}g}")


def _place(x: float) -> float:
    return x if isinstance(x, int) else round(x, _DECIMALS)


def _group_text(group: RunGroup, fields: Sequence[Field]) -> str:
    text = entries_text(group.values, fields)
    return text or (group.runs[0].name or "all runs")


def _short_name(field: Field) -> str:
    return str(field).removeprefix("config.")


def _value_text(value: Any) -> str:
    if isinstance(value, float):
        return number_text(value)
    return value if isinstance(value, str) else repr(value)
