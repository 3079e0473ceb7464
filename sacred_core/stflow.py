"""The documented name of what notes TensorFlow's summaries; a plugin offers it."""

from typing import Any

#: The plugin's entry points in this group have the names that are offered here.
_GROUP = "sacred_core.stflow"


def __getattr__(name: str) -> Any:
    from importlib.metadata import entry_points

    for found in entry_points(group=_GROUP, name=name):
        return found.load()
    if name == "LogFileWriter":
        raise ImportError(f"{name} needs a plugin: pip install sacred-tensorflow")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
