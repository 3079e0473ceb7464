"""Tests of all checks together."""

import pytest

from sacred_core.doctor import CHECKS, Check, Level, examination, examine
from sacred_core.doctor.findings import passed


def test_every_check_has_a_finding() -> None:
    """Each check of the list and that of stores yields something, in this order."""
    names = [name for name, _ in examine()]
    assert [*dict.fromkeys(names)] == [*(check.name for check in CHECKS), "stores"]


def test_a_check_that_raises_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its finding has the exception; the next check is carried out."""

    def raise_error() -> list[object]:
        raise KeyError("no key")

    checks = (Check("first", raise_error), Check("second", lambda: [passed("fine")]))  # type: ignore[arg-type]
    monkeypatch.setattr(examination, "CHECKS", checks)
    (first, found), (second, fine), *_ = examine()
    assert (first, found.level, second, fine.level) == ("first", Level.ERROR, "second", Level.OK)
    assert found.message == "the check failed: KeyError: 'no key'" and "report it" in found.fix


def test_every_problem_has_a_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is found in a broken environment comes with what to do."""
    monkeypatch.setenv("SACRED_NOPE", "1")
    monkeypatch.setenv("TZ", "Europe/Nowhere")
    found = [finding for _, finding in examine(["nowhere", "nosuch://x"])]
    wrong = [each for each in found if each.level is not Level.OK]
    assert len(wrong) >= 4 and all(each.fix for each in wrong)
    assert not any(each.fix for each in found if each.level is Level.OK)
