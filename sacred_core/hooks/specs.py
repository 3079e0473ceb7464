"""Every hook there is. Implement one in your plugin with ``from sacred_core import hookimpl``.

A plugin is a module that an entry point of the group ``sacred_core`` names; the hooks are
functions of that module. They are called at most once a process, must be cheap and import
nothing heavy: what is heavy is behind a dotted target.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from sacred_core.hooks import records
from sacred_core.masking.formats import SecretPattern

if TYPE_CHECKING:
    from sacred_core.hooks.worker_records import QueueSource, StopCheck

#: Decorates the functions of a module of hooks, which plugins implement.
hookspec = pluggy.HookspecMarker("sacred_core")
#: Decorates the functions of a plugin that implement hooks.
hookimpl = pluggy.HookimplMarker("sacred_core")


@hookspec
def sacred_observers() -> Iterable[records.ObserverSpec]:
    """Offer observers, with their flags and with the stores that read what they wrote.

    Example:
        ```python
        @hookimpl
        def sacred_observers():
            yield ObserverSpec("acme.observer:AcmeObserver", flags=("-A", "--acme"))
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_exports() -> Iterable[records.Export]:
    """Offer names to be imported from `sacred_core.observers` or `sacred_core.stflow`.

    Observers of `sacred_observers` are in `sacred_core.observers` without it.

    Example:
        ```python
        @hookimpl
        def sacred_exports():
            yield Export("acme.reader:AcmeReader")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_config_sources() -> Iterable[records.ConfigSource]:
    """Offer formats of configuration files, by their suffixes.

    Example:
        ```python
        @hookimpl
        def sacred_config_sources():
            yield ConfigSource((".ini",), "acme.ini_files:load")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_host_info() -> Iterable[records.HostInfo]:
    """Offer entries of ``host_info``, gathered at the start of every run.

    Example:
        ```python
        def queue():
            if "SLURM_JOB_PARTITION" not in os.environ:
                raise SkipHostInfo
            return os.environ["SLURM_JOB_PARTITION"]

        @hookimpl
        def sacred_host_info():
            yield HostInfo("queue", queue)
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_cli_options() -> Iterable[records.CLIOption]:
    """Offer flags of every experiment's command line.

    Example:
        ```python
        @hookimpl
        def sacred_cli_options():
            yield CLIOption(("--gpu",), "acme.gpu:choose", metavar="N", help="run on GPU N")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_commands() -> Iterable[records.CommandSpec]:
    """Offer subcommands of ``sacred``, as click commands, or commands of every experiment.

    Example:
        ```python
        @hookimpl
        def sacred_commands():
            yield CommandSpec("acme", "acme.cli:main", help="manage acme runs")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_hookspecs() -> Iterable[records.HookSpecs]:
    """Define hooks of your own, which other plugins implement.

    Call them with ``plugin_manager().collect(...)`` or ``.call(...)`` of
    `sacred_core.hooks.manager`. A plugin that implements a hook of a plugin that may not be
    installed marks it ``@hookimpl(optionalhook=True)``.

    Example:
        ```python
        @hookimpl
        def sacred_hookspecs():
            yield HookSpecs("acme.hooks")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_secrets() -> Iterable[SecretPattern]:
    r"""Offer patterns of secrets, which are masked in everything that is recorded.

    The core masks passwords, tokens and the like by their names and well-known forms; offer what
    only your service has.

    Example:
        ```python
        @hookimpl
        def sacred_secrets():
            yield SecretPattern(r"acme\.example/hook/(?P<secret>\w+)", contains="acme.example")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_key_checks() -> Iterable[records.KeyCheck]:
    r"""Offer checks of the keys of configurations, which fail before a run starts.

    Example:
        ```python
        @hookimpl
        def sacred_key_checks():
            yield KeyCheck(r"[/\\]", "contains a slash, which Acme does not store")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_compare() -> Iterable[records.Aspect]:
    """Offer aspects under which recorded runs are compared, as ``sacred runs diff`` does.

    Example:
        ```python
        def collect(run):
            return {"partition": run.run.host.get("partition")}

        @hookimpl
        def sacred_compare():
            yield Aspect("queue", collect, title="queue of the cluster")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_queue_sources() -> "Iterable[QueueSource]":
    """Offer sources of queued runs: a worker that finds no queued run asks them for further ones.

    Example:
        ```python
        def fill(store, where):
            return queue_next_points(store, where)  # the number of runs that it queued

        @hookimpl
        def sacred_queue_sources():
            yield QueueSource("acme", fill)
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_stop_checks() -> "Iterable[StopCheck]":
    """Offer checks that decide whether a run should end early; ``_run.should_stop()`` calls them.

    Example:
        ```python
        def check(run):
            return time.time() > float(os.environ.get("ACME_END_OF_JOB", "inf"))

        @hookimpl
        def sacred_stop_checks():
            yield StopCheck("end of job", check)
        ```

    Version added: 0.1.
    """
    raise NotImplementedError


@hookspec
def sacred_seed(seed: int) -> None:
    """Seed the global generator of a library; called at the start of every run.

    Where the library is not loaded yet, do not import it for this.

    Args:
        seed: The root seed of the run.

    Example:
        ```python
        @hookimpl
        def sacred_seed(seed):
            if "acme" in sys.modules:
                sys.modules["acme"].set_seed(seed)
        ```

    Version added: 0.1.
    """
    raise NotImplementedError
