"""Finds objects of plugins by name, and the distribution to install for missing ones."""

from typing import Any, NamedTuple

from sacred_core.exceptions import PluginClashError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.targets import Target, resolve_target

_OBSERVERS = "sacred_core.observers"
#: What precedes the command in a message about a missing plugin.
INSTALL = "install it with: "


class KnownName(NamedTuple):
    """A name that an official plugin offers, installed or not.

    Attributes:
        name: What can be imported.
        distribution: What has the plugin.
        flags: Of the observer.
        schemes: Of the locations of its runs.
        module: Where the name can be imported from.
    """

    name: str
    distribution: str
    flags: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    module: str = _OBSERVERS


_SQL_SCHEMES = ("sqlite", "postgresql", "postgres", "mysql", "mariadb")


KNOWN_NAMES = (
    KnownName("FileStorageObserver", "sacred-file", ("-F", "--file_storage"), ("file",)),
    KnownName("MongoObserver", "sacred-mongo", ("-m", "--mongo_db"), ("mongodb",)),
    KnownName("QueuedMongoObserver", "sacred-mongo"),
    KnownName("TinyDbObserver", "sacred-tinydb", ("-t", "--tiny_db"), ("tinydb",)),
    KnownName("TinyDbReader", "sacred-tinydb"),
    KnownName("SqlObserver", "sacred-sql", ("-s", "--sql"), _SQL_SCHEMES),
    KnownName("S3Observer", "sacred-s3", ("-S", "--s3"), ("s3",)),
    KnownName("GoogleCloudStorageObserver", "sacred-gcs", ("--gcs",), ("gs",)),
    KnownName("SlackObserver", "sacred-slack"),
    KnownName("TelegramObserver", "sacred-telegram"),
    KnownName("LogFileWriter", "sacred-tensorflow", module="sacred_core.stflow"),
)

#: Commands of `sacred` that official plugins offer, and their distributions.
KNOWN_COMMANDS = {
    "board": "sacred-board",
    "gcs": "sacred-gcs",
    "mongo": "sacred-mongo",
    "s3": "sacred-s3",
    "sweep": "sacred-sweep",
}
#: Commands of every experiment that official plugins offer, and their distributions.
KNOWN_SCRIPT_COMMANDS = {"sweep": "sacred-sweep"}


def distribution_of(name_or_flag: str, module: str = _OBSERVERS) -> str | None:
    """Return the official distribution that offers a name in ``module`` or a flag, or None.

    A long flag may be written with ``-`` for ``_``.
    """
    flag = name_or_flag[:2] + name_or_flag[2:].replace("-", "_")
    for known in KNOWN_NAMES:
        if (name_or_flag, module) == (known.name, known.module) or flag in known.flags:
            return known.distribution
    return None


def distribution_of_scheme(scheme: str) -> str | None:
    """Return the official distribution that reads locations with a scheme, or None."""
    return next((known.distribution for known in KNOWN_NAMES if scheme in known.schemes), None)


def missing_reason(distribution: str) -> str:
    """Return why an object of an official distribution cannot be used, and what to do."""
    for plugin in plugin_manager().plugins:
        if plugin.distribution.startswith(distribution + " "):
            return "; ".join(plugin.problems) or f"the plugin {plugin.name!r} is {plugin.state}"
    return f"{INSTALL}pip install {distribution}"


def find_export(module: str, name: str) -> Any:
    """Return what a plugin offers under a name in a module of ``sacred_core``.

    Args:
        module: ``"sacred_core.observers"`` or ``"sacred_core.stflow"``.
        name: Of an observer or an `Export`.

    Raises:
        ImportError: it belongs to an official plugin which is not installed, or is broken.
        AttributeError: no plugin offers it.
    """
    target = _targets(module).get(name)
    try:
        plugin_manager().check_single("name", f"{module}.{name}")
    except PluginClashError as error:
        raise ImportError(str(error)) from None
    if target is not None:
        return resolve_target(target)
    distribution = distribution_of(name, module)
    if distribution is None:
        raise AttributeError(f"no installed plugin offers {name!r} in {module}")
    for plugin in plugin_manager().plugins:
        if plugin.distribution.startswith(distribution + " "):
            reason = "; ".join(plugin.problems) or f"the plugin is {plugin.state}"
            raise ImportError(f"{name} of {distribution} cannot be used: {reason}")
    raise ImportError(f"{name} is in a separate plugin: pip install {distribution}")


def _targets(module: str) -> dict[str, Target]:
    manager = plugin_manager()
    found = {export.name: export.target for export in manager.exports if export.module == module}
    if module == _OBSERVERS:
        specs = manager.observers
        found |= {spec.name: spec.target for spec in specs if spec.target is not None}
    return found
