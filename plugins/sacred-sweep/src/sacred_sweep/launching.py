"""Start workers by a launcher: ``--launch NAME:ARGUMENT,OPTION=VALUE,…``."""

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from sacred_core.exceptions import OptionError, SacredError
from sacred_core.hooks.lookup import missing_reason
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.targets import call_target
from sacred_core.masking import mask_text, note_secret
from sacred_core.masking.urls import credentials
from sacred_core.serialization.unreadable import reason_of
from sacred_core.shared_methods import ValueMethods
from sacred_core.worker import WorkerOptions
from sacred_sweep.records import LauncherSpec

#: The packages with the launchers of official plugins that may not be installed.
PACKAGES = {"slurm": "sacred-slurm", "dask": "sacred-dask", "ray": "sacred-ray"}
#: Parts between commas; quotes protect the commas in them.
_PARTS = re.compile(r"""(?:[^,"']|"[^"]*"|'[^']*')+|(?<=,)(?=,|$)|["'].*""")
#: Each argument and option that a launcher takes, and how its string is read.
Readers = Mapping[str, Callable[[str], Any]]


class LaunchError(SacredError):
    """Workers could not be started, or a worker ended with an error.

    Cause: The cluster cannot be reached, lacks a program or a package, does not share the folder,
    or a worker was killed.

    Fix: Do what the message names; the output of the workers has the details. Points that were not
    executed stay in the queue.
    """


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LaunchRequest(ValueMethods):
    """What ``--launch NAME:ARGUMENT,OPTION=VALUE,…`` requests.

    Attributes:
        launcher: The name of the launcher.
        argument: What follows the colon, up to the first comma: ``"8"``, ``"tcp://host:8786"``.
        options: The options after it, such as ``{"partition": "gpu", "time": "02:00:00"}``.
        worker: What each worker does.
        folder: The working directory, an absolute path.
    """

    launcher: str
    argument: str
    options: Mapping[str, str]
    worker: WorkerOptions
    folder: Path

    def read_argument(self, reader: Callable[[str], Any], example: str) -> Any:
        """Return the argument as the launcher uses it.

        Args:
            reader: Returns the value for a string; it raises ValueError with what it must be.
            example: A correct argument, for the message.

        Raises:
            OptionError: there is no argument, or it is wrong.
        """
        try:
            return reader(self.argument)
        except ValueError as error:
            given = f"got {self.argument!r}" if self.argument else "but there is none"
            raise OptionError(
                f"--launch {self.launcher}: what follows the colon must be {error}, "
                f"{given}: write for example {self.launcher}:{example}"
            ) from None

    def read_options(self, readers: Readers) -> dict[str, Any]:
        """Return the options that are given, as the launcher uses them.

        Args:
            readers: For each option the function that returns its value for a string; it raises
                ValueError with what it must be.

        Raises:
            OptionError: an option is unknown, or its value is wrong.
        """
        values = {}
        for name, text in self.options.items():
            if name not in readers:
                raise OptionError(
                    f"--launch {self.launcher}: unknown option {name!r}{_hint(name, readers)} "
                    f"(options: {', '.join(readers) or 'none'})"
                )
            try:
                values[name] = readers[name](text)
            except ValueError as error:
                message = f"--launch {self.launcher}: {name} must be {error}, got {text!r}"
                raise OptionError(message) from None
        return values


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
    wait: Callable[[], None] | None = None


def launch_workers(text: str, worker: WorkerOptions, folder: Path) -> Launched:
    """Start workers for the queue of a store.

    Args:
        text: ``NAME:ARGUMENT,OPTION=VALUE,…``, such as ``"slurm:8,partition=gpu"``. A value with
            commas is quoted: ``exclude="n1,n2"``.
        worker: What each worker does, and the location of the store.
        folder: The working directory of the workers; a relative location is in it.

    Returns:
        What has been started. If its ``wait`` is set, call it: the workers end with this process.

    Raises:
        OptionError: the launcher or an option is unknown, or a value is wrong.
        LaunchError: the workers cannot be started.
        PluginLoadError: a library of the launcher is missing.
    """
    for secret in credentials(worker.location):
        note_secret(secret)
    request = _parse(text, worker, folder)
    spec = _find_launcher(request.launcher)
    try:
        launched: Launched = call_target(spec.target, request)
    except SacredError:
        raise
    except Exception as error:
        reason = mask_text(reason_of(error))
        raise LaunchError(
            f"--launch {request.launcher}: no worker was started: {reason}"
        ) from error
    return launched


def launchers() -> list[LauncherSpec]:
    """Return the launchers of all installed plugins."""
    return plugin_manager().collect("sacred_launchers", LauncherSpec)


def _parse(text: str, worker: WorkerOptions, folder: Path) -> LaunchRequest:
    """Return what a string requests.

    Raises:
        OptionError: it has another form.
    """
    first, *rest = _PARTS.findall(text) or [""]
    name, _, argument = first.partition(":")
    if not name:
        raise OptionError(
            f"--launch: expected NAME:ARGUMENT,OPTION=VALUE,…, got {text!r}; "
            f"launchers: {', '.join(sorted(spec.name for spec in launchers()))}"
        )
    options: dict[str, str] = {}
    for part in rest:
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise OptionError(
                f"--launch {name}: expected OPTION=VALUE, got {part!r}; put quotes around a value "
                "with commas"
            )
        if key.strip() in options:
            raise OptionError(f"--launch {name}: option {key.strip()!r} is given twice")
        options[key.strip()] = _unquote(value)
    return LaunchRequest(
        launcher=name, argument=_unquote(argument), options=options, worker=worker,
        folder=folder.absolute(),
    )  # fmt: skip


def _unquote(value: str) -> str:
    value = value.strip()
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


def _find_launcher(name: str) -> LauncherSpec:
    known = {spec.name: spec for spec in launchers()}
    if name in known:
        return known[name]
    if name in PACKAGES:
        raise OptionError(f"--launch {name}: {missing_reason(PACKAGES[name])}")
    hint = _hint(name, {**known, **PACKAGES})
    raise OptionError(
        f"--launch: unknown launcher {name!r}{hint} (installed: {', '.join(sorted(known))})"
    )


def _hint(name: str, known: Mapping[str, Any]) -> str:
    similar = difflib.get_close_matches(name, known, 1)
    return f": did you mean {similar[0]!r}?" if similar else ""
