"""Compares two runs under all aspects that plugins and the core offer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from sacred_core.compare.compared_run import Comparable, ComparedRun
from sacred_core.compare.records import MISSING, Difference, RunDiff, Section
from sacred_core.compare.value_text import value_lines
from sacred_core.exceptions import (
    DamagedRecordError,
    OptionError,
    PluginLoadError,
    StoreError,
)
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import Aspect
from sacred_core.hooks.targets import ends_process, owner_of, resolve_target
from sacred_core.masking import mask_text
from sacred_core.serialization import reason_of
from sacred_core.stores.canonical import canonical_json


def diff(a: Comparable, b: Comparable, only: Iterable[str] | None = None) -> RunDiff:
    """Compare two runs.

    Args:
        a: A run that was read from a store, ``"LOCATION#ID"``, or ``(store, id)``.
        b: Likewise; its store may be another one.
        only: Names of the aspects that are compared, such as ``["config", "code"]``; None for all.

    Returns:
        What differs, which is true if anything does.

    Raises:
        OptionError: there is no such aspect.
        StoreError: a run does not exist, or a store cannot be read.
    """
    aspects = find_aspects(only)
    first, second = _sides(a, b)
    problems: list[str] = []
    sections = []
    for aspect in aspects:
        facts = collect_all_facts(aspect, (first, second), problems)
        if facts is None:
            continue
        found = compare_facts(aspect.name, *facts)
        shown = (_render(aspect, each, first, second, problems) for each in found)
        differences = tuple(each for each in shown if each is not None)
        sections.append(Section(aspect.name, aspect.title or aspect.name, differences))
    problems = [*first.problems, *second.problems, *problems]
    return RunDiff(first, second, tuple(sections), tuple(dict.fromkeys(problems)))


def find_aspects(only: Iterable[str] | None = None) -> list[Aspect]:
    """Return the aspects with these names, in the order of the output.

    Raises:
        OptionError: there is no such aspect.
        PluginClashError: two plugins offer it.
    """
    offered = plugin_manager().aspects
    if only is None:
        return offered
    chosen = [*only]
    names = [aspect.name for aspect in offered]
    for name in chosen:
        if name not in names:
            raise OptionError(f"unknown aspect {name!r}: choose from {', '.join(names)}")
        plugin_manager().check_single("aspect", name)
    return [aspect for aspect in offered if aspect.name in chosen]


def collect_facts(
    aspect: Aspect, side: ComparedRun, problems: list[str]
) -> Mapping[str, Any] | None:
    """Return the facts of a run under an aspect; None where they cannot be collected.

    Args:
        aspect: The aspect.
        side: The run.
        problems: The reason is added to it.
    """
    try:
        found = resolve_target(aspect.collect)(side)
        if not isinstance(found, Mapping):
            raise TypeError(f"collect must return a dictionary, got {type(found).__name__}")
        return {str(key): value for key, value in found.items()}
    except DamagedRecordError as error:
        side.report(f"{aspect.name} not compared: {error}")
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        problems.append(_problem(aspect, error))
    return None


def collect_all_facts(
    aspect: Aspect, sides: Iterable[ComparedRun], problems: list[str]
) -> list[Mapping[str, Any]] | None:
    """Return the facts of each run under an aspect; None where those of one cannot be collected.

    Args:
        aspect: The aspect.
        sides: The runs.
        problems: The reasons are added to it.
    """
    found = [collect_facts(aspect, side, problems) for side in sides]
    known = [facts for facts in found if facts is not None]
    return known if len(known) == len(found) else None


def compare_facts(
    aspect: str, first: Mapping[str, Any], second: Mapping[str, Any]
) -> Iterator[Difference]:
    """Yield what differs between the facts of two runs."""
    for key in dict.fromkeys((*first, *second)):
        one, other = first.get(key, MISSING), second.get(key, MISSING)
        if not is_equal(one, other):
            yield Difference(aspect, key, one, other)


def is_equal(one: Any, other: Any) -> bool:
    """Return whether two facts are equal: 1, 1.0 and True are not, NaN is equal to NaN."""
    if one is MISSING or other is MISSING:
        return one is other
    if type(one) is type(other) is str:
        return bool(one == other)
    return canonical_json(one) == canonical_json(other)


def _sides(a: Comparable, b: Comparable) -> tuple[ComparedRun, ComparedRun]:
    """Return both runs; one for both where they are the same."""
    first, second = ComparedRun.of(a), ComparedRun.of(b)
    is_same = first.store is second.store and first.run.id == second.run.id
    return first, first if is_same else second


def _render(
    aspect: Aspect,
    difference: Difference,
    first: ComparedRun,
    second: ComparedRun,
    problems: list[str],
) -> Difference | None:
    plain = difference.shown(value_lines(difference))
    if aspect.render is None:
        return plain
    try:
        shown = resolve_target(aspect.render)(difference, first, second)
        if shown is not None and not isinstance(shown, Difference):
            raise TypeError(f"render must return a Difference, got {type(shown).__name__}")
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        problems.append(_problem(aspect, error))
        return plain
    if shown is None or shown.text:
        return shown
    return attrs.evolve(plain, details=shown.details)


def _problem(aspect: Aspect, error: BaseException) -> str:
    """Return why an aspect was not compared; raise what is not about the aspect."""
    if ends_process(error) or isinstance(error, StoreError):
        raise error
    if isinstance(error, PluginLoadError):
        return str(error)
    plugin, distribution = owner_of(aspect.collect) or ("", "")
    reason = mask_text(reason_of(error))
    return f"The plugin {plugin!r} ({distribution}): the aspect {aspect.name!r} failed: {reason}"
