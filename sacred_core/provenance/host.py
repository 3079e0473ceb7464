"""The recorded information about the machine of a run."""

import contextlib
import functools
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from sacred_core.environment import once_per_environment
from sacred_core.exceptions import SkipHostInfo
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.targets import ends_process, resolve_target
from sacred_core.loggers import own_logger
from sacred_core.serialization import plain
from sacred_core.settings import SETTINGS

# `subprocess` takes as long to import as all gatherers take together, and few of them need it.
if TYPE_CHECKING:
    import subprocess

_logger = own_logger(__name__)
#: Seconds that a program which describes the host may take.
COMMAND_TIMEOUT = 5.0
#: What `platform.platform` replaces in the name of a release.
_REPLACED = (" ", "/", "\\", ":", ";", '"', "(", ")", "--", "unknown")

G = TypeVar("G", bound=Callable[[], Any])


class HostInfoGetter:
    """A function that returns something about the machine, with the name of its entry."""

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


@overload
def host_info_getter(func: G, name: str | None = None) -> G: ...
@overload
def host_info_getter(func: None = None, name: str | None = None) -> Callable[[G], G]: ...
def host_info_getter(func: Any = None, name: str | None = None) -> Any:
    """Gather what ``func`` returns for every run of this process; return ``func`` itself.

    Args:
        func: Called without arguments; returns plain data. Without it, a decorator is returned.
        name: The name of its entry in ``host_info``, by default that of the function.

    Example:
        ```python
        @host_info_getter(name="room")
        def where():
            return "B 12"
        ```
    """
    if func is None:
        return lambda function: host_info_getter(function, name)
    host_info_gatherers[name or func.__name__] = func
    return func


def get_host_info(additional_host_info: Iterable[HostInfoGetter] | None = None) -> dict[str, Any]:
    """Return the values of all gatherers: the installation's, the process's, the experiment's.

    A later one of the same name wins; one that raises is skipped with a warning.
    """
    gatherers: dict[str, Any] = {info.name: info.gather for info in plugin_manager().host_info}
    gatherers |= host_info_gatherers
    gatherers |= {getter.name: getter for getter in additional_host_info or ()}
    gathered: dict[str, Any] = {}
    for name, gather in gatherers.items():
        try:
            gathered[name] = plain(resolve_target(gather)())
        except SkipHostInfo:
            continue
        except BaseException as error:
            if ends_process(error):
                raise
            kind = type(error).__name__
            _logger.warning("The host information %r is skipped: %s: %s", name, kind, error)
    if "gpus" in gathered:  # the manual names the key "gpu", Sacred wrote "gpus"
        gathered.setdefault("gpu", gathered["gpus"])
    return gathered


def hostname() -> str:
    """Return the name of the machine."""
    return platform.node()


def operating_system() -> list[str]:
    """Return the system, and its release in detail, as `platform.platform` describes it."""
    return [platform.system(), _release_of_linux() or platform.platform()]


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
    """Return the model of the processor, from the cheapest source."""
    if not SETTINGS.HOST_INFO.INCLUDE_CPU_INFO:
        raise SkipHostInfo
    return _cpu_of_linux() or _cpu_of_macos() or platform.processor() or _cpu_of_cpuinfo()


