"""An entry of the host information: the limits of the container, which differ from the machine.

In a container, or a job of a cluster, ``cpu_count`` and the memory of the machine are not what a
run can use. This records the limits of control groups (version 2) of Linux.
"""

from collections.abc import Iterable
from pathlib import Path

from sacred_core import HostInfo, SkipHostInfo, hookimpl

ROOT = Path("/sys/fs/cgroup")
OWN_GROUP = Path("/proc/self/cgroup")


def gather(root: Path = ROOT, own_group: Path = OWN_GROUP) -> dict[str, float]:
    """Return the lowest limits of the groups that this process is in.

    Args:
        root: Where groups are mounted.
        own_group: The file with the group of this process.

    Raises:
        SkipHostInfo: there are no limits.
    """
    limits = {"memory_bytes": _memory_limits(root, own_group), "cpus": _cpu_limits(root, own_group)}
    found = {name: min(values) for name, values in limits.items() if values}
    if not found:
        raise SkipHostInfo
    return found


def _memory_limits(root: Path, own_group: Path) -> list[float]:
    words = [text.strip() for text in _read_all(root, own_group, "memory.max")]
    return [int(word) for word in words if word.isdecimal()]


def _cpu_limits(root: Path, own_group: Path) -> list[float]:
    pairs = [text.split() for text in _read_all(root, own_group, "cpu.max")]
    return [int(pair[0]) / int(pair[1]) for pair in pairs if pair and pair[0].isdecimal()]


def _read_all(root: Path, own_group: Path, name: str) -> list[str]:
    """Return the files of this name in the group of the process, and in the groups above it."""
    try:
        lines = own_group.read_text().splitlines()
    except OSError:  # on another system than Linux
        return []
    path = next((line[3:] for line in lines if line.startswith("0::")), "/")
    group = root / path.lstrip("/")
    files = [folder / name for folder in (group, *group.parents) if folder.is_relative_to(root)]
    return [file.read_text() for file in files if file.is_file()]


@hookimpl
def sacred_host_info() -> Iterable[HostInfo]:
    """Offer the entry."""
    yield HostInfo("container", gather)
