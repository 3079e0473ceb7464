"""The two forms of the metrics in the folder of a run: lines while it runs, one file at its end."""

from pathlib import Path

from sacred_core.atomic_files import replace_bytes
from sacred_core.loggers import own_logger
from sacred_core.stores.folder_format import (
    METRIC_INDEX,
    METRIC_LINES,
    METRICS,
    metric_lines,
    parse_metrics,
)
from sacred_core.stores.record_files import merge_metric_lines, read_columns

_logger = own_logger(__name__)


def reopen_metrics(folder: Path) -> None:
    """Replace the merged metrics of a run that is resumed by lines; calling it again is harmless.

    Readers look at the lines if there is no ``metrics.json``.
    """
    split_metrics(folder)
    for name in (METRICS, METRIC_INDEX):
        (folder / name).unlink(missing_ok=True)


def split_metrics(folder: Path) -> None:
    """Write the lines of a run whose metrics are merged, so that points can be appended."""
    lines = folder / METRIC_LINES
    stored = None if lines.exists() else read_columns(folder / METRICS)
    if stored is not None:
        replace_bytes(lines, metric_lines(parse_metrics(stored), {}))


def merge_metrics(folder: Path) -> None:
    """Merge the points and remove their lines; where that fails they stay, and can be read.

    A run that logged nothing has an empty ``metrics.json``, as in Sacred. Calling it again
    changes nothing.
    """
    lines, target = folder / METRIC_LINES, folder / METRICS
    try:
        has_lines = lines.exists()
        if has_lines or not target.exists():
            merge_metric_lines(lines, target)
        if has_lines:
            lines.unlink(missing_ok=True)
    except OSError as error:
        _logger.warning("The metrics stay in %s: %s", lines, error)
