"""The page that compares 2 to 20 runs."""

import functools
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import attrs
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sacred_board.data.locations import Location
from sacred_board.pages.comparison import compare_runs
from sacred_board.pages.curve_options import CONTROLS, parse_options
from sacred_board.pages.curves import make_curves
from sacred_board.rendering import environment, make_path, render, render_json, wants_json
from sacred_core.compare import ComparedRun, diff, diff_table
from sacred_core.compare.diffing import find_aspects
from sacred_core.exceptions import OptionError, SacredError
from sacred_core.masking import mask_text

T = TypeVar("T")
LEAST, MOST = 2, 20
#: Where the comparison is in the page, which is sent before it.
_PLACE = "<!-- comparison -->"
#: Runs that the field for another run suggests.
_MOST_SUGGESTED = 50


@attrs.frozen(kw_only=True)
class CompareAddress:
    """The parameters of the page.

    Attributes:
        keys: The runs, as ``SLUG/ID``, in their order.
        only: Names of the aspects that are compared; empty for all.
        has_all: Facts that do not differ are shown, too.
        curves: The parameters of the curves, with their values.
    """

    keys: tuple[str, ...]
    only: tuple[str, ...] = ()
    has_all: bool = False
    curves: tuple[tuple[str, str], ...] = ()

    def link(self, **changes: Any) -> str:
        """Return the address with other values."""
        return f"?{urlencode(attrs.evolve(self, **changes).pairs())}"

    def pairs(self) -> list[tuple[str, str]]:
        """Return the parameters with their values."""
        pairs = [("run", key) for key in self.keys]
        pairs += [("only", ",".join(self.only))] if self.only else []
        return [*pairs, *([("all", "1")] if self.has_all else []), *self.curves]

    def without(self, number: int) -> str:
        """Return the link to the page without one of the runs."""
        return self.link(keys=(*self.keys[:number], *self.keys[number + 1 :]))

    def first(self, number: int) -> str:
        """Return the link to the page with one of the runs before the others."""
        return self.link(keys=(self.keys[number], *self.keys[:number], *self.keys[number + 1 :]))


@attrs.frozen(kw_only=True)
class PickedRun:
    """A run of the page.

    Attributes:
        key: ``SLUG/ID``.
        location: Its location.
        compared: The run.
        label: A letter, by which the page refers to it.
    """

    key: str
    location: Location
    compared: ComparedRun
    label: str


async def show_comparison(request: Request) -> Response:
    """Return the page that compares the runs of the address."""
    address = read_address(request)
    picked = await find_runs(request, address.keys)
    only = list(address.only) or None
    if wants_json(request):
        compared = [each.compared for each in picked]
        return render_json(await _call(picked, functools.partial(_data, compared, only)))
    context = {
        "address": address,
        "picked": picked,
        "place": Markup(_PLACE),
        "suggested": _suggested(request, address.keys),
    }
    page = bytes(render(request, "compare.html", context).body).decode()
    start, _, end = page.partition(_PLACE)

    async def parts() -> AsyncIterator[str]:
        yield start
        yield await _comparison(request, address, picked)
        yield end

    return StreamingResponse(parts(), media_type="text/html")


def read_address(request: Request) -> CompareAddress:
    """Return the address of a request.

    Raises:
        HTTPException: it has less than 2 or more than 20 runs, an unknown aspect, or an option of
            curves that is not valid.
    """
    parameters = request.query_params
    given = (word.strip() for word in parameters.getlist("run"))
    keys = tuple(dict.fromkeys(_key(request, word) for word in given if word))
    if not LEAST <= len(keys) <= MOST:
        raise HTTPException(
            400,
            f"Select {LEAST} to {MOST} runs to compare, in the list of runs: this address has "
            f"{len(keys)}.",
        )
    words = [word.strip() for text in parameters.getlist("only") for word in text.split(",")]
    only = tuple(filter(None, words))
    try:
        find_aspects(only)
    except OptionError as error:
        raise HTTPException(400, f"only: {error}") from error
    parse_options(parameters)
    curves = tuple(pair for pair in parameters.multi_items() if pair[0] in CONTROLS)
    return CompareAddress(
        curves=curves, keys=keys, only=only, has_all=parameters.get("all", "") not in ("", "0")
    )


def _key(request: Request, word: str) -> str:
    """Return the key of a run; a board with one location needs its id only."""
    locations = request.app.state.board.locations
    is_id = len(locations) == 1 and not word.startswith(f"{locations[0].slug}/")
    return f"{locations[0].slug}/{word}" if is_id else word


async def find_runs(request: Request, keys: Sequence[str]) -> list[PickedRun]:
    """Return the runs of an address.

    Raises:
        HTTPException: the board has no such location.
        StoreError: a run does not exist.
        LocationAwayError: a store cannot be reached.
    """
    picked = []
    for number, key in enumerate(keys):
        slug, _, run_id = key.partition("/")
        location = request.app.state.board.location(slug)
        if location is None or not run_id:
            raise HTTPException(404, f"This board has no run {key!r}: expected LOCATION/ID.")
        run = await location.get(run_id)
        compared = ComparedRun(await location.store(), run, location.name)
        label = chr(ord("A") + number)
        picked.append(PickedRun(key=key, location=location, compared=compared, label=label))
    return picked


async def _comparison(
    request: Request, address: CompareAddress, picked: Sequence[PickedRun]
) -> str:
    """Return the part of the page with the comparison, or why there is none."""
    compared = [each.compared for each in picked]
    only = list(address.only) or None
    context: dict[str, Any] = {
        "address": address,
        "picked": picked,
        "comparison": None,
        "error": "",
        "url_path": functools.partial(make_path, request),
    }
    try:
        work = functools.partial(compare_runs, compared, only, address.has_all)
        context["comparison"] = await _call(picked, work)
        runs = [(each.location, each.compared.run) for each in picked]
        context["curves"] = await make_curves(request, runs)
    except SacredError as error:
        context["error"] = mask_text(str(error))
    return environment().get_template("_comparison.html").render(context)


async def _call(picked: Sequence[PickedRun], function: Callable[[], T]) -> T:
    """Call a function that reads the stores of the runs, in a thread."""
    locations = {each.location for each in picked}
    if len(locations) == 1:
        return await locations.pop().call(function)
    return await run_in_threadpool(function)


def _data(compared: Sequence[ComparedRun], only: Sequence[str] | None) -> dict[str, Any]:
    if len(compared) == 2:
        return diff(compared[0], compared[1], only).data()
    return diff_table(compared, only).data()


def _suggested(request: Request, keys: Sequence[str]) -> list[tuple[str, str]]:
    """Return the newest runs in memory that can be added, with what they are."""
    found = []
    for location in request.app.state.board.locations:
        for run in reversed(location.index.runs()[-_MOST_SUGGESTED:]):
            key = f"{location.slug}/{run.id}"
            if key not in keys:
                found.append((key, f"{run.name} {run.status}"))
    return found[:_MOST_SUGGESTED]


ROUTES = [Route("/compare", show_comparison, name="compare")]
