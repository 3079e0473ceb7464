"""What a recorded run did, as far as a rerun is compared with it."""

import re
from collections.abc import Sequence
from typing import Any

import attrs

from sacred_core.stores.digests import read_md5
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore

#: The line of a traceback with the type of the exception.
_EXCEPTION = re.compile(r"([A-Za-z_][\w.]*)(?::|$)")


@attrs.frozen(kw_only=True)
class Expectation:
    """Plain data about a recorded run.

    Attributes:
        points: ``[step, value, time]`` of all points by metric, the time in seconds.
        result: What the command returned.
        artifacts: The md5 digest of each artifact by name.
        sources: The md5 digest of each source by name, None where it is not recorded.
        status: That of the run.
        error: The type of the exception that ended it, or None.
    """

    points: dict[str, list[list[Any]]] = attrs.field(factory=dict)
    result: Any = None
    artifacts: dict[str, str] = attrs.field(factory=dict)
    sources: dict[str, str | None] = attrs.field(factory=dict)
    status: str = "COMPLETED"
    error: str | None = None

    def ended(self) -> str:
        """Return the end in words, such as ``"FAILED (ValueError)"``."""
        return end_text(self.status, self.error)

    def compared(self) -> dict[str, Any]:
        """Return what there is to compare."""
        return {
            "points": sum(map(len, self.points.values())),
            "metrics": len(self.points),
            "result": self.result is not None,
            "artifacts": len(self.artifacts),
        }


def end_text(status: str, error: str | None) -> str:
    """Return the end of a run in words, such as ``"FAILED (ValueError)"``."""
    return f"{status} ({error})" if error else status


def read_expectation(store: RunStore, run: StoredRun) -> Expectation:
    """Return what is recorded of a run.

    Raises:
        StoreError: its points or an artifact cannot be read.
    """
    points = {
        name: [
            [step, value, time.timestamp()]
            for step, value, time in zip(
                metric["steps"], metric["values"], metric["timestamps"], strict=True
            )
        ]
        for name, metric in store.metrics(run.id).items()
    }
    return Expectation(
        points=points,
        result=run.result,
        artifacts={
            name: info.md5 or read_md5(store, run.id, "artifact", name)
            for name, info in run.artifact_info.items()
        },
        sources=run.sources,
        status=run.status,
        error=exception_type(run.fail_trace),
    )


def exception_type(fail_trace: Sequence[str]) -> str | None:
    """Return the type of the exception that a traceback ends with, without its module.

    Its message, which may have several lines, begins after the last frame.
    """
    frames = [number for number, line in enumerate(fail_trace) if line.startswith("  File ")]
    for line in fail_trace[frames[-1] if frames else 0 :]:
        found = _EXCEPTION.match(line.rstrip("\n"))
        if found is not None:
            return found[1].rpartition(".")[2]
    return None
