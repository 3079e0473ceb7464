"""Shows a run as tabs: which there are, and what the open one contains."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import attrs
from anyio import CapacityLimiter, to_thread
from markupsafe import Markup

from sacred_board.data.locations import Location
from sacred_board.panels.calling import PanelCaller, Shown, call_panel, short_line, wait_for
from sacred_board.panels.offers import Offer, find_viewers
from sacred_board.panels.views import FileView, RunView
from sacred_board.records import RUN
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores import RunStore

T = TypeVar("T")

#: Seconds that a panel of a plugin may take, and that all that are not open may delay a page.
OPEN_SECONDS, CLOSED_SECONDS = 10.0, 0.5
#: Threads that wait for panels of plugins.
_MOST_WAITING = 20
#: Calls of one viewer of a plugin: threads that read a store wait for them.
_MOST_VIEWERS = 2
#: Tabs of ended runs of which it is known whether they are hidden.
_MOST_KNOWN = 10_000
_PROBLEM = Markup('<p class="panel-problem error-text">{}</p>')
_NOTHING = Markup('<p class="note muted">There is nothing to show for this run.</p>')


@attrs.frozen
class Tab:
    """A tab of the page of a run.

    Attributes:
        key: The tab in addresses.
        title: Its text.
        is_open: Whether its content is shown.
    """

    key: str
    title: str
    is_open: bool


@attrs.frozen
class ShownRun:
    """A run as tabs.

    Attributes:
        tabs: In their order.
        content: Of the open tab.
    """

    tabs: Sequence[Tab]
    content: Markup


class Panels:
    """The panels of a board.

    Args:
        offers: The panels of all plugins.
    """

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._tabs = {offer.key: offer for offer in offers if offer.panel.accepts == RUN}
        self._viewers = [offer for offer in offers if offer.panel.accepts != RUN]
        self._tab_caller, self._viewer_caller = PanelCaller(), PanelCaller(_MOST_VIEWERS)
        self._threads = CapacityLimiter(_MOST_WAITING)
        self._known: dict[tuple[str, str], bool] = {}

    def has_tab(self, key: str) -> bool:
        """Return whether there is such a tab; empty is the first one."""
        return not key or key in self._tabs

    async def show_run(self, location: Location, view: RunView) -> ShownRun:
        """Return a run as tabs.

        Args:
            location: In whose threads built-in panels read the store. While it is away, they show
                what the record has.
            view: The run; its `RunView.tab` is open, by default the first.

        Raises:
            StoreError: the run was deleted.
        """
        view = attrs.evolve(view, tab=view.tab or next(iter(self._tabs)), show=self.show_file)
        hidden = await self._find_hidden(view)
        shown = await self._show_open(location, view)
        tabs = [
            Tab(key, offer.title, key == view.tab)
            for key, offer in self._tabs.items()
            if key == view.tab or key not in hidden
        ]
        return ShownRun(tabs, _content(shown) or _NOTHING)

    def show_file(self, file: FileView) -> Markup:
        """Return what the viewer of a file shows; the store is read in this thread."""
        problems = Markup("")
        for offer in find_viewers(self._viewers, file.content_type):
            shown = self._call_viewer(offer, file)
            if shown.content is not None:
                return problems + shown.content
            problems += _content(shown) or ""  # the next viewer shows the file
            if offer.is_builtin and shown.problem:
                break
        return problems

    def _call_viewer(self, offer: Offer, file: FileView) -> Shown:
        if not offer.is_builtin:
            return wait_for(offer, self._viewer_caller.start(offer, file), OPEN_SECONDS)
        try:
            return call_panel(offer, file)
        except UnavailableError:
            raise
        except StoreError as error:  # the file is missing
            return Shown(problem=short_line(str(error)))

    async def _show_open(self, location: Location, view: RunView) -> Shown:
        offer = self._tabs[view.tab]
        if not offer.is_builtin:
            call = self._tab_caller.start(offer, view)
            return await self._in_thread(wait_for, offer, call, OPEN_SECONDS)

        def show(store: RunStore) -> Shown:
            return call_panel(offer, attrs.evolve(view, store=store))

        return await location.show(show)

    async def _find_hidden(self, view: RunView) -> set[str]:
        """Return the tabs that are not open and have nothing to show.

        Those of plugins that do not return soon have something to show.
        """
        hidden = set()
        calls: dict[str, Future[Shown]] = {}
        for key, offer in self._tabs.items():
            own = attrs.evolve(view, tab=key, is_open=False)
            if key == view.tab:
                continue
            if offer.is_builtin:
                if call_panel(offer, own).is_hidden:
                    hidden.add(key)
            elif (known := self._known.get((view.path, key))) is None:
                calls[key] = self._tab_caller.start(offer, own)
            elif known:
                hidden.add(key)
        if not calls:
            return hidden
        shown = await self._in_thread(_wait_for_all, self._tabs, calls)
        for key, each in shown.items():
            if not each.problem and not view.run.is_running():
                self._remember((view.path, key), each.is_hidden)
        return hidden | {key for key, each in shown.items() if each.is_hidden}

    async def _in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await to_thread.run_sync(function, *arguments, limiter=self._threads)

    def _remember(self, of: tuple[str, str], is_hidden: bool) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[of] = is_hidden


def _wait_for_all(
    offers: Mapping[str, Offer], calls: Mapping[str, "Future[Shown]"]
) -> dict[str, Shown]:
    end = time.monotonic() + CLOSED_SECONDS
    return {
        key: wait_for(offers[key], call, max(0.0, end - time.monotonic()))
        for key, call in calls.items()
    }


def _content(shown: Shown) -> Markup | None:
    return _PROBLEM.format(shown.problem) if shown.problem else shown.content
