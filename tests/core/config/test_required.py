"""Tests of entries that every run has to set."""

import copy
import pickle
import re
from typing import Any

import pytest

from sacred_core import REQUIRED, Experiment
from sacred_core.exceptions import MissingConfigError
from sacred_core.testing.memory import Memory, MemoryObserver


def experiment() -> Experiment:
    ex = Experiment("required", interactive=True)

    @ex.config
    def settings():  # type: ignore[no-untyped-def]
        lr = REQUIRED  # learning rate
        model = {"size": REQUIRED, "layers": 3}

    @ex.named_config
    def small():  # type: ignore[no-untyped-def]
        model = {"size": 1}

    @ex.main
    def main(lr: Any, model: Any) -> Any:
        return [lr, model["size"]]

    return ex


@pytest.mark.parametrize("options", [{}, {"--force": True}, {"--queue": True}])
def test_a_run_stops_before_it_starts(options: dict[str, Any]) -> None:
    """The error lists all entries that have no value, with their comments; nothing is recorded."""
    ex = experiment()
    ex.observers.append(MemoryObserver(memory := Memory()))
    message = (
        "required entries have no value:\n  lr (learning rate)\n  model.size\n"
        "Set them, as in: with lr=VALUE model.size=VALUE"
    )
    with pytest.raises(MissingConfigError, match=re.escape(message)):
        ex.run(options=options)
    assert not memory.runs


@pytest.mark.parametrize(
    ("updates", "named", "expected"),
    [
        ({"lr": 0.5, "model.size": 7}, (), [0.5, 7]),
        ({"lr": None}, ("small",), [None, 1]),
    ],
)
def test_what_is_set_runs(
    caplog: pytest.LogCaptureFixture, updates: dict[str, Any], named: Any, expected: Any
) -> None:
    """An update or a named configuration sets it, of any type and without a warning."""
    ex = experiment()
    ex.observers.append(MemoryObserver(Memory()))
    assert ex.run(config_updates=updates, named_configs=named).result == expected
    assert "type" not in caplog.text


def test_a_config_hook_may_set_it() -> None:
    """What a hook returns is a value like any other."""
    ex = experiment()

    @ex.config_hook
    def hook(config: Any, command_name: str, logger: Any) -> dict[str, Any]:
        assert config["lr"] is REQUIRED
        return {"lr": 1, "model": {"size": 2}}

    assert ex.run(options={"--unobserved": True}).result == [1, 2]


def test_the_standard_commands_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    """print_config shows which entries are required; save_config refuses to write them."""
    experiment().run("print_config")
    shown = capsys.readouterr().out
    assert re.search(r"^  lr = REQUIRED +# required: learning rate$", shown, re.MULTILINE)
    assert re.search(r"^    size = REQUIRED +# required$", shown, re.MULTILINE)
    assert "modified *" not in shown and "* modified" not in shown
    with pytest.raises(MissingConfigError, match=r"model\.size"):
        experiment().run("save_config")


@pytest.mark.parametrize(
    "expression",
    ["lr * 2", "2 - lr", "-lr", "lr < 1", "not lr", "lr[0]", "lr()", "f'{lr:.2f}'", "[*lr]",
     "float(lr)", "max(lr, 1)", "1 in lr", "range(lr)", "len(lr)"],
)  # fmt: skip
def test_a_scope_that_uses_it_stops(expression: str, tmp_path: Any, monkeypatch: Any) -> None:
    """The error shows the line that computes with an entry that has no value."""
    (tmp_path / "computing.py").write_text(
        "from sacred_core import REQUIRED, Experiment\n"
        "ex = Experiment('computing', interactive=True)\n"
        "@ex.config\ndef first():\n    lr = REQUIRED\n"
        f"@ex.config\ndef second(lr):\n    other = {expression}\n"
        "@ex.main\ndef main(lr):\n    return lr\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "computing", raising=False)
    ex = __import__("computing").ex
    with pytest.raises(MissingConfigError) as raised:
        ex.run()
    assert re.search(
        r"in line 8 of .*computing\.py: 'other = ", str(raised.value).replace('"', "'")
    )


def test_copies_are_the_same_object() -> None:
    """It is one object in a process, also after a copy or a pickle."""
    assert copy.deepcopy(REQUIRED) is REQUIRED
    assert pickle.loads(pickle.dumps([REQUIRED]))[0] is REQUIRED
    assert repr(REQUIRED) == "REQUIRED"
