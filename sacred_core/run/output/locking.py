"""One lock for all writing to Python's standard streams while output is recorded.

Before Python 3.12.4 a text stream that is written to while another thread flushes it may hold
garbage afterwards (https://github.com/python/cpython/issues/119506), and our beats flush.
"""

import os
import threading


class _StreamLock:
    """A re-entrant lock that a forked child gets anew, whoever held it."""

    def __init__(self) -> None:
        self._renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()


stream_lock = _StreamLock()
