"""A study of Optuna in memory, rebuilt from the trials of a sweep."""

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from sacred_sweep.sampling import SamplingPlan, Trial

from sacred_core.exceptions import OptionError
from sacred_optuna.spaces import Entry, to_entries

_STATES = {
    "running": TrialState.RUNNING,
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
#: Some pruners choose by the name of the study: it is always the same.
NAME = "sacred"


class Study:
    """A study whose trials have the numbers of the points.

    Args:
        plan: Of the sweep.
        sampler, pruner: Of Optuna.

    Attributes:
        study: Of Optuna.
        entries: The swept entries by path.

    Raises:
        OptionError: a distribution cannot be used.
    """

    def __init__(self, plan: SamplingPlan, sampler: Any, pruner: Any) -> None:
        self.entries: dict[str, Entry] = to_entries(plan.space)
        self._storage = optuna.storages.InMemoryStorage()
        self.study = optuna.create_study(
            storage=self._storage,
            sampler=sampler,
            pruner=pruner,
            study_name=NAME,
            direction="minimize" if plan.is_minimized else "maximize",
        )

    @property
    def distributions(self) -> dict[str, Any]:
        """The distributions of Optuna by path."""
        return {path: entry.distribution for path, entry in self.entries.items()}

    def add(self, trials: Sequence[Trial], number: int) -> None:
        """Add the trials before a number; a missing one is a failed one without values."""
        known = {trial.number: trial for trial in trials}
        for position in range(number):
            self.study.add_trial(self.frozen(known.get(position)))

    def replay(self, trials: Sequence[Trial], number: int) -> None:
        """Let the sampler choose each earlier point again, and replace it with the recorded one.

        So a sampler has what it stores with its trials, such as generations.
        """
        known = {trial.number: trial for trial in trials}
        for position in range(number):
            own, recorded = self.study.ask(self.distributions), known.get(position)
            if recorded is None:
                self.study.tell(own, state=TrialState.FAIL)
                continue
            frozen = self.frozen(recorded)
            for path, value in frozen.params.items():
                if own.params[path] != value:
                    distribution = self.entries[path].distribution
                    internal = distribution.to_internal_repr(value)
                    self._storage.set_trial_param(own._trial_id, path, internal, distribution)
            for step, value in recorded.points.items():
                own.report(value, step)
            if frozen.state == TrialState.COMPLETE:
                self.study.tell(own, recorded.value)
            elif frozen.state != TrialState.RUNNING:
                self.study.tell(own, state=frozen.state)

    def ask(self) -> dict[str, Any]:
        """Return the values of the next point by path."""
        found = self.study.ask(self.distributions).params
        return {path: entry.from_optuna(found[path]) for path, entry in self.entries.items()}

    def frozen(
        self, trial: Trial | None, attributes: Mapping[str, Any] | None = None
    ) -> FrozenTrial:
        """Return a trial of Optuna.

        Args:
            trial: The point; None: a failed trial without values.
            attributes: What a pruner stores with it.

        Raises:
            OptionError: the values are not in the space.
        """
        if trial is None:
            return optuna.trial.create_trial(state=TrialState.FAIL)
        if trial.values.keys() != self.entries.keys():
            raise OptionError(
                f"point {trial.number} of the sweep has values for "
                f"{', '.join(sorted(trial.values))}, not for {', '.join(self.entries)}: start "
                "another sweep with --sweep NAME"
            )
        state, values = _STATES[trial.status], trial.values
        value = trial.value
        if state is TrialState.PRUNED and trial.points:
            value = trial.points[max(trial.points)]
            value = None if value != value else value
        has_value = state in (TrialState.COMPLETE, TrialState.PRUNED)
        try:
            return optuna.trial.create_trial(
                state=state,
                value=value if has_value else None,
                params={path: own.to_optuna(values[path]) for path, own in self.entries.items()},
                distributions=self.distributions,
                intermediate_values=dict(trial.points),
                system_attrs=dict(attributes or {}),
            )
        except ValueError as error:
            raise OptionError(
                f"point {trial.number} of the sweep is not in its space ({error}): start another "
                "sweep with --sweep NAME"
            ) from None
