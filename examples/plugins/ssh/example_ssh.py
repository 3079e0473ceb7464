"""A launcher: ``--launch ssh:node1+node2,workers=4`` starts workers on other machines.

It needs ssh without a password, and a file system that the machines share.
"""

from collections.abc import Iterable

from sacred_sweep import LauncherSpec

from sacred_core import hookimpl


@hookimpl
def sacred_launchers() -> Iterable[LauncherSpec]:
    """Offer the launcher."""
    yield LauncherSpec("ssh", "example_ssh_launching:launch", "workers on machines, with ssh")
