"""Ask one question to all subjects, alternately, and compare sacred-core with each."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.environments import OURS, SACRED
from benchmarks.measuring import ProgramError, Spread, interleave, spread
from benchmarks.questions import FLOOR, Question
from benchmarks.subjects import NotOfferedError, baseline_name, subjects_of

NOT_OFFERED = "not offered"
Measured = Mapping[str, float] | str


@dataclass(frozen=True)
class Ratio:
    """Ours divided by another's: that of the medians, and the quartiles of those of the rounds."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Answer:
    """What was measured for a question.

    Attributes:
        question: What was asked.
        rounds: Number of figures of each subject.
        found: By subject, then by the kind of figure.
        ratios: Of sacred-core to each other subject but the floor, by the kind of figure.
        failures: Why a subject has no figures.
    """

    question: Question
    rounds: int
    found: Mapping[str, Mapping[str, Spread]] = field(default_factory=dict)
    ratios: Mapping[str, Mapping[str, Ratio]] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """The subject that the target refers to."""
        return SACRED if self.question.baseline is None else baseline_name(self.question)

    @property
    def is_met(self) -> bool | None:
        """Whether every figure is within the target and the limit; ``None`` if there is none."""
        question, checks = self.question, list[bool]()
        if question.limit is not None:
            checks += [each.median <= question.limit for each in self.found.get(OURS, {}).values()]
        if question.target is not None:
            ratios = self.ratios.get(self.reference, {}).values()
            checks += [each.value <= question.target for each in ratios]
        return all(checks) if checks else None


def ask(
    question: Question, pythons: Mapping[str, Path], rounds: int, is_small: bool = False
) -> Answer:
    """Return the answer to a question, in which failures are reported by subject.

    Args:
        question: What is asked.
        pythons: Interpreters by the name of the tool.
        rounds: Number of figures, unless the question has its own.
        is_small: Whether the sizes of the tests apply.
    """
    rounds = rounds if question.rounds is None else min(question.rounds, rounds)
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        subjects = subjects_of(question, pythons, Path(folder).resolve(), is_small)
        careful = {name: _Careful(each) for name, each in subjects.items()}
        measured = interleave(careful, rounds, warm_up=0 if question.is_fresh else 1)
    failures = {name: each.failure for name, each in careful.items() if each.failure}
    figures = {
        name: [each for each in found if not isinstance(each, str)]
        for name, found in measured.items()
        if name not in failures
    }
    return evaluate(question, rounds, figures, failures)


def evaluate(
    question: Question,
    rounds: int,
    figures: Mapping[str, Sequence[Mapping[str, float]]],
    failures: Mapping[str, str],
) -> Answer:
    """Return the medians and the ratios of figures.

    Args:
        question: What was asked.
        rounds: Number of figures.
        figures: By subject, in the order of the rounds.
        failures: Why a subject has none.
    """
    kinds = next(iter(figures.values()))[0] if figures else {}  # ours is the first
    figures = {
        name: [{kind: each[kind] for kind in kinds if kind in each} for each in samples]
        for name, samples in figures.items()
    }
    found = {name: _spreads(samples) for name, samples in figures.items()}
    floor = found.get(FLOOR, {}) if question.above_floor else {}
    ratios = {
        name: {
            kind: _ratio([e[kind] for e in figures[OURS]], [e[kind] for e in samples], less)
            for kind in found[name]
            for less in [floor[kind].median if kind in floor else 0.0]
        }
        for name, samples in figures.items()
        if name not in (OURS, FLOOR) and OURS in figures
    }
    return Answer(question, rounds, found, ratios, failures)


def _spreads(samples: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    return {kind: spread(each[kind] for each in samples) for kind in samples[0]}


def _ratio(ours: Sequence[float], theirs: Sequence[float], less: float) -> Ratio:
    """Return the ratio of the medians, above a floor, and the quartiles of those of each round."""
    whole = _divide(spread(ours).median - less, spread(theirs).median - less)
    pairs = spread(_divide(o - less, t - less) for o, t in zip(ours, theirs, strict=True))
    return Ratio(whole, pairs.low, pairs.high)


def _divide(ours: float, theirs: float) -> float:
    return ours / theirs if theirs > 0 else float("inf")


class _Careful:
    """Calls a subject until it fails once; the other subjects are measured nevertheless."""

    def __init__(self, subject: Callable[[], Mapping[str, float]]):
        self._subject = subject
        self.failure = ""

    def __call__(self) -> Measured:
        if self.failure:
            return self.failure
        try:
            return self._subject()
        except NotOfferedError:
            self.failure = NOT_OFFERED
        except ProgramError as error:
            self.failure = str(error)
        except Exception as error:  # noqa: BLE001 - the other questions are measured nevertheless
            self.failure = repr(error)
        return self.failure
