"""Shows a run as tabs: which there are, and what the open one contains."""

import threading
import time
from collections.abc import Sequence

import attrs
from markupsafe import Markup

from sacred_board.panels.calling import PanelCall, PanelCaller, Shown, call_panel
from sacred_board.panels.offers import Offer, find_viewers
from sacred_board.panels.views import FileView, RunView
from sacred_board.records import RUN

#: Seconds that a panel of a plugin may take, and that all that are not open may delay a page.
_OPEN_SECONDS, _CLOSED_SECONDS = 10.0, 0.5
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
    """The panels of a board; the methods read stores and are called in threads.

    Args:
        offers: The panels of all plugins.
    """

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._tabs = {offer.key: offer for offer in offers if offer.panel.accepts == RUN}
        self._viewers = [offer for offer in offers if offer.panel.accepts != RUN]
        self._caller = PanelCaller()
        self._known: dict[tuple[str, str], bool] = {}
        self._lock = threading.Lock()

    def has_tab(self, key: str) -> bool:
        """Return whether there is such a tab; empty is the first one."""
        return not key or key in self._tabs

    def show_run(self, view: RunView) -> ShownRun:
        """Return a run as tabs.

        Args:
            view: The run; its `RunView.tab` is open, by default the first.

        Raises:
            StoreError: the store cannot be read.
        """
        view = attrs.evolve(view, tab=view.tab or next(iter(self._tabs)), show=self.show_file)
        hidden = self._find_hidden(view)
        shown = self._show(self._tabs[view.tab], view)
        tabs = [
            Tab(key, offer.title, key == view.tab)
            for key, offer in self._tabs.items()
            if key == view.tab or key not in hidden
        ]
        return ShownRun(tabs, _content(shown) or _NOTHING)

    def show_file(self, file: FileView) -> Markup:
        """Return what the viewer of a file shows."""
        problems = Markup("")
        for offer in find_viewers(self._viewers, file.content_type):
            shown = self._show(offer, file)
            if shown.content is not None:
                return problems + shown.content
            problems += _content(shown) or ""  # the next viewer shows the file
        return problems

    def _show(self, offer: Offer, view: RunView | FileView) -> Shown:
        if offer.is_builtin:
            return call_panel(offer, view)
        return self._caller.start(offer, view).result(_OPEN_SECONDS)

    def _find_hidden(self, view: RunView) -> set[str]:
        """Return the tabs that are not open and have nothing to show.

        Those of plugins that do not return soon have something to show.
        """
        closed = attrs.evolve(view, is_open=False)
        hidden = set()
        calls: dict[str, PanelCall] = {}
        for key, offer in self._tabs.items():
            own = attrs.evolve(closed, tab=key)
            if key == view.tab:
                continue
            if offer.is_builtin:
                if call_panel(offer, own).is_hidden:
                    hidden.add(key)
            elif (known := self._known.get((view.path, key))) is None:
                calls[key] = self._caller.start(offer, own)
            elif known:
                hidden.add(key)
        return hidden | self._wait(view, calls)

    def _wait(self, view: RunView, calls: dict[str, PanelCall]) -> set[str]:
        hidden = set()
        end = time.monotonic() + _CLOSED_SECONDS
        for key, call in calls.items():
            shown = call.result(max(0.0, end - time.monotonic()))
            if shown.is_hidden:
                hidden.add(key)
            if not shown.problem and not view.run.is_running():
                self._remember((view.path, key), shown.is_hidden)
        return hidden

    def _remember(self, of: tuple[str, str], is_hidden: bool) -> None:
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[of] = is_hidden


def _content(shown: Shown) -> Markup | None:
    return _PROBLEM.format(shown.problem) if shown.problem else shown.content
