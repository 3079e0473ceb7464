"""Writes docs/rules.md from the docstrings of the contracts: ``python docs/make_rules.py``."""

from pathlib import Path

from sacred_core.testing import ObserverContract, PluginContract, StoreContract
from sacred_core.testing.claim_contract import ClaimContract
from sacred_core.testing.content_contract import ContentContract
from sacred_core.testing.damage_contract import DamageContract
from sacred_core.testing.end_contract import EndContract
from sacred_core.testing.fault_contract import FaultContract
from sacred_core.testing.file_contract import FileContract
from sacred_core.testing.id_contract import IdContract
from sacred_core.testing.limit_contract import LimitContract
from sacred_core.testing.listing_contract import ListingContract
from sacred_core.testing.override_contract import OverrideContract
from sacred_core.testing.removal_contract import RemovalContract
from sacred_core.testing.secret_contract import SecretContract
from sacred_core.testing.value_contract import ValueContract

HEAD = """# What a plugin promises

Every rule is a test of `sacred_core.testing`, which the author of a plugin runs by subclassing a
contract; our own plugins do. (This page is made by `python docs/make_rules.py`.)
"""
CONTRACTS = (
    PluginContract,
    ObserverContract,
    StoreContract,
    ListingContract,
    DamageContract,
    RemovalContract,
    ClaimContract,
    OverrideContract,
    IdContract,
    ValueContract,
    LimitContract,
    ContentContract,
    SecretContract,
    FileContract,
    FaultContract,
    EndContract,
)


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for contract in CONTRACTS:
        about = (contract.__doc__ or "").partition("\n\n")[0].strip()
        parts.append(f"\n## {contract.__name__}\n\n{' '.join(about.split())}\n\n")
        for name, test in vars(contract).items():
            if name.startswith("test_"):
                title = name.removeprefix("test_").replace("_", " ")
                rule = " ".join((test.__doc__ or "").split())
                parts.append(f"- **{title}**: {rule}\n")
    return "".join(parts)


if __name__ == "__main__":
    (Path(__file__).parent / "rules.md").write_text(page(), encoding="utf-8")
