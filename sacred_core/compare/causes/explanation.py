"""What `why` returns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.records import MISSING
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.serialization import plain
from sacred_core.stores.run_display import blocks_html


@attrs.frozen(kw_only=True)
class Cause:
    """Something that differs between two runs and can be the reason for other results.

    Attributes:
        kind: ``"config"``, ``"code"``, ``"package"``, ``"python"``, ``"patch"``, ``"resource"``,
            ``"commit"``, ``"device"``, ``"threads"``, ``"environment"``, ``"host"``, ``"seed"``,
            ``"command"``, ``"named config"``, ``"option"``, or the name of a plugin's aspect.
        key: What differs, such as a dotted path, ``helper.py:scale``, or the name of a package.
        text: A line about it, with both values.
        first, second: The values of both runs as plain data; `MISSING` where a run has none. Those
            of code are in ``details``.
        details: More facts for programs.
        order: What comes first; causes are sorted by it.
    """

    kind: str
    key: str
    text: str
    first: Any = MISSING
    second: Any = MISSING
    details: Mapping[str, Any] = attrs.field(factory=dict)
    order: tuple[int, ...] = attrs.field(default=(), repr=False)

    def data(self) -> dict[str, Any]:
        """Return the cause as plain data; missing values are left out."""
        sides = {"first": self.first, "second": self.second}
        known = {name: plain(value) for name, value in sides.items() if value is not MISSING}
        named = {"kind": self.kind, "key": self.key, "text": _shown(self.text)}
        return {**named, **known, "details": plain(dict(self.details))}


@attrs.frozen(kw_only=True)
class MetricParting:
    """Where a metric of two runs parts.

    Attributes:
        metric: Its name.
        text: A line about it.
        step: The first step at which the runs differ, of the first run if it has a point there;
            None if only one run has the metric.
        first, second: The values there; `MISSING` where a run has no point.
    """

    metric: str
    text: str
    step: Any = None
    first: Any = MISSING
    second: Any = MISSING

    def data(self) -> dict[str, Any]:
        """Return it as plain data; missing values are left out."""
        sides = {"first": self.first, "second": self.second}
        known = {name: plain(value) for name, value in sides.items() if value is not MISSING}
        return {"metric": self.metric, "text": _shown(self.text), "step": plain(self.step), **known}


@attrs.frozen(kw_only=True, repr=False)
class Explanation:
    """Why two runs differ: what differs between them, the likeliest cause first.

    Iterating over it yields the causes. It is true if there is one.

    Attributes:
        first, second: The runs.
        causes: What differs.
        parting: Where the metrics part, the earliest first.
        effects: Lines about other results that differ: the status, the result and the output.
        remarks: Lines about differences that are not causes, such as sources that differ in
            comments only.
        not_recorded: Lines about what was not recorded in one run or both, so that it is not
            known whether it differs.
        problems: What could not be compared and why, a line each.
    """

    first: ComparedRun
    second: ComparedRun
    causes: tuple[Cause, ...]
    parting: tuple[MetricParting, ...] = ()
    effects: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    not_recorded: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Cause]:
        return iter(self.causes)

    def __repr__(self) -> str:
        count = counted(len(self.causes), "cause")
        return f"<Explanation {self.first.name}, {self.second.name}: {count}>"

    def __str__(self) -> str:
        return self.text()

    def __len__(self) -> int:
        return len(self.causes)

    def __bool__(self) -> bool:
        return bool(self.causes)

    def lines(self, limit: int | None = None) -> list[str]:
        """Return the lines of `text`.

        Args:
            limit: Maximum number of causes and of metrics; None for all.
        """
        lines = [f"--- {self.first.title}", f"+++ {self.second.title}", ""]
        lines += self._cause_lines(limit)
        lines += _section("Where the metrics part", [each.text for each in self.parting], limit)
        lines += _section("Other results", self.effects)
        if not self.parting and not self.effects:
            lines += ["", "The recorded results are equal."]
        lines += _section("Not a cause", self.remarks)
        lines += _section("Not recorded", self.not_recorded)
        return [_shown(line) for line in lines]

    def text(self) -> str:
        """Return the explanation for people, as ``sacred runs why`` prints it."""
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        causes = [f"{rank}. {each.kind}: {each.text}" for rank, each in enumerate(self.causes, 1)]
        blocks: list[tuple[str, Sequence[str]]] = [
            ("Causes, the likeliest first", causes),
            ("Where the metrics part", [each.text for each in self.parting]),
            ("Other results", self.effects),
            ("Not a cause", self.remarks),
            ("Not recorded", self.not_recorded),
            ("Not compared", self.problems),
        ]
        found = counted(len(self), "cause") if self else "nothing that was recorded differs"
        heading = f"{self.first.title} and {self.second.title}: {found}"
        return blocks_html(heading, [each for each in blocks if each[1]], "print(….text())")

    def data(self) -> dict[str, Any]:
        """Return the explanation as plain data, as ``docs/why.schema.json`` describes it."""
        return {
            "first": self.first.data(),
            "second": self.second.data(),
            "causes": [{"rank": rank, **cause.data()} for rank, cause in enumerate(self.causes, 1)],
            "parting": [each.data() for each in self.parting],
            "effects": [_shown(line) for line in self.effects],
            "remarks": [_shown(line) for line in self.remarks],
            "not_recorded": [_shown(line) for line in self.not_recorded],
            "problems": [_shown(line) for line in self.problems],
        }

    def _cause_lines(self, limit: int | None) -> list[str]:
        if not self.causes:
            return ["Nothing that was recorded differs."]
        shown = self.causes[:limit]
        width = max(len(cause.kind) for cause in shown) if shown else 0
        lines = [
            f"{rank:>3}. {cause.kind.ljust(width)}  {cause.text}"
            for rank, cause in enumerate(shown, 1)
        ]
        return ["Causes, the likeliest first", *lines, *_more(len(self.causes) - len(shown))]


def _section(title: str, lines: Any, limit: int | None = None) -> list[str]:
    if not lines:
        return []
    shown = lines[:limit]
    return ["", title, *(f"  {line}" for line in shown), *_more(len(lines) - len(shown))]


def _more(count: int) -> list[str]:
    return [f"  … and {count} more"] if count > 0 else []


def _shown(line: str) -> str:
    return printable(mask_text(line))
