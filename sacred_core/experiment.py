"""The class that a script is built around."""

import sys
from pathlib import Path
from typing import Any

from sacred_core.ingredient import F, Ingredient


class Experiment(Ingredient):
    """A main function that can be run from Python and from the command line."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name or Path(sys.argv[0]).stem)
        self.default_command: str | None = None

    def main(self, function: F) -> F:
        """Make ``function`` what a run executes unless told otherwise."""
        self.default_command = function.__name__
        return self.command(function)

    def automain(self, function: F) -> F:
        """Like `main`, and run the experiment if its file is being executed."""
        self.main(function)
        if function.__module__ == "__main__":
            self.run()
        return function

    def run(self) -> Any:
        """Execute the main function and return its result."""
        if self.default_command is None:
            raise RuntimeError(f"the experiment {self.path!r} has no main function: use @ex.main")
        return self.commands[self.default_command]()
