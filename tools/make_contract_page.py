"""Write docs/plugin-contract.md from the docstrings of the contracts.

.venv/bin/python tools/make_contract_page.py
"""

import json
from pathlib import Path

from click.testing import CliRunner

from sacred_core.cli.plugins import plugins
from sacred_core.testing import PluginContract, StoreContract
from sacred_core.testing.contract_version import CONTRACT_VERSIONS, ContractVersion
from sacred_core.testing.summary import ContractResult, badge, summary_lines

HEAD = """# The plugin contract

Each rule is a test in `sacred_core.testing`. The author of a plugin runs the tests of a contract by
subclassing it, as [Write a plugin](write-a-plugin.md#test-it) shows. `tools/make_contract_page.py`
generates this page.

## Results

`sacred plugins --check NAME` checks an installed plugin against `PluginContract`, without a file of
tests; the exit code is 1 if it breaks a rule. With `--json`, the output follows
[a schema](plugin-check.schema.json).

```console
{check}
```

For your own tests, pytest prints a summary at the end if `pyproject.toml` has these lines:

```toml title="pyproject.toml"
[tool.pytest.ini_options]
addopts = ["-p", "sacred_core.testing.summary"]
```

```python title="test_bell.py"
from sacred_core.observers import RunObserver
from sacred_core.testing import ObserverContract, PluginContract


class TestPlugin(PluginContract):
    distribution = "sacred-file"


class TestBell(ObserverContract):
    def make_observer(self, tmp_path):
        return RunObserver()
```

```console
$ python -m pytest -q test_bell.py
...
{summary}
{passed} passed in 1.42s
```

| result | meaning |
| --- | --- |
| passed, failed | the rule applies; a rule with several tests has failed if one of them has |
| not applicable | the backend does not have what the rule is about, such as writers |
| skipped | you have skipped the rule |
| not run | the rule was not selected, or your class replaces it with `None` |

For a rule that is not applicable, pytest reports a skipped test with the reason. Your own tests can
call `sacred_core.testing.skip_rule(reason)`.

The option `--contract-badge FILE` also writes a badge:

```console
$ python -m pytest -q test_bell.py --contract-badge contract.json
...
The badge is in contract.json.
{passed} passed in 1.42s
$ cat contract.json
{badge}
```

Publish the file, and show it in your README: the address of the image is
`https://img.shields.io/endpoint?url=` and the address of the file. The badge is green only if each
rule was run, and all that apply passed.

## Versions

The rules have a version, `sacred_core.testing.CONTRACT_VERSION`. Its first number changes if a
plugin that followed the rules may break a new one, and the second one if it cannot, for example
because a rule was relaxed.

| version | since sacred-core | rules | changes |
| --- | --- | --- | --- |
{versions}
"""
CONTRACTS = (PluginContract, *StoreContract.__mro__[:-1])


def page() -> str:
    """Return the page."""
    results = _results()
    head = HEAD.format(
        versions="\n".join(map(_row, reversed(CONTRACT_VERSIONS))),
        check=_check(),
        summary="\n".join(summary_lines(results)),
        badge=json.dumps(badge(results), indent=2),
        passed=sum(result.rules for result in results),
    )
    parts = [head]
    for contract in CONTRACTS:
        if not any(name.startswith("test_") for name in vars(contract)):
            continue  # it only helps others
        about = (contract.__doc__ or "").partition("\n\n")[0].strip()
        parts.append(f"\n## {contract.__name__}\n\n{' '.join(about.split())}\n\n")
        for name, test in vars(contract).items():
            if name.startswith("test_"):
                title = name.removeprefix("test_").replace("_", " ")
                rule = " ".join((test.__doc__ or "").split())
                parts.append(f"- **{title}**: {rule}\n")
    return "".join(parts)


def _check() -> str:
    """Return what the check of a plugin prints, as a screen."""
    done = CliRunner().invoke(plugins, ["--check", "file"])
    return f"$ sacred plugins --check file\n{done.stdout.rstrip()}"


def _results() -> list[ContractResult]:
    """Return the results of the tests on the page: each rule has passed."""
    backends = {"PluginContract": "sacred-file", "ObserverContract": "Bell"}
    rules = CONTRACT_VERSIONS[-1].rules
    results = [ContractResult(name, backend, rules[name]) for name, backend in backends.items()]
    for result in results:
        for number in range(result.rules):
            result.note(str(number), "passed")
    return results


def _row(each: ContractVersion) -> str:
    rules = ", ".join(f"{number} of `{name}`" for name, number in each.rules.items())
    return f"| {each.version} | {each.release} | {rules} | {each.changes} |"


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "plugin-contract.md").write_text(page(), encoding="utf-8")
