"""Commands about a run, to be copied into a shell."""

import shlex
from typing import Any

from sacred_core.dotted_path import leaves
from sacred_core.masking import mask_text
from sacred_core.readable_numbers import format_value
from sacred_core.stores import StoredRun


def update_words(run: StoredRun) -> list[str]:
    """Return the named configurations and updates of a run, as words after ``with``."""
    options = run.meta.get("options")
    given: Any = options.get("UPDATE") if isinstance(options, dict) else None
    if isinstance(given, list) and given:
        return [mask_text(str(each)) for each in given]
    named, updates = run.meta.get("named_configs"), run.meta.get("config_updates")
    words = [str(each) for each in named] if isinstance(named, list) else []
    pairs = leaves(updates) if isinstance(updates, dict) else ()
    return [*words, *(mask_text(f"{path}={format_value(value)}") for path, value in pairs)]


def with_line(run: StoredRun) -> str:
    """Return ``with`` and the updates of a run, quoted for a shell; empty if it has none."""
    words = update_words(run)
    return shlex.join(["with", *words]) if words else ""


def run_commands(location: str, run: StoredRun, is_recursive: bool) -> list[tuple[str, str]]:
    """Return commands about a run with what each does.

    Args:
        location: The location of its store, without secrets.
        run: The run.
        is_recursive: The location is a folder whose sub-folders have the stores.
    """
    run_id, updates = str(run.id), with_line(run)
    flags = ["-r"] if is_recursive else []

    def command(name: str, *further: str) -> str:
        return " ".join((shlex.join(["sacred", "runs", name, *flags, location, run_id]), *further))

    return [
        ("show it in a terminal", command("show")),
        *(() if is_recursive else (("run it again", command("rerun")),)),
        ("compare it with another run", command("diff", "OTHER_ID")),
        *((("follow it", command("watch")),) if run.is_running() else ()),
        *((("its named configurations and updates", updates),) if updates else ()),
    ]
