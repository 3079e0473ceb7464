"""The page of curves, and curves as a part of other pages."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

import anyio
import attrs
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sacred_board.curve_svg import draw_svg
from sacred_board.data.charts import (
    ChartGroup,
    ChartRun,
    Charts,
    chart_groups,
    chart_runs,
    charts_data,
    find_metrics,
    read_charts,
)
from sacred_board.data.locations import Location, LocationAwayError
from sacred_board.pages.curve_options import CurveOptions, other_parameters, parse_options
from sacred_board.rendering import render, wants_json
from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text
from sacred_core.serialization import strict_json
from sacred_core.stores.model import StoredRun

MOST_RUNS = 20
#: Charts that a page has at first; scripts request the others when they are scrolled to.
_FIRST_CHARTS = 6


@attrs.frozen(eq=False)
class CurvesPart:
    """What the template ``_curves.html`` shows.

    Attributes:
        options: What the address says.
        charts: The runs, their metrics and the curves.
        names: The metrics that were chosen, in order; scripts hide those that do not match.
        drawings: For the first of those that are shown the curves as SVG.
        hidden_fields: Parameters of the address that the controls do not set.
        data: The charts as plain data, for scripts.
        address: The path that answers scripts with ``format=json``.
        parameters: Those of the address of the page.
    """

    options: CurveOptions
    charts: Charts
    names: Sequence[str]
    drawings: dict[str, Markup]
    hidden_fields: Sequence[tuple[str, str]]
    data: dict[str, Any]
    address: str
    parameters: Sequence[tuple[str, str]]

    def toggle_address(self, key: str) -> str:
        """Return the address of the page that shows a hidden curve, or hides another one."""
        item = ("hide", key)
        if item in self.parameters:
            return _address(each for each in self.parameters if each != item)
        return _address([*self.parameters, item])

    @property
    def whole_address(self) -> str:
        """The address of the page with the whole x axis."""
        return _address(each for each in self.parameters if each[0] not in ("from", "to"))

    @property
    def shown(self) -> int:
        """The number of metrics that are shown."""
        return sum(map(self.options.matches, self.names))

    @property
    def entries(self) -> Sequence[ChartRun | ChartGroup]:
        """What the legend has: the runs or the groups."""
        return self.charts.runs if self.charts.groups is None else self.charts.groups


async def make_curves(request: Request, runs: Sequence[tuple[Location, StoredRun]]) -> CurvesPart:
    """Return the part of a page with the curves of runs.

    The template of the page includes ``_curves.html`` with the variable ``curves``. The options are
    the parameters of the address, which the page has to leave to it: see `CONTROLS`.

    Args:
        request: The request for the page.
        runs: 1 to 20 runs.

    Raises:
        HTTPException: the address has an option that is not valid.
    """
    options = parse_options(request.query_params)
    charts = await _find_charts(options, runs)
    first = [name for name in charts.metrics if options.selects(name)][:_FIRST_CHARTS]
    await read_charts(charts, first)
    return CurvesPart(
        options=options,
        charts=charts,
        names=[name for name in charts.metrics if options.has_chosen(name)],
        drawings={name: draw_svg(charts, name, options.is_log_y, options.hidden) for name in first},
        hidden_fields=other_parameters(request.query_params),
        data=charts_data(charts),
        address=str(request.app.url_path_for("curves")),
        parameters=request.query_params.multi_items(),
    )


async def show_curves(request: Request) -> Response:
    """Return the page of the curves of the runs in the address."""
    runs, errors = await find_runs_of(request, request.query_params.getlist("run"))
    if wants_json(request):
        text = strict_json(await _data(request, runs, errors))
        return Response(text, media_type="application/json")
    curves = await make_curves(request, runs)
    curves.charts.errors.update(errors)
    return render(request, "curves.html", {"curves": curves})


async def find_runs_of(
    request: Request, keys: Sequence[str]
) -> tuple[list[tuple[Location, StoredRun]], dict[str, str]]:
    """Return the runs of keys like ``slug/id``, and for each that cannot be read the reason.

    Raises:
        HTTPException: there is no key, there are too many, or no run is found.
        LocationAwayError: no run can be read because a store cannot be reached.
    """
    keys = [*dict.fromkeys(keys)]
    if not 1 <= len(keys) <= MOST_RUNS:
        raise HTTPException(
            400,
            f"The address has {len(keys)} runs: choose 1 to {MOST_RUNS} runs in the list of runs.",
        )
    found: dict[str, tuple[Location, StoredRun]] = {}
    errors: dict[str, str] = {}
    outages: list[LocationAwayError] = []

    async def find(key: str) -> None:
        slug, _, run_id = key.partition("/")
        location = request.app.state.board.location(slug)
        if location is None:
            errors[key] = f"This board has no location {slug!r}."
            return
        try:
            found[key] = location, await location.get(run_id)
        except SacredError as error:
            errors[key] = mask_text(str(error))
            outages.extend([error] if isinstance(error, LocationAwayError) else [])

    async with anyio.create_task_group() as tasks:
        for key in keys:
            tasks.start_soon(partial(find, key))
    if not found:
        if outages:
            raise outages[0]
        raise HTTPException(404, " ".join(dict.fromkeys(errors.values())))
    return [found[key] for key in keys if key in found], errors


def _address(parameters: Iterable[tuple[str, str]]) -> str:
    return f"?{urlencode([*parameters])}"


async def _data(
    request: Request, runs: Sequence[tuple[Location, StoredRun]], errors: dict[str, str]
) -> dict[str, Any]:
    options = parse_options(request.query_params)
    charts = await _find_charts(options, runs)
    charts.errors.update(errors)
    await read_charts(charts, [name for name in charts.metrics if options.selects(name)])
    return charts_data(charts)


async def _find_charts(
    options: CurveOptions, found: Sequence[tuple[Location, StoredRun]]
) -> Charts:
    runs = chart_runs(found)
    groups = chart_groups(runs, options.by, options.all_but) if options.group else None
    metrics, errors = await find_metrics(runs)
    return Charts(options.view, runs, groups, metrics, errors=errors)


ROUTES = [Route("/curves", show_curves, name="curves")]
