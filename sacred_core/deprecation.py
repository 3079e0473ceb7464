"""Warnings for what a later version removes.

A name that is removed warns for two minor releases: what is deprecated in 0.2 works in 0.2 and in
0.3, and is removed in 0.4. `docs/compatibility.md` describes this for users. The module has a
function for each thing that can be deprecated, and `deprecation` for a hook::

    @hookspec(warn_on_impl=deprecation("the hook sacred_seeds", since="0.2", use="sacred_seeders"))
    def sacred_seeds(): ...
"""

import functools
import importlib
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, TypeVar

from sacred_core.frames import is_own

T = TypeVar("T", bound=Callable[..., Any])
#: Minor releases between the one that deprecates a name and the one that removes it.
MINOR_RELEASES = 2


class SacredDeprecationWarning(DeprecationWarning):
    """Something is used that a later version of sacred-core, or of a plugin, removes.

    Cause: Your code uses a name, an argument or a hook that is deprecated; the warning has the
    line.

    Fix: Use what the message names, before the version that it names.

    Turn it into an error with ``warnings.simplefilter("error", SacredDeprecationWarning)``, or, in
    the configuration of pytest, with
    ``error::sacred_core.deprecation.SacredDeprecationWarning``.
    """


def removal_version(since: str) -> str:
    """Return the version that removes what is deprecated since another one.

    Args:
        since: Such as ``"0.2"``: the result is ``"0.4"``.
    """
    major, minor = since.split(".")[:2]
    return f"{major}.{int(minor) + MINOR_RELEASES}"


def deprecation(
    name: str, *, since: str, use: str, package: str = "sacred-core", is_removed: bool = True
) -> SacredDeprecationWarning:
    """Return the warning about a deprecated name.

    Args:
        name: What is deprecated, such as ``"Run.log"``.
        since: The minor release that deprecates it, such as ``"0.2"``.
        use: What replaces it.
        package: The distribution that has these versions.
        is_removed: False: it remains, as what Sacred documents does.
    """
    removal = f" and will be removed in {removal_version(since)}" if is_removed else ""
    return SacredDeprecationWarning(
        f"{name} is deprecated since {package} {since}{removal}: use {use}"
    )


def warn_deprecated(
    name: str, *, since: str, use: str, package: str = "sacred-core", is_removed: bool = True
) -> None:
    """Issue the warning in a function that is deprecated; it has the line that called the function.

    Args:
        name: As of `deprecation`.
        since: As of `deprecation`.
        use: As of `deprecation`.
        package: As of `deprecation`.
        is_removed: As of `deprecation`.
    """
    warning = deprecation(name, since=since, use=use, package=package, is_removed=is_removed)
    function = sys._getframe(1)
    _warn(warning, function.f_back or function)  # code that is no function has no caller


def deprecated(*, since: str, use: str, package: str = "sacred-core") -> Callable[[T], T]:
    """Return a decorator for a function or a method that is deprecated.

    Each call warns, with the line of the caller. The docstring gets a sentence about it, and the
    attribute ``__deprecated__`` has the message, as PEP 702 defines.

    Args:
        since: As of `deprecation`.
        use: As of `deprecation`.
        package: As of `deprecation`.
    """

    def decorate(function: T) -> T:
        name = f"{function.__qualname__}()"

        @functools.wraps(function)
        def warn(*args: Any, **kwargs: Any) -> Any:
            _warn(deprecation(name, since=since, use=use, package=package), sys._getframe(1))
            return function(*args, **kwargs)

        message = str(deprecation(name, since=since, use=use, package=package))
        warn.__doc__ = f"{inspect.getdoc(function) or ''}\n\n{message}.".strip()
        warn.__dict__["__deprecated__"] = message
        return warn  # type: ignore[return-value]

    return decorate


def renamed_argument(
    old: str, new: str, *, since: str, package: str = "sacred-core"
) -> Callable[[T], T]:
    """Return a decorator for a function of which an argument has a new name.

    Args:
        old: The former name; passing it warns, and passes the value by the new name.
        new: The name of the parameter.
        since: As of `deprecation`.
        package: As of `deprecation`.
    """

    def decorate(function: T) -> T:
        name = f"the argument {old!r} of {function.__qualname__}()"

        @functools.wraps(function)
        def rename(*args: Any, **kwargs: Any) -> Any:
            if old in kwargs:
                if new in kwargs:
                    raise TypeError(
                        f"{function.__qualname__}() got {old!r} and {new!r}, which are the same "
                        f"argument: pass {new!r}"
                    )
                warning = deprecation(name, since=since, use=repr(new), package=package)
                _warn(warning, sys._getframe(1))
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return rename  # type: ignore[return-value]

    return decorate


def moved_names(
    module: str, targets: Mapping[str, str], *, since: str, package: str = "sacred-core"
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module whose names have moved or were renamed.

    Args:
        module: Its ``__name__``.
        targets: The new place of each former name, as ``"package.module:name"``.
        since: As of `deprecation`.
        package: As of `deprecation`.

    Example:
        ```python
        __getattr__ = moved_names(__name__, {"old": "acme.places:new"}, since="0.2")
        ```
    """

    def find(name: str) -> Any:
        if name not in targets:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        place, _, new = targets[name].partition(":")
        use = f"{place}.{new}"
        warning = deprecation(f"{module}.{name}", since=since, use=use, package=package)
        _warn(warning, sys._getframe(1))
        return getattr(importlib.import_module(place), new)

    return find


def _warn(warning: SacredDeprecationWarning, frame: FrameType) -> None:
    """Issue a warning with the first line outside of sacred-core, from a frame on."""
    while frame.f_back is not None and _is_hidden(frame):
        frame = frame.f_back
    place = frame.f_globals
    warnings.warn_explicit(
        warning,
        None,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=place.get("__name__") or "<unknown>",  # of code that exec() executes
        registry=place.setdefault("__warningregistry__", {}),
    )


def _is_hidden(frame: FrameType) -> bool:
    filename = frame.f_code.co_filename
    return is_own(filename) or filename.startswith("<frozen importlib")
