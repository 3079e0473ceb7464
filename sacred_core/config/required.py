"""Entries of a configuration that every run has to set: ``lr = REQUIRED``."""

import sys
from collections.abc import Mapping
from typing import Any, NoReturn, final

from sacred_core.dotted_path import leaves
from sacred_core.exceptions import MissingConfigError


@final
class Required:
    """The type of `REQUIRED`.

    It has no operators: a scope that computes with it stops with an error that shows the line.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "REQUIRED"

    def __reduce__(self) -> str:
        return "REQUIRED"  # copies and pickles are the same object

    def _refuse(self, *_: object) -> NoReturn:
        import linecache

        caller = sys._getframe(1)
        file, number = caller.f_code.co_filename, caller.f_lineno
        line = linecache.getline(file, number).strip()
        raise MissingConfigError(
            f"a required entry is used before it has a value, in line {number} of {file}: "
            f"{line!r}. Set the entry, as in: with NAME=VALUE"
        )

    __bool__ = __call__ = __iter__ = __len__ = __getitem__ = __contains__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = _refuse
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = _refuse
    __neg__ = __pos__ = __abs__ = __int__ = __float__ = __index__ = __format__ = _refuse


#: Stands for a value that has no default: a run stops before it starts where an entry has it.
REQUIRED: Any = Required()


def check_required(config: Mapping[str, Any], docs: Mapping[str, str]) -> None:
    """Check that no entry is `REQUIRED`.

    Args:
        config: The configuration.
        docs: Comments of entries by their paths.

    Raises:
        MissingConfigError: entries are; the message has all of them, with their comments.
    """
    missing = [str(path) for path, value in leaves(config) if isinstance(value, Required)]
    if not missing:
        return
    lines = [f"  {path}{f' ({docs[path]})' if docs.get(path) else ''}" for path in missing]
    example = " ".join(f"{path}=VALUE" for path in missing)
    raise MissingConfigError(
        "\n".join(["required entries have no value:", *lines, f"Set them, as in: with {example}"])
    )
