"""Drawn programs have the configuration that Sacred 0.8.7 gives them.

``tests/golden/programs`` holds what draws the programs, and the answers of Sacred.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import sacred_core
from sacred_core.testing.effort import examples

FOLDER = Path(__file__).parents[2] / "golden" / "programs"
ANSWERS = [
    json.loads(line) for line in (FOLDER / "answers_of_sacred.jsonl").read_text().splitlines()
]
#: Programs whose configuration differs by decision; docs/from-sacred.md has a row for each reason.
BY_DECISION = {
    "an update reaches into a value: an error": {104, 234, 285, 312, 348, 476, 638},
    "a named configuration takes what an update sets": {161, 409},
    "a scope sets an entry twice: the last value counts": {92, 344, 609},
}
DIFFERENT = set().union(*BY_DECISION.values())
#: What Sacred raises where it cannot merge values of different types; we have a configuration.
CRASHES = {"AttributeError", "TypeError"}


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that answers programs."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in ("draw_programs", "answer_programs"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import answer_programs  # type: ignore[import-not-found]

    yield answer_programs
    for name in ("draw_programs", "answer_programs"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_there_are_enough_programs() -> None:
    """At least 500 of them have a configuration in Sacred."""
    assert sum("config" in answer for _, _, answer in ANSWERS) >= 500


@pytest.mark.parametrize("first", range(0, len(ANSWERS), 100))
def test_programs_have_the_configuration_of_sacred(
    programs: Any, tmp_path: Path, first: int
) -> None:
    """Programs have the configuration of Sacred, or an error where Sacred has one, unless that is a
    crash inside Sacred.
    """
    different, tried = set(), set()
    for number, digest, expected in ANSWERS[first : first + 100 : examples(4, 1)]:
        tried.add(number)
        source = programs.draw(number)
        assert hashlib.sha256(source.encode()).hexdigest().startswith(digest)
        answer = programs.answer(sacred_core, source, str(tmp_path))
        if expected.get("error") not in CRASHES and _shown(answer) != _shown(expected):
            different.add(number)
    assert different == DIFFERENT & tried


def _shown(answer: dict[str, Any]) -> Any:
    """Return the configuration, or that there is an error: its type is our own."""
    return answer.get("config", "error")
