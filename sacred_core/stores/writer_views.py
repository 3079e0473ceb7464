"""The metrics of a run together with those of its writers, see `sacred_core.stores.writers`.

Metric ``loss`` of the writer ``rank3`` is shown as ``loss@rank3``. A metric of the process of the
run that has this name comes first.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from sacred_core.stores import curves
from sacred_core.stores.summaries import MetricSummary
from sacred_core.stores.writers import writer_of, writer_order

if TYPE_CHECKING:
    from sacred_core.stores.model import StoredRun
    from sacred_core.stores.run_store import RunStore
    from sacred_core.stores.segment_views import PointsSource

#: Between the name of a metric and that of its writer.
AT = "@"


def metric_of_writer(metric: str, writer: str) -> str:
    """Return the name by which a metric of a writer is shown."""
    return f"{metric}{AT}{writer}"


def split_metric(name: str, writers: Iterable[str]) -> tuple[str, str] | None:
    """Return the metric and the writer in a name, None if it is not one of `metric_of_writer`.

    Args:
        name: Like ``"loss@rank3"``.
        writers: The names of the writers of the run.
    """
    fitting = [each for each in writers if name.endswith(f"{AT}{each}")]
    if not fitting:
        return None
    writer = max(fitting, key=len)
    return name[: -len(writer) - len(AT)], writer


@attrs.frozen
class WriterView:
    """Reads the points of a run and of its writers.

    Attributes:
        own: Reads those of the run.
        parts: The store of the parts.
    """

    own: "PointsSource"
    parts: "RunStore"

    def metrics(self) -> dict[str, dict[str, Any]]:
        """Return all points by metric."""
        return self._merge(self.own.metrics(), lambda part: self.parts.metrics(part.id))

    def summaries(self, names: Iterable[str] | None) -> dict[str, list[MetricSummary]]:
        """Return the summaries of blocks by metric."""
        if names is None:

            def read_all(part: "StoredRun") -> dict[str, list[MetricSummary]]:
                return curves.summaries(self.parts, part.id)

            return self._merge(self.own.summaries(None), read_all)
        wanted = list(names)
        found = self.own.summaries(wanted)
        for part, own in self._parts_with(name for name in wanted if name not in found).items():
            read = curves.summaries(self.parts, part, own)
            found |= {shown: read[name] for name, shown in own.items() if name in read}
        return found

    def points(self, ranges: curves.Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points by metric."""
        found = self.own.points(ranges)
        for part, own in self._parts_with(name for name in ranges if name not in found).items():
            read = curves.points(
                self.parts, part, {name: ranges[shown] for name, shown in own.items()}
            )
            found |= {shown: read[name] for name, shown in own.items() if name in read}
        return found

    def _merge(
        self, own: dict[str, Any], read: "Callable[[StoredRun], Mapping[str, Any]]"
    ) -> dict[str, Any]:
        parts = {writer_of(part): part for part in self.parts.list()}
        for writer in sorted(parts, key=writer_order):
            for name, found in read(parts[writer]).items():
                own.setdefault(metric_of_writer(name, writer), found)
        return own

    def _parts_with(self, names: Iterable[str]) -> dict[int | str, dict[str, str]]:
        """Return by the id of a part the shown names of some of its metrics by their own names."""
        wanted = [name for name in names if AT in name]
        parts = {writer_of(part): part.id for part in self.parts.list()} if wanted else {}
        found: dict[int | str, dict[str, str]] = {}
        for shown in wanted:
            pair = split_metric(shown, parts)
            if pair is not None:
                found.setdefault(parts[pair[1]], {})[pair[0]] = shown
        return found
