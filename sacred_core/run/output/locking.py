"""One lock for all writing to Python's standard streams in the mode ``sys``.

Before Python 3.12.4 a text stream that is written to while another thread flushes it may hold
garbage afterwards (https://github.com/python/cpython/issues/119506).
"""

import os
import threading
from typing import Any

stream_lock: Any = threading.RLock()

if hasattr(os, "register_at_fork"):
    # As `threading` and `logging` do with theirs: whoever held it is not in the child.
    os.register_at_fork(after_in_child=stream_lock._at_fork_reinit)
