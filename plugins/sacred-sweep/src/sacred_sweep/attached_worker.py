"""The process of a worker that ends with the process that started it.

The first line of its standard input has the location and the options, so that they are not in a
command line. When the input ends, the worker stops as on SIGTERM.
"""

import json
import os
import signal
import sys
import threading

from sacred_core.cli.main import main
from sacred_core.worker.options import LOCATION_VARIABLE


def run() -> None:
    """Execute ``sacred worker``.

    Raises:
        SystemExit: with its exit code.
    """
    source = os.dup(0)  # children of this process do not inherit it
    with open(os.devnull, "rb") as empty:
        os.dup2(empty.fileno(), 0)
    given = json.loads(_read_line(source) or b"null")
    if given is None:
        sys.exit(0)  # its parent has ended
    os.environ[LOCATION_VARIABLE] = given["location"]
    threading.Thread(target=_end_with, args=(source,), daemon=True).start()
    sys.argv[1:] = ["worker", *given["arguments"]]
    main()


def _read_line(source: int) -> bytes:
    """Read a line, and no byte more."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(source, 1)
        if not byte:
            return b""
        line += byte
    return line


def _end_with(source: int) -> None:
    """Wait for the end of the input, then stop the worker."""
    while os.read(source, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    run()
