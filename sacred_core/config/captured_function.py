"""Functions whose missing arguments come from the configuration."""

import functools
import importlib
import inspect
import itertools
import logging
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar, overload

from sacred_core.config.binding import SPECIAL_NAMES, Binding, Snapshot
from sacred_core.context import current_run

P = ParamSpec("P")
R = TypeVar("R")

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class CapturedFunction(Generic[P, R]):
    """A function that takes what it is not given from the configuration of its run.

    Arguments that are passed win over the configuration, which wins over defaults. The
    parameters ``_config``, ``_seed``, ``_rnd``, ``_log`` and ``_run`` are filled in too.

    Attributes:
        owner: The ingredient or experiment that captured it.
        prefix: Dotted path of the subtree, below the ingredient's, that it sees; or None.
        unobserved: As a command, it is run without observers.
    """

    def __init__(
        self, function: Callable[P, R], owner: Any = None, prefix: str | None = None
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.owner = owner
        self.prefix = prefix
        self.unobserved = False
        self._resemble_function()
        parameters = inspect.signature(function).parameters.values()
        self.positional = tuple(p.name for p in parameters if p.kind in _POSITIONAL)
        self.positional_only = sum(p.kind is _POSITIONAL[0] for p in parameters)
        self.names = tuple(p.name for p in parameters if p.kind not in _VARIADIC)
        self.required = frozenset(
            p.name for p in parameters if p.default is p.empty and p.kind not in _VARIADIC
        )
        self.specials = SPECIAL_NAMES.intersection(self.names)
        self._binding: Binding | None = None

    def _resemble_function(self) -> None:
        """Let `inspect` answer as for the function: whether it is a coroutine function."""
        for name in ("__code__", "__defaults__", "__kwdefaults__"):
            if hasattr(self.function, name):
                setattr(self, name, getattr(self.function, name))

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> R: ...
    def __call__(self, *args: Any, **kwargs: Any) -> R:
        """Call the function.

        Raises:
            MissingConfigError: an argument is neither passed nor configured nor has a default.
        """
        run = current_run()
        binding = self._binding
        # What was pickled for a forked child has seeds of its own, whichever child gets it.
        if run is not None and (binding is None or (binding.run is not run and not run.is_forked)):
            binding = self._binding = run.bind(self)
        if binding is None:
            return self.function(*args, **kwargs)
        kwargs = binding.completed(len(args), kwargs)
        if self.positional_only > len(args):
            missing = self.positional[len(args) : self.positional_only]
            args += tuple(kwargs.pop(name) for name in missing if name in kwargs)
        return self.function(*args, **kwargs)

    @property
    def run(self) -> Any:
        """The current run, or else the last one in which it was called; None before."""
        binding = self._latest_binding()
        return None if binding is None else binding.run

    @property
    def config(self) -> Mapping[str, Any]:
        """What it sees of the configuration of `run`; empty without a run."""
        binding = self._latest_binding()
        return {} if binding is None else binding.config

    @property
    def logger(self) -> "logging.Logger | None":
        """Its ``_log`` in `run`; None without a run."""
        binding = self._latest_binding()
        return None if binding is None else binding.logger

    def _latest_binding(self) -> "Binding | None":
        run = current_run()
        return self._binding if run is None else run.bind(self)

    @overload
    def __get__(self, instance: None, owner: type) -> "CapturedFunction[P, R]": ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., R]: ...
    def __get__(self, instance: object | None, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name, with what the current run gives: so it works in a spawned child."""
        module, snapshot = self.function.__module__, self._snapshot()
        script = self.function.__code__.co_filename if module == "__main__" else None
        return _unpickled, (module, self.function.__qualname__, snapshot, script)

    def __copy__(self) -> "CapturedFunction[P, R]":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "CapturedFunction[P, R]":
        return self

    def _snapshot(self) -> "Snapshot | None":
        run = current_run()
        binding = self._binding if run is None else run.bind(self)
        return binding.snapshot() if binding is not None else None

    def _bound_to(self, snapshot: "Snapshot") -> "CapturedFunction[P, R]":
        """Return a function that takes its arguments from ``snapshot``."""
        from sacred_core.config.containers import read_only

        bound = CapturedFunction(self.function, self.owner, self.prefix)
        calls = itertools.count()
        bound._binding = Binding(
            bound,
            None,
            "",
            snapshot.config,
            read_only,
            snapshot.extras,
            logging.getLogger(self.function.__name__),
            lambda: snapshot.seed_of(next(calls)),
            snapshot.generator,
            snapshot.derive,
        )
        return bound

    def __repr__(self) -> str:
        return f"<captured function {getattr(self, '__qualname__', self.function)!r}>"


def _unpickled(
    module: str, qualname: str, snapshot: Snapshot | None, script: str | None = None
) -> "CapturedFunction[..., Any]":
    try:
        found = _found(importlib.import_module(module), qualname)
    except AttributeError:
        if script is None:
            raise
        # A worker of loky, whose main module is its own: what multiprocessing does for its workers.
        found = _found(_main_module(script), qualname)
    return found if snapshot is None else found._bound_to(snapshot)


def _found(module: Any, qualname: str) -> "CapturedFunction[..., Any]":
    found: CapturedFunction[..., Any] = functools.reduce(getattr, qualname.split("."), module)
    return found


def _main_module(script: str) -> Any:
    import runpy

    name = "__mp_main__"
    module = sys.modules.get(name)
    if module is None or getattr(module, "__file__", None) != script:
        module = types.ModuleType(name)
        module.__file__ = script
        sys.modules[name] = module
        vars(module).update(runpy.run_path(script, run_name=name))
    return module
