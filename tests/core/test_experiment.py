"""Tests of the class that a script is built around."""

from sacred_core import Experiment


def test_run_executes_the_main_function() -> None:
    """`ex.run` calls the function decorated with `ex.main`."""
    ex = Experiment("tried")
    calls = []

    @ex.main
    def my_main() -> None:
        calls.append("called")

    ex.run()
    assert calls == ["called"]
