"""The argument of ``--sampler optuna:ARGUMENT``: a sampler, a pruner, and their options."""

import ast
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from sacred_core.exceptions import OptionError
from sacred_core.shared_methods import ValueMethods

#: The classes of Optuna by their names in arguments.
SAMPLERS: Mapping[str, str] = {
    "tpe": "TPESampler",
    "random": "RandomSampler",
    "gp": "GPSampler",
    "cmaes": "CmaEsSampler",
    "qmc": "QMCSampler",
    "nsgaii": "NSGAIISampler",
    "nsgaiii": "NSGAIIISampler",
}
PRUNERS: Mapping[str, str] = {
    "median": "MedianPruner",
    "percentile": "PercentilePruner",
    "hyperband": "HyperbandPruner",
    "halving": "SuccessiveHalvingPruner",
    "threshold": "ThresholdPruner",
    "patient": "PatientPruner",
    "wilcoxon": "WilcoxonPruner",
}
#: Distributions of packages that some samplers need, by module.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "cmaes": ("cmaes",),
    "gp": ("torch", "scipy"),
    "qmc": ("scipy",),
}
#: The sampler where only options are given.
DEFAULT = "tpe"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OptunaArgument(ValueMethods):
    """What the argument says.

    Attributes:
        sampler: One of `SAMPLERS`.
        options: For the class of the sampler.
        pruner: One of `PRUNERS`; empty: points are not pruned.
        pruner_options: For the class of the pruner.
    """

    sampler: str
    options: Mapping[str, Any]
    pruner: str
    pruner_options: Mapping[str, Any]


def parse_argument(argument: str) -> OptunaArgument:
    """Return what an argument such as ``"tpe,pruner=median,pruner.n_warmup_steps=5"`` says.

    Raises:
        OptionError: a sampler, a pruner or an option is unknown or given twice.
    """
    first, *words = argument.split(",") if argument else [DEFAULT]
    if "=" in first:
        first, words = DEFAULT, [first, *words]
    options: dict[str, Any] = {}
    for word in words:
        name, equals, value = (part.strip() for part in word.partition("="))
        if not name or not equals or not value:
            raise OptionError(f"--sampler optuna: expected OPTION=VALUE, got {word!r}")
        if name in options:
            raise OptionError(f"--sampler optuna: the option {name!r} is given twice")
        options[name] = _value(value)
    pruner = str(options.pop("pruner", ""))
    _require_known("sampler", first.strip(), SAMPLERS)
    if pruner:
        _require_known("pruner", pruner, PRUNERS)
    prefix = "pruner."
    inner = {
        name.removeprefix(prefix): options.pop(name)
        for name in [*options]
        if name.startswith(prefix)
    }
    if inner and not pruner:
        raise OptionError(f"--sampler optuna: {prefix}{next(iter(inner))} requires pruner=NAME")
    return OptunaArgument(
        sampler=first.strip(), options=options, pruner=pruner, pruner_options=inner
    )


def check_options(create: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Check that a class of Optuna has all options.

    Args:
        create: The class.
        options: By name.

    Raises:
        OptionError: one is unknown, or a required one is missing.
    """
    parameters = {
        name: each
        for name, each in inspect.signature(create).parameters.items()
        if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)
    }
    name = getattr(create, "__name__", str(create))
    for option in options:
        if option not in parameters:
            known = ", ".join(parameters) or "no options"
            raise OptionError(f"--sampler optuna: {name} has no option {option!r}: it has {known}")
    for option, each in parameters.items():
        if each.default is each.empty and option not in options:
            raise OptionError(f"--sampler optuna: {name} requires the option {option}=VALUE")


def _require_known(kind: str, name: str, known: Mapping[str, str]) -> None:
    if name not in known:
        raise OptionError(f"--sampler optuna: unknown {kind} {name!r}: use {', '.join(known)}")


def _value(text: str) -> Any:
    if text.lower() in ("true", "false", "none"):
        return {"true": True, "false": False, "none": None}[text.lower()]
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
