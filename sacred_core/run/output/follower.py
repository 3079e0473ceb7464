"""Shows what children that outlive the run still print into its spool: ``python follower.py``.

A process of its own, which needs nothing but the standard library, so that it also outlives the
script. It ends with the last process that can write to the spool.

Arguments: the spool's descriptor, that of where the text is shown, how much was shown.
"""

import contextlib
import fcntl
import os
import sys
import time

_INTERVAL = 0.05
_CHUNK = 1 << 20


def has_writers(reader: int) -> bool:
    """Tell whether anybody has the file open for writing: only then a read lease is refused.

    Where a file system knows no leases (https://man7.org/linux/man-pages/man2/F_SETLEASE.2const.html)
    nobody is assumed to.
    """
    set_lease = getattr(fcntl, "F_SETLEASE", None)
    if set_lease is None:
        return False
    try:
        fcntl.fcntl(reader, set_lease, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.fcntl(reader, set_lease, fcntl.F_UNLCK)
    return False


def follow(reader: int, target: int, shown: int) -> None:
    """Copy the growth of ``reader`` from the byte ``shown`` on to ``target``."""
    goes_on = True
    while goes_on:
        goes_on = has_writers(reader)
        while data := os.pread(reader, _CHUNK, shown):
            shown += os.write(target, data)
        if goes_on:
            time.sleep(_INTERVAL)


if __name__ == "__main__":
    with contextlib.suppress(OSError, KeyboardInterrupt):
        follow(*map(int, sys.argv[1:]))
