"""Write docs/plugin-contract.md from the docstrings of the contracts.

.venv/bin/python tools/make_contract_page.py
"""

from pathlib import Path

from sacred_core.testing import PluginContract, StoreContract
from sacred_core.testing.contract_version import CONTRACT_VERSIONS, ContractVersion

HEAD = """# The plugin contract

Each rule is a test in `sacred_core.testing`. The author of a plugin runs the tests of a contract by
subclassing it, as the plugins of this repository do. `tools/make_contract_page.py` generates this
page.

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
    parts = [HEAD.format(versions="\n".join(map(_row, reversed(CONTRACT_VERSIONS))))]
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


def _row(each: ContractVersion) -> str:
    rules = ", ".join(f"{number} of `{name}`" for name, number in each.rules.items())
    return f"| {each.version} | {each.release} | {rules} | {each.changes} |"


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "plugin-contract.md").write_text(page(), encoding="utf-8")
