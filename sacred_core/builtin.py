"""The records of the core, returned by the same hooks as those of plugins.

Like every plugin module it contains records only: what they name is imported when it is used.
"""

from collections.abc import Iterable

from sacred_core.hooks.records import (
    Aspect,
    CLIOption,
    CommandSpec,
    ConfigSource,
    Export,
    HostInfo,
    KeyCheck,
    ObserverSpec,
)
from sacred_core.hooks.specs import hookimpl

_OPTIONS = "sacred_core.script_cli.standard_options:"
_COMMANDS = "sacred_core.script_cli.standard_commands:"
_ASPECTS = "sacred_core.compare.aspects."
_HOST = "sacred_core.provenance.host:"


@hookimpl
def sacred_cli_options() -> Iterable[CLIOption]:
    """The standard flags of section 1.4.4."""
    yield CLIOption(("-h", "--help"), is_flag=True, help="show this message and exit")
    for short, name, metavar, text in (
        ("-l", "loglevel", "LEVEL", "show log lines of this level and above"),
        ("-c", "comment", "TEXT", "add a comment"),
        ("-n", "name", "NAME", "name the experiment"),
        ("-i", "id", "ID", "set the id of the run"),
        ("-P", "priority", "N", "priority of a queued run"),
        ("-b", "beat_interval", "SECONDS", "time between two heartbeats"),
        ("-C", "capture", "MODE", "how output is recorded: no, sys or fd"),
        ("", "spool", "DIR", "record in DIR first, copy to the observers' stores"),
        ("", "resume", "ID", "continue this run, or with 'auto' that of the same job"),
    ):
        flags = tuple(filter(None, (short, f"--{name}")))
        yield CLIOption(flags, _OPTIONS + name, metavar=metavar, help=text)
    for short, name, text in (
        ("-d", "debug", "do not filter the stacktrace"),
        ("-D", "pdb", "start the debugger pdb where the command fails"),
        ("-q", "queue", "only queue the run"),
        ("-u", "unobserved", "ignore all observers"),
        ("-p", "print_config", "print the configuration first"),
        ("", "fork", "with --resume: start a new run from it"),
        ("-e", "enforce_clean", "fail if a repository has uncommitted changes"),
        ("", "origin", "show in print_config where each value comes from"),
        ("-f", "force", "do not check for unknown entries and suspicious changes"),
    ):
        flags = tuple(filter(None, (short, f"--{name}")))
        yield CLIOption(flags, _OPTIONS + name, is_flag=True, help=text)


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """The store of archives, which no observer writes to."""
    yield ObserverSpec(None, store="sacred_core.archives.store:ArchiveStore", schemes=("archive",))


