"""From an experiment and what a call asks of it to a run that can start."""

import copy
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from sacred_core import settings
from sacred_core.config.captured_function import SPECIAL_NAMES, CapturedFunction
from sacred_core.config.contributions import (
    check_added,
    recorded_origins,
    warn_of_changes,
    warn_of_objects,
    warn_of_words,
)
from sacred_core.config.entries import plain_copy, read_only
from sacred_core.config.request import Request
from sacred_core.config.required import check_required
from sacred_core.config.resolution import resolve
from sacred_core.config.tree import Namespaces, ResolvedConfig
from sacred_core.context import live_runs, run_of_context
from sacred_core.dotted_path import ROOT, DottedPath
from sacred_core.environment import RUN_VARIABLE
from sacred_core.exceptions import ConfigValueError, OptionError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.options import apply_options, call_option_hooks, offered_options
from sacred_core.loggers import at_level, default_handler, level_of, own_child
from sacred_core.plurals import counted
from sacred_core.provenance.host import ask_gpus, get_host_info
from sacred_core.randomness import get_seed
from sacred_core.run.run import Run

if TYPE_CHECKING:
    from sacred_core.ranks.detection import Rank

#: Variables of which launchers set one in each process of a parallel job. Nothing else is imported
#: where none of them is set.
RANK_VARIABLES = (
    "SACRED_RANK", "SACRED_WORLD_SIZE", "RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK",
    "SLURM_PROCID",
)  # fmt: skip
#: Options that are recorded only if they are given.
_RESUMING = ("--resume", "--fork")


def new_run(ex: Any, request: Request, new_seed: Callable[[], int] = get_seed) -> Run:
    """Return a run of the experiment ``ex`` that has not started.

    The option hooks come first, since they may change the experiment.

    Args:
        ex: The experiment.
        request: What the call asks for.
        new_seed: Returns the root seed, where nothing sets it.

    Raises:
        SacredError: the configuration or the options are wrong, or the command does not exist.
        Exception: what a hook or a scope raises.
    """
    if settings.environment_error is not None:
        raise settings.environment_error
    offered = offered_options(ex.additional_cli_options)
    options = call_option_hooks(tuple(ex.option_hooks), request.options, _words(request), offered)
    command = ex.find_command(request.command)
    if not command.unobserved:
        ask_gpus()
    root_logger = ex.logger or logging.getLogger()
    level = options["--loglevel"]
    number = None if level is None else level_of(level)
    outer = run_of_context() if request.inherit_observers else None
    inherited = outer.attached_observers if outer else ()

    def create(new_seed: Callable[[], int]) -> tuple[Run, ResolvedConfig]:
        run, resolved = _resolve_run(ex, command, request, options, root_logger, new_seed)
        apply_options(options, offered, run)
        run.observers = _distinct([*run.observers, *inherited])
        return run, resolved

    with default_handler(root_logger), at_level(root_logger, number):
        run, resolved = create(new_seed)
        rank = None if command.unobserved else _find_rank()
        if rank is not None:
            run, resolved = _join_group(run, resolved, rank, create)
        if (run.resume is not None or run.fork) and (rank is None or rank.number == 0):
            resolved = _prepare_resume(run, resolved, ex, request)
        run.observers = _with_spool(run, run.observers)
        _log_discovered(run)
        _check_resolved(resolved, command, run)
    return run


def new_variant(run: Run, request: Request, new_seed: Callable[[], int]) -> Run:
    """Return a run like one that has not started, with the configuration of another request.

    What does not depend on the configuration is not gathered again: observers, options, code, host.

    Args:
        run: Of an experiment, from `new_run`.
        request: Updates, named configurations and metadata; the rest is as for ``run``.
        new_seed: Returns the root seed, where nothing sets it.

    Raises:
        SacredError: the configuration is wrong.
        Exception: what a scope or a hook raises.
    """
    ex: Any = run.owner
    resolved = resolve(
        ex, request, logger=run.run_logger, new_seed=new_seed, command_name=run.command
    )
    _check_seed(resolved.config.get("seed"))
    variant = copy.copy(run)
    variant.uid = os.urandom(16).hex()
    variant.config, variant.config_modifications = resolved.config, resolved.summary
    variant.namespaces = _namespaces(resolved)
    own = _meta_info(request, run.command, run.options, resolved)
    variant.meta_info = {**run.meta_info, **own, "uid": variant.uid}
    _check_resolved(resolved, cast("CapturedFunction[..., Any]", run.main_function), variant)
    return variant


