"""Tests of loggers that a program's configuration of logging does not switch off."""

import copy
import logging
import logging.config
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.loggers import default_handler, own_child, own_logger

NAME = "sacred_core.tests_of_loggers"


@pytest.fixture
def registered() -> Iterator[logging.Logger]:
    logger = logging.getLogger(NAME)
    yield logger
    logger.disabled, logger.propagate = False, True
    logger.setLevel(logging.NOTSET)
    logger.filters.clear()
    logger.handlers.clear()


class Collected(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {record.getMessage()}")


def test_a_disabled_logger_still_logs(
    registered: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    """Under its own name, to the handlers of the logger of that name and of those above."""
    logger, handler = own_logger(NAME), Collected()
    registered.addHandler(handler)
    registered.disabled = True
    logger.warning("%s is lost", "nothing")
    assert handler.messages == [f"{NAME}: nothing is lost"]
    assert "nothing is lost" in caplog.text


def test_levels_handlers_and_filters_of_the_name_apply(
    registered: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    """Levels handlers and filters of the name apply, also those that are set later; children are
    those of that name.
    """
    logger = own_logger(NAME)
    registered.setLevel(logging.ERROR)
    assert not logger.isEnabledFor(logging.WARNING)
    logger.warning("below the level")
    registered.setLevel(logging.DEBUG)
    assert logger.isEnabledFor(logging.DEBUG)
    registered.addFilter(lambda record: "secret" not in record.msg)
    logger.debug("a secret")
    registered.propagate = False
    logger.debug("not propagated")
    registered.propagate = True
    logging.disable(logging.INFO)
    logger.info("disabled everywhere")
    logging.disable(logging.NOTSET)
    logger.info("shown")
    assert [record.message for record in caplog.records] == ["shown"]
    assert own_child(registered, "x").name == f"{NAME}.x"
    assert own_logger(NAME).getChild("x") is registered.getChild("x")


def pickled(logger: logging.Logger) -> Any:
    return pickle.loads(pickle.dumps(logger))


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_it_can_be_copied_and_pickled(again: Any) -> None:
    """It can be copied and pickled, as other loggers, by name."""
    assert again(own_logger(NAME)).name == NAME


SCRIPT = """
    import logging.config
    from sacred_core import Experiment, RunObserver

    class Broken(RunObserver):
        def heartbeat_event(self, info, beat_time, result):
            raise OSError("the disk is away")

    ex = Experiment("configures", save_git_info=False)
    ex.observers.append(Broken())

    @ex.automain
    def main(_run):
        logging.config.{configure}
        _run.run_logger.warning("of the run")
        open("file", "w").close()
"""
INI = """
[loggers]
keys=root
[handlers]
keys=one
[formatters]
keys=
[logger_root]
handlers=one
[handler_one]
class=StreamHandler
args=()
"""
WAYS = {
    "dictConfig": 'dictConfig({"version": 1, "handlers": {"h": {"class": "logging.StreamHandler"}},'
    ' "root": {"handlers": ["h"], "level": "WARNING"}, "disable_existing_loggers": True})',
    "without a root": 'dictConfig({"version": 1})',
    "fileConfig": 'fileConfig("logging.ini")',
}


@pytest.mark.parametrize("way", WAYS)
def test_warnings_about_observers_are_shown(way: str, tmp_path: Path) -> None:
    """Warnings about observers are shown, also where the program configures logging in the main
    function and disables what exists.
    """
    (tmp_path / "logging.ini").write_text(INI)
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT).format(configure=WAYS[way]))
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    for text in ("the disk is away", "of the run"):
        assert text in done.stderr


ODD = "x\x1b]52;c;QUFB\x07\nERROR - forged \u202e"
SHOWN = r"x\x1b]52;c;QUFB\x07\nERROR - forged \u202e"


@pytest.mark.parametrize(
    ("message", "args", "shown"),
    [
        ("run %s", (ODD,), f"run {SHOWN}"),
        ("run %r", (ODD,), f"run '{SHOWN}'"),
        ("failed: %s", (ValueError(ODD),), f"failed: {SHOWN}"),
        ("%(name)s", ({"name": ODD},), SHOWN),
        ("%s of %d, %.1f %%", ("a", 3, 0.5), "a of 3, 0.5 %"),
        ("two\nlines", (), "two\nlines"),
    ],
)
def test_arguments_cannot_control_the_terminal(
    message: str, args: tuple[object, ...], shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Control characters of values are escapes: a stored name adds no line to a log."""
    own_logger("sacred_core.some").warning(message, *args)
    assert caplog.messages == [shown]


def test_records_of_own_loggers_can_be_queued() -> None:
    """Records of own loggers can be queued, as a handler that sends them to another
    process does.
    """
    record = own_logger("sacred_core.some").makeRecord(
        "n", logging.WARNING, "f", 1, "%s", (ODD,), None
    )
    assert pickle.loads(pickle.dumps(record)).getMessage() == SHOWN


@contextmanager
def bare_root() -> Iterator[logging.Logger]:
    """Give the root logger as a program finds it that has not set it up, without pytest's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    root.setLevel(logging.WARNING)
    try:
        yield root
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def test_the_default_handler_is_there_inside_the_block(capsys: pytest.CaptureFixture[str]) -> None:
    """Blocks may contain each other; after the outer one the root logger is as before."""
    with bare_root() as root:
        with default_handler(root):
            with default_handler(root):
                assert len(root.handlers) == 1
            logging.getLogger("a").info("inside")
        logging.getLogger("a").info("outside")
        assert (root.handlers, root.level) == ([], logging.WARNING)
    assert capsys.readouterr().err == "INFO - a - inside\n"


def test_blocks_that_overlap_share_the_handler() -> None:
    """As those of two runs in threads: the last one to end removes it."""
    with bare_root() as root:
        first, second = default_handler(root), default_handler(root)
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert len(root.handlers) == 1
        second.__exit__(None, None, None)
        assert (root.handlers, root.level) == ([], logging.WARNING)


def test_what_the_user_sets_up_stays() -> None:
    """Handlers and a level that are set inside the block are there afterwards."""
    own = logging.NullHandler()
    with bare_root() as root:
        with default_handler(root):
            root.addHandler(own)
            root.setLevel(logging.ERROR)
        assert (root.handlers, root.level) == ([own], logging.ERROR)
        with default_handler(root):
            assert (root.handlers, root.level) == ([own], logging.ERROR)


def test_another_logger_than_the_root_is_not_changed(registered: logging.Logger) -> None:
    """An experiment with a logger of its own uses the handlers of that one."""
    with bare_root() as root, default_handler(registered):
        assert registered.handlers == root.handlers == []


def test_a_run_leaves_the_root_logger_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    """Also a run that fails, and one that is queued; its lines are shown."""
    ex = Experiment("name", interactive=True)

    @ex.main
    def main(_log: logging.Logger, fails: bool = False) -> None:
        _log.info("inside")
        assert not fails

    with bare_root() as root:
        ex.run()
        with pytest.raises(AssertionError):
            ex.run(config_updates={"fails": True})
        ex.run(options={"--queue": True})
        assert (root.handlers, root.level) == ([], logging.WARNING)
    shown = capsys.readouterr().err
    assert (
        shown.count("INFO - main - inside") == 2
        and "WARNING - name - The run is not queued" in shown
    )
