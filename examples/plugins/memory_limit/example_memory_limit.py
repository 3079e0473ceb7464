"""An option: ``--memory-limit 8G`` makes a run fail that needs more memory.

Without a limit, a run that needs more than the machine has slows down all programs, until the
system kills one of them, with a signal that leaves no traceback. Beyond the limit, Python raises a
`MemoryError`, and the run is recorded as FAILED with the line that needed the memory.
"""

import re
import resource
from collections.abc import Iterable

from sacred_core import CLIOption, hookimpl
from sacred_core.exceptions import UsageError
from sacred_core.run import Run

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def limit_memory(argument: str, run: Run) -> None:
    """Limit the address space of this process, and of its later children.

    Raises:
        UsageError: the argument is not a size, or more than the process is allowed.
    """
    size = read_size(argument)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard not in (resource.RLIM_INFINITY, -1) and size > hard:
        raise UsageError(f"--memory-limit: {argument} is more than the limit of this process")
    resource.setrlimit(resource.RLIMIT_AS, (size, hard))
    run.info["memory_limit"] = size


def read_size(text: str) -> int:
    """Return a number of bytes for a size such as ``500M`` or ``8G``.

    Raises:
        UsageError: it has another form.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)B?", text.strip(), re.ASCII)
    size = int(float(found[1]) * _UNITS[found[2]]) if found else 0
    if not 0 < size < 2**63:
        raise UsageError(f"--memory-limit: expected a size such as 500M or 8G, got {text!r}")
    return size


@hookimpl
def sacred_cli_options() -> Iterable[CLIOption]:
    """Offer the option."""
    yield CLIOption(
        ["--memory-limit"], limit_memory, metavar="SIZE", help="fail beyond SIZE, such as 8G"
    )
