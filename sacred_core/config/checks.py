"""Which changes of a configuration are refused or suspicious."""

import difflib
import logging
from collections.abc import Mapping
from typing import Any

from sacred_core.config.contributions import ConfigSummary
from sacred_core.config.entries import is_readable, objects_in
from sacred_core.dotted_path import DottedPath
from sacred_core.exceptions import ConfigAddedError
from sacred_core.serialization import leaves

_BOOLEAN_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NONE_WORDS = {"null", "none", "nil"}


def check_added(summary: ConfigSummary, used: set[str], config: Mapping[str, Any]) -> None:
    """Check that functions use every entry that only updates and named configurations have.

    Of entries that a config hook adds, `warn_of_changes` warns.

    Args:
        summary: Names these entries, and where they come from.
        used: Paths of what captured functions take by name.
        config: The configuration.

    Raises:
        ConfigAddedError: nothing uses one of them; the message has its origin, if it is not an
            update, and the nearest known names.
    """
    used_paths = [DottedPath.parse(name) for name in used]
    for path in sorted(summary.added):
        if path in summary.origins and summary.origins[path].layer == "config hook":
            continue
        if not any(DottedPath.parse(path).overlaps(name) for name in used_paths):
            known = [*_known_paths(summary, config), *used]
            raise ConfigAddedError(
                f"unknown config entry {path!r}{_source(path, summary)}: not defined in the "
                f"configuration and not used by any captured function{_suggestion(path, known)}"
            )


def _known_paths(summary: ConfigSummary, config: Mapping[str, Any]) -> list[str]:
    """Return the paths of ``config`` without those that are added or inside such."""
    return [
        str(path)
        for path, _ in leaves(config)
        if not any(str(prefix) in summary.added for prefix in path.prefixes())
    ]


def _source(path: str, summary: ConfigSummary) -> str:
    entry = DottedPath.parse(path)
    origins = (
        origin
        for other, origin in summary.origins.items()
        if DottedPath.parse(other).is_inside(entry)
    )
    origin = next(origins, None)
    if origin is None or origin.layer == "update":
        return ""
    return f" in the file {origin.file!r}" if origin.file == origin.name else f" in the {origin}"


def warn_of_changes(summary: ConfigSummary, config: Mapping[str, Any], log: logging.Logger) -> None:
    """Warn of entries that were added or changed their type, so that typos are found."""
    known = _known_paths(summary, config)
    for path in sorted(summary.added):
        near = [name for name in known if name.rpartition(".")[0] == path.rpartition(".")[0]]
        log.warning('Added new config entry: "%s"%s', path, _suggestion(path, near))
    for path, (old, new) in sorted(summary.typechanged.items()):
        log.warning(
            'Changed type of config entry "%s" from %s to %s%s',
            path,
            old.__name__,
            new.__name__,
            _spelling(path, old, DottedPath.parse(path).find(config)),
        )


def warn_of_words(
    originals: Mapping[DottedPath, Any], config: Mapping[str, Any], log: logging.Logger
) -> None:
    """Warn where None became a text that was meant as None."""
    for path, old in sorted(originals.items()):
        value = path.find(config)
        if old is None and isinstance(value, str) and value.lower() in _NONE_WORDS:
            log.warning(
                'The config entry "%s" is the string %r; write None as %s=None', path, value, path
            )


def warn_of_objects(config: Mapping[str, Any], is_queued: bool, log: logging.Logger) -> None:
    """Warn of each entry that cannot be recorded, or that a queued run cannot restore."""
    for path, value in objects_in(config):
        if not is_readable(value):
            log.warning(
                'The config entry "%s" is %r, which cannot be recorded: the record shows only this '
                "(start the name with an underscore if it is not configuration)",
                path,
                value,
            )
        elif is_queued:
            log.warning(
                'The config entry "%s" is a %s, of which a queued run stores only the readable '
                "form: set it again when the run is started",
                path,
                type(value).__name__,
            )


def _spelling(path: str, old: type, value: Any) -> str:
    word = value.lower() if isinstance(value, str) else ""
    if old is bool and word in _BOOLEAN_WORDS:
        return f": {value!r} is a string; write {path}={_BOOLEAN_WORDS[word]}"
    if word in _NONE_WORDS:
        return f": {value!r} is a string; write None as {path}=None"
    return ""


def _suggestion(path: str, known: list[str]) -> str:
    """Name the nearest names: whole paths, and those that share the parent or the last part."""
    last = path.rpartition(".")[2]
    by_last = {name.rpartition(".")[2]: name for name in reversed(known)}
    names = difflib.get_close_matches(path, known, 3)
    names += [by_last[near] for near in difflib.get_close_matches(last, by_last, 2)]
    unique = list(dict.fromkeys(names))[:3]
    return f": did you mean {' or '.join(map(repr, unique))}?" if unique else ""
