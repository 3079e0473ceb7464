"""Tests of the lines that the core logs at the level DEBUG."""

import logging
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sacred_core import Experiment, Ingredient, RunObserver

SCRIPT = """
    import logging
    from sacred_core import Experiment, Ingredient, RunObserver

    class Recorder(RunObserver):
        def started_event(self, command): return 7
        def heartbeat_event(self, info): ...
        def output_event(self, text, offset): ...
        def completed_event(self, result): ...

    data = Ingredient("data")
    data.add_config(rows=3, password="hunter2")
    ex = Experiment("debugged", ingredients=[data], save_git_info=False)
    ex.observers.append(Recorder())

    @ex.config
    def cfg(_log):
        lr = 0.1
        _log.debug("a line of the scope's own")

    @ex.named_config
    def fast():
        lr = 1.0

    @ex.config_hook
    def hook(config, command_name, logger):
        return {"data": {"rows": 4}}

    @ex.automain
    def main(): ...
"""
LINES = [
    "Plugin builtin (sacred-core ",
    "Configuration: updates: data.password",
    "Configuration: named config 'fast': lr",
    "Configuration: dictionary: data.rows, data.password",
    "Configuration: scope cfg (",
    "Configuration: config hook hook: data.rows",
    "Found 1 source file below ",
    "Gathered host information: hostname, os, ",
    "Observers: Recorder",
    "Observer Recorder recorded started_event",
    "Observer Recorder recorded heartbeat_event",
    "Observer Recorder recorded completed_event",
    "a line of the scope's own",
]


def run_script(folder: Path, *args: str) -> str:
    (folder / "script.py").write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, "script.py", *args, "with", "fast", "data.password=s3cret"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_debug_shows_what_the_core_does(tmp_path: Path) -> None:
    """Resolution, discovery, and what each observer recorded; names only, no values."""
    log = run_script(tmp_path, "-l", "DEBUG")
    assert [line for line in LINES if f"DEBUG - debugged - {line}" not in log] == []
    assert "s3cret" not in log
    assert "hunter2" not in log
    assert "output_event" not in log


@pytest.mark.parametrize("level", [(), ("-l", "INFO"), ("-l", "20")])
def test_other_levels_do_not(tmp_path: Path, level: tuple[str, ...]) -> None:
    """The lines are of the level DEBUG."""
    assert "DEBUG" not in run_script(tmp_path, *level)


def test_a_level_holds_for_the_configuration_too() -> None:
    """A level holds for the configuration too, of one run: the level of the logger is as before
    afterwards, also after an error.
    """
    logger = logging.getLogger("tests.levels")
    logger.setLevel(logging.INFO)
    levels: list[int] = []
    ex = Experiment("levelled")
    ex.logger = logger
    ex.config_hook(lambda config, command_name, logger: levels.append(ex.logger.level))
    ex.main(lambda: levels.append(logger.level))
    ex.run(options={"--loglevel": "ERROR"})
    with pytest.raises(KeyError):
        ex.run(options={"--loglevel": "ERROR"}, config_updates={"unknown": 1})
    assert levels == [logging.ERROR, logging.ERROR, logging.ERROR]
    assert logger.level == logging.INFO


def test_a_logger_of_the_experiment_gets_the_lines() -> None:
    """They go where all lines of the run go."""

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append((record.levelno, record.getMessage()))

    lines: list[tuple[int, str]] = []
    logger = logging.getLogger("tests.own")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(Kept())
    ex = Experiment("own-logger", ingredients=[Ingredient("data")], save_git_info=False)
    ex.logger = logger
    ex.observers.append(RunObserver())
    ex.main(lambda: None)
    ex.run()
    assert (logging.DEBUG, "Configuration: updates: nothing") in lines
    assert (logging.DEBUG, "Observers: RunObserver") in lines
