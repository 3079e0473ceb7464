"""From what is to be swept to the values of each point."""

import hashlib
import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any

from sacred_core.config.entries import Spelled
from sacred_core.exceptions import UpdateError
from sacred_core.plurals import counted
from sacred_core.stores.canonical import canonical_json
from sacred_sweep.distributions import draw_values, seeded_generator
from sacred_sweep.spec import SweepSpec

#: More points are queued only with ``--force``.
MOST_POINTS = 100_000
#: Draws without a new point after which a random sweep ends: it has all there are.
_MOST_REPEATED = 1000


def check_size(spec: SweepSpec, seeds: int = 1, is_forced: bool = False) -> int:
    """Return how many points a sweep may have.

    Raises:
        UpdateError: there are more than `MOST_POINTS`, or a distribution without ``random(N)``.
    """
    if spec.space and spec.draws is None:
        path = next(iter(spec.space))
        raise UpdateError(
            f"{path}={spec.space[path]} is a distribution: add random(N), which draws N points, or "
            "--sampler NAME with --trials N"
        )
    count = spec.count()
    if spec.draws is not None:
        count = spec.draws if spec.space else min(spec.draws, count)
    count *= seeds
    if count > MOST_POINTS and not is_forced:
        raise UpdateError(
            f"the sweep has {counted(count, 'point')}, more than {MOST_POINTS:,}: write fewer "
            "values, add random(N), or use --force"
        )
    return count


def expand(spec: SweepSpec, seed: str) -> Iterator[dict[str, Any]]:
    """Yield the values of each point by dotted path; those of the last axis change first.

    Args:
        spec: What is to be swept.
        seed: Random points depend on it. The first ones are the same for each number of points.
    """
    if spec.draws is None:
        yield from _grid(spec)
    elif not spec.space and spec.count() <= MOST_POINTS:
        yield from _selection(spec, seed, spec.draws)
    else:
        yield from _drawn(spec, seed, spec.draws)


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as they are recorded, with numbers in place of how they were written."""
    return {p: v.number if isinstance(v, Spelled) else v for p, v in values.items()}


def _grid(spec: SweepSpec) -> Iterator[dict[str, Any]]:
    for numbers in itertools.product(*(range(len(axis.rows)) for axis in spec.axes)):
        yield _values_at(spec, numbers)


def _values_at(spec: SweepSpec, numbers: tuple[int, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for axis, number in zip(spec.axes, numbers, strict=True):
        values |= axis.values(number)
    return values


def _selection(spec: SweepSpec, seed: str, count: int) -> Iterator[dict[str, Any]]:
    """Yield points of a grid in an order that does not change when values are added to it."""
    points = sorted(_grid(spec), key=lambda values: _digest(seed, values))
    yield from points[:count]


def _drawn(spec: SweepSpec, seed: str, count: int) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    found = repeated = 0
    for number in itertools.count():
        values = _draw(spec, seeded_generator(seed, number))
        key = _digest("", values)
        repeated = repeated + 1 if key in seen else 0
        if repeated > _MOST_REPEATED:
            return
        if repeated:
            continue
        seen.add(key)
        yield values
        found += 1
        if found == count:
            return


def _draw(spec: SweepSpec, generator: random.Random) -> dict[str, Any]:
    rows = tuple(generator.randrange(len(axis.rows)) for axis in spec.axes)
    return {**_values_at(spec, rows), **draw_values(spec.space, generator)}


def _digest(seed: str, values: dict[str, Any]) -> str:
    text = seed + canonical_json(plain_values(values))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
