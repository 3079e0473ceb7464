"""A plugin of pytest that prints which rules of the contracts passed, and writes a badge.

In ``pyproject.toml``::

    [tool.pytest.ini_options]
    addopts = ["-p", "sacred_core.testing.summary"]

At the end, pytest prints a line for each class of tests that derives from a contract. The option
``--contract-badge FILE`` writes the result as JSON for https://shields.io/badges/endpoint-badge.
It works with pytest-xdist, too: the results are in the reports of the tests.
"""

import functools
import json
from collections.abc import Iterable
from pathlib import Path

import attrs
import pytest

from sacred_core.plurals import counted
from sacred_core.testing.applicability import NOT_APPLICABLE
from sacred_core.testing.contract_version import CONTRACT_VERSION, rules_of

#: The property of a report that has the rule.
_PROPERTY = "sacred_contract"
#: The heading of the summary.
TITLE = f"sacred-core contract {CONTRACT_VERSION}"
#: The results of a rule that has several tests, the worst first, the least certain last.
_RESULTS = ("failed", "skipped", "passed", "not applicable")
_rules = functools.cache(rules_of)


@attrs.define
class ContractResult:
    """The results of the rules of a contract for one class of tests.

    Attributes:
        contract: The name of the contract.
        backend: What is tested: the distribution of a plugin, or the name of the class of tests.
        rules: The number of rules.
        results: The result of each rule that was tried.
    """

    contract: str
    backend: str
    rules: int
    results: dict[str, str] = attrs.field(factory=dict)

    def note(self, rule: str, result: str) -> None:
        """Note the result of a test of a rule, which may have several."""
        known = self.results.get(rule, result)
        self.results[rule] = min(known, result, key=_RESULTS.index)

    def counts(self) -> dict[str, int]:
        """Return the number of rules by result, those that were not tried as ``not run``."""
        found = {
            result: [*self.results.values()].count(result)
            for result in ("passed", "failed", "skipped", "not applicable")
        }
        found["not run"] = max(0, self.rules - len(self.results))
        return {result: number for result, number in found.items() if number}


class ContractSummary:
    """Collects the results of the contracts while pytest runs.

    Args:
        badge: The file to which the badge is written; None: no file.
    """

    def __init__(self, badge: Path | None) -> None:
        self._badge = badge
        self._found: dict[tuple[str, str, str], ContractResult] = {}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note in a test that it is a rule; its reports have this note."""
        cls = getattr(item, "cls", None) or object
        contract = contract_of(cls)
        rule = getattr(item, "originalname", item.name)
        if contract is not None and rule in _rules(contract):
            backend = getattr(cls, "distribution", None) or cls.__name__.removeprefix("Test")
            place = item.nodeid.rpartition("::")[0]
            known = (place, contract.__name__, backend, rule, len(_rules(contract)))
            item.user_properties.append((_PROPERTY, json.dumps(known)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the result of a test that is a rule."""
        note = dict(report.user_properties).get(_PROPERTY)
        result = _result_of(report)
        if note is None or result is None:
            return
        place, contract, backend, rule, rules = json.loads(str(note))
        new = ContractResult(contract, backend, rules)
        self._found.setdefault((place, contract, backend), new).note(rule, result)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the results, and write the badge."""
        found = [*self._found.values()]
        if not found:
            return
        terminalreporter.section(TITLE)
        for line in summary_lines(found):
            terminalreporter.write_line(line)
        if self._badge is not None:
            data = json.dumps(badge(found), indent=2) + "\n"
            self._badge.write_text(data, encoding="utf-8")
            terminalreporter.write_line(f"The badge is in {self._badge}.")


def contract_of(cls: type) -> type | None:
    """Return the contract from which a class of tests derives, None if it derives from none."""
    return next(
        (
            base
            for base in cls.__mro__[1:]
            if base.__name__.endswith("Contract") and base.__module__.startswith("sacred_")
        ),
        None,
    )


def summary_lines(results: Iterable[ContractResult]) -> list[str]:
    """Return a line for each class of tests: contract, backend and numbers of rules."""
    found = sorted(results, key=lambda each: (each.contract, each.backend))
    widths = [
        max(len(text) for text in column)
        for column in zip(*((each.contract, each.backend) for each in found), strict=True)
    ]
    return [
        f"{each.contract:<{widths[0]}}  {each.backend:<{widths[1]}}  "
        + ", ".join(f"{number} {result}" for result, number in each.counts().items())
        for each in found
    ]


def badge(results: Iterable[ContractResult]) -> dict[str, object]:
    """Return the data of a badge, as shields.io reads it from a URL."""
    counts: dict[str, int] = {}
    for each in results:
        for result, number in each.counts().items():
            counts[result] = counts.get(result, 0) + number
    if counts.get("failed"):
        message, color = f"{counted(counts['failed'], 'rule')} failed", "red"
    elif counts.get("not run") or counts.get("skipped"):
        tried = counts.get("not run", 0) + counts.get("skipped", 0)
        message, color = f"{counted(tried, 'rule')} not run", "lightgrey"
    else:
        message, color = f"{counted(counts.get('passed', 0), 'rule')} passed", "brightgreen"
    return {"schemaVersion": 1, "label": TITLE, "message": message, "color": color}


def _result_of(report: pytest.TestReport) -> str | None:
    if report.failed:
        return "failed"
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        return "not applicable" if NOT_APPLICABLE in reason else "skipped"
    return "passed" if report.when == "call" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of the badge."""
    parser.addoption(
        "--contract-badge",
        metavar="FILE",
        type=Path,
        help="write the results of the contracts of sacred-core as a badge of shields.io",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect the results of this session.

    Raises:
        pytest.UsageError: The badge cannot be written.
    """
    file = config.getoption("--contract-badge")
    if file is not None and not (file.parent.is_dir() and not file.is_dir()):
        raise pytest.UsageError(
            f"--contract-badge: cannot write {str(file)!r}: name a file in an existing folder"
        )
    summary = ContractSummary(file)
    config.pluginmanager.register(summary, "sacred-core-contracts")
