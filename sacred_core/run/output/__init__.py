"""What a run prints, recorded in one of the modes ``no``, ``sys`` and ``fd``."""

from collections.abc import Callable

from sacred_core.run.output.base import OutputCapture

__all__ = ["OutputCapture", "capture_for"]


def capture_for(mode: str, output_filter: Callable[[str], str] | None) -> OutputCapture:
    """Return a capture of the given mode that was not started.

    Where ``fd`` is not possible, because Python's streams are no descriptors (as in a notebook) or
    another run holds these, it is ``sys``. A filter that ignores its input switches recording off.
    """
    if mode == "no":
        return OutputCapture()
    if output_filter is not None:
        from sacred_core.run.output.fixed import FixedOutput, ignores_its_input

        if ignores_its_input(output_filter):
            return FixedOutput(output_filter(""))
    if mode == "fd":
        from sacred_core.run.output.fd_capture import FdCapture, claim, obstacle

        capture = FdCapture(output_filter)
        if not obstacle() and claim.take(capture):
            return capture
    from sacred_core.run.output.sys_capture import SysCapture

    return SysCapture(output_filter)
