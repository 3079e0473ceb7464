"""Causes: how the runs were called, and what plugins compare."""

from collections.abc import Iterator, Mapping
from typing import Any

from sacred_core.compare.causes import levels
from sacred_core.compare.causes.evidence import Evidence
from sacred_core.compare.causes.explanation import Cause
from sacred_core.compare.diffing import find_aspects, is_equal
from sacred_core.compare.records import MISSING
from sacred_core.compare.values import pair_text
from sacred_core.hooks.manager import plugin_manager

#: Options that only change how a run is recorded, and what is shown elsewhere.
_IRRELEVANT = frozenset(
    {"COMMAND", "UPDATE", "--comment", "--help", "--id", "--name", "--origin", "--print_config",
     "--priority", "--queue", "--spool", "--unobserved"}
)  # fmt: skip
#: Aspects that other modules of this package explain, and those of results.
_BUILT_IN = frozenset(
    {"code", "command", "commit", "config", "environment", "files", "host", "info", "metrics",
     "output", "packages", "result", "seed", "status"}
)  # fmt: skip


def call_causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield the command, and what was given beside the configuration."""
    for each in evidence.differences("command"):
        is_command = each.key == "command"
        yield Cause(
            kind="command" if is_command else each.key,
            key=each.key,
            text=pair_text(each.first, each.second, has_quotes=False),
            first=each.first,
            second=each.second,
            order=(levels.COMMAND,) if is_command else (levels.CALL, 2),
        )
    yield from _named_configs(evidence)
    yield from _options(evidence)


def plugin_causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield what differs under the aspects of plugins."""
    for aspect in find_aspects():
        if aspect.name not in _BUILT_IN:
            for each in evidence.shown(aspect.name):
                yield Cause(
                    kind=aspect.name,
                    key=each.key,
                    text=f"{each.key} {pair_text(each.first, each.second, has_quotes=False)}",
                    first=each.first,
                    second=each.second,
                    details=each.details,
                    order=(levels.PLUGIN,),
                )


def _named_configs(evidence: Evidence) -> Iterator[Cause]:
    """Yield the named configurations, unless they explain values that differ."""
    first, second = ([*map(str, _list(side.run.meta.get("named_configs")))]
                     for side in evidence.sides)  # fmt: skip
    if first != second and not evidence.differences("config"):
        yield Cause(
            kind="named config",
            key="named_configs",
            text=pair_text(first, second),
            first=first,
            second=second,
            order=(levels.CALL, 0),
        )


def _options(evidence: Evidence) -> Iterator[Cause]:
    mine, its = (_mapping(side.run.meta.get("options")) for side in evidence.sides)
    skipped = _IRRELEVANT | _observer_options()
    for name in sorted({*mine, *its} - skipped):
        first, second = (_given(options.get(name)) for options in (mine, its))
        if not is_equal(first, second):
            yield Cause(
                kind="option",
                key=name,
                text=f"{name} {pair_text(first, second, has_quotes=False)}",
                first=first,
                second=second,
                order=(levels.CALL, 1),
            )


def _given(value: Any) -> Any:
    return MISSING if value is None or value is False else value


def _observer_options() -> set[str]:
    """Return the options by which observers are added."""
    return {flag for spec in plugin_manager().observers for flag in spec.flags}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
