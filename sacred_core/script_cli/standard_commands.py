"""The commands that every experiment has."""

import inspect
import sys
from typing import TYPE_CHECKING, Any

import attrs

from sacred_core.config.contributions import ConfigSummary, origins_by_path
from sacred_core.config.files import dump_config_file
from sacred_core.config.required import REQUIRED, check_required
from sacred_core.config.tree import named_configs
from sacred_core.dotted_path import leaves, restore
from sacred_core.masking import mask_value
from sacred_core.printable import printable
from sacred_core.script_cli.config_text import paint_doc, render_config, wants_colour
from sacred_core.script_cli.printing import print_text
from sacred_core.serialization import plain
from sacred_core.terminal import pad, text_width

if TYPE_CHECKING:
    from sacred_core.run import Run


def print_config(_run: "Run") -> None:
    """Print the configuration and its changes."""
    summary = _run.config_modifications or ConfigSummary()
    if _run.shows_origin:
        origins = origins_by_path(_run.config, summary)
        docs = {str(path): str(origin) for path, origin in origins.items()}
        summary = attrs.evolve(summary, docs=docs)
    shown, _ = mask_value(plain(_run.config))
    required = {path: value for path, value in leaves(_run.config) if value is REQUIRED}
    restore(shown, required)  # plain data has a string in their place
    print_text(render_config(shown, summary, wants_colour(sys.stdout)))


def save_config(_run: "Run", _config: dict[str, Any], config_filename: str = "config.json") -> None:
    """Write the configuration to a file.

    By default it is config.json; the suffix of config_filename chooses the format.
    """
    summary = _run.config_modifications or ConfigSummary()
    check_required(_run.config, summary.docs)
    entries = plain(_config)
    entries.pop("config_filename", None)
    entries, hidden = mask_value(entries)
    dump_config_file(entries, config_filename)
    _run.run_logger.info("Saved the configuration to %s", config_filename)
    if hidden:
        _run.run_logger.warning(
            "Secrets are not saved: set %s when you use the file", ", ".join(map(str, hidden))
        )


def print_named_configs(_run: "Run") -> None:
    """Print the named configurations."""
    colour = wants_colour(sys.stdout)
    lines = [f"Named Configurations ({paint_doc('doc', colour)}):"]
    offered = named_configs(_run.namespaces.nodes)
    for name, (_, configuration) in sorted(offered.items()):
        text = " ".join(inspect.cleandoc(configuration.docs.get("", "")).split())
        comment = paint_doc(f"  # {printable(text)}", colour) if text else ""
        lines.append(f"  {printable(name)}{comment}")
    if not offered:
        lines.append("  No named configs")
    print_text("\n".join(lines))


def print_dependencies(_run: "Run") -> None:
    """Print packages, sources and repositories."""
    info = _run.experiment_info
    lines = ["Dependencies:"]
    for dependency in info["dependencies"]:
        name, _, version = dependency.partition("==")
        lines.append(f"  {printable(name):<20} == {printable(version)}")
    lines += ["", "Sources:"]
    width = max((text_width(printable(name)) for name, _ in info["sources"]), default=0)
    for name, md5 in info["sources"]:
        lines.append(f"  {pad(printable(name), width)}   {printable(md5)}")
    if info["repositories"]:
        lines += ["", "Version Control:"]
        for repository in info["repositories"]:
            mark = {True: "M", False: " "}.get(repository["dirty"], "?")
            text = f"{mark} {repository['url'] or '(no remote)'} {repository['commit']}"
            lines.append(printable(text))
    print_text("\n".join([*lines, ""]))


print_dependencies.needs_experiment_info = True  # type: ignore[attr-defined]
