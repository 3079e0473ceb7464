"""Tests of the check of environment variables."""

import os

import pytest

from sacred_core.doctor.variables import check_variables

from .conftest import problems


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SACRED_")]:
        monkeypatch.delenv(name)


def test_without_variables_there_is_no_problem() -> None:
    """The one finding is that there is none."""
    assert [each.message for each in check_variables()] == ["no variable SACRED_… is set"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SACRED_CAPTURE_MODE", "sys"),
        ("SACRED_HOST_INFO__CAPTURED_ENV", "HOME,LANG"),
        ("SACRED_GIT__PATCH_LIMIT", "10"),
        ("SACRED_RUN", "{}"),
        ("SACRED_RANK", "0"),
        ("SACRED_WORKER_LOCATION", "my_runs"),
        ("SACRED_BOARD_TOKEN", "secret"),
        ("SACRED_TEST_EXAMPLES", "5"),
    ],
)
def test_variables_with_an_effect_are_listed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Settings, variables of jobs and workers, and those of plugins; values are not shown."""
    monkeypatch.setenv(name, value)
    assert [each.message for each in check_variables()] == [f"set: {name}"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("SACRED_CAPTURE_MOD", "SACRED_CAPTURE_MODE"),
        ("SACRED_HOST_INFO_CAPTURED_ENV", "SACRED_HOST_INFO__CAPTURED_ENV"),
        ("sacred_capture_mode", "SACRED_CAPTURE_MODE"),
        ("SACRED_PLUGINS_DISABLE", "SACRED_PLUGINS__DISABLE"),
        ("SACRED_WORLDSIZE", "SACRED_WORLD_SIZE"),
    ],
)
def test_misspelt_variables_are_found(
    monkeypatch: pytest.MonkeyPatch, typed: str, meant: str
) -> None:
    """The fix has the name that is probably meant."""
    monkeypatch.setenv(typed, "x")
    [(level, message, fix)] = problems(check_variables())
    assert (level, fix) == ("warning", f"rename it to {meant}")
    assert message == f"the environment variable {typed} has no effect: no setting has this name"


def test_an_unknown_variable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is like it: the fix names the page with all names."""
    monkeypatch.setenv("SACRED_DATABASE_OF_MINE", "x")
    [(level, _, fix)] = problems(check_variables())
    assert level == "warning" and "docs/settings.md" in fix


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("SACRED_GIT__PATCH_LIMIT", "big", "must be a number, got 'big'"),
        ("SACRED_CAPTURE_MODE", "tape", "must be one of 'no', 'sys', 'fd', got 'tape'"),
        ("SACRED_PLUGINS__STRICT", "maybe", "must be 1 or 0, got 'maybe'"),
    ],
)
def test_values_that_a_setting_cannot_have_are_found(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    """Each of several is found, though a run reports only the first."""
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("SACRED_DEFAULT_BEAT_INTERVAL", "often")
    found = {message for level, message, _ in problems(check_variables()) if level == "error"}
    assert len(found) == 2
    assert any(each.startswith(f"{name}: ") and each.endswith(reason) for each in found)
