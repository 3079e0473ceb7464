"""What every plugin promises, of this one."""

from collections.abc import Callable
from typing import Any

import pytest

from sacred_core import SETTINGS, Experiment
from sacred_core.exceptions import ConfigKeyError
from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    """The contract that the core ships."""

    distribution = "sacred-mongo"


@pytest.mark.parametrize("key", ["a.b", "$a", "nul\0"])
@pytest.mark.parametrize("where", [lambda key: {key: 1}, lambda key: {"deep": [{key: 1}]}])
def test_keys_that_mongodb_does_not_store_are_refused(
    monkeypatch: pytest.MonkeyPatch, key: str, where: Callable[[str], Any]
) -> None:
    """Keys that MongoDB does not store are refused, at every depth, where they are set and in
    updates; a setting switches the check off.
    """
    ex = Experiment("keys")
    ex.add_config(outer={})
    ex.main(lambda outer: outer)
    with pytest.raises(ConfigKeyError, match=r"CONFIG\.ENFORCE_KEYS_MONGO_COMPATIBLE = False"):
        ex.add_config(outer=where(key))
    with pytest.raises(ConfigKeyError, match="which MongoDB does not store"):
        ex.run(config_updates={"outer": {"$b": 1}})
    monkeypatch.setattr(SETTINGS.CONFIG, "ENFORCE_KEYS_MONGO_COMPATIBLE", False)
    ex.add_config(outer=where(key))
    assert ex.run().result == where(key)
