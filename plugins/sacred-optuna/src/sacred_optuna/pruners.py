"""The decision of a pruner of Optuna about one trial."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import optuna
from optuna.pruners import HyperbandPruner, SuccessiveHalvingPruner
from optuna.trial import FrozenTrial, TrialState
from sacred_sweep.sampling import SamplingPlan, Trial

from sacred_optuna.arguments import OptunaArgument
from sacred_optuna.studies import Study


@attrs.frozen
class Rungs:
    """The steps at which successive halving compares trials.

    Attributes:
        first: The step of the first rung.
        factor: Between the steps of two rungs.
    """

    first: int
    factor: int

    def reached(self, points: Mapping[int, float]) -> dict[int, int]:
        """Return by rung the step of the first point that has reached it."""
        found: dict[int, int] = {}
        for step in sorted(points):
            while step >= self.first * self.factor ** len(found):
                found[len(found)] = step
        return found

    def attributes(self, points: Mapping[int, float]) -> dict[str, float]:
        """Return what the pruner has stored with a trial that has these points."""
        return {f"completed_rung_{n}": points[step] for n, step in self.reached(points).items()}


def is_pruned(
    plan: SamplingPlan, argument: OptunaArgument, pruner: Any, own: Trial, trials: Sequence[Trial]
) -> bool:
    """Return whether a pruner ends a running trial.

    Successive halving decides at the last rung that the trial has reached.

    Args:
        plan: Of the sweep.
        argument: With the options of the pruner.
        pruner: Of Optuna.
        own: The trial, with points.
        trials: All trials.
    """
    study = _study(plan, pruner, trials, {})
    if isinstance(pruner, (SuccessiveHalvingPruner, HyperbandPruner)):
        rungs = _all_rungs(argument, pruner, study)
        own_rungs = rungs.get(own.number)
        reached = {} if own_rungs is None else own_rungs.reached(own.points)
        if not reached:
            return False
        last = reached[max(reached)]
        before = {step: value for step, value in own.points.items() if step < last}
        own = attrs.evolve(own, points={**before, last: own.points[last]})
        known = {trial.number: trial.points for trial in trials} | {own.number: before}
        attributes = {n: each.attributes(known.get(n, {})) for n, each in rungs.items()}
        trials = [own if trial.number == own.number else trial for trial in trials]
        study = _study(plan, pruner, trials, attributes)
    return bool(pruner.prune(study, _trial(study, own.number)))


def _study(
    plan: SamplingPlan,
    pruner: Any,
    trials: Sequence[Trial],
    attributes: Mapping[int, Mapping[str, float]],
) -> optuna.Study:
    """Return a study with all trials.

    Args:
        plan: Of the sweep.
        pruner: Of Optuna.
        trials: All trials.
        attributes: What the pruner has stored with them, by number.
    """
    rebuilt = Study(plan, optuna.samplers.RandomSampler(seed=plan.seed), pruner)
    known = {trial.number: trial for trial in trials}
    for number in range(max(known) + 1):
        frozen = rebuilt.frozen(known.get(number), attributes.get(number))
        rebuilt.study.add_trial(frozen)
    return rebuilt.study


def _trial(study: optuna.Study, number: int) -> FrozenTrial:
    return study.get_trials(deepcopy=False)[number]


def _all_rungs(argument: OptunaArgument, pruner: Any, study: optuna.Study) -> dict[int, Rungs]:
    """Return the rungs of each trial; none if they are not known before a trial has completed."""
    trials = study.get_trials(deepcopy=False)
    options = argument.pruner_options
    if isinstance(pruner, SuccessiveHalvingPruner):
        least = options.get("min_resource", "auto")
        if least == "auto":
            ended = (each.last_step for each in trials if each.state == TrialState.COMPLETE)
            longest = max((step for step in ended if step is not None), default=None)
            if longest is None:
                return {}
            least = max(longest // 100, 1)
        factor = options.get("reduction_factor", 4)
        first = least * factor ** options.get("min_early_stopping_rate", 0)
        return {each.number: Rungs(first, factor) for each in trials}
    # It computes the brackets, and decides nothing without a point.
    pruner.prune(study, optuna.trial.create_trial(state=TrialState.RUNNING))
    factor, least = options.get("reduction_factor", 3), options.get("min_resource", 1)
    if not pruner._pruners:
        return {}
    brackets = {each.number: pruner._get_bracket_id(study, each) for each in trials}
    return {number: Rungs(least * factor**own, factor) for number, own in brackets.items()}
