"""The output of a run, recorded in one of the modes ``no``, ``sys`` and ``fd``."""

import functools
import logging
from collections.abc import Callable

from sacred_core.interactive import is_interactive
from sacred_core.loggers import own_logger
from sacred_core.run.output.capture import (
    FixedOutput,
    OutputCapture,
    SysCapture,
    ignores_its_input,
)

_logger = own_logger(__name__)

__all__ = ["OutputCapture", "capture_for"]


def capture_for(
    mode: str, output_filter: Callable[[str], str] | None, is_chosen: bool = True
) -> OutputCapture:
    """Return a capture of the given mode that was not started.

    Where ``fd`` is not possible, because Python's streams are not descriptors (as in a notebook) or
    another run holds these, it is ``sys``. A filter that ignores its input switches recording off.

    Args:
        mode: As in ``SETTINGS.CAPTURE_MODE``.
        output_filter: Applied to the recorded output.
        is_chosen: The user requested the mode: in a notebook another one is reported then.
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
        level = logging.INFO if is_chosen or not is_interactive() else logging.DEBUG
        _report_fallback(reason or "another run records them", level)
    return SysCapture(output_filter)


@functools.cache
def _report_fallback(reason: str, level: int) -> None:
    """Log once for each reason that the descriptors are not recorded."""
    _logger.log(
        level,
        "Output is recorded in mode 'sys', without output of child processes and C code: "
        "mode 'fd' needs the descriptors 1 and 2, but %s",
        reason,
    )
