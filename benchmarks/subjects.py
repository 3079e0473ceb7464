"""What answers a question: a program, the interpreter that runs it, and its folder."""

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.durability import measure_latency
from benchmarks.environments import OURS, SACRED, TOOLS
from benchmarks.figures import everything
from benchmarks.measuring import Sample, run_program
from benchmarks.preparations import PACKAGE, PROGRAMS, write_program
from benchmarks.questions import FLOOR, Question

HERE = Path(__file__).parent
FLOORS = HERE / "floors"
PEERS = [name for name, tool in TOOLS.items() if tool.adapter]
#: How long programs wait that measure an idle run; and in the tests.
_SECONDS = (3.0, 0.1)
#: No tool sends anything, or stores settings in the user's own folder.
_QUIET = {
    "DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DVC_NO_ANALYTICS": "true",
    "WANDB_ERROR_REPORTING": "false", "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


class NotOfferedError(Exception):
    """A tool has no equivalent of what a question asks for."""


@dataclass
class Subject:
    """A program that is measured for a question, by calling it once per round.

    Attributes:
        question: What is asked.
        python: The interpreter, whose environment has the tool.
        program: The file.
        arguments: Of the program.
        size: Number of items.
        folder: The working directory, which is prepared at the first call.
        package: What the program imports in place of ours.
    """

    question: Question
    python: Path
    program: Path
    arguments: tuple[str, ...]
    size: int
    folder: Path
    package: str = PACKAGE

    def __call__(self) -> Mapping[str, float]:
        """Run the program and return the figures of the question.

        A floor that does not report a part is compared as a whole.

        Raises:
            ProgramError: The program failed.
        """
        if self.question.is_fresh:
            shutil.rmtree(self.folder, ignore_errors=True)
        if not self.folder.exists():
            write_program(self.folder, self.program, self.package)
            if self.program.name != "nothing.py":
                self.question.prepare(self.folder, self.python, self.package, self.size)
        sample = self._measure()
        is_whole = self.program.parent == FLOORS and not sample.values
        return (everything if is_whole else self.question.figures)(sample, self.size)

    def _measure(self) -> Sample:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        own = {
            "SIZE": str(self.size),
            "SECONDS": str(_SECONDS[self.size == self.question.small]),
            "HOME": str(home),
            "TRACKIO_DIR": str(home / "trackio"),
        }
        measure = measure_latency if self.question.is_latency else run_program
        command: list[str | Path] = [self.python, self.program.name, *self.arguments]
        return measure(command, self.folder, {**_QUIET, **self.question.environment, **own})


def subjects_of(
    question: Question, pythons: Mapping[str, Path], folder: Path, is_small: bool = False
) -> dict[str, Callable[[], Mapping[str, float]]]:
    """Return what answers a question, by name: sacred-core, others, and the floor.

    Args:
        question: What is asked.
        pythons: Interpreters by the name of the tool.
        folder: That of the working directories.
        is_small: Whether the sizes of the tests apply.
    """
    size = question.small if is_small else question.size
    found: dict[str, Callable[[], Mapping[str, float]]] = {}
    program, arguments = PROGRAMS / question.program, question.arguments

    def run_with(tool: str, size: int, name: str, package: str = PACKAGE) -> Subject:
        return Subject(question, pythons[tool], program, arguments, size, folder / name, package)

    found[OURS] = run_with(OURS, size, "ours")
    if question.baseline is not None:
        baseline = size // 2 if is_small else question.baseline
        found[baseline_name(question)] = run_with(OURS, baseline, "baseline")
    if question.has_sacred and SACRED in pythons:
        found[SACRED] = run_with(SACRED, size, "theirs", "sacred")
    for name in PEERS:
        is_asked = question.function and TOOLS[name].topic == question.topic
        if is_asked and name in pythons:
            found[name] = _peer(question, name, pythons[name], folder / name, is_small)
    floor = (question, pythons[OURS], FLOORS / question.floor, (), size, folder / FLOOR)
    found[FLOOR] = Subject(*floor)
    return found


def baseline_name(question: Question) -> str:
    """Return the name of the second subject of a question that compares two sizes."""
    return f"{OURS}, {question.baseline:,}"


def _peer(
    question: Question, name: str, python: Path, folder: Path, is_small: bool
) -> Callable[[], Mapping[str, float]]:
    program = HERE / "peers" / TOOLS[name].adapter
    if not re.search(rf"^(def )?{question.function}\b", program.read_text(), re.M):
        return _not_offered
    size = question.small if is_small else question.fewer.get(name, question.size)
    return Subject(question, python, program, (question.function,), size, folder)


def _not_offered() -> Mapping[str, float]:
    raise NotOfferedError
