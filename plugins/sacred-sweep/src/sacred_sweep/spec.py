"""What is to be swept: fixed entries, values of entries, and distributions."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from sacred_core.dotted_path import DottedPath
from sacred_core.exceptions import UpdateError
from sacred_core.shared_methods import ValueMethods
from sacred_sweep.distributions import Distribution


@attrs.frozen(eq=False, repr=False)
class Axis(ValueMethods):
    """Entries that get their values together.

    Attributes:
        paths: The dotted paths of the entries.
        rows: Each has a value for each path; where it is `UNSET`, the entry has its default.
    """

    paths: tuple[str, ...]
    rows: Sequence[Any]

    def values(self, number: int) -> dict[str, Any]:
        """Return the values of a row by dotted path."""
        row = self.rows[number]
        pairs = zip(self.paths, (row,) if len(self.paths) == 1 else row, strict=True)
        return {path: value for path, value in pairs if value is not UNSET}


class _Unset:
    """The value of an empty cell of a file."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Any = _Unset()


@attrs.define(kw_only=True, eq=False)
class SweepSpec:
    """What is to be swept.

    Attributes:
        fixed: Values of entries that are the same in each point, by dotted path.
        named_configs: Named configurations and files, in order.
        axes: A point has one row of each.
        space: Distributions by dotted path.
        draws: The number of random points; None: all combinations of the axes.
        options: Options by their flags, such as ``{"--seeds": 3}``, from a file.
    """

    fixed: dict[str, Any] = attrs.field(factory=dict)
    named_configs: list[str] = attrs.field(factory=list)
    axes: list[Axis] = attrs.field(factory=list)
    space: dict[str, Distribution] = attrs.field(factory=dict)
    draws: int | None = None
    options: dict[str, Any] = attrs.field(factory=dict)

    @property
    def paths(self) -> list[str]:
        """The dotted paths of all swept entries."""
        return [*(path for axis in self.axes for path in axis.paths), *self.space]

    def count(self) -> int:
        """Return the number of combinations of the axes."""
        return math.prod(len(axis.rows) for axis in self.axes)

    def add_axis(self, paths: Sequence[str], rows: Sequence[Any]) -> None:
        """Add entries that get their values together."""
        self.axes.append(Axis(tuple(paths), rows))

    def add(self, path: str, found: Sequence[Any] | Distribution) -> None:
        """Add the values of an entry, or their distribution."""
        if isinstance(found, Distribution):
            self._refuse_second(path)
            self.space[path] = found
        else:
            self.add_axis([path], found)

    def _refuse_second(self, path: str) -> None:
        if path in self.space:
            raise UpdateError(f"the entry {path!r} is given twice: remove one of the two")

    def over(self, lower: "SweepSpec") -> "SweepSpec":
        """Return this and another spec, of which entries are omitted that this one has too."""
        own = {*self.fixed, *self.paths}
        return SweepSpec(
            fixed={p: v for p, v in lower.fixed.items() if p not in own} | self.fixed,
            named_configs=[*lower.named_configs, *self.named_configs],
            axes=[axis for axis in lower.axes if not own.issuperset(axis.paths)] + self.axes,
            space={p: d for p, d in lower.space.items() if p not in own} | self.space,
            draws=self.draws or lower.draws,
            options=lower.options | self.options,
        )

    def check(self) -> None:
        """Check that no entry is given twice, and that what is needed for distributions is there.

        Raises:
            UpdateError: an entry is given twice, or inside another one, or has an empty name.
        """
        known: dict[DottedPath, None] = {}
        for path in self.paths:
            if not all(path.split(".")):
                raise UpdateError(f"{path!r} names no entry: write entry=[…] or group.entry=[…]")
            entry = DottedPath.parse(path)
            for other in (*known, *map(DottedPath.parse, self.fixed)):
                if entry.overlaps(other):
                    raise UpdateError(_overlap_text(path, str(other)))
            known[entry] = None


def _overlap_text(path: str, other: str) -> str:
    if path == other:
        return f"the entry {path!r} is given twice: remove one of the two"
    return f"the entries {other!r} and {path!r} are given, but one contains the other: remove one"


def choices(spec: SweepSpec) -> Mapping[str, Distribution]:
    """Return the distributions of a spec, with those of its lists of values.

    Raises:
        UpdateError: entries get their values together, which a sampler cannot choose.
    """
    found = dict(spec.space)
    for axis in spec.axes:
        if len(axis.paths) > 1:
            raise UpdateError(
                f"{', '.join(axis.paths)} get their values together (zip or a file), which cannot "
                "be used with --sampler: write a list or a distribution for each"
            )
        found[axis.paths[0]] = Distribution("choice", (tuple(axis.rows),))
    return found
