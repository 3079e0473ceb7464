"""The options of a sweep, from a command line, a file or a call."""

import re
from collections.abc import Mapping
from typing import Any

import attrs

from sacred_core.exceptions import OptionError, QueryError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.stores.query.syntax import parse_columns
from sacred_sweep.identity import named_sweep_uid, sweep_uid
from sacred_sweep.spec import SweepSpec

#: The command whose options these are.
COMMAND = "sweep"
DIRECTIONS = ("min", "max")
#: Options of a single run.
_OF_ONE_RUN = ("--id", "--resume", "--fork")
_NAME = re.compile(r"[^\s\"'\\]+")


@attrs.frozen(kw_only=True)
class SweepSettings:
    """The options of a sweep.

    Attributes:
        command: The swept command; None for the default one.
        name: Of the sweep; empty: its uid depends on what is swept.
        seeds: The number of runs of each point, with different seeds.
        dry_run: Nothing is queued.
        force: Do not check the number of points, and for unknown entries.
        launch: The launcher of workers, such as ``local:4``; empty without one.
        sampler: Chooses points from the results of others, such as ``optuna:tpe``; or empty.
        optimize: A field of a query such as ``metrics.val_loss.min``; or empty.
        direction: ``"min"`` or ``"max"``: which value of `optimize` is the best.
        trials: The number of points that the sampler chooses.
        options: Those of each run, by their flags.
    """

    command: str | None = None
    name: str = ""
    seeds: int = 1
    dry_run: bool = False
    force: bool = False
    launch: str = ""
    sampler: str = ""
    optimize: str = ""
    direction: str = ""
    trials: int | None = None
    options: Mapping[str, Any] = attrs.field(factory=dict)

    def uid_of(self, experiment: str, command: str, spec: SweepSpec) -> str:
        """Return the uid of the sweep."""
        if self.name:
            return named_sweep_uid(experiment, self.name)
        return sweep_uid(experiment, command, spec.fixed, spec.named_configs, spec.paths)

    def record(self, uid: str) -> dict[str, Any]:
        """Return what all runs of the sweep record of it."""
        known = {"uid": uid, "name": self.name, "optimize": self.optimize}
        if self.optimize:
            known["direction"] = self.direction
        return {key: value for key, value in known.items() if value}


def read_settings(options: Mapping[str, Any], spec: SweepSpec) -> SweepSettings:
    """Return the settings of a sweep.

    Args:
        options: All options of the call by their flags; those of a file apply where none is given.
        spec: What is to be swept, with the options of a file.

    Raises:
        OptionError: an option is wrong, or cannot be used with another one.
    """
    own = [option.name for option in plugin_manager().cli_options if option.command == COMMAND]
    given = {name: options[name] for name in own if options.get(name) is not None}
    chosen = {**spec.options, **given}
    others = {name: value for name, value in options.items() if name not in own}
    for name in _OF_ONE_RUN:
        if others.get(name):
            raise OptionError(f"{name} is for a single run: it cannot be used with a sweep")
    optimize = str(chosen.get("--optimize") or "")
    settings = SweepSettings(
        command=None if chosen.get("--command") is None else str(chosen["--command"]),
        name=_name(chosen.get("--sweep")),
        seeds=_count(chosen.get("--seeds"), "--seeds") or 1,
        dry_run=bool(chosen.get("--dry-run")),
        force=bool(others.get("--force")),
        launch=str(chosen.get("--launch") or ""),
        sampler=str(chosen.get("--sampler") or ""),
        optimize=optimize,
        direction=_direction(chosen.get("--direction"), optimize),
        trials=_count(chosen.get("--trials"), "--trials"),
        options=others,
    )
    _check_sampler(settings, spec)
    return settings


def _name(value: Any) -> str:
    if value is None:
        return ""
    if not _NAME.fullmatch(str(value)):
        raise OptionError(f"--sweep: a name has no spaces and no quotes, got {value!r}")
    return str(value)


def _count(value: Any, flag: str) -> int | None:
    if value is None:
        return None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    text = str(value)
    if not (is_number or isinstance(value, str)) or not text.isdecimal() or int(text) < 1:
        raise OptionError(f"{flag} must be an integer above 0, got {value!r}")
    return int(text)


def default_direction(field: str) -> str:
    """Return which value of a field is the best where nothing is said: of a maximum the highest."""
    return "max" if field.endswith(".max") else "min"


def _direction(value: Any, optimize: str) -> str:
    """Return the direction, and check what is optimized."""
    if optimize:
        try:
            columns = parse_columns(optimize)
        except QueryError as error:
            raise OptionError(f"--optimize: {error}") from None
        if len(columns) > 1:
            raise OptionError(f"--optimize takes one field, got {optimize!r}")
    elif value is not None:
        raise OptionError("--direction requires --optimize FIELD, such as metrics.loss.min")
    if value is None:
        return default_direction(optimize)
    if value not in DIRECTIONS:
        raise OptionError(f"--direction must be min or max, got {value!r}")
    return str(value)


def _check_sampler(settings: SweepSettings, spec: SweepSpec) -> None:
    if not settings.sampler:
        if settings.trials is not None:
            raise OptionError("--trials requires --sampler NAME; for random points write random(N)")
        return
    if spec.draws is not None:
        raise OptionError("--sampler chooses the points: write --trials N in place of random(N)")
    for value, flag in ((settings.optimize, "--optimize FIELD"), (settings.trials, "--trials N")):
        if not value:
            raise OptionError(f"--sampler {settings.sampler} requires {flag}")
