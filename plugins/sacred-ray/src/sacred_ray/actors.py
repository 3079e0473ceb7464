"""What Ray executes on the machines of a cluster."""

import logging
import threading

import ray
from sacred_sweep.worker_task import WorkerTask

from sacred_core.exceptions import SacredError

#: Of the actors, whose names are unique in it.
NAMESPACE = "sacred"
_log = logging.getLogger(__name__)


class WorkerActor:
    """An actor that executes a worker from its start on, and ends with it.

    Nothing needs to call it, so the process that created it may end. Ray creates it again if its
    process or its machine is lost; then the worker ends, too, and puts its run back.
    """

    def __init__(self, task: WorkerTask, number: int) -> None:
        threading.Thread(target=_execute, args=(task, number), daemon=True).start()


def _execute(task: WorkerTask, number: int) -> None:
    """Execute a worker, then end the actor of this process."""
    actor = ray.get_runtime_context().current_actor
    try:
        task(number)
    except SacredError as error:
        _log.error("%s", error)
    finally:
        ray.kill(actor, no_restart=True)
