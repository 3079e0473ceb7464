"""The page of all runs."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sacred_board.data.listing import list_runs
from sacred_board.rendering import render
from sacred_core.stores.query import parse


async def show_runs(request: Request) -> Response:
    """Return the page of the runs of all locations."""
    where = request.query_params.get("where", "")
    listing = await list_runs(request.app.state.board.locations, parse(where) if where else None)
    return render(request, "runs.html", {"where": where, "listing": listing})


ROUTES = [Route("/", show_runs, name="runs")]
