"""What a comparison of two runs returns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.dotted_path import MISSING
from sacred_core.masking import mask_text, mask_value
from sacred_core.plurals import counted
from sacred_core.printable import KEPT, printable
from sacred_core.serialization import plain
from sacred_core.stores.run_display import blocks_html

__all__ = ["MISSING", "Difference", "RunDiff", "Section"]

#: Characters of a line of text: an output may have lines of megabytes.
_LONGEST = 2_000


@attrs.frozen
class Difference:
    """One thing that differs between two runs.

    Attributes:
        aspect: The name of the aspect, such as ``"config"``.
        key: What differs, such as a dotted path, or the name of a source, package or metric.
        first, second: The facts about it that were compared, as plain data; `MISSING` where a run
            does not have it.
        details: More facts for programs, as plain data.
        text: Lines for people. What only the first run has begins with ``-``, what only the second
            one has with ``+``.
    """

    aspect: str
    key: str
    first: Any
    second: Any
    details: Mapping[str, Any] = attrs.field(factory=dict)
    text: tuple[str, ...] = ()

    def shown(self, text: Iterable[str], details: Mapping[str, Any] | None = None) -> "Difference":
        """Return the difference with other lines and details."""
        return attrs.evolve(self, text=tuple(text), details=dict(details or {}))

    def data(self) -> dict[str, Any]:
        """Return the difference as plain data; what is missing is omitted."""
        sides = {"first": self.first, "second": self.second}
        known = {name: plain(value) for name, value in sides.items() if value is not MISSING}
        shown, _ = mask_value({**known, "details": plain(dict(self.details))})
        return {"key": self.key, **shown}


@attrs.frozen
class Section:
    """What differs under one aspect.

    Attributes:
        name: The name of the aspect.
        title: Its heading.
        differences: What differs.
    """

    name: str
    title: str
    differences: tuple[Difference, ...]


@attrs.frozen(repr=False)
class RunDiff:
    """What differs between two runs. It is true if anything differs.

    Attributes:
        first, second: The runs.
        compared: The sections of all aspects that were compared, also those without differences.
        problems: What could not be compared and why, a line each.
    """

    first: ComparedRun
    second: ComparedRun
    compared: tuple[Section, ...]
    problems: tuple[str, ...] = ()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What differs, in the order of the sections."""
        return tuple(each for section in self.compared for each in section.differences)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    def __repr__(self) -> str:
        count = counted(len(self), "difference")
        return f"<RunDiff {self.first.name}, {self.second.name}: {count}>"

    def __str__(self) -> str:
        return self.text()

    def __len__(self) -> int:
        return len(self.differences)

    def __bool__(self) -> bool:
        return any(section.differences for section in self.compared)

    def sections(self) -> list[Section]:
        """Return the sections that have differences."""
        return [section for section in self.compared if section.differences]

    def section(self, name: str) -> Sequence[Difference]:
        """Return what differs under an aspect; nothing where it was not compared."""
        return next((each.differences for each in self.compared if each.name == name), ())

    def lines(self) -> list[str]:
        """Return the lines of `text`."""
        lines = [f"--- {self.first.title}", f"+++ {self.second.title}"]
        for section in self.sections():
            lines += ["", f"{section.title}:"]
            lines += [f"  {line}" for each in section.differences for line in each.text]
        if not self:
            lines += ["", "Nothing that was compared differs."]
        shown = printable(mask_text("\n".join(lines)), KEPT).split("\n")
        return [line if len(line) <= _LONGEST else _shortened(line) for line in shown]

    def text(self) -> str:
        """Return what differs for people, as ``sacred runs diff`` prints it."""
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        blocks = [
            (section.title, (f"  {line}" for each in section.differences for line in each.text))
            for section in self.sections()
        ]
        count = counted(len(self), "difference") if self else "nothing that was compared differs"
        heading = f"{self.first.title} and {self.second.title}: {count}"
        problems = [("Not compared", self.problems)] if self.problems else []
        return blocks_html(heading, [*blocks, *problems], "print(….text())")

    def data(self) -> dict[str, Any]:
        """Return the comparison as plain data, as ``docs/diff.schema.json`` describes it."""
        return {
            "first": self.first.data(),
            "second": self.second.data(),
            "differs": bool(self),
            "sections": {
                section.name: [each.data() for each in section.differences]
                for section in self.compared
            },
            "problems": list(self.problems),
        }


def _shortened(line: str) -> str:
    return f"{line[:_LONGEST]}… ({counted(len(line) - _LONGEST, 'more character')})"
