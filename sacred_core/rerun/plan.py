"""What the process of a rerun has to do, and what it reports."""

import json
from pathlib import Path
from typing import Any

import attrs

from sacred_core.atomic_files import replace_bytes
from sacred_core.rerun.expectation import Expectation
from sacred_core.rerun.records import Outcome
from sacred_core.rerun.script_plan import ScriptPlan


@attrs.define(kw_only=True)
class Plan(ScriptPlan):
    """The work of the process of a rerun.

    Attributes:
        expected: What is compared.
        observers: Locations, or flags of observers with arguments, of where it is recorded.
        rtol, atol: The tolerances.
        stops: Interrupt the run at the first departure.
    """

    expected: Expectation
    observers: list[str]
    rtol: float = 0.0
    atol: float = 0.0
    stops: bool = False

    @classmethod
    def decode(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes from plain data."""
        return {**super().decode(data), "expected": Expectation(**data["expected"])}


def write_outcome(path: Path, outcome: Outcome) -> None:
    """Replace the file with the outcome."""
    text = json.dumps(outcome.data())
    replace_bytes(path, text.encode("utf-8", "surrogatepass"))


def read_outcome(path: Path) -> Outcome:
    """Return the outcome so far; an empty one if the process has not written any."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Outcome()
    return Outcome.of(json.loads(data.decode("utf-8", "surrogatepass")))
