"""What the process of a rerun has to do: a file that only the user can read, removed when read."""

import json
import os
from pathlib import Path
from typing import Any

import attrs

from sacred_core.atomic_files import replace_bytes
from sacred_core.rerun.configuration import RecordedConfig
from sacred_core.rerun.expectation import Expectation
from sacred_core.rerun.records import Outcome


@attrs.define(kw_only=True)
class Plan:
    """The work of the process of a rerun.

    Attributes:
        name: The recorded name of the experiment.
        command: The command, with the path of its ingredient.
        config: The configuration.
        expected: What is compared.
        updates: The recorded updates of the call.
        options: The recorded options of the call.
        meta: Metadata of the rerun.
        repositories: Those of the recorded sources. The folder of the rerun may be in another.
        main: The file to execute.
        module: Its dotted name in its package, or None.
        roots: Folders that modules are imported from, the first one before all others.
        moved: Recorded folders of the sources, and where they are now.
        working_dir: The working directory.
        observers: Locations, or flags of observers with arguments, of where it is recorded.
        outcome: The file that the process writes its outcome to.
        rtol, atol: The tolerances.
        stops: Interrupt the run at the first departure.
        is_of_sacred: The script imports Sacred.
        takes_first: Take the first run that the script requests, whatever it requests.
    """

    name: str
    command: str
    config: RecordedConfig
    expected: Expectation
    updates: dict[str, Any]
    options: dict[str, Any]
    meta: dict[str, Any]
    repositories: list[dict[str, Any]]
    main: str
    module: str | None
    roots: list[str]
    moved: list[list[str]]
    working_dir: str
    observers: list[str]
    outcome: str
    rtol: float = 0.0
    atol: float = 0.0
    stops: bool = False
    is_of_sacred: bool = False
    takes_first: bool = False

    def write(self, path: Path) -> None:
        """Write it to a new file that no other user can read."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
            json.dump(attrs.asdict(self), file)

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """Read it, and remove the file.

        Raises:
            OSError: it was read already.
        """
        data = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
        path.unlink()
        data["config"] = RecordedConfig(**data["config"])
        data["expected"] = Expectation(**data["expected"])
        return cls(**data)


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
