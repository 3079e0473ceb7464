"""Records of other programs between those of runs: a list of runs skips them, in one log line."""

from collections.abc import Iterable, Iterator

from sacred_core.exceptions import NotARunError
from sacred_core.loggers import own_logger
from sacred_core.plurals import counted
from sacred_core.stores.model import StoredRun

_logger = own_logger(__name__)
_MOST_NAMES = 5


def skip_foreign(
    found: Iterable[tuple[object, StoredRun | NotARunError | None]],
) -> Iterator[StoredRun]:
    """Yield the runs among records, each by its name, and log at the end what was skipped.

    Args:
        found: None for a run that does not exist any more.
    """
    skipped: list[tuple[object, NotARunError]] = []
    try:
        for name, run in found:
            if isinstance(run, NotARunError):
                skipped.append((name, run))
            elif run is not None:
                yield run
    finally:
        if skipped:
            names = [str(name) for name, _ in skipped[:_MOST_NAMES]]
            names += ["…"] * (len(skipped) > _MOST_NAMES)
            _logger.warning(
                "Skipping %s of other programs (%s): %s",
                counted(len(skipped), "record"), ", ".join(names), skipped[0][1],
            )  # fmt: skip
