"""What `why` returns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.records import MISSING
from sacred_core.masking import mask_text, mask_value
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
        """Return the cause as plain data; missing values are omitted."""
        sides = {"first": self.first, "second": self.second}
        known = {name: plain(value) for name, value in sides.items() if value is not MISSING}
        named = {"kind": self.kind, "key": self.key, "text": _shown(self.text)}
        shown, _ = mask_value({**known, "details": plain(dict(self.details))})
        return {**named, **shown}


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
        """Return it as plain data; missing values are omitted."""
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
        count = counted(len(self), "cause")
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
        lines: list[str] = []
        for title, listed, has_limit in self._sections():
            shown = listed[: limit if has_limit else None]
            lines += ["", title, *(f"  {line}" for line in shown)]
            if len(shown) < len(listed):
                lines.append(f"  … and {len(listed) - len(shown)} more")
        return [_shown(line) for line in lines[1:]]

    def text(self) -> str:
        """Return the explanation for people, as ``sacred runs why`` prints it."""
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        (_, causes, _), *others = self._sections()
        blocks = [("Causes, the likeliest first", causes)] if self else []
        blocks += [(title, listed) for title, listed, _ in others]
        problems = [("Not compared", self.problems)] if self.problems else []
        found = counted(len(self), "cause") if self else "nothing that was recorded differs"
        heading = f"{self.first.title} and {self.second.title}: {found}"
        return blocks_html(heading, [*blocks, *problems], "print(….text())")

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

    def _sections(self) -> Iterator[tuple[str, Sequence[str], bool]]:
        """Yield the title and the lines of each section, and whether it can be long."""
        runs = f"{self.first.title} and {self.second.title}"
        if self.causes:
            title = f"Causes of differences between {runs}, the likeliest first"
            yield title, self._cause_lines(), True
        else:
            yield f"Nothing that was recorded differs between {runs}", (), True
        if self.parting:
            yield "Where the metrics part", [each.text for each in self.parting], True
        if self.effects:
            yield "Other results", self.effects, False
        if not self.parting and not self.effects:
            yield "The recorded results are equal", (), False
        if self.remarks:
            yield "Not a cause", self.remarks, False
        if self.not_recorded:
            yield "Not recorded", self.not_recorded, False

    def _cause_lines(self) -> list[str]:
        width = max(len(cause.kind) for cause in self.causes)
        digits = len(str(len(self.causes)))
        return [
            f"{str(rank).rjust(digits)}. {cause.kind.ljust(width)}  {cause.text}"
            for rank, cause in enumerate(self.causes, 1)
        ]


def _shown(line: str) -> str:
    return printable(mask_text(line))
