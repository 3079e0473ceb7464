"""The part of `sacred_core.stores.documents.DocumentStore` that reads metrics."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores.checking import check_metrics
from sacred_core.stores.curves import Ranges, ranges_of, summaries_of
from sacred_core.stores.document_records import DocumentRecords, R
from sacred_core.stores.model import StoredRun
from sacred_core.stores.summaries import MetricSummary, merge_summaries

if TYPE_CHECKING:  # few runs have several segments
    from sacred_core.stores.run_store import RunStore
    from sacred_core.stores.segment_views import PointsSource
    from sacred_core.stores.segments import Segment


class DocumentMetrics(DocumentRecords[R]):
    """Reads the metrics of runs; see `sacred_core.stores.documents.DocumentStore`."""

    @abstractmethod
    def read_points(self, record: R) -> Mapping[str, Any]:
        """Return for each metric ``{"steps", "values", "timestamps"}``, lists of equal length."""

    def read_summaries(
        self, record: R, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries of the blocks of metrics; a backend that stores them overrides it.

        Args:
            record: Of the run.
            names: Of the metrics, None for all.
        """
        return summaries_of(check_metrics(self.read_points(record)), names)

    def read_ranges(self, record: R, ranges: Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points; a backend that reads some without the others overrides it.

        Args:
            record: Of the run.
            ranges: See `sacred_core.stores.curves.points`.
        """
        return ranges_of(check_metrics(self.read_points(record)), ranges)

    def read_segments(self, record: R) -> "Sequence[Segment]":
        """Return `StoredRun.recorded_segments` of a run.

        It is called whenever metrics are read: a backend overrides it where it finds out that a run
        has a single segment without reading all of its facts.

        Args:
            record: Of the run, from `find_part` for ``"metrics"``.
        """
        read = self.read_fields(record).get("segments")
        return (None if read is None else read()) or ()

    def has_writers(self, record: R) -> bool:
        """Return whether other processes may have recorded in a run.

        It is called whenever metrics are read: a backend overrides it where it finds that out
        without reading all facts of the run.

        Args:
            record: Of the run, from `find_part` for ``"metrics"``.
        """
        read = self.read_fields(record).get("writers")
        return bool(None if read is None else read())

    def metrics(self, run_id: int | str, raw: bool = False) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}`` by metric; see `RunStore.metrics`."""
        with self.translate_errors():
            record = self.require(run_id, "metrics")
            with self._guard_part(run_id, "the metrics"):
                return self._source(run_id, record, raw).metrics()

    def summaries(
        self, run_id: int | str, names: Iterable[str] | None = None, raw: bool = False
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries of the blocks of metrics; see `CurveStore`."""
        with self.translate_errors():
            record = self.require(run_id, "metrics")
            with self._guard_part(run_id, "the metrics"):
                return self._source(run_id, record, raw).summaries(names)

    def points(
        self, run_id: int | str, ranges: Ranges, raw: bool = False
    ) -> dict[str, dict[str, Any]]:
        """Return ranges of points; see `CurveStore`."""
        with self.translate_errors():
            record = self.require(run_id, "metrics")
            with self._guard_part(run_id, "the metrics"):
                return self._source(run_id, record, raw).points(ranges)

    def show_summaries(self, run: StoredRun, record: R) -> None:
        """Replace the summaries of a resumed run by those of the points that are shown.

        Metrics that cannot be read are not changed.
        """
        from sacred_core.stores.segment_views import SegmentView, continued_metrics

        names = [n for n in continued_metrics(run.recorded_segments) if n in (run.metrics or {})]
        if not names:
            return
        view = SegmentView(_AllPoints(self, record), run.recorded_segments)
        try:
            with self._guard_part(run.id, "the metrics"):
                blocks = view.summaries(names)
        except DamagedRecordError:
            return
        shown = {name: merge_summaries(own) for name, own in blocks.items() if own}
        run.metrics = {**(run.metrics or {}), **shown}

    def _source(self, run_id: int | str, record: R, raw: bool) -> "PointsSource":
        """Return what reads the points that are shown, or all points of the run itself."""
        source: PointsSource = _AllPoints(self, record)
        if raw:
            return source
        try:
            segments, has_writers = self.read_segments(record), self.has_writers(record)
        except DamagedRecordError:  # the run is listed as damaged
            return source
        if any(segment.points for segment in segments):
            from sacred_core.stores.segment_views import SegmentView

            source = SegmentView(source, segments)
        if not has_writers or (parts := self._parts_of(run_id)) is None:
            return source
        from sacred_core.stores.writer_views import WriterView

        return WriterView(source, parts)

    def _parts_of(self, run_id: int | str) -> "RunStore | None":
        from sacred_core.stores.writers import PartStore

        return self.writer_store(run_id) if isinstance(self, PartStore) else None


@attrs.frozen
class _AllPoints(Generic[R]):
    """All points of one run."""

    store: DocumentMetrics[R]
    record: R

    def metrics(self) -> dict[str, dict[str, Any]]:
        return check_metrics(self.store.read_points(self.record))

    def summaries(self, names: Iterable[str] | None) -> dict[str, list[MetricSummary]]:
        return self.store.read_summaries(self.record, names)

    def points(self, ranges: Ranges) -> dict[str, dict[str, Any]]:
        return check_metrics(self.store.read_ranges(self.record, ranges))
