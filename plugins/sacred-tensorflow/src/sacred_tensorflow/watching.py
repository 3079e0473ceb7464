"""Records the folders of writers of summaries in runs, while at least one is watching."""

import contextlib
import functools
import importlib
import operator
import threading
from collections.abc import Callable, Iterator
from typing import Any

from sacred_core.context import current_run
from sacred_core.exceptions import AmbiguousRunError

#: In ``tensorflow``: of them there are some in each version.
_MODULES = ("summary", "compat.v1.summary")
_lock = threading.RLock()
#: Each as often as it is in a scope.
_runs: list[Any] = []
#: What was replaced: object, attribute and what it was.
_replaced: list[tuple[Any, str, Any]] = []


def watch(run: Any) -> None:
    """Record writers in ``run`` until `unwatch` is called equally often."""
    with _lock:
        if not _runs:
            _replace()
        _runs.append(run)


def unwatch(run: Any) -> None:
    """Undo `watch`; after the last one TensorFlow is as it was."""
    with _lock:
        _runs.remove(run)
        if not _runs:
            _restore()


def _replace() -> None:
    for owner, name in _makers():
        original = getattr(owner, name)
        _replaced.append((owner, name, original))
        setattr(owner, name, _wrap(original, is_method=name == "__init__"))


def _restore() -> None:
    while _replaced:
        owner, name, original = _replaced.pop()
        setattr(owner, name, original)


def _makers() -> Iterator[tuple[Any, str]]:
    """Yield what makes a writer in the version that is installed, each once."""
    seen: set[int] = set()
    for module in _modules():
        writer = getattr(module, "FileWriter", None)
        if isinstance(writer, type) and id(writer) not in seen:
            seen.add(id(writer))
            yield writer, "__init__"
        if hasattr(module, "create_file_writer") and id(module) not in seen:
            seen.add(id(module))
            yield module, "create_file_writer"


def _modules() -> Iterator[Any]:
    """Yield ``tf.summary`` and ``import tensorflow.summary``: they may be two modules."""
    tensorflow = importlib.import_module("tensorflow")
    for name in _MODULES:
        with contextlib.suppress(AttributeError):  # another version
            yield operator.attrgetter(name)(tensorflow)
        with contextlib.suppress(ImportError):
            yield importlib.import_module(f"tensorflow.{name}")


def _wrap(make: Callable[..., Any], is_method: bool) -> Callable[..., Any]:
    """Return a function that does the same and records the folder, its first argument."""
    position = 1 if is_method else 0

    @functools.wraps(make)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        if len(args) > position or "logdir" in kwargs:
            _record_folder(args[position] if len(args) > position else kwargs["logdir"])
        return made

    return wrapper


def _record_folder(folder: Any) -> None:
    with _lock:
        watching = list({id(run): run for run in _runs}.values())
        try:
            run = current_run()
        except AmbiguousRunError:  # a thread without a single run
            run = None
        # In a thread that belongs to no run, all that watch may have made it.
        for each in [run] if any(run is one for one in watching) else watching:
            noted = each.info.setdefault("tensorflow", {}).setdefault("logdirs", [])
            noted.append(folder)
