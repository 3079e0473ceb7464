"""Write docs/public-names.md: the names that docs/compatibility.md promises not to change.

.venv/bin/python tools/make_names_page.py

`AREAS` names the public modules. The names are those of ``__all__``, or those that are written
here; of a class, its attributes and methods are listed, with their parameters. All plugins must be
installed.
"""

import enum
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "public-names.md"
#: The public modules by area; the names of a module, ``""``: those of ``__all__``.
AREAS: dict[str, dict[str, str]] = {
    "Scripts": {
        "sacred_core": "",
        "sacred_core.observers": "QueueObserver RetryPolicy RunObserver SpoolObserver",
        "sacred_core.run": "",
        "sacred_core.settings": "SETTINGS",
        "sacred_core.utils": "",
        "sacred_core.commands": "",
        "sacred_core.commandline_options": "",
        "sacred_core.dependencies": "",
        "sacred_core.host_info": "",
        "sacred_core.observer": "",
        "sacred_core.randomness": "SEEDRANGE create_rnd get_seed set_global_seed",
        "sacred_core.config.config_dict": "ConfigDict",
        "sacred_core.config.config_scope": "ConfigScope",
    },
    "Recorded runs": {
        "sacred_core.stores": "",
        "sacred_core.stores.opening": "open_store open_target",
        "sacred_core.stores.curves": "curve points summaries tail",
        "sacred_core.stores.changes": "change_token missing_ids",
        "sacred_core.stores.digests": "digest_run",
        "sacred_core.stores.query": "",
        "sacred_core.stores.folder_format": "",
        "sacred_core.archives": "",
        "sacred_core.compare": "",
        "sacred_core.rerun": "",
        "sacred_core.transfer.copying": "copy_runs",
        "sacred_core.transfer.known_runs": "Target",
        "sacred_core.transfer.verification": "verify",
        "sacred_core.worker": "",
    },
    "Plugins": {
        "sacred_core.context": "current_run",
        "sacred_core.deprecation": (
            "SacredDeprecationWarning deprecated deprecation moved_names removal_version "
            "renamed_argument warn_deprecated"
        ),
        "sacred_core.hooks.manager": "plugin_manager",
        "sacred_core.masking": "",
        "sacred_core.observers.backends": "Backend BackendObserver BackendStore Part",
        "sacred_core.observers.delivering": "MetricPositions asked_id current_event",
        "sacred_core.observers.documents": "DocumentObserver",
        "sacred_core.observers.parts": "PartObserver",
        "sacred_core.provenance.sources": "stored_version",
        "sacred_core.serialization": "from_json to_json",
        "sacred_core.stores.documents": (
            "DocumentStore decode_annotation decode_fields encode_annotation encode_fields "
            "encode_points merge_output merge_points"
        ),
        "sacred_core.stores.run_queue": "DocumentQueue RunQueue",
        "sacred_core.stores.segment_views": "select_shown",
        "sacred_core.stores.uids": "NewIdStore UidIndex UidStore",
        "sacred_core.stores.worker_claims": "following_claim is_growing",
        "sacred_core.stores.writers": "WriterStore",
        "sacred_core.testing": "",
        "sacred_core.testing.effort": "examples",
    },
    "Distributions of plugins": {
        "sacred_board": "",
        "sacred_file": "",
        "sacred_gcs": "",
        "sacred_mongo": "",
        "sacred_objects": "",
        "sacred_s3": "",
        "sacred_slack": "",
        "sacred_sql": "",
        "sacred_sweep": "",
        "sacred_sweep.launching": "LaunchError LaunchRequest Launched",
        "sacred_sweep.launch_values": "read_count read_string",
        "sacred_sweep.testing": "LauncherContract",
        "sacred_sweep.worker_task": "WorkerTask to_task",
        "sacred_telegram": "",
        "sacred_tensorflow": "",
        "sacred_tinydb": "",
    },
}
HEAD = """# Public names

For authors of scripts and plugins: the modules, names, members and parameters that do not change
without a warning, according to [Compatibility](compatibility.md). What is not on this page may
change in any release. The classes in `sacred_core.exceptions` are on the page [Errors](errors.md),
hooks on the page [Hooks](hooks.md), settings on the page [Settings](settings.md).

`tools/make_names_page.py` generates this page, and a test fails if it differs from the code.
Parameters after `*` are passed by name. Observers of installed plugins can be imported from
`sacred_core.observers`, too. The tests of a contract are on the page [The plugin
contract](plugin-contract.md).
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    places: dict[int, str] = {}
    classes = _public_classes()
    for area, modules in AREAS.items():
        parts.append(f"\n## {area}\n")
        for module in modules:
            parts.append(f"\n### {module}\n\n")
            for name in sorted(_names(module), key=str.casefold):
                value = _load(module, name)
                place = places.setdefault(id(value), f"{module}.{name}")
                is_first = place == f"{module}.{name}" or not _has_summary(value)
                lines = _lines(name, value, classes) if is_first else [f"- `{name}`: see `{place}`"]
                parts += (f"{line}\n" for line in lines)
    return "".join(parts)


def public_names() -> set[tuple[str, str]]:
    """Return the module and the name of everything on the page."""
    modules = [module for area in AREAS.values() for module in area]
    return {(module, name) for module in modules for name in _names(module)}


def _names(module: str) -> list[str]:
    written = next(area[module] for area in AREAS.values() if module in area)
    return written.split() or [*importlib.import_module(module).__all__]


def _load(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _public_classes() -> set[type]:
    values = (_load(module, name) for module, name in public_names())
    return {value for value in values if inspect.isclass(value)}


def _lines(name: str, value: Any, classes: set[type]) -> Iterator[str]:
    """Yield the item of a name, and of a class another one with its members."""
    if inspect.isclass(value) and value.__module__ == "sacred_core.exceptions":
        yield f"- [`{name}`](errors.md#{name.lower()})"
        return
    summary = _summary(value)
    yield f"- `{name}{_signature(value)}`{f': {summary}' if summary else ''}"
    if inspect.isclass(value) and not issubclass(value, BaseException):
        members = ", ".join(f"`{each}`" for each in _members(value, classes))
        bases = [base for base in value.__mro__[1:] if base in classes]
        nearest = [b for b in bases if not any(b in other.__mro__[1:] for other in bases)]
        inherited = " and ".join(f"`{base.__name__}`" for base in nearest)
        parts = [f"members of {inherited}"] * bool(inherited) + [members] * bool(members)
        if parts:
            yield f"  - {'; '.join(parts)}"


def _has_summary(value: Any) -> bool:
    return inspect.isclass(value) or inspect.isroutine(value)


def _summary(value: Any) -> str:
    """Return the first sentence of the docstring of a class or a function, in Markdown."""
    if not _has_summary(value):
        return ""
    text = " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())
    return text.replace("``", "`")


def _members(kind: type, classes: set[type]) -> list[str]:
    """Return the public attributes and methods of a class that no public base class has."""
    found: dict[str, str] = {}
    public_bases = [base for base in kind.__mro__[1:] if base in classes]
    inherited = {name for base in public_bases for name in [*dir(base), *_documented(base)]}
    for base in reversed(kind.__mro__):
        if not base.__module__.startswith("sacred_"):
            continue
        for name in [*_documented(base), *inspect.get_annotations(base)]:
            found.setdefault(name, name)
        for name, value in vars(base).items():
            inner = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
            found[name] = f"{name}{_signature(inner)}" if inspect.isroutine(inner) else name
    return [
        found[name]
        for name in sorted(found, key=str.casefold)
        if name[0] != "_" and not name.startswith("test_") and name not in inherited
    ]


def _documented(kind: type) -> list[str]:
    """Return the names in the section ``Attributes:`` of a docstring."""
    text = inspect.cleandoc(kind.__dict__.get("__doc__") or "")
    section = text.partition("\nAttributes:\n")[2].partition("\n\n")[0]
    lines = re.findall(r"(?m)^    (\w[\w, ]*):", section)
    return [name for line in lines for name in line.split(", ")]


def _signature(value: Any) -> str:
    """Return the names of the parameters of a function or class, such as ``(name, *, step)``."""
    if not _has_summary(value):
        return ""
    if inspect.isclass(value) and _has_other_constructor(value):
        return ""
    try:
        parameters = [*inspect.signature(value).parameters.values()]
    except (TypeError, ValueError):
        return "(…)"
    shown: list[str] = []
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not any(word.startswith("*") for word in shown):
            shown.append("*")
        stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        shown.append(f"{stars}{each.name}")
    return f"({', '.join(name for name in shown if name not in ('self', 'cls'))})"


def _has_other_constructor(kind: type) -> bool:
    """Return whether a class is created in a way that its signature does not show."""
    is_protocol = getattr(kind, "_is_protocol", False)
    return issubclass(kind, (enum.Enum, BaseException)) or bool(is_protocol)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
