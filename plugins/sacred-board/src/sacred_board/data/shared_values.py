"""Keeps many runs in little memory: equal parts of different runs become one object.

Runs of one experiment have the same host, packages and sources, and most entries of their
configurations are equal.
"""

import marshal
import sys
from hashlib import blake2b
from typing import Any

from sacred_core.stores.model import StoredRun
from sacred_core.stores.recorded_files import FileInfo

#: Numbers of which equal ones are shared; numbers that differ in each run are not worth more.
_MOST_NUMBERS = 50_000
#: Attributes whose entries are shared one by one, and those that are shared as a whole.
_TREES = ("experiment", "host", "config", "meta", "info")
_VALUES = ("result", "fail_trace", "artifacts", "resources", "tags")


class SharedValues:
    """The parts of runs that were seen."""

    def __init__(self) -> None:
        self._values: dict[bytes, Any] = {}
        self._numbers: dict[float, float] = {}
        self._files: dict[Any, Any] = {}

    def share(self, run: StoredRun) -> StoredRun:
        """Replace parts of a run by equal parts of other runs, and return the run.

        The parts must not be changed afterwards.
        """
        for name in _TREES:
            found = getattr(run, name)
            setattr(run, name, {sys.intern(k): self._share(v) for k, v in found.items()})
        for name in _VALUES:
            setattr(run, name, self._share(getattr(run, name)))
        run.command = sys.intern(run.command)
        run.recorded_status = sys.intern(run.recorded_status)
        run.files = {kind: self._share_files(own) for kind, own in run.files.items()}
        return run

    def _share(self, value: Any) -> Any:
        """Return a value that is equal, also in its types and in the order of its entries."""
        kind = type(value)
        if kind is float:
            return self._share_number(value)
        if kind is str:
            return sys.intern(value) if len(value) < 200 else self._share_whole(value)
        if kind in (dict, list):
            return self._share_whole(value)
        return value

    def _share_number(self, value: float) -> float:
        if not value or value != value or len(self._numbers) >= _MOST_NUMBERS:
            return self._numbers.get(value, value) if value else value  # -0.0 is equal to 0.0
        return self._numbers.setdefault(value, value)

    def _share_whole(self, value: Any) -> Any:
        try:
            # Version 2 has no references, which depend on what else is in memory.
            digest = blake2b(marshal.dumps(value, 2), digest_size=16).digest()
        except ValueError:  # nested too deeply, or not plain
            return value
        return self._values.setdefault(digest, value)

    def _share_files(self, files: dict[str, FileInfo]) -> dict[str, FileInfo]:
        try:
            own = {sys.intern(n): self._files.setdefault(i, i) for n, i in files.items()}
            key = tuple((name, id(info)) for name, info in own.items())
            return self._files.setdefault(key, own)  # type: ignore[no-any-return]
        except TypeError:  # metadata, which has no hash
            return files
