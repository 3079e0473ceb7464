"""Functions whose missing arguments come from the configuration."""

import functools
import importlib
import inspect
import itertools
import logging
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar, overload

from sacred_core.context import DetachedRun, current_run
from sacred_core.exceptions import DecoratorError, FunctionKindError, MissingConfigError

SPECIAL_NAMES = frozenset({"_config", "_seed", "_rnd", "_log", "_run"})


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
        """Set the attributes by which `inspect` recognises coroutine functions."""
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
        __tracebackhide__ = True  # IPython and pytest omit the frame
        run = current_run()
        binding = self._binding
        # What was pickled for a forked child has seeds of its own, whichever child gets it.
        if run is not None and (binding is None or (binding.run is not run and not run.is_forked)):
            binding = self._binding = run.bind(self)
        if binding is None:
            return self.function(*args, **kwargs)
        if not kwargs and (values := binding.complete.get(len(args))) is not None:
            return self.function(*args, **values)
        kwargs = binding.complete_arguments(len(args), kwargs)
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
        """The part of the configuration of `run` for this function; empty without a run."""
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
        return _unpickle, (module, self.function.__qualname__, snapshot, script)

    def __copy__(self) -> "CapturedFunction[P, R]":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "CapturedFunction[P, R]":
        return self

    def _snapshot(self) -> "Snapshot | None":
        run = current_run()
        binding = self._binding if run is None else run.bind(self)
        return binding.snapshot() if binding is not None else None

    def _bind_to(self, snapshot: "Snapshot") -> "CapturedFunction[P, R]":
        """Return a function that takes its arguments from ``snapshot``."""
        from sacred_core.config.entries import read_only

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


class Snapshot(NamedTuple):
    """The data of a pickled function for another process.

    Attributes:
        config: Its ``_config``.
        extras: What else it takes by name.
        seed: From which those of its calls follow; differs each time it is pickled.
        derive: Gives the seed of a call from ``seed`` and the number of the call.
        generator: Gives ``_rnd`` from a seed.
    """

    config: dict[str, Any]
    extras: dict[str, Any]
    seed: int
    derive: Callable[[int, int], int]
    generator: Callable[[int], Any]

    def seed_of(self, call: int) -> int:
        """Return the seed of the call with this number."""
        return self.derive(self.seed, call)


