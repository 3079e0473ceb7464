"""What a run prints, recorded in one of the modes ``no``, ``sys`` and ``fd``."""

from collections.abc import Callable

from sacred_core.run.output.base import OutputCapture

__all__ = ["OutputCapture", "capture_for"]


def capture_for(mode: str, output_filter: Callable[[str], str] | None) -> OutputCapture:
    """Return a capture of the given mode that was not started.

    ``fd`` records what ``sys`` does, until it has a room of its own here.
    """
    if mode == "no":
        return OutputCapture()
    from sacred_core.run.output.sys_capture import SysCapture

    return SysCapture(output_filter)
