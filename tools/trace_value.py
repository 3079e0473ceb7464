"""Print the files that a configuration entry and a metric point pass through on their way to disk.

A run with a `FileStorageObserver` is traced. A file is on the way if one of its functions receives
the value as an argument (alone, or in a collection, a string or an attrs object) and passes it on:
it returns it, stores it in its object, or writes it by a call. Functions that only check a value
are not on the way.

Run it in an environment with sacred-core and sacred-file: ``python tools/trace_value.py``.
"""

import inspect
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import attrs
import sacred_file

import sacred_core

_ROOTS = [Path(module.__file__ or "").parent for module in (sacred_core, sacred_file)]
_ENTRY, _POINT = 713705.25, 713706.25
#: Functions by file, for each value.
_Found = dict[float, dict[str, dict[str, None]]]


def main() -> None:
    """Print both lists."""
    found: _Found = {_ENTRY: {}, _POINT: {}}
    with tempfile.TemporaryDirectory() as folder:
        ex = _experiment(Path(folder, "runs"))
        tracer = _Tracer(found)
        threading.settrace(tracer.trace)
        sys.settrace(tracer.trace)
        try:
            ex.run()
        finally:
            sys.settrace(None)
            threading.settrace(None)
    for title, files in zip(("configuration entry", "metric point"), found.values(), strict=True):
        sys.stdout.write(f"{title}: {len(files)} files\n")
        for file, functions in files.items():
            sys.stdout.write(f"  {file}: {', '.join(functions)}\n")


def _experiment(folder: Path) -> Any:
    ex = sacred_core.Experiment("traced", save_git_info=False)
    ex.observers.append(sacred_file.FileStorageObserver(folder))
    entry, point = int(_ENTRY), int(_POINT)  # so that the source does not contain the values

    @ex.config
    def values() -> None:
        traced = entry + 0.25  # noqa: F841 - the entry

    @ex.main
    def run(_run: Any) -> None:
        _run.log_scalar("traced", point + 0.25)

    return ex


class _Tracer:
    def __init__(self, found: _Found) -> None:
        self._found = found

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Inspect a call; the result inspects its return."""
        file = _own_file(frame.f_code.co_filename)
        if event != "call" or file is None:
            return None
        received = [value for value in self._found if _is_in(_arguments(frame), value)]
        if not received:
            return None
        if frame.f_code.co_name in ("replace_bytes", "write"):
            for caller in _callers(frame):
                self._note(caller, [v for v in received if _is_in(_arguments(caller), v)])
        frame.f_trace_lines = False

        def trace_return(_: FrameType, event: str, argument: Any) -> Any:
            if event == "return":
                state = getattr(frame.f_locals.get("self"), "__dict__", {})
                self._note(frame, [v for v in received if _is_in([argument, state], v)])
            return trace_return

        return trace_return

    def _note(self, frame: FrameType, values: list[float]) -> None:
        file = _own_file(frame.f_code.co_filename)
        for value in values:
            if file is not None:
                self._found[value].setdefault(file, {})[frame.f_code.co_qualname] = None


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _own_file(name: str) -> str | None:
    for root in _ROOTS:
        if name.startswith(str(root)):
            return str(Path(name).relative_to(root.parent))
    return None


def _arguments(frame: FrameType) -> list[Any]:
    info = inspect.getargvalues(frame)
    names = [*info.args, *filter(None, (info.varargs, info.keywords))]
    return [info.locals[name] for name in names if name in info.locals and name != "self"]


def _is_in(item: Any, value: float, depth: int = 8) -> bool:
    if isinstance(item, float):
        return item == value
    if isinstance(item, (str, bytes)):
        return str(value) in (item if isinstance(item, str) else item.decode("latin-1"))
    if depth == 0:
        return False
    parts: Iterator[Any] = iter(())
    if isinstance(item, Mapping):
        parts = iter(list(item.values()))
    elif isinstance(item, (list, tuple)):
        parts = iter(item)
    elif attrs.has(type(item)):
        parts = (getattr(item, field.name, None) for field in attrs.fields(type(item)))
    return any(_is_in(part, value, depth - 1) for part in parts)


if __name__ == "__main__":
    main()
