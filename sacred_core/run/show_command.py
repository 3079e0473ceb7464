"""Where a run was recorded, and the command that shows it."""

import contextlib
import logging
import shlex
from collections.abc import Iterable
from typing import Any

from sacred_core.masking import mask_text


def show_command(location: str, run_id: Any) -> str:
    """Return the command that shows a run, quoted for a shell.

    Args:
        location: Of its store, without secrets.
        run_id: Its id there.
    """
    words = [location, str(run_id)]
    if any(word.startswith("-") for word in words):  # it is not an option
        words.insert(0, "--")
    return shlex.join(["sacred", "runs", "show", *words])


def location_of(observer: Any, logger: logging.Logger) -> Any:
    """Return the location of the store of an observer, None without one."""
    try:
        return getattr(observer, "store_location", None)
    except Exception as error:  # noqa: BLE001 - foreign code must not harm the run
        _log_failure(observer, "store_location", error, logger)
        return None


def recorded_locations(
    run_ids: Iterable[tuple[Any, Any]], logger: logging.Logger
) -> list[tuple[str, Any]]:
    """Return where a run is recorded, as users write it, and its id there.

    Args:
        run_ids: The observers, and the id of the run in each.
        logger: For failures of observers.
    """
    found = []
    for observer, run_id in run_ids:
        for location, own_id in _locations_of(observer, run_id, logger):
            if isinstance(location, str) and own_id is not None:
                found.append((mask_text(location), own_id))
    return found


def _locations_of(observer: Any, run_id: Any, logger: logging.Logger) -> list[tuple[Any, Any]]:
    try:
        if hasattr(observer, "run_locations"):
            return list(observer.run_locations(run_id))
        location = getattr(observer, "store_location", None)
        return [(getattr(observer, "display_location", None) or location, run_id)]
    except Exception as error:  # noqa: BLE001 - foreign code must not harm the run
        _log_failure(observer, "run_locations", error, logger)
    with contextlib.suppress(Exception):
        return [(observer.store_location, run_id)]
    return []


def _log_failure(observer: Any, name: str, error: Exception, logger: logging.Logger) -> None:
    logger.debug("%s.%s: %s", type(observer).__name__, name, error)
