"""Report when the measured part of a program begins and ends; copied beside each program."""

import os
import resource
import sys
import time

_RESIDENT_UNIT = 1 if sys.platform == "darwin" else 1024
_begin: list[float] = []


def begin() -> None:
    """Report the clocks and the peak memory: the measured part begins now."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RESIDENT_UNIT
    _report(began=time.perf_counter(), cpu_before=time.process_time(), peak_before=peak)
    _begin[:] = time.perf_counter(), time.process_time()


def end() -> None:
    """Report the seconds since `begin`, and the CPU seconds of all threads."""
    cpu, wall = time.process_time(), time.perf_counter()
    _report(wall=wall - _begin[0], cpu=cpu - _begin[1])


def _report(**values: float) -> None:
    with open(os.environ["BENCHMARK_VALUES"], "a") as file:
        file.writelines(f"{name} {value!r}\n" for name, value in values.items())
