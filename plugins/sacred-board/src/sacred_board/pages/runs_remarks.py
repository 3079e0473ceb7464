"""What the page of runs says beside the table: why there are no runs, and mistakes."""

import contextlib
from collections.abc import Sequence

import attrs
from starlette.concurrency import run_in_threadpool

from sacred_board.data.locations import Location, LocationAwayError
from sacred_board.data.runs_page import RunsPage
from sacred_board.pages.runs_address import RunsView
from sacred_core.exceptions import SacredError
from sacred_core.listing.empty_stores import empty_text
from sacred_core.listing.grouping import named_group_fields
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.stores.explaining import find_mistakes, require_existing
from sacred_core.stores.opening import location_spec, split_flag
from sacred_core.stores.query import Field
from sacred_core.stores.run_list import store_of


@attrs.frozen
class EmptyLocation:
    """A location without runs.

    Attributes:
        location: The location.
        sentence: Why it has none, and what to do.
        command: A command line that records a run there; empty if it is not known.
    """

    location: Location
    sentence: str
    command: str


@attrs.frozen(kw_only=True)
class RunsRemarks:
    """What is said beside the table.

    Attributes:
        mistakes: Sentences about fields and values that no run has.
        empty: The locations, if no run was recorded.
        no_match: Why the table is empty although there are runs.
    """

    mistakes: Sequence[str] = ()
    empty: Sequence[EmptyLocation] = ()
    no_match: str = ""


async def find_remarks(
    locations: Sequence[Location], page: RunsPage, view: RunsView
) -> RunsRemarks:
    """Return what is said beside the table of a page.

    Args:
        locations: Those whose runs are shown.
        page: The runs of the page.
        view: What the address asks for.
    """
    runs = [run for each in locations for run in each.index.runs()]
    if not page.runs and not runs and not page.offset:
        if page.outages:
            return RunsRemarks(no_match="They are shown as soon as a store can be reached.")
        return RunsRemarks(empty=[await _explain_empty(each) for each in locations])
    fields = _named_fields(view)
    mistakes: list[str] = []
    if fields or view.query is not None:
        own = store_of(runs or [each.run for each in page.known])
        found = [each.run for each in page.runs]
        reasons = await run_in_threadpool(
            find_mistakes, own, found, fields, view.query, page.metrics
        )
        mistakes = [_sentence(reason) for reason in reasons]
    if page.runs:
        return RunsRemarks(mistakes=mistakes)
    return RunsRemarks(mistakes=mistakes, no_match=_no_match(page, len(runs)))


def _named_fields(view: RunsView) -> list[Field]:
    """Return the fields that the address names, beside those of the query."""
    fields = [field for field, _ in view.order or ()]
    fields += [column.field for column in view.columns or ()]
    return fields + ([] if view.groups is None else named_group_fields(view.groups))


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}{'' if reason.endswith('?') else '.'}"


def _no_match(page: RunsPage, count: int) -> str:
    if page.total:
        return f"There is no such page: {counted(page.total, 'run')} match."
    if count == 1:
        return "The only run does not match."
    return f"None of the {counted(count, 'run')} matches." if count else "No run matches."


async def _explain_empty(location: Location) -> EmptyLocation:
    try:
        return await location.read(_explain, location, await location.store())
    except LocationAwayError as error:
        return EmptyLocation(location, mask_text(str(error)), "")


def _explain(location: Location, store: object) -> EmptyLocation:
    try:
        require_existing(store)  # type: ignore[arg-type]
        sentence = empty_text(location.name)
    except (SacredError, OSError) as error:
        return EmptyLocation(location, mask_text(str(error)), "")
    return EmptyLocation(location, sentence, _command(location))


def _command(location: Location) -> str:
    """Return a command line that records a run at a location."""
    with contextlib.suppress(SacredError):
        spec = location_spec(location.name)
        if spec is not None and spec.flags:
            argument = split_flag(location.name)[1]
            return f"python train.py {spec.flags[0]} {argument}"
    return ""
