"""The names of sweeps and points: digests, so that starting a sweep again finds its runs."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sacred_core.masking import mask_value
from sacred_core.randomness import SEEDRANGE
from sacred_core.serialization import plain
from sacred_core.stores.canonical import canonical_json

_UID_DIGITS = 12


def sweep_uid(
    experiment: str,
    command: str,
    fixed: Mapping[str, Any],
    named_configs: Sequence[str],
    swept: Sequence[str],
) -> str:
    """Return the uid of a sweep without a name; it does not depend on the values of the entries.

    Args:
        experiment: The name of the experiment.
        command: The name of the command.
        fixed: Entries that are the same in each point, by dotted path.
        named_configs: In order.
        swept: The dotted paths of the swept entries, in any order.
    """
    return _digest([experiment, command, _masked(fixed), list(named_configs), sorted(swept)])


def named_sweep_uid(experiment: str, name: str) -> str:
    """Return the uid of a sweep with a name."""
    return _digest([experiment, "sweep", name])


def point_digest(command: str, config: Mapping[str, Any]) -> str:
    """Return the digest of a point: that of its command and its resolved configuration."""
    text = canonical_json([command, _masked(config)])
    return hashlib.md5(text.encode("ascii"), usedforsecurity=False).hexdigest()


def run_uid(sweep: str, *key: object) -> str:
    """Return the uid of a run, 32 hexadecimal digits; the same in each process.

    Args:
        sweep: The uid of the sweep.
        key: What distinguishes the run from others of the sweep, such as its point.
    """
    text = canonical_json([sweep, *key])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def derive_seed(sweep: str, replica: int = 0) -> int:
    """Return the seed of a point for which nothing sets one.

    All points of a sweep have the same seeds, so that their results can be compared in pairs.

    Args:
        sweep: The uid of the sweep.
        replica: Which of the runs of ``--seeds N``, from 0.
    """
    lowest, highest = SEEDRANGE
    digest = hashlib.sha256(canonical_json([sweep, "seed", replica]).encode("ascii")).digest()
    return lowest + int.from_bytes(digest[:8], "big") % (highest - lowest + 1)


def _digest(parts: Sequence[Any]) -> str:
    return hashlib.sha256(canonical_json(parts).encode("ascii")).hexdigest()[:_UID_DIGITS]


def _masked(values: Mapping[str, Any]) -> Any:
    """Return values as they are recorded: a digest must not help to guess a password."""
    return mask_value(plain(values))[0]
