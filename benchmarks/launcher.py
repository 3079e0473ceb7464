"""Run one command and write what it cost as JSON: ``python -I -S launcher.py FILE COMMAND...``.

A process of its own, because the peak memory that Linux reports for a child is at least the memory
of the process that started it: this one is smaller than any Python program. It adopts the
processes that the command leaves behind, waits for them, and includes their CPU time.
"""

import ctypes
import json
import os
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36


def main(path: str, command: list[str]) -> None:
    """Run ``command``; write its exit code and costs to ``path``."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    end = time.perf_counter()
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss
    while True:
        try:
            _, _, used = os.wait4(-1, 0)
        except ChildProcessError:
            break
        cpu, peak = cpu + used.ru_utime + used.ru_stime, max(peak, used.ru_maxrss)
    result = {
        "code": os.waitstatus_to_exitcode(status),
        "wall": end - start,
        "end": end,
        "cpu": cpu,
        "peak": peak * (1 if sys.platform == "darwin" else 1024),
    }
    with open(path, "w") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