def ask_gpus() -> None:
    """Start to query the GPUs, which takes a second, while the run is being prepared."""
    global _asked
    program = _smi(os.environ.get("PATH")) if SETTINGS.HOST_INFO.INCLUDE_GPU_INFO else None
    if program is None or _asked is not None:
        return
    import subprocess

    with contextlib.suppress(OSError):
        _asked = subprocess.Popen(
            [program, "-q", "-x"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip


@functools.cache
def _smi(path: str | None) -> str | None:
    """Return the program that describes the GPUs, which is searched once in each ``PATH``."""
    return shutil.which("nvidia-smi", path=path)


_asked: "subprocess.Popen[bytes] | None" = None


def gpus() -> dict[str, Any]:
    """Return driver and models of the NVidia GPUs, as ``nvidia-smi`` reports them."""
    report = _gpu_report()
    from xml.etree import ElementTree  # only where there is a report

    try:
        root = ElementTree.fromstring(report)
    except ElementTree.ParseError:
        line = next(iter(report.split("\n")), "")
        raise ValueError(f"nvidia-smi returned no report: {line[:200]!r}") from None
    fields = {
        "model": "product_name",
        "total_memory": "fb_memory_usage/total",
        "persistence_mode": "persistence_mode",
    }
    return {
        "driver_version": _known_value(root.findtext("driver_version")),
        "gpus": [
            {key: _known_value(gpu.findtext(path)) for key, path in fields.items()}
            for gpu in root.iter("gpu")
        ],
    }


def _gpu_report() -> str:
    global _asked
    ask_gpus()
    process, _asked = _asked, None
    if process is None or not SETTINGS.HOST_INFO.INCLUDE_GPU_INFO:
        raise SkipHostInfo
    import subprocess

    try:
        return process.communicate(timeout=COMMAND_TIMEOUT)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise TimeoutError(f"nvidia-smi did not answer within {COMMAND_TIMEOUT:g} s") from None


def _known_value(text: str | None) -> str | None:
    """Return a value of the report; one that a GPU does not report is ``[N/A]`` there."""
    return None if text is None or "N/A" in text or "Not Supported" in text else text


#: Variables on which results or speed commonly depend: of Python, and of numeric libraries.
_SWITCHES = (
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_LAUNCH_BLOCKING", "CUBLAS_WORKSPACE_CONFIG",
    "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE", "NCCL_ALGO",
    "NCCL_PROTO", "WORLD_SIZE", "RANK", "LOCAL_RANK",
    "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OMP_DYNAMIC", "OMP_SCHEDULE", "OMP_PROC_BIND",
    "OMP_PLACES", "KMP_AFFINITY", "KMP_DETERMINISTIC_REDUCTION",
    "MKL_NUM_THREADS", "MKL_DOMAIN_NUM_THREADS", "MKL_DYNAMIC", "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "GOTO_NUM_THREADS",
    "BLIS_NUM_THREADS", "BLIS_ARCH_TYPE", "VECLIB_MAXIMUM_THREADS", "ONEDNN_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_MAX_CPU_ISA",
    "NPY_DISABLE_CPU_FEATURES", "NPY_PROMOTION_STATE", "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS", "NUMBA_NUM_THREADS", "NUMBA_DISABLE_JIT", "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS", "LOKY_MAX_CPU_COUNT",
    "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "TF_CUDNN_USE_AUTOTUNE",
    "TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
    "XLA_FLAGS", "JAX_PLATFORMS", "JAX_ENABLE_X64", "JAX_DISABLE_JIT", "JAX_NUM_CPU_DEVICES",
    "JAX_DEFAULT_MATMUL_PRECISION", "JAX_DEFAULT_PRNG_IMPL", "JAX_THREEFRY_PARTITIONABLE",
    "ATEN_CPU_CAPABILITY", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ENABLE_MPS_FALLBACK",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONDEVMODE", "PYTHONPATH", "PYTHONUTF8", "TZ",
)  # fmt: skip


def switches() -> dict[str, str]:
    """Return the environment variables on which results commonly depend and that are set."""
    found = _switches()
    if not found:
        raise SkipHostInfo
    return dict(found)


@once_per_environment
def _switches() -> dict[str, str]:
    names = set(os.environ)  # each search in it would encode the name
    return {name: os.environ[name] for name in _SWITCHES if name in names}


def threads() -> dict[str, int]:
    """Return how many processors the process may use, and the threads of libraries in use.

    A library that is not loaded is not imported for it.
    """
    found: dict[str, int] = {}
    if hasattr(os, "sched_getaffinity"):
        found["processors"] = len(os.sched_getaffinity(0))
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = int(torch.get_num_threads())
        found["torch_interop"] = int(torch.get_num_interop_threads())
    found |= _threads_of_pools()
    if not found:
        raise SkipHostInfo
    return found


def _threads_of_pools() -> dict[str, int]:
    """Return the threads of loaded BLAS and OpenMP libraries, if threadpoolctl is in use.

    A library that is loaded several times, with different numbers, has an entry for each package
    that brings it: ``"openblas scipy"``.
    """
    control: Any = sys.modules.get("threadpoolctl")
    by_name: dict[str, dict[str, int]] = {}
    for pool in control.threadpool_info() if control is not None else ():
        folder = Path(pool["filepath"]).parent.name  # such as scipy.libs
        threads = by_name.setdefault(pool["internal_api"], {})
        threads[folder.removesuffix(".libs")] = int(pool["num_threads"])
    found: dict[str, int] = {}
    for name, threads in by_name.items():
        if len(set(threads.values())) == 1:
            found[name] = max(threads.values())
        else:
            found |= {f"{name} {folder}": number for folder, number in threads.items()}
    return found


def captured_env() -> dict[str, str]:
    """Return the environment variables that ``SETTINGS.HOST_INFO.CAPTURED_ENV`` names."""
    return {
        name: os.environ[name] for name in SETTINGS.HOST_INFO.CAPTURED_ENV if name in os.environ
    }


def _release_of_linux() -> str:
    """Return what `platform.platform` returns, which starts ``uname -p`` for the processor.

    In its result this is empty where a processor of 64 bits has only the name of the machine: on
    all distributions but Gentoo, whose ``uname`` prints the model.
    """
    found = platform.uname()
    is_plain = found.system == "Linux" and not any(part in found.release for part in _REPLACED)
    if not is_plain or sys.maxsize < 2**32 or os.path.exists("/etc/gentoo-release"):  # noqa: PTH110 - no `pathlib` for one call
        return ""
    return "-".join((found.system, found.release, found.machine, "with", *_libc()))


def _libc() -> list[str]:
    """Return the C library with its version, if it is known."""
    found = "".join(platform.libc_ver())
    return [found] if found else []


@functools.cache
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
    import subprocess

    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
