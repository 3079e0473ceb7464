"""The page of one run."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sacred_board.data.locations import Location
from sacred_board.rendering import render
from sacred_core.stores import StoredRun


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
    return render(request, "run.html", {"location": location, "run": run})


ROUTES = [Route("/run/{slug}/{run_id:path}", show_run, name="run")]
