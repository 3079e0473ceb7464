"""The hooks that plugins implement to start workers, and to choose points."""

from collections.abc import Iterable

import sacred_sweep
from sacred_core import hookspec


@hookspec
def sacred_launchers() -> "Iterable[sacred_sweep.LauncherSpec]":
    """Offer launchers, which start workers, as `LauncherSpec` records.

    Example:
        ```python
        @hookimpl(optionalhook=True)
        def sacred_launchers():
            yield LauncherSpec("acme", "acme.cluster:launch", "workers on the cluster of Acme")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_samplers() -> "Iterable[sacred_sweep.SamplerSpec]":
    """Offer samplers, which choose points from the results of earlier ones.

    Example:
        ```python
        @hookimpl(optionalhook=True)
        def sacred_samplers():
            yield SamplerSpec("acme", "acme.search:AcmeSampler", "the search of Acme")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError
