"""What is compared of a sample: figures by the name of their kind."""

from collections.abc import Callable, Mapping

from benchmarks.measuring import Sample

WALL, CPU, MEMORY = "wall", "CPU", "memory"

#: Returns the figures of a sample, for a number of items.
Figures = Callable[[Sample, int], Mapping[str, float]]


def whole_process(sample: Sample, size: int) -> dict[str, float]:
    """Return the seconds of the process, from its start to its end."""
    return {WALL: sample.wall, CPU: sample.cpu}


def from_begin_to_end_of_process(sample: Sample, size: int) -> dict[str, float]:
    """Return the seconds from ``begin()`` to the end of the process."""
    values = sample.values
    return {WALL: sample.end - values["began"], CPU: sample.cpu - values["cpu_before"]}


def until_begin(sample: Sample, size: int) -> dict[str, float]:
    """Return the seconds from the start of the process to ``begin()``."""
    wall = sample.wall - (sample.end - sample.values["began"])
    return {WALL: wall, CPU: sample.values["cpu_before"]}


def part(sample: Sample, size: int) -> dict[str, float]:
    """Return the seconds between ``begin()`` and ``end()``."""
    return {WALL: sample.values["wall"], CPU: sample.values["cpu"]}


def each_item(sample: Sample, size: int) -> dict[str, float]:
    """Return the seconds between ``begin()`` and ``end()`` for each item."""
    return {name: value / size for name, value in part(sample, size).items()}


def cpu_share(sample: Sample, size: int) -> dict[str, float]:
    """Return the CPU seconds per second between ``begin()`` and ``end()``."""
    return {CPU: sample.values["cpu"] / sample.values["wall"]}


def memory_growth(sample: Sample, size: int) -> dict[str, float]:
    """Return the growth of the peak memory since ``begin()``, in bytes."""
    return {MEMORY: sample.peak - sample.values["peak_before"]}


def everything(sample: Sample, size: int) -> dict[str, float]:
    """Return the seconds and the peak memory of the process."""
    return {**whole_process(sample, size), MEMORY: float(sample.peak)}


def everything_from_begin(sample: Sample, size: int) -> dict[str, float]:
    """Return the seconds from ``begin()`` to the end, and the peak memory of the process."""
    return {**from_begin_to_end_of_process(sample, size), MEMORY: float(sample.peak)}


def latency(sample: Sample, size: int) -> dict[str, float]:
    """Return the seconds that `measure_latency` found."""
    return {WALL: sample.wall}
