"""What a launcher gets: how many workers to start, and what they do."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from sacred_core.shared_methods import ValueMethods
from sacred_core.worker import WorkerOptions


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LaunchRequest(ValueMethods):
    """What ``--launch NAME:ARGUMENT,OPTION=VALUE,…`` requests.

    Attributes:
        argument: What follows the colon, up to the first comma: ``"8"``, ``"tcp://host:8786"``.
        options: The options after it, such as ``{"partition": "gpu", "time": "02:00:00"}``.
        worker: What each worker does.
        folder: The working directory, an absolute path.
    """

    argument: str
    options: Mapping[str, str]
    worker: WorkerOptions
    folder: Path


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Launched(ValueMethods):
    """What a launcher has started.

    Attributes:
        workers: The number of workers.
        lines: What the user reads of it, such as the ids of jobs and how to cancel them.
        wait: Waits for the end of the workers, where they end with this process; None where they
            do not need it.
    """

    workers: int
    lines: list[str] = attrs.field(factory=list)
    wait: "object | None" = None
