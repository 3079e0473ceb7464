"""The launcher ``dask:ADDRESS,workers=N``: tasks on a cluster of Dask."""

import contextlib
import importlib.metadata
import pickle
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from distributed import Client, Future, LocalCluster, fire_and_forget, wait
from sacred_sweep.launch_values import read_count, read_number, read_resources, read_string
from sacred_sweep.launching import Launched, LaunchError, LaunchRequest
from sacred_sweep.worker_task import read_workers, stop_all, to_task

from sacred_core.masking import mask_text
from sacred_core.plurals import counted

#: Seconds until a scheduler that does not answer counts as missing.
_TIMEOUT = 10.0
#: Seconds between two looks at the scheduler.
_POLL = 0.05
#: The client of the scheduler that wants tasks which no process waits for.
_FORGET = "fire-and-forget"
#: What the machines of the cluster import.
_PACKAGE = "sacred-sweep"


def launch(request: LaunchRequest) -> Launched:
    """Submit tasks to a scheduler, or start a cluster that ends with this process.

    Raises:
        OptionError: the address, or an option, is wrong.
        LaunchError: the scheduler does not answer, or its machines lack a package.
    """
    address = request.read_argument(read_string, "tcp://host:8786,workers=8")
    options = request.read_options(
        {"workers": read_count, "resources": read_resources, "timeout": read_number}
    )
    count = read_workers(options, request.launcher)
    resources = options.get("resources")
    if address == "local":
        return _launch_here(request, count)
    with _connection(address, options.get("timeout", _TIMEOUT)) as client:
        _check_machines(client)
        tasks = _submit(client, request, count, resources)
        _let_run(client, tasks)
        machines = len(client.scheduler_info(n_workers=-1)["workers"])
        dashboard = client.dashboard_link
    lines = [
        f"Submitted {counted(count, 'worker')} to {address}, "
        f"which has {counted(machines, 'Dask worker')}",
        "Logs: the output of the Dask workers",
        f"To see them: {dashboard} (tasks sacred-worker-…)",
    ]
    return Launched(workers=count, lines=lines)


def _submit(
    client: Client, request: LaunchRequest, count: int, resources: dict[str, float] | None
) -> list[Future]:
    """Submit the tasks; each is executed again if its machine is lost."""
    data = pickle.dumps(to_task(request))

    # A function in a function is sent as code: the scheduler, which reads what is submitted, does
    # not need our packages. Its variables, which have the location, are not shown in logs.
    def execute_worker(number: int) -> Any:
        return pickle.loads(data)(number)

    return [
        client.submit(
            execute_worker, number, key=f"sacred-worker-{uuid.uuid4().hex}", pure=False,
            retries=request.worker.tries, resources=resources,
        )
        for number in range(count)
    ]  # fmt: skip


def _let_run(client: Client, tasks: list[Future]) -> None:
    """Let the tasks be executed after this process has ended.

    `fire_and_forget` alone loses tasks: the scheduler ignores it for those that it has received,
    but not yet read.

    Raises:
        LaunchError: the scheduler does not read them.
    """
    keys, forget = [task.key for task in tasks], _FORGET

    def count_known(dask_scheduler: Any) -> int:
        return sum(key in dask_scheduler.tasks for key in keys)

    def count_wanted(dask_scheduler: Any) -> int:
        found = [dask_scheduler.tasks[key] for key in keys if key in dask_scheduler.tasks]
        names = [[client.client_key for client in task.who_wants or ()] for task in found]
        return sum(forget in each for each in names)

    _wait_for(lambda: client.run_on_scheduler(count_known) == len(keys))
    fire_and_forget(tasks)
    _wait_for(lambda: client.run_on_scheduler(count_wanted) == len(keys))


def _wait_for(check: Callable[[], bool]) -> None:
    until = time.monotonic() + _TIMEOUT
    while not check():
        if time.monotonic() > until:
            raise LaunchError("--launch dask: the scheduler has not read the tasks: see its log")
        time.sleep(_POLL)


def _check_machines(client: Client) -> None:
    """Check that the machines which the cluster has now can execute tasks.

    Raises:
        LaunchError: one cannot.
    """
    # A function of ours could not be sent to a machine without our packages.
    found = client.run(importlib.metadata.version, _PACKAGE, on_error="return")
    missing = [machine for machine, version in found.items() if isinstance(version, Exception)]
    if missing:
        raise LaunchError(
            f"--launch dask: {_PACKAGE} is not installed on {counted(len(missing), 'machine')} of "
            f"{len(found)}, such as {missing[0]}: install it in the environment of the Dask workers"
        )


@contextlib.contextmanager
def _connection(address: str, timeout: float) -> Iterator[Client]:
    """Connect to a scheduler.

    Raises:
        LaunchError: it does not answer.
    """
    try:
        client = Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = mask_text(" ".join(str(error).split()))
        raise LaunchError(
            f"--launch dask: cannot connect to the scheduler: {reason}: check the address, and "
            "that 'dask scheduler' is running there"
        ) from None
    with client:
        yield client


def _launch_here(request: LaunchRequest, count: int) -> Launched:
    """Start a cluster of threads in this process, each of which waits for a worker."""
    cluster = LocalCluster(
        n_workers=1, threads_per_worker=count, processes=False, dashboard_address=None
    )
    client = Client(cluster, set_as_default=False)
    tasks = _submit(client, request, count, None)

    def wait_for_end() -> None:
        try:
            with client.as_current():
                wait(tasks)
            failed = [each for each in tasks if each.status == "error"]
            if failed:
                reason: Any = failed[0].exception()
                raise LaunchError(f"{counted(len(failed), 'worker')} of {count}: {reason}")
        finally:
            stop_all()
            client.close()
            cluster.close()

    lines = [f"Started {counted(count, 'worker')}, which end with this process (Ctrl-C)"]
    return Launched(workers=count, lines=lines, wait=wait_for_end)