#: Commands below ``sacred runs``: name, target and summary.
_RUN_COMMANDS = (
    ("list", "list_runs:list_runs", "List runs."),
    ("show", "show_run:show_run", "Show a run."),
    ("get", "show_run:get_file", "Write a file of a run."),
    ("watch", "show_run:watch_run", "Follow a run while it is running."),
    ("export", "export_runs:export_runs", "Write runs or their points to a file."),
    ("pack", "pack_runs:pack_runs", "Write runs into an archive."),
    ("unpack", "unpack_runs:unpack_runs", "Copy the runs of an archive to a store."),
    ("delete", "change_runs:delete_runs", "Delete runs."),
    ("note", "change_runs:note_run", "Add a note to a run."),
    ("tag", "change_runs:tag_run", "Add tags to a run, or remove them."),
    ("copy", "copy_runs:copy_to_target", "Copy runs to another store."),
    ("sync", "sync_runs:synchronise_stores", "Synchronise two stores."),
    ("verify", "verify_runs:verify_runs", "Compare the runs of two stores."),
    ("diff", "diff_runs:diff_runs", "Show what differs between runs."),
    ("why", "explain_runs:explain_runs", "List why two runs differ."),
    ("significance", "compare_groups:show_significance", "Test whether two groups differ."),
    ("recover", "recover_runs:recover_output", "Store the last output of runs that crashed."),
    ("rerun", "rerun_run:rerun_run", "Run a run again, and compare it."),
    ("load", "recover_runs:load_undelivered", "Store what an observer missed."),
)


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Commands of every experiment, and those of ``sacred``."""
    for name, text in (
        ("print_config", "print the configuration and its changes"),
        ("print_dependencies", "print packages, sources and repositories"),
        ("save_config", "write the configuration to a file"),
        ("print_named_configs", "print the named configurations"),
    ):
        yield CommandSpec(name, _COMMANDS + name, text, of_experiments=True)
    yield CommandSpec("runs", "sacred_core.cli.runs:runs", "List, show and change recorded runs.")
    for name, target, text in _RUN_COMMANDS:
        yield CommandSpec(f"runs {name}", f"sacred_core.cli.runs.{target}", text)
    yield CommandSpec("worker", "sacred_core.cli.worker:worker", "Execute queued runs.")
    yield CommandSpec("spool", "sacred_core.cli.spool:spool", "Deliver runs of a spool.")
    for name, target, text in (
        ("list", "list_spool:list_spool", "List what is not delivered yet."),
        ("flush", "flush_spool:flush_spool", "Deliver it."),
    ):
        yield CommandSpec(f"spool {name}", f"sacred_core.cli.spool.{target}", text)
    yield CommandSpec(
        "completion",
        "sacred_core.cli.completion:completion",
        "Complete commands in the shell.",
    )
    yield CommandSpec("doctor", "sacred_core.cli.doctor:doctor", "Find what does not work here.")
    yield CommandSpec("plugins", "sacred_core.cli.plugins:plugins", "List the installed plugins.")
    yield CommandSpec(
        "new-plugin",
        "sacred_core.cli.new_plugin.command:new_plugin",
        "Create a package with a plugin.",
    )


@hookimpl
def sacred_exports() -> Iterable[Export]:
    """Return the observer that depends on the observers of plugins."""
    yield Export("sacred_core.spool.observer:SpoolObserver")


@hookimpl
def sacred_config_sources() -> Iterable[ConfigSource]:
    """JSON, YAML, TOML and pickle."""
    for suffixes, module, name in (
        ((".json",), "files", "json"),
        ((".yaml", ".yml"), "yaml_format", "yaml"),
        ((".toml",), "toml_format", "toml"),
        ((".pickle", ".pkl"), "files", "pickle"),
    ):
        target = f"sacred_core.config.{module}"
        yield ConfigSource(suffixes, f"{target}:load_{name}", f"{target}:dump_{name}")


@hookimpl
def sacred_host_info() -> Iterable[HostInfo]:
    """Machine, system, Python, processor, GPUs, and the captured environment."""
    for name, function in (
        ("hostname", "hostname"),
        ("os", "operating_system"),
        ("python_version", "python_version"),
        ("python_compiler", "python_compiler"),
        ("cpu", "cpu"),
        ("cpu_count", "cpu_count"),
        ("gpus", "gpus"),
        ("threads", "threads"),
        ("switches", "switches"),
        ("ENV", "captured_env"),
    ):
        yield HostInfo(name, _HOST + function)


@hookimpl
def sacred_key_checks() -> Iterable[KeyCheck]:
    """Return checks for keys with a special meaning on the command line and in jsonpickle."""
    yield KeyCheck("=", "contains '='", "ENFORCE_KEYS_NO_EQUALS")
    yield KeyCheck(
        "^(py/|json://)",
        "has a special meaning for jsonpickle",
        "ENFORCE_KEYS_JSONPICKLE_COMPATIBLE",
    )


@hookimpl
def sacred_compare() -> Iterable[Aspect]:
    """Everything that the core records of a run."""
    for name, module, has_render, title in (
        ("command", "endings", False, "Command"),
        ("config", "configuration", True, "Configuration"),
        ("code", "code", True, "Sources"),
        ("commit", "commits", True, "Commits and uncommitted changes"),
        ("packages", "machine", True, "Packages"),
        ("host", "machine", False, "Host"),
        ("environment", "machine", False, "Environment and threads"),
        ("seed", "configuration", False, "Seeds"),
        ("status", "endings", False, "Status"),
        ("result", "endings", False, "Result"),
        ("metrics", "metrics", True, "Metrics"),
        ("info", "endings", False, "Info"),
        ("files", "files", True, "Artifacts and resources"),
        ("output", "output", True, "Output"),
    ):
        target = f"{_ASPECTS}{module}:"
        render = f"{target}render_{name}" if has_render else None
        yield Aspect(name, f"{target}collect_{name}", render, title)


@hookimpl
def sacred_seed(seed: int) -> None:
    """Seed ``random``, numpy, torch and TensorFlow, now or as soon as they are loaded."""
    from sacred_core.randomness import set_global_seed

    set_global_seed(seed)
