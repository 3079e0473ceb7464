"""What a run prints, recorded in one of the modes ``no``, ``sys`` and ``fd``."""

import functools
from collections.abc import Callable

from sacred_core.loggers import own_logger
from sacred_core.run.output.capture import (
    FixedOutput,
    OutputCapture,
    SysCapture,
    ignores_its_input,
)

_logger = own_logger(__name__)

__all__ = ["OutputCapture", "capture_for"]


def capture_for(mode: str, output_filter: Callable[[str], str] | None) -> OutputCapture:
    """Return a capture of the given mode that was not started.

    Where ``fd`` is not possible, because Python's streams are not descriptors (as in a notebook) or
    another run holds these, it is ``sys``. A filter that ignores its input switches recording off.
    """
    if mode == "no":
        return OutputCapture()
    if output_filter is not None and ignores_its_input(output_filter):
        return FixedOutput(output_filter(""))
    if mode == "fd":
        from sacred_core.run.output.fd_capture import FdCapture, claim, obstacle

        capture = FdCapture(output_filter)
        reason = obstacle()
        if not reason and claim.take(capture):
            return capture
        _report_fallback(reason or "another run records them")
    return SysCapture(output_filter)


@functools.cache
def _report_fallback(reason: str) -> None:
    """Log once for each reason that the descriptors are not recorded."""
    _logger.info(
        "The output is recorded in the mode 'sys', without that of child processes and C code: "
        "the mode 'fd' needs the descriptors 1 and 2, but %s",
        reason,
    )
