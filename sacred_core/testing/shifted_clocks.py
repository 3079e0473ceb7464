"""Processes whose wall clock is wrong."""

import os
from pathlib import Path

_MODULE = '''"""Shifts the wall clock of the process."""
import datetime
import os
import time

_real_time, _Real = time.time, datetime.datetime
_shift = float(os.environ["SACRED_TEST_CLOCK_SHIFT"])


class _Kind(type(_Real)):
    def __instancecheck__(cls, instance):
        return isinstance(instance, _Real)


class _Shifted(_Real, metaclass=_Kind):
    @classmethod
    def now(cls, tz=None):
        return _Real.now(tz) + datetime.timedelta(seconds=_shift)

    @classmethod
    def utcnow(cls):
        return _Real.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(
            seconds=_shift
        )


time.time = lambda: _real_time() + _shift
datetime.datetime = _Shifted
'''


def shifted_environ(folder: Path, seconds: float) -> dict[str, str]:
    """Return the environment of a Python process whose wall clock is shifted.

    `time.time` and ``datetime.datetime.now`` are shifted, also in the processes that it starts; the
    monotonic clock, and the times of files, are not.

    Args:
        folder: An existing folder for a module that the process imports first.
        seconds: How much later its time is.
    """
    (folder / "sitecustomize.py").write_text(_MODULE, encoding="utf-8")
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "SACRED_TEST_CLOCK_SHIFT": str(seconds),
    }
