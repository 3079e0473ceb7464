"""Counts the calls of functions in a process; Python imports this module before a script.

The environment variable GUARD_CALLS names the file that gets the counts when the process ends. It
is removed, so that child processes are not counted.
"""

import os

_PATH = os.environ.pop("GUARD_CALLS", None)


def _count_until_exit(path: str) -> None:
    import atexit
    import json
    import sys
    import threading
    from typing import Any

    calls: dict[Any, int] = {}

    def note(frame: Any, event: str, argument: Any) -> None:
        # A function in C is counted for the function that calls it.
        if event in ("call", "c_call"):
            code = frame.f_code
            calls[code] = calls.get(code, 0) + 1

    def write() -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        found: dict[str, dict[str, int]] = {}
        for code, count in [*calls.items()]:
            functions = found.setdefault(code.co_filename, {})
            functions[code.co_qualname] = functions.get(code.co_qualname, 0) + count
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"calls": found, "modules": len(sys.modules)}, file)

    atexit.register(write)  # the first one is called last
    threading.setprofile(note)
    sys.setprofile(note)


if _PATH:
    _count_until_exit(_PATH)
