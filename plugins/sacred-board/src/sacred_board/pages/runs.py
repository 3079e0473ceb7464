"""The page of all runs."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sacred_board.data.runs_page import RunsPage, read_page
from sacred_board.pages.runs_address import (
    RunsAddress,
    chosen_locations,
    parse_view,
    with_tag,
    without_errors,
)
from sacred_board.pages.runs_content import RunsContent, make_content
from sacred_board.pages.runs_remarks import find_remarks
from sacred_board.rendering import render, render_error, render_json, wants_json
from sacred_core.listing.grouping import group_as_data
from sacred_core.listing.run_data import as_data

#: Rows of a page.
_SIZE = 50
#: Statuses that have a link on each page; others have one where there are such runs.
_STATUSES = ("RUNNING", "COMPLETED", "FAILED")
#: Queries that show what the language has, with what they select.
_EXAMPLES = (
    ("status in [FAILED, DEAD]", "runs that failed, or ended without a sign"),
    ("config.lr < 0.1", "by an entry of the configuration"),
    ("metrics.loss.min < 0.2", "by the last, min, max, first or count of a metric"),
    ("result.accuracy > 0.9", "by the result, or an entry of it"),
    ("tags has baseline", "by a tag"),
    ('name ~ "train*"', "by a pattern"),
    ("start_time > -2d", "of the last two days"),
    ("duration > 1h", "by the duration"),
)


async def show_runs(request: Request) -> Response:
    """Return the page of the runs, or of the groups of runs, of all locations."""
    asked = RunsAddress.read(request.query_params)
    address, errors = without_errors(asked)
    if errors and wants_json(request):
        return render_error(request, "; ".join(each.message for each in errors), 400)
    locations = chosen_locations(address, request.app.state.board.locations)
    view = parse_view(address)
    is_grouped = view.groups is not None
    page = await read_page(
        locations,
        view.where,
        view.status,
        None if is_grouped else view.order,
        None if is_grouped else _SIZE,
        0 if is_grouped else (address.page - 1) * _SIZE,
    )
    content = await run_in_threadpool(make_content, page, view, address, _SIZE)
    if wants_json(request):
        return render_json(_data(page, content, is_grouped))
    context = {
        "address": address,
        "asked": asked,
        "content": content,
        "examples": _EXAMPLES,
        "errors": {each.part: each for each in errors},
        "is_grouped": is_grouped,
        "page": page,
        "remarks": await find_remarks(locations, page, view),
        "statuses": _statuses(page, address),
        "with_tag": with_tag,
    }
    # A script shows the error in the page, which is no failed request in its console.
    is_part = request.headers.get("board-part") is not None
    return render(request, "runs.html", context, 400 if errors and not is_part else 200)


def _data(page: RunsPage, content: RunsContent, is_grouped: bool) -> list[dict[str, Any]]:
    if is_grouped:
        return [group_as_data(row) for row in content.group_rows]
    return [as_data(each.run) for each in page.runs]


def _statuses(page: RunsPage, address: RunsAddress) -> list[tuple[str, int | None]]:
    """Return the statuses that have links, each with its number of runs if it is known."""
    counts = page.counts
    found = dict.fromkeys((*_STATUSES, *sorted(counts or ()), address.status))
    return [(name, None if counts is None else counts.get(name, 0)) for name in found if name]


ROUTES = [Route("/", show_runs, name="runs")]
