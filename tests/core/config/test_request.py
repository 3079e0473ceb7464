"""Tests of what a call asks of an experiment."""

from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.config.entries import plain_copy
from sacred_core.config.request import Request
from sacred_core.exceptions import ConfigError, ConfigKeyError, ConfigPathError, ConfigValueError


@pytest.mark.parametrize(
    "updates",
    [{"a.b": 1, "c": 2}, {"a": {"b": 1}, "c": 2}, {"c": 2, "a": {}, "a.b": 1}],
    ids=["dotted", "nested", "both"],
)
def test_updates_are_one_tree(updates: dict[str, Any]) -> None:
    """Dotted and nested updates of the same entries are the same request."""
    assert plain_copy(Request(updates=updates).updates) == {"a": {"b": 1}, "c": 2}


def _endless() -> dict[str, Any]:
    entry: dict[str, Any] = {}
    entry["itself"] = entry
    return entry


@pytest.mark.parametrize(
    ("updates", "error"),
    [
        ({"a": 1, "a.b": 2}, ConfigPathError),
        ({"a": {1: 1, "1": 2}}, ConfigKeyError),
        ({"a": {"py/object": 1}}, ConfigKeyError),
        ({"a": _endless()}, ConfigValueError),
    ],
    ids=["path through a value", "keys of one string", "reserved key", "endless"],
)
def test_a_request_with_wrong_updates_cannot_be_made(
    updates: dict[str, Any], error: type[ConfigError]
) -> None:
    """What is wrong with updates is found before anything of the experiment is called."""
    ex = Experiment("requested", interactive=True)
    called = []

    @ex.option_hook
    def hook(options: dict[str, Any]) -> None:
        called.append(options)

    ex.main(lambda: None)
    with pytest.raises(error):
        Request(updates=updates)
    with pytest.raises(error):
        ex.create_run(config_updates=updates)
    assert called == []