class Binding:
    """One captured function together with what one run gives it.

    Attributes:
        complete: By the number of positional arguments the keyword arguments of calls without any,
            where these are always the same.

    Args:
        captured: The function.
        run: Its run; its ``_run``.
        path: Where the entries of its ingredient are.
        config: What it may take by name; its ``_config``.
        freeze: Makes of an entry what the function gets.
        extras: Values that it may take by name but which are not entries.
        logger: Its ``_log``.
        next_seed: Gives a new seed for each call; called only if the function asks.
        generator: Gives its ``_rnd`` from a seed.
        derive: Gives a seed from another one and a number; for `snapshot`.
    """

    def __init__(
        self,
        captured: CapturedFunction[..., Any],
        run: Any,
        path: str,
        config: Mapping[str, Any],
        freeze: Callable[[Any], Any],
        extras: Mapping[str, Any],
        logger: logging.Logger,
        next_seed: Callable[[], int],
        generator: Callable[[int], Any],
        derive: Callable[[int, int], int],
    ) -> None:
        self.run = run
        self.logger = logger
        self._freeze = freeze
        self._path = path
        self._captured = captured
        self._next_seed = next_seed
        self._generator = generator
        self._derive = derive
        available = {**extras, "_run": DetachedRun() if run is None else run, "_log": logger}
        self._config = config
        self._values = {name: available[name] for name in captured.names if name in available}
        wanted = [name for name in captured.names if name in config]
        self._values |= {name: freeze(config[name]) for name in wanted}
        if "_config" in captured.specials:
            self._values["_config"] = freeze(config)
        self._per_call = captured.specials & {"_seed", "_rnd"}
        self._by_count: dict[int, tuple[dict[str, Any], frozenset[str]]] = {}
        self._is_pickled = False
        self.complete: dict[int, dict[str, Any]] = {}

    @property
    def config(self) -> Mapping[str, Any]:
        """The entries that the function can take by name."""
        frozen: Mapping[str, Any] = self._freeze(self._config)
        return frozen

    def received_names(self) -> set[str] | None:
        """Return ``_config`` and the names of entries that were passed; None before any call.

        Not those that every call passes by position. What calls pass by name is not known.
        """
        plans = [values for values, _ in self._by_count.copy().values()]
        if self._is_pickled:  # it is called in another process
            plans.append(self._values)
        passed = {name for values in plans for name in values}
        return passed & {*self._config, "_config"} if plans else None

    def snapshot(self) -> Snapshot:
        """Return what the function needs in a process that is not the run's."""
        self._is_pickled = True
        extras = {
            name: value
            for name, value in self._values.items()
            if name not in self._config and name not in SPECIAL_NAMES
        }
        seed, config = self._next_seed(), self._needed_config()
        return Snapshot(config, extras, seed, self._derive, self._generator)

    def _needed_config(self) -> dict[str, Any]:
        """Return what the function takes; of a whole ``_config``, what can be pickled."""
        from sacred_core.config.entries import is_plain, plain_copy

        names = self._captured.names
        wants_all = "_config" in self._captured.specials
        return {
            name: plain_copy(value)
            for name, value in self._config.items()
            if name in names or (wants_all and (is_plain(value) or _is_picklable(value)))
        }

    def complete_arguments(self, count: int, given: dict[str, Any]) -> dict[str, Any]:
        """Return the keyword arguments of a call with ``count`` positional ones."""
        plan = self._by_count.get(count)
        if plan is None:
            plan = self._by_count[count] = self._plan(count)
        values, open_names = plan
        merged = {**values, **given} if given else values.copy()
        if self._per_call:
            self._add_random(merged, count)
        if open_names and not merged.keys() >= open_names:
            raise self._missing(open_names - merged.keys())
        return merged

    def _plan(self, count: int) -> tuple[dict[str, Any], frozenset[str]]:
        passed = set(self._captured.positional[:count])
        values = {name: value for name, value in self._values.items() if name not in passed}
        open_names = self._captured.required - passed - values.keys()
        is_fixed = not self._per_call and not open_names
        if is_fixed and count >= self._captured.positional_only:
            self.complete[count] = values
        return values, open_names

    def _add_random(self, merged: dict[str, Any], count: int) -> None:
        seed = self._next_seed()
        passed = self._captured.positional[:count]
        for name in self._per_call:
            if name not in passed and name not in merged:
                merged[name] = seed if name == "_seed" else self._generator(seed)

    def _missing(self, names: frozenset[str]) -> MissingConfigError:
        listed = ", ".join(repr(name) for name in self._captured.names if name in names)
        where = ".".join(filter(None, (self._path, self._captured.prefix)))
        place = f"the configuration under {where!r}" if where else "the configuration"
        return MissingConfigError(
            f"{self._captured.function.__name__}() is missing a value for "
            f"{listed}: it was not passed and is not in {place}"
        )


def _is_picklable(value: Any) -> bool:
    import pickle

    try:
        pickle.dumps(value)
    except Exception:  # noqa: BLE001 - the object's own __reduce__
        return False
    return True


def check_function(function: object) -> None:
    """Check that a decorator was not given an argument in place of a function.

    Raises:
        DecoratorError: it was, as in ``@ex.capture("optimizer")``.
    """
    if not callable(function):
        example = f"prefix={function!r}" if isinstance(function, str) else "prefix='optimizer'"
        raise DecoratorError(
            f"a function must be decorated, got {function!r}: write arguments with their names, "
            f"like @ex.capture({example})"
        )


def check_kind(function: Callable[..., Any], role: str, may_be_async: bool) -> None:
    """Check that calling ``function`` runs it.

    Args:
        function: The function.
        role: What it is declared as, for the error.
        may_be_async: What it returns is awaited.

    Raises:
        FunctionKindError: it is a generator function, or asynchronous without being awaited.
    """
    kind = ""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        kind, advice = "a generator function", "return a list instead of using 'yield'"
    elif inspect.iscoroutinefunction(function) and not may_be_async:
        kind, advice = "a coroutine function", "declare it with 'def' instead of 'async def'"
    if kind:
        name = getattr(function, "__name__", repr(function))
        raise FunctionKindError(
            f"the {role} {name!r} is {kind}, and calling it would not run its body: {advice}"
        )


def _unpickle(
    module: str, qualname: str, snapshot: Snapshot | None, script: str | None = None
) -> "CapturedFunction[..., Any]":
    try:
        found = _find(importlib.import_module(module), qualname)
    except AttributeError:
        if script is None:
            raise
        # A worker of loky, whose main module is its own: what multiprocessing does for its workers.
        found = _find(_main_module(script), qualname)
    return found if snapshot is None else found._bind_to(snapshot)


def _find(module: Any, qualname: str) -> "CapturedFunction[..., Any]":
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
