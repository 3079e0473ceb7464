"""What every observer promises to the runs that it watches."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from sacred_core.experiment import Experiment
from sacred_core.observers.event_names import misnamed_methods
from sacred_core.testing.event_driver import EventDriver


class ObserverContract:
    """The tests of an observer that needs no store to be read: a messenger, for example.

    Example:
        ```python
        from sacred_core.testing import ObserverContract

        class TestBell(ObserverContract):
            def make_observer(self, tmp_path):
                return Bell()
        ```

    Attributes:
        secret: A password or token that `make_observer` uses: it must not be shown.
    """

    secret: ClassVar[str | None] = None

    def make_observer(self, tmp_path: Path) -> Any:
        """Return a new observer; those of one test write to one place."""
        raise NotImplementedError(f"{type(self).__name__}.make_observer returns an observer")

    def test_its_event_methods_exist(self, tmp_path: Path) -> None:
        """A public method whose name looks like an event, such as ``start_event``, is one."""
        mistakes = misnamed_methods(self.make_observer(tmp_path))
        assert not mistakes, "; ".join(mistakes)

    def test_it_receives_a_whole_run(self, tmp_path: Path) -> None:
        """The observer accepts every event of a run without an exception."""
        _whole_run(EventDriver(self.make_observer(tmp_path)), tmp_path)

    def test_it_receives_events_twice(self, tmp_path: Path) -> None:
        """Delivery is at least once: a repeated event raises nothing."""
        _whole_run(EventDriver(self.make_observer(tmp_path), times=2), tmp_path)

    def test_it_receives_every_end(self, tmp_path: Path) -> None:
        """The observer accepts failures and interrupts of any name, with and without a trace."""
        for end in ("fail", "interrupt", "custom"):
            driver = EventDriver(self.make_observer(tmp_path))
            driver.start()
            if end == "fail":
                driver.fail()
            elif end == "interrupt":
                driver.interrupt()
            else:
                driver.interrupt("OUT_OF_BUDGET", ("Traceback\n", "OutOfBudget\n"))

    def test_it_serves_one_run_after_another(self, tmp_path: Path) -> None:
        """The same object records several runs, also after a run that did not end."""
        observer = self.make_observer(tmp_path)
        _whole_run(EventDriver(observer), tmp_path)
        EventDriver(observer).start()
        _whole_run(EventDriver(observer), tmp_path)

    def test_it_may_be_joined_twice(self, tmp_path: Path) -> None:
        """It may be joined twice, and without a run."""
        observer = self.make_observer(tmp_path)
        driver = EventDriver(observer)
        driver.join()
        driver.start()
        driver.complete()
        driver.join()

    def test_two_observers_do_not_disturb_each_other(self, tmp_path: Path) -> None:
        """The runs of two observers can alternate."""
        drivers = [EventDriver(self.make_observer(tmp_path)) for _ in range(2)]
        for driver in drivers:
            driver.start()
        for driver in drivers:
            driver.beat()
        for driver in drivers:
            driver.complete()

    def test_it_records_runs_of_an_experiment(self, tmp_path: Path) -> None:
        """A run that calls the observer in another thread, and a run inside it that calls a copy,
        are recorded without a warning.
        """
        made = tmp_path / "made.txt"
        made.write_text("content")
        ex = Experiment("recorded", base_dir=str(tmp_path), save_git_info=False)
        ex.observers.append(self.make_observer(tmp_path))
        ex.add_config(depth=1)

        @ex.main
        def main(_run: Any, depth: int) -> None:
            sys.stdout.write("printed\n")
            ex.log_scalar("loss", 0.5)
            ex.open_resource(made).close()
            ex.add_artifact(made)
            if depth:
                ex.run(config_updates={"depth": depth - 1})

        with _warnings_of(ex) as found:
            ex.run()
        assert not found, "\n".join(found)

    def test_it_shows_no_secret(self, tmp_path: Path) -> None:
        """`str` and `repr` of the observer contain no secret, with or without a run."""
        observer = self.make_observer(tmp_path)
        shown = f"{observer!r} {observer}"
        EventDriver(observer).start()
        shown += f"{observer!r} {observer}"
        assert self.secret is None or self.secret not in shown, f"it shows its secret: {shown}"


@contextmanager
def _warnings_of(ex: Experiment) -> Iterator[list[str]]:
    """Yield the list of warnings and errors that the runs of an experiment log."""
    found: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    ex.logger = logging.getLogger("sacred_core.testing.recorded")
    ex.logger.addHandler(handler)
    try:
        yield found
    finally:
        ex.logger.removeHandler(handler)


def _whole_run(driver: EventDriver, tmp_path: Path) -> None:
    file = tmp_path / "a file.txt"
    file.write_text("content")
    driver.start()
    driver.print("first\n")
    driver.log("loss", [0.5, 0.25])
    driver.beat(info={"epoch": 1})
    driver.resource(str(file))
    driver.artifact("result.txt", str(file), metadata={"a": 1}, content_type="text/plain")
    driver.code(str(tmp_path), [], ["numpy==2.0"])
    driver.annotate("a note", ["a tag"])
    driver.beat(info={"epoch": 2}, result=3)
    driver.complete(result=3)