def _resolve_run(
    ex: Any,
    command: CapturedFunction[..., Any],
    request: Request,
    options: Mapping[str, Any],
    root_logger: logging.Logger,
    new_seed: Callable[[], int],
) -> tuple[Run, ResolvedConfig]:
    run_logger = own_child(root_logger, ex.path)
    for plugin in plugin_manager().plugins:
        run_logger.debug("Plugin %s (%s): %s", plugin.name, plugin.distribution, plugin.state)
    name = request.command or command.function.__name__
    resolved = resolve(ex, request, logger=run_logger, new_seed=new_seed, command_name=name)
    _check_seed(resolved.config.get("seed"))
    ingredients = [node.ingredient for node in resolved.nodes]
    code = ex.code() if _wants_info(command) else None
    run = Run(
        config=resolved.config,
        config_modifications=resolved.summary,
        main_function=command,
        observers=ex.observers,
        root_logger=root_logger,
        run_logger=run_logger,
        experiment_info=code.info() if code else {"name": ex.path},
        host_info={} if command.unobserved else get_host_info(ex.additional_host_info),
        pre_run_hooks=[hook for each in ingredients for hook in each.pre_run_hooks],
        post_run_hooks=[hook for each in ingredients for hook in each.post_run_hooks],
        captured_out_filter=ex.captured_out_filter,
        command=name,
        meta_info=_meta_info(request, name, options, resolved),
        options=options,
        info=request.info,
        code=code,
        namespaces=_namespaces(resolved),
        owner=ex,
        unobserved=command.unobserved,
    )
    return run, resolved


def _find_rank() -> "Rank | None":
    """Return which rank of a parallel job this process is; None for one that is not a rank.

    A process that a run has started, or that has one, starts runs of its own.

    Raises:
        RankError: the variables of the launcher are wrong.
    """
    if not any(name in os.environ for name in RANK_VARIABLES):
        return None
    if RUN_VARIABLE in os.environ or live_runs():
        return None
    from sacred_core.ranks.detection import detect_rank

    return detect_rank(os.environ)


def _join_group(
    run: Run,
    resolved: ResolvedConfig,
    rank: "Rank",
    create: Callable[[Callable[[], int]], tuple[Run, ResolvedConfig]],
) -> tuple[Run, ResolvedConfig]:
    """Make a run that of rank 0, or a part of that run, which has the seed of rank 0."""
    from sacred_core.ranks.joining import find_run, join_run, start_group

    if rank.number == 0:
        start_group(run, rank)
        return run, resolved
    found = find_run(run, rank)
    seed = None if found is None else found.run.seed
    if isinstance(seed, int) and seed != run.config["seed"]:
        run, resolved = create(lambda: seed)
    join_run(run, rank, found)
    if found is not None and len(found.run.segments) > 1:
        from sacred_core.run.resumption import resume_part

        resume_part(run, found.store, found.run, found.part)
    return run, resolved


def _prepare_resume(
    run: Run, resolved: ResolvedConfig, ex: Any, request: Request
) -> ResolvedConfig:
    """Let a run resume the one of ``--resume``, or be its fork; return the configuration."""
    if run.prepare_resume is None:
        raise OptionError("--fork requires --resume ID: the run from which the new one starts")
    if getattr(run.main_function, "unobserved", False):  # such as print_config
        return resolved

    def resolve_with(seed: int) -> ResolvedConfig:
        return resolve(
            ex, request, logger=run.run_logger, new_seed=lambda: seed, command_name=run.command
        )

    chosen = run.prepare_resume(run, resolved, resolve_with)
    run.config, run.config_modifications = chosen.config, chosen.summary
    run.namespaces = _namespaces(chosen)
    run.meta_info["origins"] = _origins(request, chosen)
    return chosen


def _namespaces(resolved: ResolvedConfig) -> Namespaces:
    is_read_only = settings.SETTINGS.CONFIG.READ_ONLY_CONFIG
    return Namespaces(resolved, read_only if is_read_only else lambda value: value)


def _origins(request: Request, resolved: ResolvedConfig) -> dict[str, list[str]]:
    update = "command line" if request.tokens else "update"
    return recorded_origins(resolved.config, resolved.summary, update)


