"""The version of the rules for plugins, which changes with the rules."""

import inspect

import attrs

#: The version of the rules in this package; see `CONTRACT_VERSIONS`.
CONTRACT_VERSION = "1.0"


@attrs.frozen(kw_only=True)
class ContractVersion:
    """A version of the rules.

    Attributes:
        version: The first number changes if a plugin that followed the rules may break a new one,
            the second one if it cannot, for example where a rule was relaxed.
        release: The first release of sacred-core that has these rules.
        rules: The number of rules by contract.
        changes: What is different from the version before.
    """

    version: str
    release: str
    rules: dict[str, int]
    changes: str


#: All versions, the newest last.
CONTRACT_VERSIONS = (
    ContractVersion(
        version="1.0",
        release="0.1",
        rules={"PluginContract": 10, "ObserverContract": 9, "StoreContract": 185},
        changes="The first version.",
    ),
)


def rules_of(contract: type) -> list[str]:
    """Return the names of the tests of a contract, those of its base classes included."""
    return sorted(
        name for name, value in inspect.getmembers(contract, callable) if name.startswith("test_")
    )


def title_of(rule: str) -> str:
    """Return the name of a test as words: the title of the rule."""
    return rule.removeprefix("test_").replace("_", " ")
