"""What the address of a page says about its curves."""

import math
from collections.abc import Sequence
from typing import Any

import attrs
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from sacred_board.data.curves import CurveView
from sacred_board.data.numeric_points import AXES
from sacred_core.exceptions import SacredError
from sacred_core.listing.grouping import parse_groups
from sacred_core.stores.query import Field

_WIDTH, _WIDEST = 600, 8000
_MOST_SMOOTHING = 0.999
#: Parameters of addresses that controls of curves set.
CONTROLS = ("metric", "match", "x", "logx", "logy", "smooth", "group", "from", "to", "hide")


@attrs.frozen(kw_only=True)
class CurveOptions:
    """What is shown, and how.

    Attributes:
        view: The x axis, its range, the width and the smoothing.
        is_log_y: The y axes are logarithmic.
        group: How runs are grouped, as in ``all-but seed``; empty if each run is a curve.
        by, all_but: The same for `group_runs`.
        metrics: The names of the metrics; empty for all.
        match: Words, all of which are in the names of the metrics.
        hidden: The keys of the runs, or the numbers of the groups, that are not drawn.
    """

    view: CurveView
    is_log_y: bool = False
    group: str = ""
    by: Sequence[Field] | None = None
    all_but: Sequence[str] = ()
    metrics: Sequence[str] = ()
    match: str = ""
    hidden: frozenset[str] = frozenset()

    def has_chosen(self, name: str) -> bool:
        """Return whether a metric is one of the chosen ones."""
        return not self.metrics or name in self.metrics

    def matches(self, name: str) -> bool:
        """Return whether the name of a metric has all words."""
        return all(word in name.lower() for word in self.match.lower().split())

    def selects(self, name: str) -> bool:
        """Return whether a metric is shown."""
        return self.has_chosen(name) and self.matches(name)


def parse_options(params: QueryParams) -> CurveOptions:
    """Return the options in an address.

    Raises:
        HTTPException: a value is not valid; the status is 400.
    """
    axis = params.get("x") or "step"
    if axis not in AXES:
        raise HTTPException(400, f"x must be one of {', '.join(AXES)}, got {axis!r}")
    group = params.get("group", "").strip()
    by, all_but = _parse_group(group)
    view = CurveView(
        axis=axis,
        is_log=_flag(params, "logx") and axis != "time",  # dates have no logarithm
        window=_window(params),
        width=round(_number(params, "width", _WIDTH, 16, _WIDEST)),
        smoothing=_number(params, "smooth", 0.0, 0.0, _MOST_SMOOTHING),
    )
    return CurveOptions(
        view=view,
        is_log_y=_flag(params, "logy"),
        group=group,
        by=by,
        all_but=all_but,
        metrics=params.getlist("metric"),
        match=params.get("match", ""),
        hidden=frozenset(params.getlist("hide")),
    )


def other_parameters(params: QueryParams) -> list[tuple[str, str]]:
    """Return the parameters of an address that no control sets, for hidden fields of the form."""
    omitted = {*CONTROLS, "format", "width"}
    return [(name, value) for name, value in params.multi_items() if name not in omitted]


def _parse_group(group: str) -> tuple[Sequence[Field] | None, Sequence[str]]:
    if not group:
        return None, ()
    try:
        return parse_groups(group)
    except SacredError as error:
        raise HTTPException(400, f"group: {error}") from error


def _flag(params: QueryParams, name: str) -> bool:
    return params.get(name, "") not in ("", "0")


def _number(params: QueryParams, name: str, default: float, low: float, high: float) -> float:
    text = params.get(name, "")
    if not text:
        return default
    found = _parse_number(name, text)
    if not low <= found <= high:
        raise HTTPException(400, f"{name} must be between {low:g} and {high:g}, got {text!r}")
    return found


def _window(params: QueryParams) -> tuple[float, float] | None:
    texts = [params.get(name, "") for name in ("from", "to")]
    if not any(texts):
        return None
    if not all(texts):
        raise HTTPException(400, "a range of the x axis needs both from and to")
    low, high = (
        _parse_number(name, text) for name, text in zip(("from", "to"), texts, strict=True)
    )
    if low >= high:
        raise HTTPException(400, f"from must be less than to, got {low!r} and {high!r}")
    return low, high


def _parse_number(name: str, text: Any) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise HTTPException(400, f"{name} must be a number, got {text!r}")
    return found
