"""Source files that were edited after their code was loaded: they are not what runs."""

import importlib.util
import tokenize
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import CodeType, ModuleType

from sacred_core.loaded_code import functions_in, is_comparable, is_source_of
from sacred_core.loggers import own_logger

_logger = own_logger(__name__)


def changed_sources(
    modules: Iterable[ModuleType], paths: set[Path], codes: Mapping[str, CodeType]
) -> set[Path]:
    """Return those of ``paths`` whose content is not what was loaded, with a warning for each.

    Args:
        modules: What is loaded.
        paths: Files.
        codes: The code of modules, by name, where it is known.
    """
    changed = set()
    for module in modules:
        file = module.__file__ or ""
        path = Path(file).resolve()
        if path in paths and is_comparable(vars(module)) and _is_changed(module, file, codes):
            changed.add(path)
            _logger.warning(
                "%r has changed since it was loaded: its source is not recorded, because it is "
                "not what runs",
                file,
            )
    return changed


def _is_changed(module: ModuleType, file: str, codes: Mapping[str, CodeType]) -> bool:
    if module.__name__ in codes:
        known = [codes[module.__name__]]
    elif _is_compiled(file):
        return False
    else:
        known = list(functions_in(vars(module), file))
    if not known:
        return False
    try:
        with tokenize.open(file) as opened:
            text = opened.read()
    except (OSError, SyntaxError, UnicodeError):
        return False  # what cannot be read is not recorded anyway
    return not all(is_source_of(text, file, code) for code in known)


def _is_compiled(file: str) -> bool:
    """Return whether the compiled file that Python keeps belongs to ``file`` as it is now.

    Importing writes it, with time and size of the source (PEP 552).
    """
    try:
        with open(importlib.util.cache_from_source(file), "rb") as compiled:
            head = compiled.read(16)
        stat = Path(file).stat()
    except (OSError, NotImplementedError):
        return False
    fields = [int.from_bytes(head[i : i + 4], "little") for i in (4, 8, 12)]
    return fields == [0, int(stat.st_mtime) & 0xFFFFFFFF, stat.st_size & 0xFFFFFFFF]
