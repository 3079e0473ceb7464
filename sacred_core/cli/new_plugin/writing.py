"""Writes the files of a new plugin from templates."""

import datetime
import json
import os
import re
import shutil
import string
import tomllib
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Any

from sacred_core.atomic_files import replace_bytes
from sacred_core.cli.new_plugin.names import PluginNames
from sacred_core.version import __version__

#: The folder with the files that all variants have.
COMMON = "common"
#: Templates of files end with it, so that no program takes them for the files that they become.
_SUFFIX = ".txt"
#: In place of ``.`` at the beginning of a name, and in place of the name of the package.
_DOT, _MODULE = "dot-", "module"
_TEMPLATES = files("sacred_core.cli.new_plugin") / "templates"


def read_variant(folder: str) -> dict[str, Any]:
    """Return what a template says about itself: its summary, description and dependencies."""
    return tomllib.loads((_TEMPLATES / folder / "variant.toml").read_text(encoding="utf-8"))


def render_plugin(names: PluginNames, folder: str, author: str) -> dict[str, str]:
    """Return the contents of the files of a plugin, by their paths.

    Args:
        names: Of the plugin.
        folder: Of its template.
        author: For the metadata and the licence.
    """
    values = _values(names, read_variant(folder), author)
    usage = (_TEMPLATES / folder / "usage.md").read_text(encoding="utf-8")
    values["usage"] = string.Template(usage).substitute(values).strip()
    found: dict[str, str] = {}
    for source in (COMMON, folder):
        for path, template in _walk(_TEMPLATES / source, PurePosixPath()):
            text = string.Template(template).substitute(values).rstrip("\n")
            found[_target(path, names)] = f"{text}\n" if text else ""
    return dict(sorted(found.items()))


def write_plugin(folder: Path, contents: Mapping[str, str]) -> None:
    """Write the files of a plugin into a folder, which need not exist.

    If one cannot be written, all are removed, so that the command can be repeated.

    Raises:
        OSError: a file cannot be written; its attribute ``filename`` is the folder.
    """
    kept = set(folder.iterdir()) if folder.exists() else None
    try:
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_bytes(path, content.encode("utf-8"))
    except BaseException as error:
        _remove_written(folder, kept)
        if isinstance(error, OSError) and error.errno is not None:
            # The disk is full: the system does not report where.
            raise OSError(error.errno, os.strerror(error.errno), str(folder)) from error
        raise


def _remove_written(folder: Path, kept: Collection[Path] | None) -> None:
    """Remove what is in a folder except ``kept``; None: also the folder."""
    written = [folder] if kept is None else [path for path in folder.iterdir() if path not in kept]
    for path in written:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _values(names: PluginNames, variant: Mapping[str, Any], author: str) -> dict[str, str]:
    """Return what the placeholders of templates become."""
    versions = _compatible_versions(__version__)
    required = [f"{name}{versions}" for name in ("sacred-core", *variant.get("siblings", ()))]
    required += variant.get("requirements", ())
    tested = [f"{name}{versions}" for name in variant.get("test_siblings", ())]
    return {
        "name": names.name,
        "module": names.module,
        "prefix": names.prefix,
        "description": variant["description"],
        "author": author,
        "author_string": json.dumps(author, ensure_ascii=False),  # a string of TOML, too
        "year": str(datetime.date.today().year),
        "dependencies": "\n".join(f'  "{each}",' for each in required),
        "test_dependencies": "".join(f', "{each}"' for each in tested),
    }


def _compatible_versions(version: str) -> str:
    """Return the range of versions with the hooks of this one: ``>=0.1,<0.2`` for ``0.1.3``."""
    major, minor = map(int, version.split(".")[:2])
    return f">={major}.{minor},<{major}.{minor + 1}"


def _walk(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield the templates in a folder with their paths, which begin with that of the folder."""
    for each in folder.iterdir():
        if each.is_dir():
            yield from _walk(each, path / each.name)
        elif each.name.endswith(_SUFFIX):
            yield path / each.name, each.read_text(encoding="utf-8")


def _target(path: PurePosixPath, names: PluginNames) -> str:
    """Return the path of the file that a template becomes."""
    parts = (names.module if part == _MODULE else part for part in path.parts)
    target = PurePosixPath(*(re.sub(f"^{_DOT}", ".", part) for part in parts))
    return target.as_posix().removesuffix(_SUFFIX)
