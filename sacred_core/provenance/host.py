"""What is recorded about the machine that a run is on."""

import logging
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

from sacred_core.exceptions import SkipHostInfo
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import resolved
from sacred_core.serialization import plain
from sacred_core.settings import SETTINGS

_logger = logging.getLogger(__name__)
_COMMAND_SECONDS = 15


class HostInfoGetter:
    """A function that tells something about the machine, with the name of its entry."""

    def __init__(self, getter_function: Callable[[], Any], name: str) -> None:
        self.getter_function = getter_function
        self.name = name

    def __call__(self) -> Any:
        """Return the information."""
        return self.getter_function()

    def get_info(self) -> Any:
        """Return the information."""
        return self.getter_function()


def host_info_gatherer(name: str) -> Callable[[Callable[[], Any]], HostInfoGetter]:
    """Turn a function without arguments into a gatherer for ``additional_host_info``.

    Args:
        name: The name of its entry in ``host_info``.
    """
    return lambda function: HostInfoGetter(function, name)


#: Gatherers of this process, by the names of their entries; `host_info_getter` adds to it.
host_info_gatherers: dict[str, Callable[[], Any]] = {}


def host_info_getter(func: Callable[[], Any], name: str | None = None) -> Callable[[], Any]:
    """Gather what ``func`` returns for every run of this process; return ``func`` itself.

    Args:
        func: Called without arguments; returns plain data.
        name: The name of its entry in ``host_info``, by default that of the function.
    """
    host_info_gatherers[name or func.__name__] = func
    return func


def get_host_info(additional_host_info: Iterable[HostInfoGetter] | None = None) -> dict[str, Any]:
    """Return what all gatherers tell: the installation's, the process's, the experiment's.

    A later one of the same name wins; one that raises is left out with a warning.
    """
    gatherers: dict[str, Any] = {info.name: info.gather for info in plugin_manager().host_info}
    gatherers |= host_info_gatherers
    gatherers |= {getter.name: getter for getter in additional_host_info or ()}
    gathered: dict[str, Any] = {}
    for name, gather in gatherers.items():
        try:
            gathered[name] = plain(resolved(gather)())
        except SkipHostInfo:
            continue
        except Exception as error:  # noqa: BLE001 - foreign code must not harm the run
            _logger.warning("The host information %r is left out: %r", name, error)
    if "gpus" in gathered:  # the manual names the key "gpu", Sacred wrote "gpus"
        gathered.setdefault("gpu", gathered["gpus"])
    return gathered


def hostname() -> str:
    """Return the name of the machine."""
    return platform.node()


def operating_system() -> list[str]:
    """Return the system, and its release in detail."""
    return [platform.system(), platform.platform()]


def python_version() -> str:
    """Return the version of Python."""
    return platform.python_version()


def python_compiler() -> str:
    """Return what Python was compiled with."""
    return platform.python_compiler()


def cpu_count() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu() -> str:
    """Return the model of the processor, from the cheapest place that knows it."""
    if not SETTINGS.HOST_INFO.INCLUDE_CPU_INFO:
        raise SkipHostInfo
    return _cpu_of_linux() or _cpu_of_macos() or platform.processor() or _cpu_of_cpuinfo()


def gpus() -> dict[str, Any]:
    """Return driver and models of the NVidia GPUs, as ``nvidia-smi`` reports them."""
    program = shutil.which("nvidia-smi")
    if program is None or not SETTINGS.HOST_INFO.INCLUDE_GPU_INFO:
        raise SkipHostInfo
    from xml.etree import ElementTree

    report = _output_of(program, "-q", "-x")
    try:
        root = ElementTree.fromstring(report)
    except ElementTree.ParseError:  # a driver that does not answer
        raise SkipHostInfo from None
    fields = {
        "model": "product_name",
        "total_memory": "fb_memory_usage/total",
        "persistence_mode": "persistence_mode",
    }
    return {
        "driver_version": root.findtext("driver_version"),
        "gpus": [
            {key: gpu.findtext(path) for key, path in fields.items()} for gpu in root.iter("gpu")
        ],
    }


def captured_env() -> dict[str, str]:
    """Return the environment variables that ``SETTINGS.HOST_INFO.CAPTURED_ENV`` names."""
    return {
        name: os.environ[name] for name in SETTINGS.HOST_INFO.CAPTURED_ENV if name in os.environ
    }


def _cpu_of_linux() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return ""


def _cpu_of_macos() -> str:
    if sys.platform != "darwin":
        return ""
    return _output_of("sysctl", "-n", "machdep.cpu.brand_string").strip()


def _cpu_of_cpuinfo() -> str:
    import cpuinfo  # asks the processor itself, which takes more than a second

    return str(cpuinfo.get_cpu_info().get("brand_raw", "Unknown"))


def _output_of(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
