"""Configuration files: the formats that plugins offer, and those of the core.

Whatever a file contains, it becomes data or an error; nothing in it is executed.
"""

import io
import json
import os
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from sacred_core.dotted_path import ROOT, DottedPath
from sacred_core.exceptions import (
    ConfigFileAccessError,
    ConfigFileError,
    ConfigFileNotFoundError,
)
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import ConfigSource
from sacred_core.hooks.targets import resolve_target
from sacred_core.regular_files import require_regular
from sacred_core.settings import SETTINGS

#: Strings, so that what is in them is skipped, those before a colon as keys; and braces.
_JSON_TOKENS = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}]', re.S)


def config_suffixes() -> list[str]:
    """Return the suffixes of the formats that the installation reads, in alphabetical order."""
    return sorted(_by_suffix())


def has_config_suffix(name: str) -> bool:
    """Return whether ``name`` ends like a configuration file."""
    return os.path.splitext(name)[1].lower() in _by_suffix()  # noqa: PTH122 - a name, no path


def load_config_file(filename: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the entries that a configuration file contains.

    Raises:
        ConfigFileNotFoundError: the file does not exist.
        ConfigFileAccessError: the system refuses access to it.
        ConfigFileError: its format is unknown, or it does not contain a dictionary of plain data.
    """
    path = Path(os.path.expanduser(filename))  # noqa: PTH111 - never raises
    place = f"the file {str(path)!r}"
    try:
        path.stat()  # first: a missing file is not a file of an unknown format
    except (OSError, ValueError) as error:
        raise _file_error(f"{place} cannot be read", error) from error
    source = _source_of(path)
    try:
        require_regular(path)
        entries = resolve_target(source.load)(path)
    except Exception as error:
        raise _file_error(f"{place} cannot be read", error) from error
    if not isinstance(entries, dict):
        raise ConfigFileError(
            f"{place} contains a {type(entries).__name__}: expected a dictionary of config entries"
        )
    return entries


def dump_config_file(entries: dict[str, Any], filename: str | os.PathLike[str]) -> None:
    """Write ``entries`` in the format that the suffix of the file names.

    Raises:
        ConfigFileAccessError: the system refuses to write the file.
        ConfigFileError: the format is unknown or can only be read, or a value cannot be written.
    """
    path = Path(filename)
    source = _source_of(path)
    if source.dump is None:
        raise ConfigFileError(f"files like {str(path)!r} can be read but not written")
    try:
        resolve_target(source.dump)(entries, path)
    except Exception as error:
        raise _file_error(f"{str(path)!r} cannot be written", error) from error


def load_json(path: Path) -> Any:
    """Read JSON, with or without a byte order mark; tags of Sacred are read as the stores do.

    Raises:
        ValueError: it is not JSON, a key is there twice, or a tag cannot be read.
    """
    text = path.read_text(encoding="utf-8-sig")
    entries = json.loads(text, object_pairs_hook=lambda pairs: _without_duplicates(pairs, text))
    if '"py/' not in text and '"json://' not in text:
        return entries
    return decode_config(entries, path)


def dump_json(entries: Any, path: Path) -> None:
    """Write JSON."""
    text = json.dumps(entries, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def load_pickle(path: Path) -> Any:
    """Read a pickle of plain data; whatever else it names is neither imported nor called."""
    return _PlainUnpickler(io.BytesIO(path.read_bytes())).load()


def dump_pickle(entries: Any, path: Path) -> None:
    """Write a pickle."""
    path.write_bytes(pickle.dumps(entries))


def _without_duplicates(pairs: list[tuple[str, Any]], text: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        key, line = next(_duplicates(text))
        raise ValueError(f"duplicate key {key!r} in line {line}")
    return found


def _duplicates(text: str) -> Iterator[tuple[str, int]]:
    """Yield each repeated key of valid JSON, with its line."""
    around: list[set[str]] = []
    for token in _JSON_TOKENS.finditer(text):
        if token[0] == "{":
            around.append(set())
        elif token[0] == "}":
            around.pop()
        elif token["key"] is not None:
            key = json.loads(token["key"])
            if key in around[-1]:
                yield key, text.count("\n", 0, token.start()) + 1
            around[-1].add(key)


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> NoReturn:
        """Refuse everything that a pickle could import."""
        raise pickle.UnpicklingError(
            f"it contains a {module}.{name}, and only plain data can be read"
        )


def _source_of(path: Path) -> ConfigSource:
    source = _by_suffix().get(path.suffix.lower())
    if source is None:
        raise ConfigFileError(
            f"the format of {str(path)!r} is unknown: configuration files end in "
            f"{', '.join(config_suffixes())}"
        )
    plugin_manager().check_single("suffix", path.suffix.lower())
    return source


def _by_suffix() -> dict[str, ConfigSource]:
    return {
        suffix: source for source in plugin_manager().config_sources for suffix in source.suffixes
    }


def _file_error(message: str, error: Exception) -> ConfigFileError:
    """Return ``error`` as one of ours that is of the same kind."""
    message = f"{message}: {_format_error(error)}"
    if isinstance(error, FileNotFoundError):
        return ConfigFileNotFoundError(message, error)
    if isinstance(error, OSError):
        return ConfigFileAccessError(message, error)
    return ConfigFileError(message)


def _format_error(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror  # without the number, and the name that the message has already
    return " ".join(str(error).split()) or type(error).__name__


def decode_config(entries: Any, path: Path) -> Any:
    """Return the entries of a recorded ``config.json`` as the stores read them.

    Args:
        entries: The JSON document.
        path: Its file. The ``run.json`` beside it has the release of Sacred that wrote it.

    Raises:
        ValueError: a value can only be read by executing code, and keys like ``py/object`` are
            not allowed by ``SETTINGS.CONFIG.ENFORCE_KEYS_JSONPICKLE_COMPATIBLE``.
    """
    from sacred_core.jsonpickle_data import decode_jsonpickle

    decoded = decode_jsonpickle(entries, _release_beside(path))
    if SETTINGS.CONFIG.ENFORCE_KEYS_JSONPICKLE_COMPATIBLE:
        for place, tag in _remaining_tags(decoded, ROOT):
            name = tag.get("py/object") or tag.get("py/type") or tag.get("py/function")
            shown = name if isinstance(name, str) else json.dumps(tag)[:100]
            raise ValueError(
                f"the entry {place!r} is a value that Sacred stored as {shown!r}, which can only "
                "be read by executing code: remove the entry from the file, or set it in the script"
            )
    return decoded


def _remaining_tags(value: Any, place: DottedPath) -> Iterator[tuple[DottedPath, dict[Any, Any]]]:
    if isinstance(value, dict):
        if any(isinstance(key, str) and key.startswith("py/") for key in value):
            yield place, value
        for key, item in value.items():
            yield from _remaining_tags(item, place.below(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _remaining_tags(item, place.below(number))


def _release_beside(path: Path) -> str | None:
    from sacred_core.jsonpickle_data import sacred_release

    try:
        entry = json.loads(path.with_name("run.json").read_text(encoding="utf-8"))
        return sacred_release(entry["experiment"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
