"""Plain data of a value that is checked at every beat, converted only if it changed."""

import functools
import hashlib
import marshal
from typing import Any

from sacred_core.masking import mask_value
from sacred_core.serialization import INTERRUPTS, plain, unreadable

#: Libraries whose values are pickled with all that `plain` reads of them.
_COMPLETE = frozenset(
    {"builtins", "collections", "copyreg", "datetime", "decimal", "fractions", "numpy", "pandas",
     "pathlib", "pyarrow", "uuid"}
)  # fmt: skip


class PlainCopy:
    """Converts one value to plain data with secrets masked, anew only if it has changed.

    Whether it has is found from its pickle, which is hashed as it is written: the pickler walks
    the whole value, so that a change at any depth counts, in a small part of the time of the
    conversion. A value that contains objects of other classes is converted each time: their pickles
    may lack what the conversion reads.
    """

    def __init__(self) -> None:
        self._fingerprint: bytes | None = None
        self._stored = b""

    def of(self, value: Any) -> Any:
        """Return the plain data; each caller gets a separate copy. Raises nothing."""
        try:
            return self._current(value)
        except INTERRUPTS:
            raise
        except BaseException as error:  # noqa: BLE001 - near the limit of recursion, for example
            return unreadable(value, error)

    def _current(self, value: Any) -> Any:
        if value is None or type(value) in (bool, int, float):
            return plain(value)
        if type(value) is dict and not value:  # as `info` is in most runs
            return {}
        fingerprint = _fingerprint(value)  # first: what changes meanwhile is seen the next time
        if fingerprint is None or fingerprint != self._fingerprint:
            data = mask_value(plain(value))[0]
            self._fingerprint = None
            if fingerprint is not None:
                try:
                    self._stored = marshal.dumps(data)
                except ValueError:  # it is nested too deeply
                    return data
                self._fingerprint = fingerprint
            return data
        return marshal.loads(self._stored)  # written by this object, and nowhere but in memory


class _Digest:
    """A file that hashes what is written to it."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def write(self, data: "bytes | memoryview") -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.digest()


@functools.cache
def _pickler() -> type[Any]:
    """Return the pickler; a run without info does not import the module."""
    import pickle

    class Pickler(pickle.Pickler):
        def reducer_override(self, obj: Any) -> Any:
            is_named = hasattr(obj, "__qualname__")  # a class or function, pickled by its name
            module = str(obj.__module__ if is_named else type(obj).__module__)
            if module.partition(".")[0] not in _COMPLETE:
                raise pickle.PicklingError(f"a pickle of a {type(obj)} may lack something")
            return NotImplemented

    return Pickler


def _fingerprint(value: Any) -> bytes | None:
    """Return a hash that changes with the value, or None if there is none."""
    digest = _Digest()
    try:
        _pickler()(digest, -1).dump(value)  # the highest protocol
    except INTERRUPTS:
        raise
    except BaseException:  # noqa: BLE001 - classes' own methods; another thread that changes it
        return None
    return digest.digest()
