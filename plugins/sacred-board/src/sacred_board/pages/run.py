"""The page of one run."""

from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

import attrs
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sacred_board.data.locations import Location
from sacred_board.pages.curves import make_curves
from sacred_board.pages.related import find_related
from sacred_board.panels.commands import run_commands
from sacred_board.panels.offers import find_offers
from sacred_board.panels.showing import Panels
from sacred_board.panels.views import RunView
from sacred_board.rendering import make_path, render, render_json, render_part, wants_json
from sacred_core.listing.run_data import run_as_data
from sacred_core.listing.run_facts import command_line, queue_lines
from sacred_core.listing.segment_facts import segment_lines
from sacred_core.masking import mask_text
from sacred_core.printable import printable_lines
from sacred_core.stores import StoredRun
from sacred_core.stores.query import Condition, Field
from sacred_core.stores.recursive import RecursiveStore
from sacred_core.stores.stored_parts import has_ended

#: The tab with the charts of metrics, which needs the parameters of the request.
CURVES = "curves"


async def find_run(request: Request) -> tuple[Location, StoredRun]:
    """Return the run of the path of a request, and its location.

    Raises:
        HTTPException: there is no such location.
        StoreError: there is no such run.
    """
    slug = request.path_params["slug"]
    location = request.app.state.board.location(slug)
    if location is None:
        raise HTTPException(404, f"This board has no location {slug!r}.")
    return location, await location.get(request.path_params["run_id"])


async def show_run(request: Request) -> Response:
    """Return the page of a run."""
    location, run = await find_run(request)
    if wants_json(request):
        store = await location.store()
        raw = "raw" in request.query_params
        return render_json(await location.read(run_as_data, store, run, raw))
    panels = _panels(request)
    parameters = dict(request.query_params)
    tab = parameters.pop("tab", "")
    if not panels.has_tab(tab):
        raise HTTPException(404, f"The page of a run has no tab {tab!r}.")
    store = await location.show(lambda found: found)
    view = RunView(
        run=run, store=store, tab=tab, parameters=parameters,
        path=make_path(request, "run", slug=location.slug, run_id=run.id),
    )  # fmt: skip
    is_curves = tab == CURVES
    if is_curves:
        view = attrs.evolve(view, curves=await _show_curves(request, location, run))
    shown = await panels.show_run(location, view)
    context = {
        "location": location,
        "run": run,
        "view": view,
        "shown": shown,
        "has_curves": is_curves,
        "queue": queue_lines(run),
        "segments": segment_lines(run),
        "tab_query": f"?{urlencode({'tab': tab})}" if tab else "",
        "now": datetime.now(UTC),
        "tags": [(tag, str(Condition(Field("tags"), "has", (tag,)))) for tag in run.tags],
        "failure": _last_line(run),
        "command_line": mask_text(command_line(run)),
        "commands": run_commands(location.name, run, isinstance(store, RecursiveStore)),
        "is_over": has_ended(run),
        "related": await find_related(request.app.state.board, location, run),
    }
    return render(request, "run.html", context)


async def _show_curves(request: Request, location: Location, run: StoredRun) -> Markup:
    """Return the charts of the metrics of a run."""
    curves = await make_curves(request, [(location, run)])
    return render_part(
        "_curves.html", curves=curves, url_path=partial(make_path, request), request=request
    )


def _last_line(run: StoredRun) -> str:
    """Return the last line of the traceback, which names the exception."""
    lines = printable_lines("".join(map(str, run.fail_trace)).rstrip())
    return lines[-1].strip() if lines else ""


def _panels(request: Request) -> Panels:
    """Return the panels of the board; plugins are asked once."""
    state = request.app.state
    if not hasattr(state, "panels"):
        state.panels = Panels(find_offers())
    found: Panels = state.panels
    return found


ROUTES = [Route("/run/{slug}/{run_id:path}", show_run, name="run")]
