"""The stored counts, one set for each minor version of Python."""

import importlib.metadata
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.guard.measures import Counts

PATH = Path(__file__).parents[1] / "expectations.json"
#: Modules with a smaller part of the calls of a program are stored as one sum.
_SMALLEST_PART = 0.002
OTHERS = "others"


@dataclass(frozen=True)
class Expected:
    """What one program should do.

    Attributes:
        totals: By the name of the measure.
        calls: Of the functions of each module.
        system_calls: By name.
    """

    totals: Mapping[str, int]
    calls: Mapping[str, int] = field(default_factory=dict)
    system_calls: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Expectations:
    """What was counted with one version of Python.

    Attributes:
        packages: Number of distributions that were installed: some are looked up at each start.
        reference: Instructions of the reference program, None without valgrind.
        programs: By their name.
    """

    packages: int
    reference: int | None
    programs: Mapping[str, Expected]


def python_version() -> str:
    """Return the key of the expectations of this interpreter."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def count_packages() -> int:
    """Return the number of installed distributions."""
    return sum(1 for _ in importlib.metadata.distributions())


def summarize(counts: Counts) -> Expected:
    """Return what is stored of the counts of a program."""
    by_module = {name: sum(each.values()) for name, each in counts.calls.items()}
    least = _SMALLEST_PART * sum(by_module.values())
    stored = {name: number for name, number in sorted(by_module.items()) if number >= least}
    others = sum(by_module.values()) - sum(stored.values())
    calls = {**stored, OTHERS: others} if by_module else {}
    return Expected(counts.totals, calls, counts.system_calls)


def load(path: Path = PATH, version: str | None = None) -> Expectations | None:
    """Return the expectations of a version of Python, by default this one; None without any."""
    if not path.exists():
        return None
    found = json.loads(path.read_text()).get(version or python_version())
    if found is None:
        return None
    programs = {name: Expected(**each) for name, each in found["programs"].items()}
    return Expectations(found["packages"], found["reference"], programs)


def store(new: Expectations, path: Path = PATH, version: str | None = None) -> None:
    """Replace the expectations of a version; programs that were not measured are unchanged."""
    content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    version = version or python_version()
    programs = content.get(version, {}).get("programs", {})
    content[version] = {
        "packages": new.packages,
        "reference": new.reference,
        "programs": programs | {name: asdict(each) for name, each in new.programs.items()},
    }
    path.write_text(json.dumps(dict(sorted(content.items())), indent=1) + "\n")
