"""Causes: values of the configuration, and seeds."""

from collections.abc import Iterator, Sequence

from sacred_core.compare.causes import levels
from sacred_core.compare.causes.config_values import (
    RANDOM,
    ROOT_SEED,
    ConfigValue,
    find_config_values,
    is_generated_seed,
    origins_of,
)
from sacred_core.compare.causes.evidence import Evidence
from sacred_core.compare.causes.explanation import Cause
from sacred_core.compare.values import listed, pair_text


def config_causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield the values that differ: first those that executed functions received.

    A value that a function received through another one, which is computed from it, counts as
    received. Those that are computed from others come after these.
    """
    values = find_config_values(evidence)
    seed_level = max((cause.order[0] for cause in seed_causes(evidence)), default=levels.SEED)
    for value in values:
        through = [other for other in values if value.key in other.sources]
        is_received = any(each.receivers for each in (value, *through))
        level = levels.RECEIVED_VALUE if is_received else levels.OTHER_VALUE
        position = min(each.position for each in (value, *through))
        is_of_seed = {*value.sources} == {ROOT_SEED}
        yield Cause(
            kind="config",
            key=value.key,
            text=_text(value, [other.key for other in through]),
            first=value.difference.first,
            second=value.difference.second,
            details={
                "origins": value.origins,
                "received_by": value.receivers,
                "computed_from": value.sources,
            },
            order=(seed_level, 1) if is_of_seed else (level, bool(value.sources), position),
        )


def seed_causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield the seed of the run if it differs, else the generated seeds of ingredients."""
    found = [e for e in evidence.differences("seed") if is_generated_seed(evidence, e)]
    root = [each for each in found if each.key == ROOT_SEED]
    for each in root or found:
        origins = origins_of(evidence, each)
        is_random = all(origin == RANDOM for origin in origins)
        name = "" if root else f"{each.key} "
        yield Cause(
            kind="seed",
            key=each.key,
            text=f"{name}{pair_text(each.first, each.second)}{_seed_remark(origins)}",
            first=each.first,
            second=each.second,
            details={"origins": origins},
            order=(levels.RANDOM_SEED if is_random else levels.SEED, 0),
        )


def _text(value: ConfigValue, through: Sequence[str]) -> str:
    parts = [f"{value.key} {pair_text(value.difference.first, value.difference.second)}"]
    origins = dict.fromkeys(origin for origin in value.origins if origin)
    if origins:
        parts[0] += f" ({' → '.join(origins)})"
    if value.receivers:
        parts.append(f"received by {listed(value.receivers)}")
    elif through:
        parts.append(f"used for {listed(through)}")
    if value.sources:
        parts.append(f"computed from {listed(value.sources)}")
    return ", ".join(parts)


def _seed_remark(origins: Sequence[str | None]) -> str:
    is_random = [origin == RANDOM for origin in origins]
    if all(is_random):
        return ", random in both runs: give a seed to exclude it"
    if any(is_random):
        return f", random in the {'first' if is_random[0] else 'second'} run"
    given = dict.fromkeys(origin for origin in origins if origin)
    return f" ({' → '.join(given)})" if given else ""