def _meta_info(
    request: Request, command: str, options: Mapping[str, Any], resolved: ResolvedConfig
) -> dict[str, Any]:
    """Return what is recorded of a call."""
    return {
        "command": command,
        "options": {**_recorded_options(options), **_words(request)},
        "config_updates": plain_copy(request.updates),
        "named_configs": list(request.named_configs),
        "origins": _origins(request, resolved),
        **request.meta_info,
    }


def _recorded_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options for the record; those about resuming only if they were given."""
    return {name: value for name, value in options.items() if value or name not in _RESUMING}


def _words(request: Request) -> dict[str, Any]:
    """Return command and updates as they were written on a command line."""
    return {"COMMAND": request.command, "UPDATE": list(request.tokens)}


def _log_discovered(run: Run) -> None:
    """Log what was found of the experiment, at the level DEBUG."""
    info = run.experiment_info
    if "sources" in info:
        run.run_logger.debug(
            "Found %s below %s, %s and %s",
            counted(len(info["sources"]), "source file"),
            info["base_dir"],
            counted(len(info["dependencies"]), "package"),
            counted(len(info["repositories"]), "repository"),
        )
    if run.host_info:
        run.run_logger.debug("Gathered host information: %s", ", ".join(run.host_info))
    names = [type(observer).__name__ for observer in run.observers]
    run.run_logger.debug("Observers: %s", ", ".join(names) or "none")


def _distinct(observers: Sequence[Any]) -> list[Any]:
    """Leave out an observer that is equal to an earlier one and hashable, so a value.

    An option hook that appends one to the experiment does so at every run of the process.
    """
    distinct: list[Any] = []
    for observer in observers:
        if not any(_is_same(observer, other) for other in distinct):
            distinct.append(observer)
    return distinct


def _with_spool(run: Run, observers: list[Any]) -> list[Any]:
    """Return the observers of a run, with the spool of ``--spool`` or of `SETTINGS.SPOOL`.

    Raises:
        SpoolError: the spool cannot be used.
    """
    folder = run.spool or settings.SETTINGS.SPOOL
    if not folder or run.unobserved or run.queue_only or run.is_resumed:
        return observers
    from sacred_core.spool.wrapping import spool_observers

    spooled = spool_observers(observers, folder)
    if run.spool and spooled == observers:
        run.run_logger.warning("--spool has no effect: no observer of the run has a store")
    return spooled


def _is_same(observer: Any, other: Any) -> bool:
    if observer is other:
        return True
    is_value = type(observer) is type(other) and type(observer).__hash__ is not None
    return is_value and bool(observer == other)


def _wants_info(command: CapturedFunction[..., Any]) -> bool:
    """Gathering it takes time: a command without observers that does not ask has none."""
    return not command.unobserved or getattr(command.function, "needs_experiment_info", False)


def _check_seed(seed: Any) -> None:
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ConfigValueError(f"seed must be an integer, got {seed!r}")


def _check_resolved(
    resolved: ResolvedConfig, command: CapturedFunction[..., Any], run: Run
) -> None:
    _check_changes(resolved, command, run)
    if command.owner is not None:  # the standard commands show what is required
        check_required(resolved.config, resolved.summary.docs)
    warn_of_objects(resolved.config, run.queue_only, run.root_logger)


def _check_changes(resolved: ResolvedConfig, command: CapturedFunction[..., Any], run: Run) -> None:
    """Refuse entries that nothing uses, and warn of what may be a mistake; nothing if forced."""
    if run.force:
        return
    summary = resolved.summary
    if summary.added:
        check_added(summary, _used_paths(resolved, command), resolved.config)
    for warning in resolved.warnings:
        run.root_logger.warning("%s", warning)
    warn_of_changes(summary, resolved.config, run.root_logger)
    warn_of_words(resolved.originals, resolved.config, run.root_logger)


def _used_paths(resolved: ResolvedConfig, command: CapturedFunction[..., Any]) -> set[str]:
    """Return the paths of everything that captured functions take by name."""
    captured = [
        (node.path, f) for node in resolved.nodes for f in node.ingredient.captured_functions
    ]
    if command.owner is None:  # one that every experiment has
        captured.append((ROOT, command))
    return {
        str(path.below(*DottedPath.parse(function.prefix or ""), name))
        for path, function in captured
        for name in function.names
        if name not in SPECIAL_NAMES
    }
