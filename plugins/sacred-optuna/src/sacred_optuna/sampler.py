"""The sampler ``optuna``: an in-memory study, rebuilt from the store for each point.

Optuna is imported when a point is chosen.
"""

import importlib
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from sacred_sweep.sampling import SamplingPlan, Trial

from sacred_core.exceptions import OptionError
from sacred_core.randomness import derived_seed
from sacred_optuna.arguments import (
    NEEDED,
    PRUNERS,
    SAMPLERS,
    check_options,
    parse_argument,
)

#: Samplers that store what they know with their trials, or in the study.
_WITH_STATE = frozenset(("cmaes", "qmc", "nsgaii", "nsgaiii"))


class OptunaSampler:
    """Chooses points with a sampler of Optuna, and prunes them with a pruner of Optuna.

    The same plan and the same trials always lead to the same point.

    Args:
        plan: Of the sweep.

    Raises:
        OptionError: the argument of the plan is wrong.
    """

    def __init__(self, plan: SamplingPlan) -> None:
        self._plan = plan
        self._argument = parse_argument(plan.argument)

    @property
    def prunes(self) -> bool:
        """Whether there is a pruner."""
        return bool(self._argument.pruner)

    def ask(self, number: int, trials: Sequence[Trial]) -> Mapping[str, Any]:
        """Return the values of a point; see `sacred_sweep.sampling.Sampler.ask`."""
        with _quiet():
            from sacred_optuna.studies import Study

            study = Study(self._plan, self._create_sampler(number), self._create_pruner())
            if self._argument.sampler in _WITH_STATE:
                study.replay(trials, number)
            else:
                study.add(trials, number)
            return study.ask()

    def should_stop(self, number: int, trials: Sequence[Trial]) -> bool:
        """Return whether a point should end; see `sacred_sweep.sampling.Sampler.should_stop`."""
        own = next((trial for trial in trials if trial.number == number), None)
        if own is None or not own.points or not self.prunes:
            return False
        if math.isnan(own.points[max(own.points)]):
            return True
        with _quiet():
            from sacred_optuna.pruners import is_pruned

            return is_pruned(self._plan, self._argument, self._create_pruner(), own, trials)

    def _create_sampler(self, number: int) -> Any:
        """Return a new sampler of Optuna.

        One without state has other random numbers for each point: those of earlier points are not
        repeated.
        """
        name = self._argument.sampler
        missing = [module for module in NEEDED.get(name, ()) if find_spec(module) is None]
        if missing:
            raise OptionError(
                f"--sampler optuna:{name} needs {' and '.join(missing)}: install with: pip install "
                f"{' '.join(missing)}"
            )
        options = dict(self._argument.options)
        if name == "tpe":  # it regards running points
            options.setdefault("constant_liar", True)
        seed = options.pop("seed", self._plan.seed)
        options["seed"] = seed if name in _WITH_STATE else derived_seed(seed, number)
        return _create("samplers", SAMPLERS[name], options)

    def _create_pruner(self) -> Any:
        if not self._argument.pruner:
            return importlib.import_module("optuna.pruners").NopPruner()
        options = dict(self._argument.pruner_options)
        if self._argument.pruner == "patient":
            options.setdefault("wrapped_pruner", None)
        return _create("pruners", PRUNERS[self._argument.pruner], options)


def _create(module: str, name: str, options: Mapping[str, Any]) -> Any:
    found = getattr(importlib.import_module(f"optuna.{module}"), name, None)
    if found is None:
        raise OptionError(f"--sampler optuna: this version of Optuna has no {name}: upgrade it")
    check_options(found, options)
    try:
        return found(**options)
    except (TypeError, ValueError) as error:
        raise OptionError(f"--sampler optuna: {name}: {error}") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide the log lines and the warnings of Optuna about single points."""
    from optuna import logging

    level = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
