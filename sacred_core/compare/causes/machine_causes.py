"""Causes: Python, devices, threads, the environment and the machine."""

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from sacred_core.compare.causes import levels
from sacred_core.compare.causes.evidence import Evidence
from sacred_core.compare.causes.explanation import Cause
from sacred_core.compare.records import MISSING, Difference
from sacred_core.compare.values import pair_text

#: Entries that chose or describe a device.
_DEVICE = re.compile(
    r"gpus?(\..*)?|switches\.(CUDA_(VISIBLE_DEVICES|DEVICE_ORDER)|HIP_VISIBLE_DEVICES"
    r"|ROCR_VISIBLE_DEVICES|JAX_PLATFORMS)"
)
_GPU = re.compile(r"(?P<gpu>gpus\.gpus\.(?P<number>\d+)\.)(?P<fact>.+)")
_DRIVER = "gpus.driver_version"
_THREADS = re.compile(r"threads(\..*)?|cpu_count|(switches|ENV)\.\w*(NUM_THREADS|MAX_THREADS)")
#: The same information as another entry.
_COPIES = {"gpu": "gpus", "cpu_count": "threads.processors"}
#: What describes the machine, in the order in which it matters.
_HOST = ("cpu", "os", "python_compiler")
_HOSTNAME = "hostname"


def machine_causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield what differs in the machine, the version of Python and the environment.

    Of a GPU that one run does not have, or of another model, only the model is listed.
    """
    found = [*evidence.differences("host"), *evidence.differences("environment")]
    by_key = {each.key: each for each in found}
    for number, each in enumerate(found):
        if not _is_copy(each.key, by_key) and not _is_of_other_gpu(each, by_key):
            kind, level, position = _kind(each.key)
            yield _cause(each, kind, (level, position, number))


def _is_of_other_gpu(difference: Difference, by_key: Mapping[str, Difference]) -> bool:
    """Return whether a fact about a GPU follows from another one: the model differs."""
    match = _GPU.fullmatch(difference.key)
    if match is None:
        has_model = any(_GPU.fullmatch(key) for key in by_key)
        return difference.key == _DRIVER and has_model and MISSING in _values(difference)
    return match["fact"] != "model" and f"{match['gpu']}model" in by_key


def _values(difference: Difference) -> tuple[Any, Any]:
    return difference.first, difference.second


def _is_copy(key: str, keys: Container[str]) -> bool:
    first, dot, rest = key.partition(".")
    return first in _COPIES and f"{_COPIES[first]}{dot}{rest}" in keys


def _kind(key: str) -> tuple[str, int, int]:
    """Return kind, level and position of a fact."""
    if key == "python_version":
        return "python", levels.PYTHON, 0
    if _DEVICE.fullmatch(key):
        return "device", levels.DEVICE, 0 if "driver" not in key else 1
    if _THREADS.fullmatch(key):
        return "threads", levels.DEVICE, 2
    if key.startswith(("switches.", "ENV.")) or key in ("switches", "ENV"):
        return "environment", levels.ENVIRONMENT, 0
    if key == _HOSTNAME:
        return "host", levels.HOST, len(_HOST) + 1
    first = key.partition(".")[0]
    return "host", levels.HOST, _HOST.index(first) if first in _HOST else len(_HOST)


def _cause(each: Difference, kind: str, order: tuple[int, ...]) -> Cause:
    name = re.sub(r"^(switches|ENV)\.", "", each.key)
    match = _GPU.fullmatch(name)
    if match is not None:
        name = f"{match['fact']} of GPU {match['number']}"
    text = f"{name} {pair_text(each.first, each.second, has_quotes=False)}"
    return Cause(
        kind=kind, key=each.key, text=text, first=each.first, second=each.second, order=order
    )
