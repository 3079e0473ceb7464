"""The names in a new plugin, and whether they are free."""

import importlib.util
import keyword
import re
import sys

import attrs

from sacred_core.exceptions import UsageError
from sacred_core.hooks.clash_keys import Key
from sacred_core.hooks.lookup import KNOWN_NAMES
from sacred_core.hooks.manager import PluginManager
from sacred_core.plurals import counted
from sacred_core.shared_methods import ValueMethods

#: Lines of the templates fit into 100 columns with names of this length.
LONGEST = 40
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
#: What the names of official plugins begin with.
_RESERVED = "sacred-"


@attrs.frozen(eq=False, repr=False)
class PluginNames(ValueMethods):
    """The names of a plugin.

    Attributes:
        name: Of the distribution, the entry point, the option and the command: ``"acme-runs"``.
    """

    name: str

    @property
    def module(self) -> str:
        """The name of the package: ``"acme_runs"``."""
        return self.name.replace("-", "_")

    @property
    def prefix(self) -> str:
        """What the names of classes begin with: ``"AcmeRuns"``."""
        return "".join(word.capitalize() for word in self.name.split("-"))

    def claimed(self, folder: str) -> list[Key]:
        """Return the keys that the template in a folder offers, as in `clash_keys`."""
        flags = [("flag", f"--{each}") for each in (self.name, self.module)]
        return {
            "store": [
                *flags,
                ("scheme", self.name),
                ("name", f"sacred_core.observers.{self.prefix}Observer"),
            ],
            "flag": flags,
            "command": [("subcommand", self.name)],
            "host_info": [("host info", self.name)],
            "config_source": [("suffix", ".conf")],
        }.get(folder, [])


def read_name(text: str) -> PluginNames:
    """Return the names of the plugin ``text``.

    Raises:
        UsageError: it is not the name of a distribution and of a package that can be imported.
    """
    if not _NAME.fullmatch(text) or len(text) > LONGEST:
        similar = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-0123456789")[:LONGEST].strip("-")
        hint = f", such as {similar!r}" if _NAME.fullmatch(similar) else ""
        raise UsageError(
            f"the name {text!r} must be lower-case letters and digits in words with hyphens "
            f"between them, at most {counted(LONGEST, 'character')}{hint}"
        )
    if text.startswith(_RESERVED):
        raise UsageError(
            f"names like {text!r} are those of official plugins: use another one, such as "
            f"{f'{text.removeprefix(_RESERVED)}-sacred'!r}"
        )
    names = PluginNames(text)
    if keyword.iskeyword(names.module) or names.module in sys.stdlib_module_names:
        raise UsageError(f"{names.module!r} is a word or a module of Python: use another name")
    return names


def require_free(names: PluginNames, folder: str, manager: PluginManager) -> None:
    """Refuse names that an installed package has.

    Args:
        names: Those of the new plugin.
        folder: Of its template.
        manager: The installed plugins.

    Raises:
        UsageError: a package or a plugin has one of the names.
    """
    owners = {plugin.name: plugin.distribution for plugin in manager.plugins}
    owners |= {each.distribution.removeprefix(_RESERVED): each.distribution for each in KNOWN_NAMES}
    if names.name in owners:
        raise UsageError(
            f"{names.name!r} is the name of the plugin of {owners[names.name]}: use another name"
        )
    if importlib.util.find_spec(names.module) is not None:
        raise UsageError(f"a package {names.module!r} is installed: use another name")
    for kind, key in names.claimed(folder):
        owner = manager.owner(kind, key)
        if owner is not None:
            raise UsageError(
                f"the {kind} {key!r} is used by {owner.distribution}: use another name"
            )
