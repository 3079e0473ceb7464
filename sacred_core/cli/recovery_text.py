"""What ``sacred runs recover`` reads and shows."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sacred_core.exceptions import OptionError

if TYPE_CHECKING:
    from sacred_core.run.recovery import Recovery


def recovery_line(done: "Recovery") -> str:
    """Return one line about what was done for a run."""
    entry, address = done.entry, done.address
    started = entry.start_time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if address is None:
        return f"{entry.name!r}, started {started} on {entry.host}: {done.reason}."
    run = f"Run {address.run_id} of {entry.name!r} in {address.location}"
    if done.count is None:
        return f"{run}, started {started} on {entry.host}: not stored: {done.reason}"
    return f"{run}: the output is complete ({done.count} characters)."


def imported_filter(path: str) -> Callable[[str], str]:
    """Return the filter at ``module:name``, which the user has named.

    Raises:
        OptionError: there is no such function.
    """
    module, _, name = path.partition(":")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise OptionError(f"--filter {path!r} is no MODULE:FUNCTION: {error}") from None
    if not callable(found):
        raise OptionError(f"--filter {path!r} cannot be called")
    return found  # type: ignore[no-any-return]
