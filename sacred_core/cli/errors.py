"""What ``sacred`` prints for an exception that it does not expect."""

import contextlib
import importlib.metadata
import shlex
import traceback
from collections.abc import Sequence

import click

from sacred_core.hooks.manager import plugin_manager
from sacred_core.masking import mask_text
from sacred_core.printable import KEPT, printable
from sacred_core.serialization import reason_of

CORE = "sacred-core"
#: Labels of addresses in the metadata of a distribution where problems are reported, best first.
_LABELS = ("issues", "bug tracker", "tracker", "bugs", "repository", "source", "homepage")


def print_error(message: object) -> None:
    """Print a message to stderr, without secrets and control characters."""
    click.echo(printable(mask_text(f"Error: {message}"), KEPT), err=True)


def report_unexpected(error: BaseException, words: Sequence[str]) -> None:
    """Print an exception that is a bug: what it is, and where to report it.

    Args:
        error: The exception.
        words: The command line, without the program.
    """
    distribution = responsible_distribution(error)
    print_error(f"unexpected {reason_of(error)} (in {distribution})")
    place = issues_url(distribution)
    where = f" at {place}" if place else f" to the authors of {distribution}"
    command = shlex.join(["sacred", "--traceback", *words])
    text = f"This is a bug. Please report it{where}, with the output of: {command}"
    click.echo(printable(mask_text(text)), err=True)


def responsible_distribution(error: BaseException) -> str:
    """Return the distribution of the plugin, or the core, whose code was called last."""
    packages = {CORE.replace("-", "_"): CORE}
    for plugin in plugin_manager().plugins:
        name = plugin.distribution.partition(" ")[0]
        packages.update(dict.fromkeys(_packages(name), name))
    modules = [
        str(frame.f_globals.get("__name__", "")).partition(".")[0]
        for frame, _ in traceback.walk_tb(error.__traceback__)
    ]
    return next((packages[name] for name in reversed(modules) if name in packages), CORE)


def issues_url(distribution: str) -> str | None:
    """Return the address in the metadata of a distribution where problems are reported."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        given = importlib.metadata.metadata(distribution).get_all("Project-URL") or []
        pairs = (entry.partition(",") for entry in given)
        urls = {label.strip().lower(): url.strip() for label, _, url in pairs}
        return next((urls[label] for label in _LABELS if label in urls), None)
    return None


def _packages(distribution: str) -> list[str]:
    """Return the top-level modules of a distribution, by its entry points."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        found = importlib.metadata.distribution(distribution).entry_points
        return [entry.module.partition(".")[0] for entry in found if entry.group == "sacred_core"]
    return []
