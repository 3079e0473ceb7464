"""The launcher ``ray:ADDRESS,workers=N``: actors on a cluster of Ray."""

import contextlib
import importlib.metadata
import logging
import os
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import ray
from sacred_sweep.launch_values import read_count, read_number, read_resources, read_string
from sacred_sweep.launching import Launched, LaunchError, LaunchRequest
from sacred_sweep.worker_task import read_workers, to_task

from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_ray.actors import NAMESPACE, WorkerActor

#: What the machines of the cluster import.
_PACKAGE = "sacred-ray"
#: Seconds that the cluster has to answer; one that adds machines on demand may take longer.
_TIMEOUT = 30.0
#: Seconds between two looks at the actors.
_POLL = 0.2


def launch(request: LaunchRequest) -> Launched:
    """Create detached actors on a cluster, or start a cluster that ends with this process.

    Raises:
        OptionError: the address, or an option, is wrong.
        LaunchError: the cluster does not answer, or its machines lack a package.
    """
    address = request.read_argument(read_string, "auto,workers=8")
    options = request.read_options(
        {"workers": read_count, "cpus": read_number, "gpus": read_number,
         "resources": read_resources}
    )  # fmt: skip
    count = read_workers(options, request.launcher)
    if address == "local":
        return _launch_here(request, count, options)
    with _connection(address):
        _check_machines()
        names = _create_actors(request, count, options)
    lines = [
        f"Created {counted(count, 'actor')} of Ray with a worker each: {names[0]}, …",
        "Logs: in the folder of Ray's session, by default /tmp/ray/session_latest/logs",
        f"To stop one: ray.kill(ray.get_actor(NAME, namespace={NAMESPACE!r})) in Python",
    ]
    return Launched(workers=count, lines=lines)


def _create_actors(request: LaunchRequest, count: int, options: Mapping[str, Any]) -> list[str]:
    """Create the actors; return their names."""
    task = to_task(request)
    names = [f"sacred-worker-{uuid.uuid4().hex[:12]}" for _ in range(count)]
    for number, name in enumerate(names):
        ray.remote(WorkerActor).options(
            name=name, namespace=NAMESPACE, lifetime="detached", max_restarts=-1,
            num_cpus=options.get("cpus", 1), num_gpus=options.get("gpus", 0),
            resources=options.get("resources"),
        ).remote(task, number)  # fmt: skip
    return names


def _check_machines() -> None:
    """Check that a machine of the cluster can execute actors of ours.

    Raises:
        LaunchError: it cannot.
    """
    # A function of ours could not be sent to a machine without our packages.
    version = ray.remote(importlib.metadata.version).options(num_cpus=0, max_retries=0)
    try:
        ray.get(version.remote(_PACKAGE), timeout=_TIMEOUT)
    except ray.exceptions.GetTimeoutError:  # there is no machine yet
        return
    except importlib.metadata.PackageNotFoundError:
        raise LaunchError(
            f"--launch ray: {_PACKAGE} is not installed on the machines of the cluster: install it "
            "in the environment in which Ray runs there"
        ) from None


@contextlib.contextmanager
def _connection(address: str) -> Iterator[None]:
    """Connect to a cluster, unless this process is connected to one.

    Raises:
        LaunchError: it does not answer.
    """
    if ray.is_initialized():
        yield
        return
    try:
        _check_address(address)
        ray.init(
            address=address, namespace=NAMESPACE, log_to_driver=False,
            logging_level=logging.ERROR,
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError) as error:
        reason = mask_text(" ".join(str(error).split()))
        raise LaunchError(
            f"--launch ray: cannot connect to a cluster at {address!r}: {reason}: start one with "
            "'ray start --head', or use ray:local"
        ) from None
    try:
        yield
    finally:
        ray.shutdown()


def _check_address(address: str) -> None:
    """Check that something listens at an address: Ray would wait for two minutes.

    Raises:
        OSError: nothing does.
    """
    place = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    host, _, port = place.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_TIMEOUT).close()


def _launch_here(request: LaunchRequest, count: int, options: Mapping[str, Any]) -> Launched:
    """Start a cluster in this process."""
    needed = count * options.get("cpus", 1)
    ray.init(
        address="local", namespace=NAMESPACE, num_cpus=max(1, round(needed)),
        include_dashboard=False, logging_level=logging.ERROR,
    )  # fmt: skip
    names = _create_actors(request, count, options)

    def wait_for_end() -> None:
        try:
            while any(map(_exists, names)):
                time.sleep(_POLL)
        finally:
            ray.shutdown()

    lines = [f"Started {counted(count, 'worker')}, which end with this process (Ctrl-C)"]
    return Launched(workers=count, lines=lines, wait=wait_for_end)


def _exists(name: str) -> bool:
    """Return whether an actor has not ended."""
    with contextlib.suppress(ValueError):
        return ray.get_actor(name, namespace=NAMESPACE) is not None
    return False
