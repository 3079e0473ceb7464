"""Further runs for idle workers, from the sources that plugins offer."""

import logging

from sacred_core.exceptions import UnavailableError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.targets import ends_process, resolve_target
from sacred_core.hooks.worker_records import QueueSource
from sacred_core.masking import mask_text
from sacred_core.serialization import reason_of
from sacred_core.stores.query import Query, parse_where
from sacred_core.stores.run_store import RunStore

logger = logging.getLogger("sacred_core.worker")
#: The names of sources that failed, with the reason: each is reported once in a process.
_reported: set[tuple[str, str]] = set()


def fill_queue(store: RunStore, where: Query | str | None = None) -> int:
    """Ask all sources for further runs; a source that fails is one warning.

    Args:
        store: The queue.
        where: The condition that the runs fulfil; None or empty: there is none.

    Returns:
        The number of runs that were queued.

    Raises:
        QueryError: ``where`` is not a condition.
        UnavailableError: the store cannot be reached.
    """
    condition = parse_where(where)
    return sum(_fill(each, store, condition) for each in plugin_manager().queue_sources)


def _fill(source: QueueSource, store: RunStore, where: Query | None) -> int:
    try:
        return int(resolve_target(source.fill)(store, where))
    except UnavailableError:
        raise
    except BaseException as error:
        if ends_process(error):
            raise
        reason = mask_text(reason_of(error))
        if (source.name, reason) not in _reported:
            _reported.add((source.name, reason))
            logger.warning("The source of queued runs %r failed: %s", source.name, reason)
        return 0
