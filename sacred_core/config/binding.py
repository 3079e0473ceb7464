"""What one run gives to one captured function."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from sacred_core.exceptions import MissingConfigError

SPECIAL_NAMES = frozenset({"_config", "_seed", "_rnd", "_log", "_run"})


class Parameters(Protocol):
    """A captured function, as far as its parameters are concerned.

    Attributes:
        names: All of them, but variadic ones.
        positional: Those that may be passed by position.
        required: Those without a default.
        specials: Those in `SPECIAL_NAMES`.
        prefix: Dotted path of the part of the configuration that it sees, or None.
    """

    names: tuple[str, ...]
    positional: tuple[str, ...]
    required: frozenset[str]
    specials: frozenset[str]
    prefix: str | None


class Snapshot(NamedTuple):
    """What a pickled function carries into another process.

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

    Args:
        captured: The function.
        run: Its run; its ``_run``.
        path: Where the entries of its ingredient stand.
        config: What it may take by name; its ``_config``.
        freeze: Makes of an entry what the function gets.
        extras: Values that it may take by name but which are no entries.
        logger: Its ``_log``.
        next_seed: Gives a new seed for each call; called only if the function asks.
        generator: Gives its ``_rnd`` from a seed.
        derive: Gives a seed from another one and a number; for `snapshot`.
    """

    def __init__(
        self,
        captured: Parameters,
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
        available = {**extras, "_run": run, "_log": logger}
        self._config = config
        self._values = {name: available[name] for name in captured.names if name in available}
        wanted = [name for name in captured.names if name in config]
        self._values |= {name: freeze(config[name]) for name in wanted}
        if "_config" in captured.specials:
            self._values["_config"] = freeze(config)
        self._per_call = captured.specials & {"_seed", "_rnd"}
        self._by_count: dict[int, tuple[dict[str, Any], frozenset[str]]] = {}

    @property
    def config(self) -> Mapping[str, Any]:
        """What the function may take by name, as it gets it."""
        frozen: Mapping[str, Any] = self._freeze(self._config)
        return frozen

    def snapshot(self) -> Snapshot:
        """Return what the function needs in a process that is not the run's."""
        extras = {
            name: value
            for name, value in self._values.items()
            if name not in self._config and name not in SPECIAL_NAMES
        }
        seed, config = self._next_seed(), self._needed_config()
        return Snapshot(config, extras, seed, self._derive, self._generator)

    def _needed_config(self) -> dict[str, Any]:
        """Return what the function takes; of a whole ``_config``, what can be pickled."""
        from sacred_core.config.overrides import plain_copy
        from sacred_core.config.values import is_plain

        names = self._captured.names
        wants_all = "_config" in self._captured.specials
        return {
            name: plain_copy(value)
            for name, value in self._config.items()
            if name in names or (wants_all and (is_plain(value) or _is_picklable(value)))
        }

    def completed(self, count: int, given: dict[str, Any]) -> dict[str, Any]:
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
        return values, self._captured.required - passed - values.keys()

    def _add_random(self, merged: dict[str, Any], count: int) -> None:
        seed = self._next_seed()
        passed = self._captured.positional[:count]
        if "_seed" in self._per_call and "_seed" not in passed:
            merged.setdefault("_seed", seed)
        if "_rnd" in self._per_call and "_rnd" not in passed and "_rnd" not in merged:
            merged["_rnd"] = self._generator(seed)

    def _missing(self, names: frozenset[str]) -> MissingConfigError:
        if names == {"_run"} and self.run is None:
            return MissingConfigError(
                f"{getattr(self._captured, '__name__', self._captured)}() takes '_run', which is "
                "there only in the process of the run: hand values back to it and log them there"
            )
        told = ", ".join(repr(name) for name in self._captured.names if name in names)
        where = ".".join(filter(None, (self._path, self._captured.prefix)))
        place = f"the configuration under {where!r}" if where else "the configuration"
        return MissingConfigError(
            f"{getattr(self._captured, '__name__', self._captured)}() is missing a value for "
            f"{told}: it was not passed and is not in {place}"
        )


def _is_picklable(value: Any) -> bool:
    import pickle

    try:
        pickle.dumps(value)
    except Exception:  # noqa: BLE001 - the object's own __reduce__
        return False
    return True
