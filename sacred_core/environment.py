"""What is derived from the environment variables of the process."""

import contextlib
import functools
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

#: The variable with the `RunAddress` of the run in which a process was started.
RUN_VARIABLE = "SACRED_RUN"
_RUN_KEYS = (RUN_VARIABLE, RUN_VARIABLE.encode())


def environment_state() -> Mapping[Any, object]:
    """Return what is equal as long as no environment variable changed in this process.

    To read all names through `os.environ` decodes each of them, in each run of a loop. The variable
    that each run sets does not count.
    """
    stored = getattr(os.environ, "_data", None)  # encoded, in CPython and PyPy
    state = dict(os.environ if stored is None else stored)
    for key in _RUN_KEYS:
        state.pop(key, None)
    return state


def once_per_environment(function: Callable[[], T]) -> Callable[[], T]:
    """Call ``function`` again only after an environment variable has changed."""
    known: list[tuple[Mapping[Any, object], T]] = []

    @functools.wraps(function)
    def call() -> T:
        state = environment_state()
        if not known or known[0][0] != state:
            known[:] = [(state, function())]
        return known[0][1]

    return call


class RunAddress(NamedTuple):
    """What the processes that a run starts need in order to find it.

    Attributes:
        uid: Of the run; of one that is not recorded, that of the run around it, or empty.
        folder: The private folder for what these processes record; empty if the run is not
            recorded. The first process that records creates it.
        name, command: Of the experiment.
        suffix: Follows the names of writers: those of earlier segments of a resumed run are taken.
        stores: The class of the observer and the location of each store, without secrets.
    """

    uid: str
    folder: str = ""
    name: str = ""
    command: str = ""
    suffix: str = ""
    stores: tuple[tuple[str, str], ...] = ()

    def encode(self) -> str:
        """Return the address as the value of an environment variable."""
        return json.dumps(self._asdict(), separators=(",", ":"))


def decode_address(text: str) -> RunAddress | None:
    """Return what `RunAddress.encode` wrote; None if the string is something else."""
    with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
        fields = json.loads(text)
        stores = tuple((str(name), str(location)) for name, location in fields.pop("stores"))
        if all(isinstance(value, str) for value in fields.values()):
            return RunAddress(**fields, stores=stores)
    return None


# No lock: a forked child must not inherit one that is held.
_published: dict[Any, tuple[RunAddress, str]] = {}
_inherited: list[str | None] = []


def publish_address(run: object, address: RunAddress) -> None:
    """Set the environment variable with the address of a run, until `withdraw_address`.

    Of several runs in progress the variable has the one that started last.
    """
    if not _published:
        _inherited[:] = [os.environ.get(RUN_VARIABLE)]
    _published[run] = address, address.encode()
    _set_variable()


def withdraw_address(run: object) -> None:
    """Set the environment variable to what it was without a run; it may not be published."""
    if _published.pop(run, None) is not None:
        _set_variable()


def published_address(run: object) -> RunAddress | None:
    """Return the address of a run in progress in this process, or before it was forked off."""
    return _published.get(run, (None, ""))[0]


def inherited_address() -> RunAddress | None:
    """Return the address of the run in which this process was started, or None."""
    text = _inherited[0] if _published else os.environ.get(RUN_VARIABLE)
    return None if text is None else decode_address(text)


def _set_variable() -> None:
    while True:
        value = _present_value()
        if value is None:
            os.environ.pop(RUN_VARIABLE, None)
        else:
            os.environ[RUN_VARIABLE] = value
        if _present_value() == value:  # else another thread has started or ended a run
            return


def _present_value() -> str | None:
    published = [*_published.values()]
    return published[-1][1] if published else _inherited[0]
