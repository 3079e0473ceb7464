"""The launcher ``dask:ADDRESS,workers=N``: tasks on a cluster of Dask."""

import contextlib
import importlib.metadata
import uuid
from collections.abc import Iterator
from typing import Any

from distributed import Client, Future, LocalCluster, fire_and_forget, wait
from sacred_sweep.launch_values import read_count, read_number, read_resources, read_string
from sacred_sweep.launching import Launched, LaunchError, LaunchRequest
from sacred_sweep.worker_task import read_workers, stop_all, to_task

from sacred_core.masking import mask_text
from sacred_core.plurals import counted

#: Seconds until a scheduler that does not answer counts as missing.
_TIMEOUT = 10.0
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
        fire_and_forget(tasks)
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
    task = to_task(request)
    return [
        client.submit(
            task, number, key=f"sacred-worker-{uuid.uuid4().hex}", pure=False,
            retries=request.worker.tries, resources=resources,
        )
        for number in range(count)
    ]  # fmt: skip


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
