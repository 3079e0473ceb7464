"""Write docs/plugin-contract.md from the docstrings of the contracts.

.venv/bin/python tools/make_contract_page.py
"""

from pathlib import Path

from sacred_core.testing import PluginContract, StoreContract

HEAD = """# The plugin contract

Each rule is a test in `sacred_core.testing`. The author of a plugin runs the tests of a contract by
subclassing it, as the plugins of this repository do. `tools/make_contract_page.py` generates this
page.
"""
CONTRACTS = (PluginContract, *StoreContract.__mro__[:-1])


def page() -> str:
    """Return the page."""
    parts = [HEAD]
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


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "plugin-contract.md").write_text(page(), encoding="utf-8")
