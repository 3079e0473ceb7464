"""Tests of any words on a command line; `tests/mistakes` has the sentence for each mistake."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sacred_core import Experiment, RunObserver
from sacred_core.testing.effort import examples


class Statuses(RunObserver):
    """Notes which runs began and how they ended."""

    def __init__(self) -> None:
        self.open = 0

    def started_event(self) -> None:
        self.open += 1

    def _closed(self) -> None:
        self.open -= 1

    completed_event = failed_event = interrupted_event = _closed


WORDS = st.one_of(
    st.sampled_from(
        "with main print_config print_named_configs help nope a=1 a=x d.x=2 d= =1 a..b=1 d.x.y=3 "
        "layers.0=5 layers.9=1 seed=1 seed=x variant data.n=3 nowhere.json -u -q -h -p -f --force "
        "-l ERROR INFO -b 5 -b x -P 1 -C no -C sys -c text -n name -i 7 --debug=1 --nope -Z -- - "
        "--origin --help= -l= [] {} ' with = lr = 0.1 a= =2 a:1 d/x=1 config.a=1 metrics.a=1 "
        "-p=3 -F=x -print_config --a=1 -a --b mian variant.json x.ini [1, 2]".split()
    ),
    st.text(max_size=6),
)


@settings(
    max_examples=examples(100, 10_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words=st.lists(WORDS, max_size=7))
def test_any_command_line_ends_well(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """It runs, or is refused with exit code 2: no trace of ours, no run left RUNNING."""
    namespace: dict[str, Any] = {"__name__": "drawn", "__file__": __file__}
    ex = Experiment("drawn", save_git_info=False)
    ex.add_config(a=1, d={"x": 1}, layers=[1, 2], data={"n": 1})
    ex.add_named_config("variant", a=2)
    ex.main(lambda a, d, layers, data: namespace.get("nothing"))
    statuses = Statuses()
    ex.observers.append(statuses)
    code: Any = 0
    try:
        ex.run_commandline(["drawn.py", *words])
    except SystemExit as error:
        code = error.code
    assert code in (0, 2)
    assert statuses.open == 0
    assert "Traceback" not in capsys.readouterr().err
