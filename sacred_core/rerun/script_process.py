"""The process that executes the script of a recorded run, and takes a run from it."""

import os
import sys
from pathlib import Path
from typing import Any

from sacred_core import context
from sacred_core.config import files
from sacred_core.config.request import Request
from sacred_core.environment import RUN_VARIABLE
from sacred_core.exceptions import ConfigFileNotFoundError
from sacred_core.masking import mask_text
from sacred_core.rerun.main_module import execute_main, find_experiment, import_paths
from sacred_core.rerun.sacred_modules import provide_sacred
from sacred_core.rerun.script_plan import ScriptPlan
from sacred_core.rerun.taking import RunTaker
from sacred_core.run.conclusion import is_sentence, trace_lines
from sacred_core.script_cli.protocol import INTERRUPTED


class ScriptProcess:
    """Executes a script in this process, whose state it changes.

    Args:
        plan: The script.

    Attributes:
        lost: Base names of configuration files that are missing.
        taker: Takes the run; a subclass sets it.
    """

    taker: RunTaker

    def __init__(self, plan: ScriptPlan) -> None:
        self._script = plan
        self._load = files.load_config_file
        self.lost: set[str] = set()

    def start(self) -> int:
        """Execute the script as if it was called, and return the exit code."""
        plan = self._script
        if plan.is_of_sacred:
            provide_sacred()
        context.run_creator = self.taker.create
        files.load_config_file = self.load_config_file
        os.environ.pop(RUN_VARIABLE, None)  # the run is not a part of the one that starts it
        os.chdir(plan.working_dir)
        sys.argv = [plan.main, *plan.words]
        sys.path[:] = import_paths(plan)
        return self.execute()

    def load_config_file(self, filename: Any) -> Any:
        """Load a configuration file; of one that is missing, the recorded entries are used."""
        try:
            return self._load(filename)
        except ConfigFileNotFoundError:
            name = Path(filename).name
            self.lost.add(name)
            self.taker.note(
                f"the configuration file {name!r} is missing: its recorded entries are used"
            )
            return {}

    def execute(self) -> int:
        """Execute the script, then the experiment that it defines if it ran none."""
        plan = self._script
        try:
            namespace = execute_main(Path(plan.main), plan.module)
            if not self.taker.is_taken and not self.taker.has_skipped:
                experiment = find_experiment(namespace, plan)
                experiment.new_run(Request(command=plan.command, options={"--help": False}))()
        except SystemExit as error:
            self.report_exit(error)
            if not self.has_no_match:
                raise
        except KeyboardInterrupt:
            return INTERRUPTED
        except BaseException as error:  # noqa: BLE001 - of the script
            if not self.has_no_match:
                if not is_sentence(error):  # the report has the sentence
                    sys.stderr.write(mask_text("".join(trace_lines(error))))
                return self.report_problem(error)
        if self.has_no_match:
            self.report_unmatched()
        return 0

    @property
    def has_no_match(self) -> bool:
        """Whether the script requested runs, and none of them is like the recorded one."""
        return self.taker.has_skipped and not self.taker.is_taken

    def report_exit(self, error: SystemExit) -> None:
        """Report why the script ended the process, if the run could not be created."""
        del error
        if self.taker.problem is not None:
            self.report_problem(self.taker.problem)

    def report_problem(self, error: BaseException) -> int:
        """Report why the run could not be started, and return the exit code."""
        raise NotImplementedError

    def report_unmatched(self) -> None:
        """Report that no run was taken, so that the first one can be taken next time."""
        raise NotImplementedError
