"""Tests of the summary that pytest prints about contracts, and of its badge."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sacred_core.testing import CONTRACT_VERSION, MemoryObserver, ObserverContract
from sacred_core.testing.summary import ContractResult, badge, contract_of, summary_lines

CONFIGURATION = """
[tool.pytest.ini_options]
addopts = ["-p", "sacred_core.testing.summary"]
"""
TESTS = """
import pytest
from sacred_core.observers import RunObserver
from sacred_core.testing import ObserverContract, PluginContract, skip_rule


class TestPlugin(PluginContract):
    distribution = "acme-bell"
    test_it_has_a_description = None


class TestBell(ObserverContract):
    def make_observer(self, tmp_path):
        return RunObserver()

    def test_it_may_be_joined_twice(self):
        skip_rule("a bell rings once")

    @pytest.mark.parametrize("number", [1, 2])
    def test_it_receives_events_twice(self, number):
        assert number == 1

    @pytest.mark.skip("later")
    def test_it_shows_no_secret(self): ...

    def test_it_rings(self): ...
"""


def run_pytest(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run the tests of an author in a folder."""
    (folder / "pyproject.toml").write_text(CONFIGURATION)
    (folder / "test_bell.py").write_text(TESTS)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_bell.py"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_pytest_prints_the_results_of_each_class(tmp_path: Path) -> None:
    """A line has the contract, the backend, and how many rules have each result."""
    done = run_pytest(tmp_path, "--contract-badge", "badge.json", "-k", "TestBell")
    title = f" sacred-core contract {CONTRACT_VERSION} "
    lines = done.stdout.partition(title)[2].splitlines()
    assert lines[1:3] == [
        "ObserverContract  Bell  6 passed, 1 failed, 1 skipped, 1 not applicable",
        "The badge is in badge.json.",
    ]
    assert json.loads((tmp_path / "badge.json").read_text()) == {
        "schemaVersion": 1,
        "label": f"sacred-core contract {CONTRACT_VERSION}",
        "message": "1 rule failed",
        "color": "red",
    }


def test_results_of_other_processes_are_counted(tmp_path: Path) -> None:
    """With pytest-xdist, the process that prints the summary runs no tests."""
    pytest.importorskip("xdist")
    done = run_pytest(tmp_path, "-n", "1", "-k", "TestBell and it_")
    numbers = "4 passed, 1 failed, 1 skipped, 1 not applicable, 2 not run"
    assert f"ObserverContract  Bell  {numbers}\n" in done.stdout


def test_a_badge_that_cannot_be_written_is_an_error_at_once(tmp_path: Path) -> None:
    """No test is run, and the message names the file."""
    done = run_pytest(tmp_path, "--contract-badge", "no/badge.json")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--contract-badge: cannot write 'no/badge.json'" in done.stderr


def test_no_contract_is_no_summary(tmp_path: Path) -> None:
    """Other tests print nothing, and write no badge."""
    (tmp_path / "test_other.py").write_text("def test_other(): ...\n")
    done = run_pytest(
        tmp_path, "--contract-badge", "badge.json", "test_other.py", "-k", "test_other"
    )
    assert "contract" not in done.stdout
    assert not (tmp_path / "badge.json").exists()


def make_result(rules: int, **results: str) -> ContractResult:
    found = ContractResult("StoreContract", "Acme", rules)
    for rule, result in results.items():
        found.note(rule, result)
    return found


def test_of_several_tests_of_a_rule_the_worst_counts() -> None:
    """A rule that applies in one of its tests applies; one that fails in one has failed."""
    found = make_result(4, a="not applicable", b="passed", c="passed")
    found.note("a", "passed")
    found.note("b", "failed")
    found.note("b", "passed")
    assert found.results == {"a": "passed", "b": "failed", "c": "passed"}
    assert found.counts() == {"passed": 2, "failed": 1, "not run": 1}


@pytest.mark.parametrize(
    ("result", "message", "color"),
    [
        (make_result(2, a="passed", b="not applicable"), "1 rule passed", "brightgreen"),
        (make_result(3, a="passed", b="passed", c="passed"), "3 rules passed", "brightgreen"),
        (make_result(3, a="passed"), "2 rules not run", "lightgrey"),
        (make_result(3, a="skipped", b="passed"), "2 rules not run", "lightgrey"),
        (make_result(3, a="failed", b="failed"), "2 rules failed", "red"),
    ],
)
def test_a_badge_is_green_if_each_rule_that_applies_passed(
    result: ContractResult, message: str, color: str
) -> None:
    """Rules that were not run, or that the author skips, are not hidden."""
    found = badge([result])
    assert (found["message"], found["color"]) == (message, color)


def test_lines_are_aligned_and_sorted() -> None:
    """The columns are as wide as what is in them."""
    lines = summary_lines([make_result(1, a="passed"), ContractResult("PluginContract", "acme", 1)])
    assert lines == ["PluginContract  acme  1 not run", "StoreContract   Acme  1 passed"]


def test_the_contract_of_a_class_is_one_of_ours() -> None:
    """A contract that an author derives is not shown; other classes have none."""

    class AcmeContract(ObserverContract): ...

    class TestAcme(AcmeContract): ...

    assert contract_of(TestAcme) is ObserverContract
    assert contract_of(MemoryObserver) is None
