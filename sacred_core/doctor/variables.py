"""Check of the environment variables ``SACRED_…``."""

import difflib
import os
from collections.abc import Iterator

from sacred_core.doctor.findings import Finding, failure, passed, warning
from sacred_core.environment import RUN_VARIABLE
from sacred_core.exceptions import SettingError
from sacred_core.hooks.lookup import KNOWN_COMMANDS
from sacred_core.hooks.manager import plugin_manager
from sacred_core.ranks.detection import RANK, WORLD_SIZE
from sacred_core.ranks.groups import GROUP
from sacred_core.settings import Settings, SettingsGroup
from sacred_core.worker.options import LOCATION_VARIABLE

_PREFIX = "SACRED_"
#: Those that are no settings.
_OTHERS = (RUN_VARIABLE, RANK, WORLD_SIZE, GROUP, LOCATION_VARIABLE)
_TESTS = f"{_PREFIX}TEST_"
_PAGE = "the names are in docs/settings.md"


def check_variables() -> Iterator[Finding]:
    """Find variables that no setting has, and values that a setting cannot have."""
    given = sorted(name for name in os.environ if name.upper().startswith(_PREFIX))
    settings = {name: (group, key) for name, group, key in _settings(Settings())}
    wrong = 0
    for name in given:
        finding = _find_problem(name, settings)
        if finding is not None:
            wrong += 1
            yield finding
    if not wrong:
        yield passed(f"set: {', '.join(given)}" if given else f"no variable {_PREFIX}… is set")


def _settings(group: SettingsGroup, prefix: str = _PREFIX) -> Iterator[tuple[str, object, str]]:
    """Yield the variable of each setting, with its group and its name there."""
    for key, value in group.items():
        if isinstance(value, SettingsGroup):
            yield from _settings(value, f"{prefix}{key}__")
        else:
            yield prefix + key, group, key


def _find_problem(name: str, settings: dict[str, tuple[object, str]]) -> Finding | None:
    if name in settings:
        return _find_value_problem(name, settings[name])
    plugins = [*KNOWN_COMMANDS, *(plugin.name for plugin in plugin_manager().plugins)]
    own = (_TESTS, *(f"{_PREFIX}{plugin.upper()}_" for plugin in plugins))
    if name in _OTHERS or (name.startswith(own) and "__" not in name):
        return None
    close = difflib.get_close_matches(name.upper(), [*settings, *_OTHERS], 1, 0.8)
    fix = f"rename it to {close[0]}" if close else f"remove it, or correct its name ({_PAGE})"
    return warning(f"the environment variable {name} has no effect: no setting has this name", fix)


def _find_value_problem(name: str, setting: tuple[object, str]) -> Finding | None:
    group, key = setting
    assert isinstance(group, SettingsGroup)
    try:
        group.update_from({name: os.environ[name]}, name.removesuffix(key))
        group.valid(key)
    except SettingError as error:
        return failure(f"{name}: {error}", f"correct or unset {name}: no run can start with it")
    return None
